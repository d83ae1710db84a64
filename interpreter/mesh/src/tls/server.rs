//! What a gateway shows, and whom of its visitors it believes by their certificates.

use super::{
    CertificateError,
    files::{chain, key, roots},
    peer::identity,
    provider,
    workload::{Svid, Workload},
};
use crate::kept::Kept;
use flowmesh_ir::traffic;
use rustls::{
    ServerConfig, ServerConnection,
    pki_types::{CertificateDer, PrivateKeyDer},
    server::{NoClientAuth, WebPkiClientVerifier, danger::ClientCertVerifier},
};
use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// A certificate and its key, and the authorities of visitors who must show one too.
pub struct Certificate(Source);

enum Source {
    Files {
        certificate: PathBuf,
        key: PathBuf,
        visitors: Option<PathBuf>,
        kept: Kept<Arc<ServerConfig>>,
    },
    Agent {
        workload: Arc<Workload>,
        mutual: bool,
        /// What was made of the last certificate that is of use.
        made: Mutex<(Arc<Svid>, Arc<ServerConfig>)>,
    },
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").finish_non_exhaustive()
    }
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
        Ok(Self(Source::Files {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            visitors: visitors.map(Path::to_owned),
            kept,
        }))
    }

    /// What an agent of SPIFFE gives, from now on. With `mutual`, a visitor must show a certificate under one of the
    /// authorities that the agent believes.
    ///
    /// # Errors
    /// If nobody says where the agent is, or it gives nothing that is of use.
    pub async fn of_agent(workload: &traffic::Workload, mutual: bool) -> Result<Self, CertificateError> {
        let workload = Workload::of(workload.socket())?;
        let svid = workload.svid().await?;
        let config = of_svid(&svid, mutual)?;
        Ok(Self(Source::Agent {
            workload,
            mutual,
            made: Mutex::new((svid, config)),
        }))
    }

    /// What a handshake is made with.
    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        match &self.0 {
            Source::Files {
                certificate,
                key,
                visitors,
                kept,
            } => kept.get(|| read(certificate, key, visitors.as_deref())),
            Source::Agent {
                workload,
                mutual,
                made,
            } => {
                let mut made = made.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(svid) = workload.last().filter(|svid| !Arc::ptr_eq(svid, &made.0)) {
                    match of_svid(&svid, *mutual) {
                        Ok(config) => made.1 = config,
                        Err(error) => {
                            tracing::error!(%error, "the certificate that was there before is shown");
                        }
                    }
                    made.0 = svid;
                }
                made.1.clone()
            }
        }
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
    let visitors = visitors.map(chain).transpose()?;
    let own = (chain(certificate)?, key(secret)?);
    let unfit = |why: &str| {
        format!(
            "the certificate in `{}` cannot be shown: {why}",
            certificate.display()
        )
    };
    make(own, visitors, unfit)
}

fn of_svid(svid: &Svid, mutual: bool) -> Result<Arc<ServerConfig>, CertificateError> {
    let visitors = mutual.then(|| svid.authorities.clone());
    let unfit = |why: &str| format!("the certificate of `{}` cannot be shown: {why}", svid.identity);
    make((svid.chain.clone(), svid.key.clone_key()), visitors, unfit)
}

fn make(
    (chain, key): (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>),
    visitors: Option<Vec<CertificateDer<'static>>>,
    unfit: impl Fn(&str) -> String,
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
        .with_single_cert(chain, key)
        .map_err(|why| CertificateError::unfit(unfit(&why.to_string())))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
