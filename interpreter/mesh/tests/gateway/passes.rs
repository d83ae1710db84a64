//! Connections that are handed on unopened, and what a proxy before the gateway says of its visitors.

use crate::{
    support::{
        plain,
        server::{Answer, Server},
    },
    town::{Inside, Records, Town, gateway, read, route},
};
use flowmesh_ir::{
    GatewayId, ServiceId,
    access::{Rule, What, Who},
    expr::Expr,
    gateway::{Gateway, Pass},
};
use flowmesh_mesh::{
    decide::proxied,
    gateway::{Certificate, Door, GatewayOptions, Listener, Rules, Ways},
};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName},
};
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, TlsConnector, client::TlsStream};

const LONG: Duration = Duration::from_secs(30);

/// A database that speaks TLS and says back what it hears; `heads` bytes before the TLS it says back first.
async fn database(heads: usize) -> (SocketAddr, CertificateDer<'static>) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["db.test".to_owned()]).unwrap();
    let trusted = cert.der().clone();
    let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![trusted.clone()], key.into())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut head = vec![0; heads];
                stream.read_exact(&mut head).await?;
                let mut stream = acceptor.accept(stream).await?;
                stream.write_all(&head).await?;
                let mut heard = [0; 4];
                stream.read_exact(&mut heard).await?;
                stream.write_all(&heard).await?;
                stream.shutdown().await
            });
        }
    });
    (address, trusted)
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

async fn connect(
    stream: TcpStream,
    name: &str,
    trusted: &CertificateDer<'static>,
) -> io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let connecting = TlsConnector::from(Arc::new(config)).connect(name, stream);
    timeout(LONG, connecting).await.expect("in time")
}

/// Says four bytes and hears all that is said back.
async fn talk(mut stream: TlsStream<TcpStream>) -> Vec<u8> {
    stream.write_all(b"ping").await.unwrap();
    let mut heard = Vec::new();
    timeout(LONG, stream.read_to_end(&mut heard))
        .await
        .unwrap()
        .unwrap();
    heard
}

fn to(name: &str, is_told: bool) -> Pass {
    Pass {
        name: name.to_owned(),
        service: ServiceId(0),
        subset: None,
        policy: None,
        proxied: is_told,
    }
}

/// A gateway for TLS that hands on what a pass takes, and opens all else where it has a certificate.
struct Front {
    address: SocketAddr,
    records: Arc<Records>,
    own: Option<CertificateDer<'static>>,
    _files: TempDir,
}

async fn front(before: SocketAddr, gateway: Gateway, access: Vec<Rule>, opens: bool) -> Front {
    let files = tempfile::tempdir().unwrap();
    let mut program = crate::support::program(plain(), &[100]);
    (program.gateways, program.access) = (vec![gateway], access);
    let places = vec![vec![format!("http://{before}")]];
    let mesh = crate::support::with_options(program.clone(), places, |_| {}).unwrap();
    let inside = Arc::new(Inside::default());
    let rules = Rules::new(
        (Arc::new(program), GatewayId(0)),
        Arc::new(mesh),
        inside,
        Ways::default(),
    )
    .unwrap();
    let mut own = None;
    let certificate = opens.then(|| {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["shop.test".to_owned()]).unwrap();
        own = Some(cert.der().clone());
        let (shown, secret) = (files.path().join("cert.pem"), files.path().join("key.pem"));
        std::fs::write(&shown, cert.pem()).unwrap();
        std::fs::write(&secret, signing_key.serialize_pem()).unwrap();
        Certificate::load(&shown, &secret, None).unwrap()
    });
    let records = Arc::new(Records::default());
    let options = GatewayOptions::default();
    let door = Door::new(Arc::new(rules), options, certificate, Some(records.clone()), 1);
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), true, Arc::new(door))
        .await
        .unwrap();
    let address = listener.address();
    tokio::spawn(listener.serve(std::future::pending()));
    Front {
        address,
        records,
        own,
        _files: files,
    }
}

fn passing(passes: Vec<Pass>) -> Gateway {
    Gateway {
        passes,
        ..gateway(vec![route(None, "/**")])
    }
}

#[tokio::test]
async fn a_connection_is_handed_on_by_the_name_it_asks_for_and_nobody_opens_it() {
    let (database, trusted) = database(0).await;
    let front = front(database, passing(vec![to("*.test", false)]), Vec::new(), false).await;
    let stream = TcpStream::connect(front.address).await.unwrap();
    // The certificate is the one of the database: whoever stands between has none for this name.
    let stream = connect(stream, "db.test", &trusted).await.unwrap();
    assert_eq!(talk(stream).await, b"ping");
    let record = front.records.next().await;
    assert_eq!((record.host.as_str(), record.route), ("db.test", Some(0)));
    assert_eq!(record.target.as_deref(), Some("shop"));
    assert!(record.refused.is_none() && record.bytes > 4, "{record:?}");
}

