//! The way to a server: a connection, and who the other side is where that is said.

use super::Client;
use crate::error::Error;
use flowmesh_mesh::Believed;
use http::Uri;
use std::{io, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};

/// How long a server may take to let us in.
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// A connection, whatever it goes over.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Where a URL leads.
pub(super) struct Way {
    /// The value of `Host`.
    pub(super) host: String,
    name: String,
    port: u16,
    secure: bool,
}

impl Client {
    /// What the URL says.
    pub(super) fn way(&self) -> Result<Way, Error> {
        let uri: Uri = self.url.parse().map_err(|_| self.lost(&"it is no URL"))?;
        let secure = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(self.lost(&"only http:// and https:// are spoken")),
        };
        let authority = uri.authority().ok_or_else(|| self.lost(&"it names no host"))?;
        let usual = if secure { 443 } else { 80 };
        Ok(Way {
            host: authority.to_string(),
            name: authority.host().to_owned(),
            port: authority.port_u16().unwrap_or(usual),
            secure,
        })
    }

    /// Connects.
    pub(super) async fn connect(&self, way: &Way) -> Result<Box<dyn Stream>, Error> {
        let connecting = tokio::time::timeout(CONNECT_MAX, self.connected(way));
        connecting.await.map_err(|_| self.lost(&"it does not answer"))?
    }

    async fn connected(&self, way: &Way) -> Result<Box<dyn Stream>, Error> {
        let place = format!("{}:{}", way.name, way.port);
        let stream = TcpStream::connect(&place).await.map_err(|why| self.lost(&why))?;
        if !way.secure {
            return Ok(Box::new(stream));
        }
        let believed = Believed::new(self.ca.as_deref()).map_err(|why| Error::BadSetting {
            text: "--ca".to_owned(),
            why: why.to_string(),
            help: "name a file in PEM with the authorities that are believed".to_owned(),
        })?;
        let safe = believed.secure(stream, &way.name).await;
        Ok(Box::new(safe.map_err(|why| self.lost(&self.unsafe_words(&why)))?))
    }

    fn unsafe_words(&self, why: &io::Error) -> String {
        let hint = match self.ca {
            Some(_) => "",
            None => "; `--ca FILE` names the authority that signed its certificate",
        };
        format!("it is not believed: {why}{hint}")
    }
}
