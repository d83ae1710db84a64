//! How a gateway shows who it is: a certificate and its key from files, read again when they change.

use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};
use thiserror::Error;

/// So often it is looked whether the files changed.
const LOOKS: Duration = Duration::from_secs(1);

/// Why a certificate cannot be shown.
#[derive(Debug, Error)]
pub enum CertificateError {
    /// A file cannot be read, or holds no such thing.
    #[error("expected {what} in `{}`: {why}", path.display())]
    File {
        /// A certificate or a key.
        what: &'static str,
        /// Where it should be.
        path: PathBuf,
        /// Why it is not.
        why: String,
    },
    /// The two do not belong together, or are of no use.
    #[error("the certificate in `{}` cannot be shown: {why}", path.display())]
    Unfit {
        /// Where the certificate is.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

/// A certificate and its key.
pub struct Certificate {
    certificate: PathBuf,
    key: PathBuf,
    known: Mutex<Known>,
}

struct Known {
    looked: Instant,
    /// When the files last changed, as far as the system says.
    changed: [Option<SystemTime>; 2],
    config: Arc<ServerConfig>,
}

impl Certificate {
    /// Reads both.
    ///
    /// # Errors
    /// If they cannot be read or do not belong together.
    pub fn load(certificate: &Path, key: &Path) -> Result<Self, CertificateError> {
        let known = Known {
            looked: Instant::now(),
            changed: changed(certificate, key),
            config: read(certificate, key)?,
        };
        Ok(Self {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            known: Mutex::new(known),
        })
    }

    /// What a handshake is made with: the files as they are, or as they last were good.
    pub(super) fn config(&self) -> Arc<ServerConfig> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.looked.elapsed() < LOOKS {
            return known.config.clone();
        }
        known.looked = Instant::now();
        let changed = changed(&self.certificate, &self.key);
        if changed != known.changed {
            match read(&self.certificate, &self.key) {
                Ok(config) => {
                    (known.config, known.changed) = (config, changed);
                    tracing::info!(certificate = %self.certificate.display(), "the certificate was read again");
                }
                // They may be in the middle of being written; it is looked again.
                Err(error) => tracing::error!(%error, "the certificate that was there before is shown"),
            }
        }
        known.config.clone()
    }
}

fn changed(certificate: &Path, key: &Path) -> [Option<SystemTime>; 2] {
    [certificate, key].map(|path| fs::metadata(path).and_then(|it| it.modified()).ok())
}

fn read(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, CertificateError> {
    let missing = |what, path: &Path, why: String| CertificateError::File {
        what,
        path: path.to_owned(),
        why,
    };
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|why| missing("a certificate", certificate, why.to_string()))?;
    if chain.is_empty() {
        let why = "there is none".to_owned();
        return Err(missing("a certificate", certificate, why));
    }
    let secret =
        PrivateKeyDer::from_pem_file(key).map_err(|why| missing("a private key", key, why.to_string()))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, secret));
    let mut config = config.map_err(|why| CertificateError::Unfit {
        path: certificate.to_owned(),
        why: why.to_string(),
    })?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
