//! The readers of what strangers send that nobody outside of this room calls by themselves. They stand here for those who
//! feed them anything (`tests/src/fuzz/wire.rs`), and promise nothing to anybody else.

use crate::{
    gateway::{forwarded, identify, pass},
    identity::login::seal::Seal,
    tls::{peer, spiffe, workload},
    visitors::Entry,
    wire::grpc::{
        frame::{Frames, framed},
        status,
    },
};
use http::HeaderMap;
use rustls::pki_types::CertificateDer;
use std::net::IpAddr;

/// Where a visitor is whom `peer` stands for, as so many trusted proxies say.
#[must_use]
pub fn visitor_address(peer: IpAddr, headers: &HeaderMap, hops: u32) -> IpAddr {
    forwarded::address(peer, headers, hops)
}

/// What is known of a visitor who speaks TLS by what they said so far: nothing yet, no name, or this name.
///
/// # Errors
/// If it is no TLS.
pub fn server_name(heard: &[u8]) -> Result<Option<Option<String>>, String> {
    pass::name(heard).map_err(|why| why.to_string())
}

/// The name and the password in what stands behind `Basic`.
#[must_use]
pub fn basic(text: &str) -> Option<(String, String)> {
    identify::password(text)
}

/// A line of a file of visitors, as it is written again.
#[must_use]
pub fn visitor_line(line: &str) -> Option<String> {
    Entry::read(line).ok().map(|entry| entry.to_string())
}

/// A text in a cookie that only we can make.
#[must_use]
pub fn sealed(secret: &[u8], name: &str, text: &str) -> Option<String> {
    Seal::new(secret, "somebody")?.seal(name, &text)
}

/// The text in a cookie, if it is ours.
#[must_use]
pub fn unsealed(secret: &[u8], name: &str, cookie: &str) -> Option<String> {
    Seal::new(secret, "somebody")?.open(name, cookie)
}

/// The messages of gRPC in pieces of a body, and whether something is left behind the last.
///
/// # Errors
/// If one is compressed, or longer than `most`.
pub fn messages<'b>(
    pieces: impl IntoIterator<Item = &'b [u8]>,
    most: usize,
) -> Result<(Vec<Vec<u8>>, bool), &'static str> {
    let (mut frames, mut all) = (Frames::new(most), Vec::new());
    for piece in pieces {
        frames.take(piece);
        while let Some(message) = frames.message()? {
            all.push(message.to_vec());
        }
    }
    Ok((all, !frames.is_empty()))
}

/// A message of gRPC in its frame.
///
/// # Errors
/// If it is longer than a frame can be.
pub fn in_frame(message: &[u8]) -> Result<Vec<u8>, &'static str> {
    framed(message)
}

/// The trust domain of an identity of SPIFFE, if it is one.
#[must_use]
pub fn trust_domain(identity: &str) -> Option<&str> {
    spiffe::domain(identity)
}

/// The identity that a certificate in DER shows.
#[must_use]
pub fn shown_identity(certificate: &[u8]) -> Option<String> {
    peer::identity(&CertificateDer::from(certificate))
}

/// Certificates in DER.
pub type Certificates = Vec<Vec<u8>>;

/// What an agent of SPIFFE brings: the identity, its chain, and the authorities that it believes.
///
/// # Errors
/// If it cannot be read, or is not of the identity that it says.
pub fn workload_certificate(message: &[u8]) -> Result<(String, Certificates, Certificates), String> {
    let svid = workload::message::read(message)?;
    let bytes = |all: Vec<CertificateDer<'static>>| all.iter().map(|one| one.to_vec()).collect();
    Ok((svid.identity, bytes(svid.chain), bytes(svid.authorities)))
}

/// The text of a status of gRPC, as people read it.
#[must_use]
pub fn grpc_message(text: &str) -> String {
    status::decoded(text)
}
