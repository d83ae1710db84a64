//! An authority for development: a key and a certificate in a directory, and the certificates that it signs.
//!
//! `names` says who may be named in one, `known` reads what a certificate says. What it makes is as short-lived as it is told, and never outlives the authority.

mod known;
mod names;

pub(crate) use known::Known;
pub(crate) use names::{domain, host, name};

use crate::{
    error::Error,
    exit::Exit,
    private::{ALL, OWNER, create, directory, replace},
};
use flowmesh_ir::Code;
use jiff::{SignedDuration, Timestamp};
use known::{Shown, show};
use names::{identity, trusted};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PublicKeyData, SanType,
};
use std::{
    fs,
    net::IpAddr,
    path::{Path, PathBuf},
};
use time::OffsetDateTime;

/// What the certificate and the key of an authority are called in its directory.
const OWN: &str = "ca";
/// Certificates are good from so long ago on, since clocks differ.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// An authority that can sign.
pub(crate) struct Authority {
    dir: PathBuf,
    shown: Shown,
    issuer: Issuer<'static, KeyPair>,
}

/// What somebody wants to have signed.
pub(crate) struct Wish<'w> {
    /// What its files are called.
    pub(crate) name: &'w str,
    /// The SPIFFE identity; else one that ends in the name.
    pub(crate) identity: Option<&'w str>,
    /// Names and addresses of hosts.
    pub(crate) hosts: &'w [String],
    /// How long it is good for.
    pub(crate) good: SignedDuration,
    /// Where it goes; else to the directory of the authority.
    pub(crate) to: Option<&'w Path>,
    /// Whether it takes the place of one that is there.
    pub(crate) renew: bool,
}

/// What was written.
pub(crate) struct Written {
    /// The certificate.
    pub(crate) certificate: PathBuf,
    /// Its key.
    pub(crate) key: PathBuf,
    /// What it says.
    pub(crate) known: Known,
}

/// Makes an authority for a domain in a directory that has none.
pub(crate) fn init(dir: &Path, domain: &str, good: SignedDuration, now: Timestamp) -> Result<Written, Error> {
    let key = KeyPair::generate().map_err(|why| failed(&why))?;
    let mut params = params(&format!("development authority of {domain}"), now, now, good)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.subject_alt_names = vec![SanType::URI(text(&trusted(domain))?)];
    let certificate = params.self_signed(&key).map_err(|why| failed(&why))?;
    directory(dir)?;
    let (certificate, key) = put(dir, OWN, [&certificate.pem(), &key.serialize_pem()], false)?;
    Ok(Written {
        known: show(&certificate)?.known,
        certificate,
        key,
    })
}

impl Authority {
    /// The authority of a directory.
    pub(crate) fn open(dir: &Path) -> Result<Self, Error> {
        let (certificate, secret) = (place(dir), dir.join(format!("{OWN}.key")));
        let shown = show(&certificate)?;
        let unfit = |why: &str| unfit(&certificate, why);
        if shown.known.domain().is_none() {
            return Err(unfit("it is no authority that `flowmesh ca init` made"));
        }
        let key = fs::read_to_string(&secret)
            .map_err(|why| Error::unreadable(&secret, &crate::project::words(&why)))?;
        let key =
            KeyPair::from_pem(&key).map_err(|_| self::unfit(&secret, "there is no private key in it"))?;
        if key.subject_public_key_info() != shown.public_key {
            return Err(unfit("the key beside it is not its own"));
        }
        let issuer = Issuer::from_ca_cert_der(&shown.der.as_slice().into(), key);
        Ok(Self {
            dir: dir.to_owned(),
            issuer: issuer.map_err(|_| unfit("it cannot be read"))?,
            shown,
        })
    }

