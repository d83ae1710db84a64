//! Whose something is, and how it ended, as other processes of the mesh say it: identities in certificates, what an agent
//! of SPIFFE brings, the texts of a status of gRPC.

use super::text;
use base64::{Engine, engine::general_purpose::STANDARD};
use flowmesh_mesh::readers::{grpc_message, shown_identity, trust_domain, workload_certificate};
use http::Uri;

/// The certificate of `spiffe://shop.example/service/payments`, whose key nobody has any more.
const CERTIFICATE: &str = "MIIBojCCAUegAwIBAgIUZEyKEKn0HcgWiCSEXx0Nz7ob36kwCgYIKoZIzj0EAwIwDDEKMAgGA1UEAwwBeDAgFw0yNjExMzAwNDU3MTNaGA8yMTI2MTEwNjA0NTcxM1owDDEKMAgGA1UEAwwBeDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNLLkDwlFnNo/dNlL94LE4ZMyqkKmLbQW3/DOecq+gPbm/segnoxXXWs62che5SUeHyQ40nBnSS0wW8BNN7ZyByjgYQwgYEwHQYDVR0OBBYEFJEg4Q0Fs5fhrkFpbItdVPSafevwMB8GA1UdIwQYMBaAFJEg4Q0Fs5fhrkFpbItdVPSafevwMAwGA1UdEwEB/wQCMAAwMQYDVR0RBCowKIYmc3BpZmZlOi8vc2hvcC5leGFtcGxlL3NlcnZpY2UvcGF5bWVudHMwCgYIKoZIzj0EAwIDSQAwRgIhAK605hkoIXLsFSSTun2AwVI/iY53Mw/deYymtA2V5jEFAiEA3q5zkGmvjK0osX9pVW/iaCTx+H3AFAybEKNTcHsoomU=";

pub(super) const IDENTITIES: &[&str] = &[
    "spiffe://shop.example/service/payments",
    "spiffe://cluster.local/ns/shop/sa/web",
    "spiffe://a_b-1/X.y/...",
    "spiffe://shop",
];

pub(super) const MESSAGES: &[&str] = &[
    "no funds left",
    "%C3%A4 %25",
    "100%",
    "%",
    "%2",
    "%zz%0A",
    "%F0%9F%98",
];

pub(super) const WORDS: &[&str] = &[
    "spiffe://",
    "/",
    "//",
    "/.",
    "/..",
    ".",
    "-",
    "_",
    "%",
    "%2F",
    "%00",
    "%E4",
    ":",
    "@",
    "?",
    "#",
    "A",
    "\0",
    "\u{ff}",
    "\u{a}",
    "\u{12}",
    "\u{1a}",
    "\u{22}",
    "0\u{82}",
    "0\u{80}",
    "0\u{84}\u{ff}",
];

pub(super) fn certificate_seeds() -> Vec<String> {
    let certificate = STANDARD.decode(CERTIFICATE).expect("it is written so");
    vec![
        text(&brought(&certificate, b"key")),
        text(&certificate),
        String::new(),
    ]
}

/// What an agent says of one certificate, which is its own authority, too.
fn brought(certificate: &[u8], key: &[u8]) -> Vec<u8> {
    let identity = b"spiffe://shop.example/service/payments";
    let parts = [(1, &identity[..]), (2, certificate), (3, key), (4, certificate)];
    let one: Vec<u8> = parts
        .into_iter()
        .flat_map(|(number, bytes)| field(number, bytes))
        .collect();
    field(1, &one)
}

/// A field of bytes in protobuf.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let (mut field, mut length) = (vec![number << 3 | 2], bytes.len());
    while length > 0x7f {
        field.push(u8::try_from(length & 0x7f).unwrap_or_default() | 0x80);
        length >>= 7;
    }
    field.push(u8::try_from(length).unwrap_or_default());
    field.extend(bytes);
    field
}

/// An identity has one trust domain, which is what others see in it; one that is put together of what may be in it is one.
pub(super) fn identity(text: &str) {
    if let Some(domain) = trust_domain(text) {
        let seen: Uri = text.parse().expect("an identity is an address");
        assert_eq!(seen.host(), Some(domain), "{text:?}: another domain");
        assert_eq!(
            (seen.query(), seen.port_u16(), seen.scheme_str()),
            (None, None, Some("spiffe"))
        );
        let path = text
            .strip_prefix("spiffe://")
            .and_then(|rest| rest.strip_prefix(domain));
        assert_eq!(
            seen.path().trim_start_matches('/'),
            path.unwrap_or("?").trim_start_matches('/')
        );
        assert_eq!(domain.to_lowercase(), domain);
    }
    let is_sign = |sign: &char| sign.is_ascii_alphanumeric() || ".-_".contains(*sign);
    let signs: String = text.chars().filter(is_sign).take(200).collect();
    let domain = format!("d{}", signs.to_lowercase());
    assert_eq!(
        trust_domain(&format!("spiffe://{domain}/p{signs}")),
        Some(&*domain)
    );
}

/// Whatever is brought, its identity is one, and that of its certificate.
pub(super) fn certificate(bytes: &[u8]) {
    if let Some(identity) = shown_identity(bytes) {
        assert!(trust_domain(&identity).is_some(), "{identity:?} is none");
    }
    if let Ok((identity, chain, authorities)) = workload_certificate(bytes) {
        let first = chain.first().expect("there is one");
        assert_eq!(shown_identity(first), Some(identity), "of somebody else");
        assert!(!authorities.is_empty() && chain.len() + authorities.len() <= 200);
        let length: usize = chain.iter().chain(&authorities).map(Vec::len).sum();
        assert!(length <= bytes.len(), "more than was brought");
    }
}

/// What is written as it has to be is read as it was, and what says nothing of signs is as it stands.
pub(super) fn message(text: &str) {
    let read = grpc_message(text);
    assert!(read.len() <= 3 * text.len(), "longer than it can be");
    if !text.contains('%') {
        assert_eq!(read, text);
    }
    let written: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
    assert_eq!(grpc_message(&written), text);
}

#[cfg(test)]
mod tests {
    use super::{CERTIFICATE, Engine, STANDARD, brought, certificate, shown_identity, workload_certificate};

    #[test]
    fn what_is_well_is_read() {
        let der = STANDARD.decode(CERTIFICATE).expect("it is written so");
        let whose = "spiffe://shop.example/service/payments";
        assert_eq!(shown_identity(&der).as_deref(), Some(whose));
        let message = brought(&der, b"key");
        let (identity, chain, authorities) = workload_certificate(&message).expect("it is well");
        assert_eq!((&*identity, chain.len(), authorities.len()), (whose, 1, 1));
        certificate(&message);
        assert!(
            workload_certificate(&brought(&der, b"")).is_err(),
            "it brings no key"
        );
    }
}
