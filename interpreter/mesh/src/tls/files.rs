//! Certificates and keys in files of PEM.

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};
use thiserror::Error;

/// So often it is looked whether files changed.
const LOOKS: Duration = Duration::from_secs(1);

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

/// What is made of some files, and made again when they change.
pub(super) struct Kept<T> {
    files: Vec<PathBuf>,
    known: Mutex<Known<T>>,
}

struct Known<T> {
    looked: Instant,
    /// When the files last changed, as far as the system says.
    changed: Vec<Option<SystemTime>>,
    made: T,
}

impl<T: Clone> Kept<T> {
    /// Makes it for the first time.
    pub(super) fn new(
        files: Vec<PathBuf>,
        make: impl FnOnce() -> Result<T, CertificateError>,
    ) -> Result<Self, CertificateError> {
        let known = Known {
            looked: Instant::now(),
            changed: changed(&files),
            made: make()?,
        };
        Ok(Self {
            files,
            known: Mutex::new(known),
        })
    }

    /// What the files make as they are now, or as they last were good.
    pub(super) fn get(&self, make: impl FnOnce() -> Result<T, CertificateError>) -> T {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.looked.elapsed() < LOOKS {
            return known.made.clone();
        }
        known.looked = Instant::now();
        let changed = changed(&self.files);
        if changed != known.changed {
            match make() {
                Ok(made) => {
                    (known.made, known.changed) = (made, changed);
                    tracing::info!(files = ?self.files, "certificates were read again");
                }
                // They may be in the middle of being written; it is looked again.
                Err(error) => tracing::error!(%error, "the certificates that were there before are used"),
            }
        }
        known.made.clone()
    }
}

fn changed(files: &[PathBuf]) -> Vec<Option<SystemTime>> {
    let at = |path: &PathBuf| fs::metadata(path).and_then(|it| it.modified()).ok();
    files.iter().map(at).collect()
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
pub(super) fn roots(path: &Path) -> Result<RootCertStore, CertificateError> {
    let mut roots = RootCertStore::empty();
    for certificate in chain(path)? {
        roots
            .add(certificate)
            .map_err(|why| CertificateError::unfit(why.to_string()))?;
    }
    Ok(roots)
}
