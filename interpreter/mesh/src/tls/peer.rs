//! Who the other side is by its certificate: a SPIFFE identity (the SPIFFE X.509-SVID standard, 2 and 5), whatever names of
//! hosts stand beside it.

use super::{CertificateError, provider, spiffe::domain};
use rustls::{
    CertificateError as Bad, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use std::sync::Arc;
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

/// The identity that a certificate shows: its one URI, if that is one.
pub(crate) fn identity(certificate: &CertificateDer<'_>) -> Option<String> {
    let certificate = EndEntityCert::try_from(certificate).ok()?;
    let mut names = certificate.valid_uri_names();
    let name = names.next().filter(|_| names.next().is_none())?;
    domain(name).map(|_| name.to_owned())
}

/// Believes a server that shows an identity, under authorities that are trusted.
#[derive(Debug)]
pub(super) struct ByIdentity {
    identity: String,
    authorities: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
}

impl ByIdentity {
    /// Checks that the authorities can be trusted at all.
    pub(super) fn new(
        identity: &str,
        authorities: Vec<CertificateDer<'static>>,
    ) -> Result<Self, CertificateError> {
        for authority in &authorities {
            RootCertStore::empty()
                .add(authority.clone())
                .map_err(|why| CertificateError::unfit(why.to_string()))?;
        }
        Ok(Self {
            identity: identity.to_owned(),
            authorities,
            provider: provider(),
        })
    }
}

impl ServerCertVerifier for ByIdentity {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let unknown = |_| Error::InvalidCertificate(Bad::UnknownIssuer);
        let anchors = self.authorities.iter().map(anchor_from_trusted_cert);
        let anchors = anchors.collect::<Result<Vec<_>, _>>().map_err(unknown)?;
        let certificate =
            EndEntityCert::try_from(shown).map_err(|_| Error::InvalidCertificate(Bad::BadEncoding))?;
        certificate
            .verify_for_usage(
                self.provider.signature_verification_algorithms.all,
                &anchors,
                between,
                now,
                KeyUsage::server_auth(),
                None,
                None,
            )
            .map_err(|why| match why {
                webpki::Error::CertExpired { .. } => Error::InvalidCertificate(Bad::Expired),
                webpki::Error::CertNotValidYet { .. } => Error::InvalidCertificate(Bad::NotValidYet),
                _ => Error::InvalidCertificate(Bad::UnknownIssuer),
            })?;
        match identity(shown) {
            Some(found) if found == self.identity => Ok(ServerCertVerified::assertion()),
            found => Err(Error::General(format!(
                "expected the identity `{}`, found `{}`",
                self.identity,
                found.as_deref().unwrap_or("none")
            ))),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