    /// Signs a certificate for a key of its own, and writes both down.
    pub(crate) fn issue(&self, wish: &Wish<'_>, now: Timestamp) -> Result<Written, Error> {
        let domain = self.shown.known.domain().unwrap_or_default();
        let own = trusted(domain) + "/" + wish.name;
        let identity = identity(wish.identity.unwrap_or(&own), domain)?;
        if self.shown.known.until <= now {
            let why = format!("it expired at {}", self.shown.known.until);
            return Err(unfit(&place(&self.dir), &why));
        }
        let key = KeyPair::generate().map_err(|why| failed(&why))?;
        let mut params = params(wish.name, now.saturating_sub(SKEW).unwrap_or(now), now, wish.good)?;
        // What outlives its authority is believed by nobody.
        let most = moment(self.shown.known.until)?;
        params.not_after = params.not_after.min(most);
        params.is_ca = IsCa::ExplicitNoCa;
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        params.subject_alt_names = vec![SanType::URI(text(&identity)?)];
        for host in wish.hosts {
            params.subject_alt_names.push(match host.parse::<IpAddr>() {
                Ok(address) => SanType::IpAddress(address),
                Err(_) => SanType::DnsName(text(host)?),
            });
        }
        let certificate = params.signed_by(&key, &self.issuer).map_err(|why| failed(&why))?;
        let dir = wish.to.unwrap_or(&self.dir);
        directory(dir)?;
        let (certificate, key) = put(
            dir,
            wish.name,
            [&certificate.pem(), &key.serialize_pem()],
            wish.renew,
        )?;
        Ok(Written {
            known: show(&certificate)?.known,
            certificate,
            key,
        })
    }
}

/// The certificate of the authority of a directory.
pub(crate) fn place(dir: &Path) -> PathBuf {
    dir.join(format!("{OWN}.pem"))
}

/// What the authority of a directory says, and the certificates of its own that lie beside it, in the order of their
/// names. Its key is not needed.
pub(crate) fn list(dir: &Path) -> Result<(Known, Vec<(String, Known)>), Error> {
    let authority = show(&place(dir))?;
    let files = fs::read_dir(dir).map_err(|why| Error::unreadable(dir, &crate::project::words(&why)))?;
    let mut paths: Vec<PathBuf> = files.filter_map(|file| Some(file.ok()?.path())).collect();
    paths.sort();
    let all = paths.iter().filter_map(|path| {
        let name = path.file_name()?.to_str()?.strip_suffix(".pem")?;
        // What is no certificate, or another authority's, is none of ours.
        let shown = show(path)
            .ok()
            .filter(|shown| name != OWN && shown.is_signed_by(&authority))?;
        Some((name.to_owned(), shown.known))
    });
    let all = all.collect();
    Ok((authority.known, all))
}

/// Writes a certificate and its key under a name; in the place of those that are there only with `renew`.
fn put(dir: &Path, name: &str, [shown, secret]: [&str; 2], renew: bool) -> Result<(PathBuf, PathBuf), Error> {
    let (certificate, key) = (dir.join(format!("{name}.pem")), dir.join(format!("{name}.key")));
    if renew {
        replace(&key, secret, OWNER)?;
        replace(&certificate, shown, ALL)?;
        return Ok((certificate, key));
    }
    // Before anything is written: half a pair is in the way of the next try.
    let there = |path: &&PathBuf| path.symlink_metadata().is_ok();
    if let Some(path) = [&key, &certificate].into_iter().find(there) {
        return Err(Error::Exists { path: path.clone() });
    }
    create(&key, secret, OWNER)?;
    create(&certificate, shown, ALL).inspect_err(|_| drop(fs::remove_file(&key)))?;
    Ok((certificate, key))
}

/// What every certificate has.
fn params(
    name: &str,
    from: Timestamp,
    now: Timestamp,
    good: SignedDuration,
) -> Result<CertificateParams, Error> {
    let mut params = CertificateParams::default();
    params.distinguished_name.remove(DnType::CommonName);
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = moment(from)?;
    params.not_after = moment(now.saturating_add(good).unwrap_or(Timestamp::MAX))?;
    Ok(params)
}

fn moment(at: Timestamp) -> Result<OffsetDateTime, Error> {
    OffsetDateTime::from_unix_timestamp(at.as_second()).map_err(|why| Error::BadSetting {
        text: "--for".to_owned(),
        why: why.to_string(),
        help: "write how long it is good for, such as `24h` or `30d`".to_owned(),
    })
}

/// A text that a certificate can hold: what was checked is plain ASCII.
fn text(text: &str) -> Result<rcgen::string::Ia5String, Error> {
    text.try_into().map_err(|why| failed(&why))
}

fn failed(why: &rcgen::Error) -> Error {
    Error::Below {
        code: Code(1147),
        message: format!("no certificate could be made: {why}"),
        help: None,
        exit: Exit::Trouble,
    }
}

/// A file of an authority that is of no use.
fn unfit(path: &Path, why: &str) -> Error {
    Error::Below {
        code: Code(1147),
        message: format!("cannot use `{}`: {why}", path.display()),
        help: Some("make an authority with `flowmesh ca init DIR`, and name it with `--ca DIR`".to_owned()),
        exit: Exit::Usage,
    }
}
