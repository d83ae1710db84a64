//! Safe connections to services: whom we believe, what we show, and files that change.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use crate::support;
use crate::support::{call, plain, request};
use flowmesh_ir::{
    PolicyId,
    call::{Failure, Reply, Request},
    policy::Policy,
    traffic::Tls,
};
use flowmesh_mesh::{Mesh, MeshError};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, SanType,
};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer},
    server::WebPkiClientVerifier,
};
use std::{fs, path::Path, sync::Arc, time::Duration};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

/// An authority, and a folder with what it issued.
struct Authority {
    folder: TempDir,
    certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "an authority");
        let certificate = params.self_signed(&key).unwrap();
        fs::write(folder.path().join("ca.pem"), certificate.pem()).unwrap();
        Self {
            certificate: certificate.der().clone(),
            issuer: Issuer::new(params, key),
            folder,
        }
    }

    /// A certificate for a name or an identity, in files of this name.
    fn issue(&self, file: &str, name: &str) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.subject_alt_names = vec![match name.strip_prefix("spiffe://") {
            Some(_) => SanType::URI(name.try_into().unwrap()),
            None => match name.parse() {
                Ok(address) => SanType::IpAddress(address),
                Err(_) => SanType::DnsName(name.try_into().unwrap()),
            },
        }];
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let path = |end: &str| self.folder.path().join(format!("{file}.{end}"));
        fs::write(path("pem"), certificate.pem()).unwrap();
        fs::write(path("key"), key.serialize_pem()).unwrap();
        let secret = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        (certificate.der().clone(), secret)
    }

    fn settings(&self) -> Tls {
        Tls {
            authority: Some("ca.pem".to_owned()),
            ..Tls::default()
        }
    }
}

/// Answers 200 to everything, on one connection after the other; asks for certificates under an authority if one is given.
async fn serve(
    (certificate, key): (CertificateDer<'static>, PrivateKeyDer<'static>),
    visitors: Option<&Authority>,
) -> String {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = match visitors {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.certificate.clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.unwrap())
        }
    };
    let mut config = builder.with_single_cert(vec![certificate], key).unwrap();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    return;
                };
                let mut piece = [0; 4_096];
                while let Ok(1..) = stream.read(&mut piece).await {
                    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
                    if stream.write_all(answer).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    format!("https://{address}")
}

fn mesh(tls: Option<Tls>, at: &str, folder: &Path) -> Result<Mesh, MeshError> {
    let policy = Policy { tls, ..plain() };
    let program = support::program(policy, &[100]);
    support::with_options(program, vec![vec![at.to_owned()]], |options| {
        options.certificates = folder.to_owned();
    })
}

async fn asked(mesh: &Mesh) -> Result<u16, String> {
    match call(mesh, &request()).await.0 {
        Reply::Answer { status, .. } => Ok(status),
        Reply::Failed(Failure::Unavailable(why)) => Err(why),
        Reply::Failed(other) => Err(format!("{other:?}")),
    }
}

#[tokio::test]
async fn a_service_is_believed_under_the_authority_that_is_named_and_by_the_name_of_its_address() {
    let (ours, other) = (Authority::new(), Authority::new());
    let at = serve(ours.issue("service", "127.0.0.1"), None).await;
    let believed = mesh(Some(ours.settings()), &at, ours.folder.path()).unwrap();
    assert_eq!(asked(&believed).await, Ok(200));
    assert_eq!(asked(&believed).await, Ok(200));
    let unknown = mesh(Some(other.settings()), &at, other.folder.path()).unwrap();
    let why = asked(&unknown).await.unwrap_err();
    assert!(
        why.contains("UnknownIssuer") || why.contains("BadSignature"),
        "{why}"
    );
    // The system trusts no authority of a test.
    let system = mesh(None, &at, ours.folder.path()).unwrap();
    assert!(asked(&system).await.is_err());
    let named = serve(ours.issue("named", "shop.test"), None).await;
    let by_address = mesh(Some(ours.settings()), &named, ours.folder.path()).unwrap();
    let why = asked(&by_address).await.unwrap_err();
    assert!(why.contains("not valid for name"), "{why}");
    let settings = Tls {
        name: Some("shop.test".to_owned()),
        ..ours.settings()
    };
    let by_name = mesh(Some(settings), &named, ours.folder.path()).unwrap();
    assert_eq!(asked(&by_name).await, Ok(200));
}

#[tokio::test]
async fn a_service_is_believed_by_its_identity_whatever_its_address() {
    let ours = Authority::new();
    let at = serve(ours.issue("service", "spiffe://shop.test/pay"), None).await;
    let settings = |identity: &str| Tls {
        identity: Some(identity.to_owned()),
        ..ours.settings()
    };
    let pay = mesh(Some(settings("spiffe://shop.test/pay")), &at, ours.folder.path()).unwrap();
    assert_eq!(asked(&pay).await, Ok(200));
    for wrong in [
        "spiffe://shop.test/stock",
        "spiffe://shop.test/pay/",
        "spiffe://evil.test/pay",
    ] {
        let other = mesh(Some(settings(wrong)), &at, ours.folder.path()).unwrap();
        let why = asked(&other).await.unwrap_err();
        let found = "found `spiffe://shop.test/pay`";
        assert!(why.contains(wrong) && why.contains(found), "{why}");
    }
    let stranger = Authority::new();
    let false_pay = serve(stranger.issue("service", "spiffe://shop.test/pay"), None).await;
    let pay = mesh(
        Some(settings("spiffe://shop.test/pay")),
        &false_pay,
        ours.folder.path(),
    )
    .unwrap();
    assert!(asked(&pay).await.is_err());
}

