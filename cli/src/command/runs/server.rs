//! Which server commands speak to, and as whom.

use crate::{
    client::{Client, Secret},
    error::Error,
    house::api_file,
    keys::KeyFile,
    project::words,
    reach::{self, Reached},
};
use clap::Args;
use flowmesh_host::{gateways::Remote, server::identity::namespace};
use flowmesh_ir::Name;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Which server.
#[derive(Args)]
pub(crate) struct Server {
    /// The server's URL
    #[arg(long, global = true, value_name = "URL", env = "FLOWMESH_SERVER")]
    server: Option<String>,
    /// The directory of a `run` or `serve` in progress, which is asked for its URL
    #[arg(long, global = true, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// A token that the server knows; others on this machine may see it here
    #[arg(
        long,
        global = true,
        value_name = "TOKEN",
        env = "FLOWMESH_TOKEN",
        hide_env_values = true
    )]
    token: Option<String>,
    /// A file with the token, which goes before FLOWMESH_TOKEN
    #[arg(long, global = true, value_name = "FILE", env = "FLOWMESH_TOKEN_FILE")]
    token_file: Option<PathBuf>,
    /// The namespace that is meant; else the one that the token is for, or `default`
    #[arg(long, global = true, value_name = "NAME", env = "FLOWMESH_NAMESPACE")]
    namespace: Option<String>,
    /// Believe a server with https:// under the authorities of this file, in PEM; else under those of the system
    #[arg(long, global = true, value_name = "FILE", env = "FLOWMESH_CA_FILE")]
    ca: Option<PathBuf>,
}

impl Server {
    /// Whether the command line or the environment names one.
    pub(crate) fn is_named(&self) -> bool {
        self.server.is_some() || self.dir.is_some()
    }

    /// A client of it. What is written on the command line goes before the environment, the directory here last.
    pub(crate) fn client(&self) -> Result<Client, Error> {
        let token = self.token()?;
        Ok(Client {
            token,
            namespace: self.namespace.clone(),
            ca: self.ca.clone(),
            ..self.nameless()?
        })
    }

    /// It as a gateway knows it.
    pub(crate) fn remote(&self) -> Result<Remote, Error> {
        let client = self.client()?;
        Ok(Remote {
            url: client.url,
            token: client.token.map(|token| token.0),
            namespace: client.namespace,
            authority: client.ca,
        })
    }

    /// The server, or the directory that is named, or the one here, where nothing works in it.
    pub(crate) fn reach(&self, keys: &KeyFile) -> Result<Reached, Error> {
        let here = Path::new(".flowmesh");
        let dir = match (&self.dir, &self.server) {
            (Some(dir), _) => Some(dir.as_path()),
            (None, Some(_)) => None,
            (None, None) => Some(here),
        };
        match dir.map(|dir| reach::store(dir, keys)).transpose()?.flatten() {
            Some(disk) => Ok(Reached::Store(disk)),
            None => self.client().map(Reached::Server),
        }
    }

    /// The namespace that is meant in a directory.
    pub(crate) fn namespace(&self) -> Result<Name, Error> {
        let named = self.namespace.as_deref().map(namespace).transpose();
        let named = named.map_err(|why| Error::BadSetting {
            text: "--namespace".to_owned(),
            why,
            help: "`default` is the one that nobody has to name".to_owned(),
        })?;
        Ok(named.unwrap_or_default())
    }

    fn token(&self) -> Result<Option<Secret>, Error> {
        let Some(path) = &self.token_file else {
            return Ok(self.token.clone().filter(|token| !token.is_empty()).map(Secret));
        };
        let text = fs::read_to_string(path).map_err(|why| Error::unreadable(path, &words(&why)))?;
        let token = text.trim();
        if token.is_empty() {
            return Err(Error::unreadable(path, &"there is no token in it"));
        }
        Ok(Some(Secret(token.to_owned())))
    }

    fn nameless(&self) -> Result<Client, Error> {
        if let Some(dir) = &self.dir {
            let path = api_file(dir);
            let url = fs::read_to_string(&path);
            return url.map(|url| Client::new(&url)).map_err(|_| Error::NoServer {
                url: path.display().to_string(),
                why: "no `flowmesh run` or `serve` is in progress in this directory".to_owned(),
            });
        }
        if let Some(url) = &self.server {
            return Ok(Client::new(url));
        }
        let here = fs::read_to_string(api_file(Path::new(".flowmesh")));
        here.map(|url| Client::new(&url)).map_err(|_| Error::WhichServer)
    }
}
