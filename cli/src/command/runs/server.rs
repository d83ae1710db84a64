//! Which server commands speak to.

use crate::{client::Client, error::Error, house::api_file};
use clap::Args;
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
}

impl Server {
    /// A client of it. What is written on the command line goes before the environment, the directory here last.
    pub(crate) fn client(&self) -> Result<Client, Error> {
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
