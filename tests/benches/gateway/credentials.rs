//! A certificate, and a token with the keys of its issuer, made for one run of the benchmark.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData};
use serde_json::json;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};
use tokio_rustls::rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

/// Who is asked.
pub(crate) const HOST: &str = "shop.test";
/// Who vouches for whoever asks.
pub(crate) const ISSUER: &str = "https://issuer.test";

/// Where the files are: given by the first process to those that it starts.
static FOLDER: OnceLock<PathBuf> = OnceLock::new();

/// The folder of the files.
pub(crate) fn folder() -> &'static Path {
    FOLDER.get().expect("somebody said where it is")
}

/// They are there.
pub(crate) fn are_in(folder: &Path) {
    FOLDER.set(folder.to_owned()).expect("it is said once");
}

/// Makes them, and gives the token.
pub(crate) fn make(folder: &Path) -> String {
    are_in(folder);
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new([HOST.to_owned()])
        .unwrap()
        .self_signed(&key)
        .unwrap();
    fs::write(folder.join("cert.pem"), certificate.pem()).unwrap();
    fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
    fs::write(folder.join("both.pem"), certificate.pem() + &key.serialize_pem()).unwrap();
    let issuer = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    // 4, and both coordinates.
    let point = issuer.der_bytes();
    let part = |from: usize| URL_SAFE_NO_PAD.encode(&point[from..from + 32]);
    let keys = json!({ "keys": [
        { "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "one", "x": part(1), "y": part(33) }
    ] });
    fs::write(folder.join("keys.json"), keys.to_string()).unwrap();
    let mut header = Header::new(Algorithm::ES256);
    header.kid = Some("one".to_owned());
    let claims = json!({
        "iss": ISSUER, "aud": "shop", "sub": "ann", "scope": "read", "exp": Timestamp::now().as_second() + 36_000,
    });
    let secret = EncodingKey::from_ec_der(&issuer.serialize_der());
    encode(&header, &claims, &secret).unwrap()
}

/// The keys of the issuer.
pub(crate) fn keys() -> String {
    fs::read_to_string(folder().join("keys.json")).unwrap()
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// Trusts the certificate.
pub(crate) fn trusting() -> Arc<ClientConfig> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    let make = || {
        let mut roots = RootCertStore::empty();
        let certificate = CertificateDer::from_pem_file(folder().join("cert.pem")).unwrap();
        roots.add(certificate).unwrap();
        let config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Arc::new(config)
    };
    CONFIG.get_or_init(make).clone()
}

/// Shows the certificate.
pub(crate) fn showing() -> Arc<ServerConfig> {
    let certificate = CertificateDer::from_pem_file(folder().join("cert.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(folder().join("key.pem")).unwrap();
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    Arc::new(config)
}
