//! Safe connections for HTTP/1.1 alone: those that an API is asked over, from both sides.

use super::{Certificate, CertificateError, client::believing};
use rustls::{ClientConfig, ServerConfig, pki_types::ServerName};
use std::{io, path::Path, sync::Arc};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

const HTTP_1: &[u8] = b"http/1.1";

impl Certificate {
    /// Takes a connection, with the certificate as its files are now. It takes as long as the other side wants.
    ///
    /// # Errors
    /// If the other side does not agree, or goes.
    pub async fn accept(&self, stream: TcpStream) -> io::Result<server::TlsStream<TcpStream>> {
        // Tickets and sessions are shared with the one it is made of.
        let mut config = ServerConfig::clone(&self.config());
        config.alpn_protocols = vec![HTTP_1.to_vec()];
        TlsAcceptor::from(Arc::new(config)).accept(stream).await
    }
}

/// Which servers are believed.
#[derive(Clone, Debug)]
pub struct Believed(Arc<ClientConfig>);

impl Believed {
    /// Those with a certificate under an authority of a file, or under one that the system trusts.
    ///
    /// # Errors
    /// If the file cannot be read, or holds no certificate.
    pub fn new(authority: Option<&Path>) -> Result<Self, CertificateError> {
        let mut config = believing(authority)?;
        config.alpn_protocols = vec![HTTP_1.to_vec()];
        Ok(Self(Arc::new(config)))
    }

    /// Makes a connection safe. `host` is whom the address names, without its port.
    ///
    /// # Errors
    /// If the other side is not believed to be that.
    pub async fn secure(&self, stream: TcpStream, host: &str) -> io::Result<client::TlsStream<TcpStream>> {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        TlsConnector::from(Arc::clone(&self.0))
            .connect(name, stream)
            .await
    }
}