#[tokio::test]
async fn we_show_a_certificate_where_both_sides_do_and_a_new_one_when_it_changes() {
    let (ours, other) = (Authority::new(), Authority::new());
    let at = serve(ours.issue("service", "127.0.0.1"), Some(&ours)).await;
    ours.issue("us", "spiffe://shop.test/shop");
    let settings = Tls {
        mutual: true,
        certificate: Some("us.pem".to_owned()),
        key: Some("us.key".to_owned()),
        ..ours.settings()
    };
    let both = mesh(Some(settings.clone()), &at, ours.folder.path()).unwrap();
    assert_eq!(asked(&both).await, Ok(200));
    let one = mesh(Some(ours.settings()), &at, ours.folder.path()).unwrap();
    assert!(asked(&one).await.is_err(), "it shows none");
    // One of another authority comes into the place of ours; new connections show it, and are refused.
    other.issue("us", "spiffe://shop.test/shop");
    for file in ["us.pem", "us.key"] {
        fs::copy(other.folder.path().join(file), ours.folder.path().join(file)).unwrap();
    }
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let fresh = serve(ours.issue("service", "127.0.0.1"), Some(&ours)).await;
    let both = mesh(Some(settings), &fresh, ours.folder.path()).unwrap();
    assert!(asked(&both).await.is_err());
}

#[tokio::test]
async fn where_the_service_says_so_all_of_its_addresses_are_safe() {
    let ours = Authority::new();
    let at = serve(ours.issue("service", "127.0.0.1"), None).await;
    let plain = at.replace("https://", "http://");
    let safe = mesh(Some(ours.settings()), &plain, ours.folder.path()).unwrap();
    assert_eq!(asked(&safe).await, Ok(200));
    let bare = mesh(None, &plain, ours.folder.path()).unwrap();
    assert!(asked(&bare).await.is_err());
}

#[tokio::test]
async fn what_cannot_be_used_is_said_before_the_first_call() {
    let ours = Authority::new();
    let wrong = |tls: Tls| {
        let error = mesh(Some(tls), "https://127.0.0.1:1", ours.folder.path())
            .err()
            .unwrap();
        assert_eq!(error.code().to_string(), "F1077");
        error.to_string()
    };
    let missing = Tls {
        authority: Some("nowhere.pem".to_owned()),
        ..Tls::default()
    };
    assert!(wrong(missing).contains("nowhere.pem"));
    let half = Tls {
        mutual: true,
        ..ours.settings()
    };
    assert!(wrong(half).contains("`certificate` and `key`"));
    let nobody = Tls {
        identity: Some("spiffe://a/b".to_owned()),
        ..Tls::default()
    };
    assert!(wrong(nobody).contains("`authority`"));
    ours.issue("a", "a.test");
    ours.issue("b", "b.test");
    let mixed = Tls {
        mutual: true,
        certificate: Some("a.pem".to_owned()),
        key: Some("b.key".to_owned()),
        ..ours.settings()
    };
    assert!(!wrong(mixed).is_empty());
}

#[tokio::test]
async fn what_one_operation_wants_of_connections_is_never_less_than_it_gets() {
    let ours = Authority::new();
    let at = serve(ours.issue("service", "127.0.0.1"), None).await;
    let made = |service: Option<Tls>, operation: Option<Tls>| {
        let mut program = support::program(
            Policy {
                tls: service,
                ..plain()
            },
            &[100],
        );
        program.policies.push(Policy {
            tls: operation,
            ..plain()
        });
        let shop = Arc::make_mut(program.services.first_mut().unwrap());
        shop.operations.first_mut().unwrap().policy = PolicyId(1);
        let plain = at.replace("https://", "http://");
        support::with_options(program, vec![vec![plain]], |options| {
            options.certificates = ours.folder.path().to_owned();
        })
        .unwrap()
    };
    let asked = async |mesh: &Mesh| {
        let request = Request {
            policy: PolicyId(1),
            ..request()
        };
        call(mesh, &request).await.0
    };
    let said_once = made(None, Some(ours.settings()));
    assert!(matches!(
        asked(&said_once).await,
        Reply::Answer { status: 200, .. }
    ));
    let other = Tls {
        name: Some("shop.test".to_owned()),
        ..ours.settings()
    };
    let Reply::Failed(Failure::Unavailable(why)) = asked(&made(Some(ours.settings()), Some(other))).await
    else {
        panic!("it is not sent");
    };
    assert!(why.contains("another `tls`"), "{why}");
}
