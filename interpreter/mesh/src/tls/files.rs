//! Certificates and keys in files of PEM.

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why files are of no use.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CertificateError {
    /// A file cannot be read, or holds no such thing.
    #[error("expected {what} in `{}`: {why}", path.display())]
    File {
        /// A certificate, a key.
        what: &'static str,
        /// Where it should be.
        path: PathBuf,
        /// Why it is not.
        why: String,
    },
    /// What is in them does not belong together, or is of no use.
    #[error("{why}")]
    Unfit {
        /// Why.
        why: String,
    },
}

impl CertificateError {
    pub(super) fn unfit(why: impl Into<String>) -> Self {
        Self::Unfit { why: why.into() }
    }
}

/// A chain of certificates, ours first.
pub(super) fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let missing = |why: String| CertificateError::File {
        what: "a certificate",
        path: path.to_owned(),
        why,
    };
    let chain = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.map_err(|why| missing(why.to_string()))?;
    if chain.is_empty() {
        return Err(missing("there is none".to_owned()));
    }
    Ok(chain)
}

/// A private key.
pub(super) fn key(path: &Path) -> Result<PrivateKeyDer<'static>, CertificateError> {
    PrivateKeyDer::from_pem_file(path).map_err(|why| CertificateError::File {
        what: "a private key",
        path: path.to_owned(),
        why: why.to_string(),
    })
}

/// Authorities that are trusted.
pub(super) fn roots(certificates: Vec<CertificateDer<'static>>) -> Result<RootCertStore, CertificateError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        roots
            .add(certificate)
            .map_err(|why| CertificateError::unfit(why.to_string()))?;
    }
    Ok(roots)
}
