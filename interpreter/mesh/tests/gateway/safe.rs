//! Gateways that show a certificate.

use crate::{
    support::{
        plain,
        server::{Answer, Server},
    },
    town::{Inside, gateway, route, rules},
};
use flowmesh_ir::{
    ServiceId,
    access::{Rule, What, Who},
};
use flowmesh_mesh::gateway::{Certificate, Door, GatewayOptions, Listener};
use rcgen::{CertificateParams, CertifiedKey, KeyPair, SanType, generate_simple_self_signed};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName},
};
use std::{fs, net::SocketAddr, path::Path, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// Writes a certificate for a name, and its key.
fn write(folder: &Path, name: &str) -> CertificateDer<'static> {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed([name.to_owned()]).unwrap();
    fs::write(folder.join("cert.pem"), cert.pem()).unwrap();
    fs::write(folder.join("key.pem"), signing_key.serialize_pem()).unwrap();
    cert.der().clone()
}

async fn open(server: &Server, folder: &Path) -> SocketAddr {
    open_to(server, folder, None, Vec::new()).await
}

async fn open_to(server: &Server, folder: &Path, visitors: Option<&Path>, access: Vec<Rule>) -> SocketAddr {
    let mut program = crate::support::program(plain(), &[100]);
    program.access = access;
    program.gateways = vec![gateway(vec![route(None, "/**")])];
    let rules = rules(program, vec![vec![server.url()]], Arc::new(Inside::default()));
    let certificate = Certificate::load(&folder.join("cert.pem"), &folder.join("key.pem"), visitors).unwrap();
    let door = Door::new(rules, GatewayOptions::default(), Some(certificate), None, 1);
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), true, Arc::new(door))
        .await
        .unwrap();
    let address = listener.address();
    tokio::spawn(listener.serve(std::future::pending()));
    address
}

async fn connect(
    address: SocketAddr,
    trusted: &CertificateDer<'static>,
    protocols: &[&str],
) -> std::io::Result<TlsStream<TcpStream>> {
    connect_as(address, trusted, protocols, None).await
}

async fn connect_as(
    address: SocketAddr,
    trusted: &CertificateDer<'static>,
    protocols: &[&str],
    shown: Option<&CertifiedKey<KeyPair>>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match shown {
        None => config.with_no_client_auth(),
        Some(CertifiedKey { cert, signing_key }) => {
            let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
            config
                .with_client_auth_cert(vec![cert.der().clone()], key)
                .unwrap()
        }
    };
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("shop.test").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

#[tokio::test]
async fn visitors_come_in_by_tls_and_choose_their_version_of_http() {
    let (server, folder) = (
        Server::start(|_| Answer::Status(200)).await,
        tempfile::tempdir().unwrap(),
    );
    let trusted = write(folder.path(), "shop.test");
    let address = open(&server, folder.path()).await;
    let mut stream = connect(address, &trusted, &["http/1.1"]).await.unwrap();
    stream
        .write_all(b"GET /a HTTP/1.1\r\nhost: shop.test\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut said = Vec::new();
    let _ = stream.read_to_end(&mut said).await;
    assert!(
        said.starts_with(b"HTTP/1.1 200"),
        "{}",
        String::from_utf8_lossy(&said)
    );
    assert_eq!(server.request(0).headers["x-forwarded-proto"], "https");
    let stream = connect(address, &trusted, &["h2", "http/1.1"]).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
    let io = hyper_util::rt::TokioIo::new(stream);
    let executor = hyper_util::rt::TokioExecutor::new();
    let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, io).await.unwrap();
    tokio::spawn(connection);
    let request =
        http::Request::get("https://shop.test/b").body(http_body_util::Empty::<bytes::Bytes>::new());
    assert_eq!(sender.send_request(request.unwrap()).await.unwrap().status(), 200);
    assert_eq!(server.request(1).path, "/b");
}

#[tokio::test]
async fn a_certificate_is_read_again_when_its_files_change_and_kept_while_they_are_wrong() {
    let (server, folder) = (
        Server::start(|_| Answer::Status(200)).await,
        tempfile::tempdir().unwrap(),
    );
    let first = write(folder.path(), "shop.test");
    let address = open(&server, folder.path()).await;
    assert!(connect(address, &first, &[]).await.is_ok());
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    fs::write(folder.path().join("cert.pem"), "half of a certifi").unwrap();
    assert!(
        connect(address, &first, &[]).await.is_ok(),
        "the one before is shown"
    );
    let second = write(folder.path(), "shop.test");
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert!(connect(address, &second, &[]).await.is_ok());
    assert!(connect(address, &first, &[]).await.is_err());
}

#[tokio::test]
async fn who_speaks_no_tls_is_not_listened_to() {
    let (server, folder) = (
        Server::start(|_| Answer::Status(200)).await,
        tempfile::tempdir().unwrap(),
    );
    write(folder.path(), "shop.test");
    let address = open(&server, folder.path()).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(b"GET /a HTTP/1.1\r\nhost: shop.test\r\n\r\n")
        .await
        .unwrap();
    let mut said = Vec::new();
    let _ = stream.read_to_end(&mut said).await;
    assert!(!said.starts_with(b"HTTP"));
    assert_eq!(server.requests(), 0);
}

/// A certificate for an identity, which is its own authority.
fn identity(name: &str) -> CertifiedKey<KeyPair> {
    let signing_key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.subject_alt_names = vec![SanType::URI(name.try_into().unwrap())];
    let cert = params.self_signed(&signing_key).unwrap();
    CertifiedKey { cert, signing_key }
}

#[tokio::test]
async fn who_shows_a_certificate_is_known_by_its_identity() {
    let (server, folder) = (
        Server::start(|_| Answer::Status(200)).await,
        tempfile::tempdir().unwrap(),
    );
    let trusted = write(folder.path(), "shop.test");
    let (ann, ben, eve) = (
        identity("spiffe://shop.test/people/ann"),
        identity("spiffe://shop.test/robots/ben"),
        identity("spiffe://shop.test/people/eve"),
    );
    let visitors = folder.path().join("visitors.pem");
    fs::write(&visitors, ann.cert.pem() + &ben.cert.pem()).unwrap();
    let people = Rule {
        allow: true,
        who: vec![Who::Identity("spiffe://shop.test/people/*".to_owned())],
        what: vec![What::Service(ServiceId(0))],
        condition: None,
    };
    let address = open_to(&server, folder.path(), Some(&visitors), vec![people]).await;
    let ask = async |shown: Option<&CertifiedKey<KeyPair>>| {
        let mut stream = connect_as(address, &trusted, &[], shown).await.ok()?;
        let text = b"GET /a HTTP/1.1\r\nhost: shop.test\r\nconnection: close\r\n\r\n";
        stream.write_all(text).await.ok()?;
        let mut said = Vec::new();
        let _ = stream.read_to_end(&mut said).await;
        let said = String::from_utf8(said).ok()?;
        said.split(' ').nth(1)?.parse::<u16>().ok()
    };
    assert_eq!(ask(Some(&ann)).await, Some(200));
    assert_eq!(ask(Some(&ben)).await, Some(403));
    assert_eq!(ask(Some(&eve)).await, None, "nobody who is trusted issued it");
    assert_eq!(ask(None).await, None);
    assert_eq!(server.requests(), 1);
}
