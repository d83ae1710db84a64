//! Who this process is in the mesh: its certificate, and whom it believes.

use super::{
    CertificateError,
    files::{chain, key, roots},
    peer::identity,
    spiffe::domain,
};
use flowmesh_ir::traffic::Tls;
use std::path::{Path, PathBuf};

/// Who this process is in the mesh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    /// The file with its certificate.
    pub certificate: PathBuf,
    /// The file with the key of that.
    pub key: PathBuf,
    /// The file with the authorities under which it believes others.
    pub authority: PathBuf,
    /// Its identity: `spiffe://shop.example/service/payments`.
    pub identity: String,
}

impl Own {
    /// Reads who that is.
    ///
    /// # Errors
    /// If a file cannot be read, or the certificate shows no identity.
    pub fn read(certificate: &Path, secret: &Path, authority: &Path) -> Result<Self, CertificateError> {
        key(secret)?;
        roots(chain(authority)?)?;
        let shown = chain(certificate)?;
        let shown = shown.first().and_then(identity);
        let identity = shown.filter(|shown| domain(shown).is_some());
        let identity = identity.ok_or_else(|| {
            CertificateError::unfit(format!(
                "the certificate in `{}` shows no identity such as `spiffe://shop.example/service/payments`",
                certificate.display()
            ))
        })?;
        Ok(Self {
            certificate: certificate.to_owned(),
            key: secret.to_owned(),
            authority: authority.to_owned(),
            identity,
        })
    }

    /// The identity of another one in the same trust domain, where nothing else is said: `service/payments`, `flows`.
    #[must_use]
    pub fn other(&self, path: &str) -> String {
        let domain = domain(&self.identity).unwrap_or_default();
        format!("spiffe://{domain}/{path}")
    }

    /// How a service is spoken with that shows an identity.
    #[must_use]
    pub fn towards(&self, identity: String) -> Tls {
        let text = |path: &Path| Some(path.to_string_lossy().into_owned());
        Tls {
            mutual: true,
            name: None,
            identity: Some(identity),
            authority: text(&self.authority),
            certificate: text(&self.certificate),
            key: text(&self.key),
            workload: None,
        }
    }
}
