//! What a certificate says.

use super::unfit;
use crate::{error::Error, project::words};
use jiff::Timestamp;
use std::{fs, net::IpAddr, path::Path};
use x509_parser::{
    pem::parse_x509_pem,
    prelude::{FromDer, GeneralName, X509Certificate},
};

/// What a certificate says, as far as it matters here.
pub(crate) struct Known {
    /// The SPIFFE identity; that of an authority is its domain.
    pub(crate) identity: Option<String>,
    /// Names and addresses of hosts.
    pub(crate) hosts: Vec<String>,
    /// Until when it is good.
    pub(crate) until: Timestamp,
    is_authority: bool,
}

/// A certificate in a file, and what it says.
pub(super) struct Shown {
    pub(super) known: Known,
    pub(super) der: Vec<u8>,
    pub(super) public_key: Vec<u8>,
}

impl Known {
    /// For which domain it is an authority, if it is one.
    pub(crate) fn domain(&self) -> Option<&str> {
        let identity = self.identity.as_deref().filter(|_| self.is_authority)?;
        identity
            .strip_prefix("spiffe://")
            .filter(|domain| !domain.contains('/'))
    }
}

impl Shown {
    /// Whether another one's key has signed it.
    pub(super) fn is_signed_by(&self, other: &Self) -> bool {
        let (Ok((_, own)), Ok((_, other))) = (
            X509Certificate::from_der(&self.der),
            X509Certificate::from_der(&other.der),
        ) else {
            return false;
        };
        own.verify_signature(Some(other.public_key())).is_ok()
    }
}

/// Reads the first certificate of a file.
pub(super) fn show(path: &Path) -> Result<Shown, Error> {
    let text = fs::read(path).map_err(|why| Error::unreadable(path, &words(&why)))?;
    let none = || unfit(path, "there is no certificate in it");
    let (_, pem) = parse_x509_pem(&text).map_err(|_| none())?;
    let (_, certificate) = X509Certificate::from_der(&pem.contents).map_err(|_| none())?;
    let names = certificate.subject_alternative_name().ok().flatten();
    let names = names.map_or(&[][..], |names| names.value.general_names.as_slice());
    let identity = names.iter().find_map(|name| match name {
        GeneralName::URI(uri) => Some((*uri).to_owned()),
        _ => None,
    });
    let until = certificate.validity().not_after.timestamp();
    let known = Known {
        identity,
        hosts: names.iter().filter_map(host).collect(),
        until: Timestamp::from_second(until).map_err(|_| none())?,
        is_authority: certificate.is_ca(),
    };
    Ok(Shown {
        known,
        public_key: certificate.public_key().raw.to_vec(),
        der: pem.contents,
    })
}

fn host(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => {
            let four = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
            let address = four.or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from));
            Some(address.ok()?.to_string())
        }
        _ => None,
    }
}