#[tokio::test]
async fn what_asks_for_no_such_name_is_opened_here_or_closed() {
    let (database, trusted) = database(0).await;
    let gateway = passing(vec![to("other.test", false)]);
    let closed = front(database, gateway.clone(), Vec::new(), false).await;
    let stream = TcpStream::connect(closed.address).await.unwrap();
    assert!(connect(stream, "db.test", &trusted).await.is_err());

    let server = Server::start(|_| Answer::Status(200)).await;
    let open = front(server.address, gateway, Vec::new(), true).await;
    let stream = TcpStream::connect(open.address).await.unwrap();
    let own = open.own.clone().unwrap();
    let mut stream = connect(stream, "shop.test", &own).await.unwrap();
    let request = b"GET / HTTP/1.1\r\nhost: shop.test\r\nconnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut heard = Vec::new();
    let _ = timeout(LONG, stream.read_to_end(&mut heard)).await.unwrap();
    assert!(
        heard.starts_with(b"HTTP/1.1 200"),
        "{}",
        String::from_utf8_lossy(&heard)
    );
}

#[tokio::test]
async fn rules_hold_for_what_nobody_reads_and_their_conditions_have_no_value() {
    let about = |allow, condition| Rule {
        allow,
        who: vec![Who::Anyone],
        what: vec![What::Service(ServiceId(0))],
        condition,
    };
    let unknown = Some(Expr::Context(flowmesh_ir::expr::Context::Request));
    for (rules, wanted) in [
        (vec![about(true, None)], None),
        (vec![about(true, unknown.clone())], Some("no rule allows it")),
        (
            vec![about(true, None), about(false, unknown)],
            Some("rule 1 denies it"),
        ),
    ] {
        let (database, trusted) = database(0).await;
        let front = front(database, passing(vec![to("db.test", false)]), rules, false).await;
        let stream = TcpStream::connect(front.address).await.unwrap();
        let connected = connect(stream, "db.test", &trusted).await;
        assert_eq!(connected.is_ok(), wanted.is_none());
        drop(connected);
        assert_eq!(front.records.next().await.refused.as_deref(), wanted);
    }
}

#[tokio::test]
async fn a_service_is_told_of_its_visitor_before_anything_else() {
    let (database, trusted) = database(28).await;
    let front = front(database, passing(vec![to("db.test", true)]), Vec::new(), false).await;
    let stream = TcpStream::connect(front.address).await.unwrap();
    let header = proxied::header(stream.local_addr().unwrap(), front.address);
    let stream = connect(stream, "db.test", &trusted).await.unwrap();
    assert_eq!(talk(stream).await, [header.as_slice(), b"ping"].concat());
}

/// A gateway behind a proxy.
async fn behind_proxy() -> (Server, Town) {
    let server = Server::start(|_| Answer::Status(200)).await;
    let gateway = Gateway {
        proxied: true,
        ..gateway(vec![route(None, "/**")])
    };
    let town = Town::with(&server, plain(), gateway, |options| {
        options.connections_per_address = 2;
    })
    .await;
    (server, town)
}

/// A connection of a visitor, by the proxy.
async fn visitor(town: &Town, address: &str) -> TcpStream {
    let mut stream = town.connect().await;
    let header = proxied::header(address.parse().unwrap(), town.address);
    stream.write_all(&header).await.unwrap();
    let _ = stream.write_all(GET).await;
    stream
}

#[tokio::test]
async fn whom_the_proxy_names_has_so_many_connections_and_the_proxy_any_number() {
    let (_server, town) = behind_proxy().await;
    let mut open = Vec::new();
    for address in ["203.0.113.7:1", "203.0.113.7:2", "203.0.113.8:1", "203.0.113.8:2"] {
        let mut stream = visitor(&town, address).await;
        assert_eq!(read(&mut stream).await.status, 200, "{address}");
        open.push(stream);
    }
    let mut third = visitor(&town, "203.0.113.7:3").await;
    let mut heard = Vec::new();
    let _ = timeout(LONG, third.read_to_end(&mut heard))
        .await
        .expect("it is closed");
    assert!(heard.is_empty(), "{}", String::from_utf8_lossy(&heard));
    drop(open);
    let again = async {
        loop {
            let mut next = visitor(&town, "203.0.113.7:4").await;
            // The gateway hears of it in its own time.
            if next.read_u8().await.is_ok() {
                return;
            }
        }
    };
    timeout(LONG, again).await.expect("there is room again");
}

const GET: &[u8] = b"GET / HTTP/1.1\r\nhost: shop.test\r\n\r\n";

#[tokio::test]
async fn the_visitor_is_whom_the_proxy_names() {
    let (server, town) = behind_proxy().await;
    let mut stream = town.connect().await;
    let header = proxied::header("203.0.113.7:4711".parse().unwrap(), town.address);
    // However it is cut.
    for byte in &header {
        stream.write_all(&[*byte]).await.unwrap();
        stream.flush().await.unwrap();
    }
    stream.write_all(GET).await.unwrap();
    assert_eq!(read(&mut stream).await.status, 200);
    let address = town.record().await.address.map(|address| address.to_string());
    assert_eq!(address.as_deref(), Some("203.0.113.7"));
    assert_eq!(server.request(0).headers["x-forwarded-for"], "203.0.113.7");
}

#[tokio::test]
async fn who_does_not_come_by_the_proxy_is_not_heard() {
    let (server, town) = behind_proxy().await;
    let mut plain = town.connect().await;
    plain.write_all(GET).await.unwrap();
    let mut heard = Vec::new();
    let _ = timeout(LONG, plain.read_to_end(&mut heard))
        .await
        .expect("it is closed");
    assert!(heard.is_empty(), "{}", String::from_utf8_lossy(&heard));
    assert_eq!(server.requests(), 0);
}
