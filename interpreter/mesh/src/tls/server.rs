//! What a gateway shows, and whom of its visitors it believes by their certificates.

use super::{
    CertificateError,
    files::{Kept, chain, key, roots},
    peer::identity,
    provider,
};
use rustls::{
    ServerConfig, ServerConnection,
    server::{NoClientAuth, WebPkiClientVerifier, danger::ClientCertVerifier},
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// A certificate and its key, and the authorities of visitors who must show one too.
pub struct Certificate {
    certificate: PathBuf,
    key: PathBuf,
    visitors: Option<PathBuf>,
    kept: Kept<Arc<ServerConfig>>,
}

impl Certificate {
    /// Reads them. With `visitors`, a visitor must show a certificate under one of the authorities in that file.
    ///
    /// # Errors
    /// If they cannot be read or do not belong together.
    pub fn load(certificate: &Path, key: &Path, visitors: Option<&Path>) -> Result<Self, CertificateError> {
        let files = [Some(certificate), Some(key), visitors].into_iter().flatten();
        let kept = Kept::new(files.map(Path::to_owned).collect(), || {
            read(certificate, key, visitors)
        })?;
        Ok(Self {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            visitors: visitors.map(Path::to_owned),
            kept,
        })
    }

    /// What a handshake is made with.
    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        self.kept
            .get(|| read(&self.certificate, &self.key, self.visitors.as_deref()))
    }
}

/// Who a visitor is by the certificate that was shown and is believed.
pub(crate) fn visitor(connection: &ServerConnection) -> Option<String> {
    identity(connection.peer_certificates()?.first()?)
}

fn read(
    certificate: &Path,
    secret: &Path,
    visitors: Option<&Path>,
) -> Result<Arc<ServerConfig>, CertificateError> {
    let believed: Arc<dyn ClientCertVerifier> = match visitors {
        Some(authorities) => {
            let roots = Arc::new(roots(authorities)?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider()).build();
            verifier.map_err(|why| CertificateError::unfit(why.to_string()))?
        }
        None => Arc::new(NoClientAuth),
    };
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|why| CertificateError::unfit(why.to_string()))?
        .with_client_cert_verifier(believed)
        .with_single_cert(chain(certificate)?, key(secret)?)
        .map_err(|why| {
            CertificateError::unfit(format!(
                "the certificate in `{}` cannot be shown: {why}",
                certificate.display()
            ))
        })?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
