//! Names become endpoints, by a real DNS server, and stay what they were when it fails.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use crate::support;
use crate::support::{
    call,
    dns::Dns,
    failure, plain, request, retrying,
    server::{Answer, Server},
    status, with_options,
};
use flowmesh_ir::policy::{Balance, Policy, RetryOn, Timeout};
use flowmesh_mesh::{
    Found, Mesh, NameServer, NameServers, Resolver, Resolving, Unresolved, decide::address::Place,
    decide::endpoints::Target,
};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

fn round_robin() -> Policy {
    Policy {
        balance: Balance::RoundRobin,
        ..plain()
    }
}

fn mesh(policy: Policy, address: String, resolver: Arc<dyn Resolver>) -> Mesh {
    let program = support::program(policy, &[100]);
    with_options(program, vec![vec![address]], |options| {
        options.resolver = resolver;
    })
    .unwrap()
}

async fn ok() -> Server {
    Server::start(|_| Answer::Status(200)).await
}

/// A second server with the same port on another address of the loopback network.
async fn beside(server: &Server, ip: &str) -> Server {
    let address = SocketAddr::new(ip.parse().unwrap(), server.address.port());
    Server::start_at(address, |_| Answer::Status(200)).await
}

#[tokio::test]
async fn all_a_records_are_balanced_over() {
    let (dns, a) = (Dns::start().await, ok().await);
    let b = beside(&a, "127.0.0.2").await;
    for server in [&a, &b] {
        dns.address("shop.test.", 60, server.address.ip()).await;
    }
    let url = format!("dns://shop.test:{}", a.address.port());
    let mesh = mesh(round_robin(), url, dns.resolver());
    for _ in 0..10 {
        assert_eq!(status(&call(&mesh, &request()).await.0), 200);
    }
    assert_eq!((a.requests(), b.requests()), (5, 5));
    let host = a.request(0).headers["host"].clone();
    assert_eq!(host, format!("shop.test:{}", a.address.port()));
}

#[tokio::test]
async fn aaaa_records_lead_to_ipv6() {
    let dns = Dns::start().await;
    let server = Server::start_at("[::1]:0".parse().unwrap(), |_| Answer::Status(200)).await;
    dns.address("shop.test.", 60, server.address.ip()).await;
    let mesh = mesh(
        plain(),
        format!("http://shop.test:{}", server.address.port()),
        dns.resolver(),
    );
    let (reply, heard) = call(&mesh, &request()).await;
    assert_eq!(status(&reply), 200);
    assert_eq!(heard[0].endpoint, Some(server.address.to_string()));
}

#[tokio::test]
async fn addresses_without_a_route_do_no_harm() {
    let (dns, server) = (Dns::start().await, ok().await);
    dns.address("shop.test.", 60, server.address.ip()).await;
    // The broadcast address: nothing connects there, and no name may lead there.
    dns.address("shop.test.", 60, "255.255.255.255".parse().unwrap())
        .await;
    let mesh = mesh(
        round_robin(),
        format!("dns://shop.test:{}", server.address.port()),
        dns.resolver(),
    );
    for _ in 0..4 {
        assert_eq!(status(&call(&mesh, &request()).await.0), 200);
    }
}

#[tokio::test]
async fn srv_records_say_ports_and_weights() {
    let (dns, a, b) = (Dns::start().await, ok().await, ok().await);
    dns.address("a.test.", 60, a.address.ip()).await;
    dns.address("b.test.", 60, b.address.ip()).await;
    dns.service("_http._tcp.shop.test.", 1, 80, a.address.port(), "a.test.")
        .await;
    dns.service("_http._tcp.shop.test.", 1, 20, b.address.port(), "b.test.")
        .await;
    let mesh = mesh(
        round_robin(),
        "srv://_http._tcp.shop.test".to_owned(),
        dns.resolver(),
    );
    for _ in 0..300 {
        assert_eq!(status(&call(&mesh, &request()).await.0), 200);
    }
    assert_eq!(a.requests() + b.requests(), 300);
    assert!((40..=80).contains(&b.requests()), "{}", b.requests());
    assert_eq!(
        a.request(0).headers["host"],
        format!("a.test:{}", a.address.port())
    );
}

#[tokio::test]
async fn a_higher_priority_waits_until_the_lower_one_fails() {
    let (dns, spare) = (Dns::start().await, ok().await);
    let first = Server::start(|n| Answer::Status(if n < 5 { 200 } else { 503 })).await;
    dns.address("a.test.", 60, first.address.ip()).await;
    dns.service("_http._tcp.shop.test.", 1, 0, first.address.port(), "a.test.")
        .await;
    dns.service("_http._tcp.shop.test.", 2, 0, spare.address.port(), "a.test.")
        .await;
    let url = "srv://_http._tcp.shop.test".to_owned();
    let mesh = mesh(retrying(&[RetryOn::Class(5)]), url, dns.resolver());
    for _ in 0..5 {
        call(&mesh, &request()).await;
    }
    assert_eq!((first.requests(), spare.requests()), (5, 0));
    for _ in 0..5 {
        assert_eq!(status(&call(&mesh, &request()).await.0), 200);
    }
    assert_eq!((first.requests(), spare.requests()), (6, 5));
}

#[tokio::test]
async fn traffic_moves_when_the_records_do() {
    let (dns, a) = (Dns::start().await, ok().await);
    let b = beside(&a, "127.0.0.2").await;
    dns.address("shop.test.", 1, a.address.ip()).await;
    let mesh = mesh(
        plain(),
        format!("dns://shop.test:{}", a.address.port()),
        dns.resolver(),
    );
    call(&mesh, &request()).await;
    assert_eq!((a.requests(), b.requests()), (1, 0));
    dns.forget().await;
    dns.address("shop.test.", 1, b.address.ip()).await;
    while b.requests() == 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(status(&call(&mesh, &request()).await.0), 200);
    }
    let before = a.requests();
    for _ in 0..10 {
        call(&mesh, &request()).await;
    }
    assert_eq!(a.requests(), before);
}

#[tokio::test]
async fn an_unknown_name_is_unavailable_and_says_who_was_asked() {
    let dns = Dns::start().await;
    let unknown = mesh(plain(), "dns://shop.test:80".to_owned(), dns.resolver());
    let words = format!(
        "no endpoint of service `shop`: the DNS server {} knows no name `shop.test`",
        dns.address
    );
    assert_eq!(
        failure(&call(&unknown, &request()).await.0),
        ("Unavailable", words.as_str())
    );

    dns.address("shop.test.", 60, "127.0.0.1".parse().unwrap()).await;
    let no_srv = mesh(plain(), "srv://shop.test".to_owned(), dns.resolver());
    let words = format!(
        "no endpoint of service `shop`: the DNS server {} has no SRV records for `shop.test`",
        dns.address
    );
    assert_eq!(
        failure(&call(&no_srv, &request()).await.0),
        ("Unavailable", words.as_str())
    );
}

#[tokio::test]
async fn a_name_that_appears_is_found_without_a_restart() {
    let (dns, server) = (Dns::start().await, ok().await);
    let mesh = mesh(
        plain(),
        format!("dns://shop.test:{}", server.address.port()),
        dns.resolver(),
    );
    assert_eq!(failure(&call(&mesh, &request()).await.0).0, "Unavailable");
    dns.address("shop.test.", 60, server.address.ip()).await;
    while server.requests() == 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        call(&mesh, &request()).await;
    }
}

#[tokio::test]
async fn the_last_good_answer_is_kept_while_the_server_is_dead() {
    let (mut dns, server) = (Dns::start().await, ok().await);
    dns.address("shop.test.", 1, server.address.ip()).await;
    let mesh = mesh(
        plain(),
        format!("dns://shop.test:{}", server.address.port()),
        dns.resolver(),
    );
    assert_eq!(status(&call(&mesh, &request()).await.0), 200);
    dns.stop().await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(status(&call(&mesh, &request()).await.0), 200);
}

#[tokio::test]
async fn a_dead_server_is_named() {
    let mut dns = Dns::start().await;
    dns.stop().await;
    let policy = Policy {
        timeout: Timeout {
            attempt_ms: 20_000,
            total_ms: 20_000,
            idle_ms: 0,
        },
        ..plain()
    };
    let mesh = mesh(policy, "dns://shop.test:80".to_owned(), dns.resolver());
    let words = format!(
        "no endpoint of service `shop`: the DNS server {} did not answer when asked for `shop.test`",
        dns.address
    );
    assert_eq!(
        failure(&call(&mesh, &request()).await.0),
        ("Unavailable", words.as_str())
    );
}

/// Leads to one target at first, and to nothing ever after.
struct Forgetful(SocketAddr, AtomicUsize);

impl Resolver for Forgetful {
    fn resolve<'a>(&'a self, _: &'a Place) -> Resolving<'a> {
        let first = self.1.fetch_add(1, Ordering::SeqCst) == 0;
        let target = Target {
            address: self.0,
            otherwise: None,
            host: "shop".into(),
            priority: 0,
            weight: 1,
        };
        let found = Found {
            targets: vec![target],
            valid_for: Duration::ZERO,
        };
        let answer = if first {
            Ok(found)
        } else {
            Err(Unresolved("forgotten".to_owned()))
        };
        Box::pin(async { answer })
    }
}

#[tokio::test]
async fn the_last_good_answer_outlives_look_ups_that_failed() {
    let server = ok().await;
    let resolver = Arc::new(Forgetful(server.address, AtomicUsize::new(0)));
    let mesh = mesh(plain(), "dns://shop.test:80".to_owned(), resolver.clone());
    assert_eq!(status(&call(&mesh, &request()).await.0), 200);
    while resolver.1.load(Ordering::SeqCst) < 3 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(status(&call(&mesh, &request()).await.0), 200);
}

#[tokio::test]
async fn look_ups_end_with_the_mesh() {
    let server = ok().await;
    let resolver = Arc::new(Forgetful(server.address, AtomicUsize::new(0)));
    let mesh = mesh(plain(), "dns://shop.test:80".to_owned(), resolver.clone());
    call(&mesh, &request()).await;
    drop(mesh);
    while Arc::strong_count(&resolver) > 1 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn each_zone_is_asked_at_its_own_server() {
    let (agent, other) = (Dns::start().await, Dns::start().await);
    let (a, b) = (ok().await, ok().await);
    agent.address("web.consul.test.", 60, a.address.ip()).await;
    other.address("web.shop.test.", 60, b.address.ip()).await;
    let servers = [
        NameServer {
            zone: Some("consul.test".to_owned()),
            address: agent.address,
            secure: None,
        },
        NameServer {
            zone: None,
            address: other.address,
            secure: None,
        },
    ];
    let resolver: Arc<dyn Resolver> = Arc::new(NameServers::new(&servers, &[], None).unwrap());
    for (name, server) in [("web.consul.test", &a), ("web.shop.test", &b)] {
        let url = format!("http://{name}:{}", server.address.port());
        let mesh = mesh(plain(), url, resolver.clone());
        assert_eq!(status(&call(&mesh, &request()).await.0), 200);
        assert_eq!(server.requests(), 1, "{name}");
    }
}

#[tokio::test]
async fn what_is_not_found_as_it_stands_is_looked_for_below_domains() {
    let (dns, server) = (Dns::start().await, ok().await);
    dns.address("shop.prod.test.", 60, server.address.ip()).await;
    let servers = [NameServer {
        zone: None,
        address: dns.address,
        secure: None,
    }];
    let search = ["dev.test".to_owned(), "prod.test.".to_owned()];
    let resolver = Arc::new(NameServers::new(&servers, &search, None).unwrap());
    let url = format!("http://shop:{}", server.address.port());
    let mesh = mesh(plain(), url.clone(), resolver);
    assert_eq!(status(&call(&mesh, &request()).await.0), 200);
    // The name that the program says is the one that the service is told.
    let host = server.request(0).headers["host"].clone();
    assert_eq!(format!("http://{}", host.to_str().unwrap()), url);
    assert!(NameServers::new(&servers, &["a b".to_owned()], None).is_err());
}

#[tokio::test]
async fn a_host_with_an_address_of_each_kind_is_one_endpoint_that_is_reached_by_either() {
    let (dns, server) = (Dns::start().await, ok().await);
    // Nobody listens on the other one.
    dns.address("shop.test.", 60, server.address.ip()).await;
    dns.address("shop.test.", 60, "::1".parse().unwrap()).await;
    let url = format!("http://shop.test:{}", server.address.port());
    let mesh = mesh(round_robin(), url, dns.resolver());
    for _ in 0..4 {
        let (reply, heard) = call(&mesh, &request()).await;
        assert_eq!((status(&reply), heard.len()), (200, 1));
    }
    assert_eq!(server.requests(), 4);
}

#[tokio::test]
async fn an_answer_that_is_too_long_for_udp_comes_by_tcp() {
    let dns = Dns::start().await;
    let any = Server::start_at("0.0.0.0:0".parse().unwrap(), |_| Answer::Status(200)).await;
    // More than 4 KiB, which no answer by UDP has.
    let count: u16 = 400;
    for at in 0..count {
        let [high, low] = at.to_be_bytes();
        let ip = std::net::Ipv4Addr::new(127, 1, high, low);
        dns.address("shop.test.", 60, ip.into()).await;
    }
    let url = format!("http://shop.test:{}", any.address.port());
    let mesh = mesh(round_robin(), url, dns.resolver());
    let mut endpoints = std::collections::BTreeSet::new();
    for _ in 0..count {
        let (reply, heard) = call(&mesh, &request()).await;
        assert_eq!(status(&reply), 200);
        endpoints.extend(heard.first().and_then(|heard| heard.endpoint.clone()));
    }
    assert_eq!(endpoints.len(), usize::from(count));
}

/// Takes connections over TLS, and hands on what comes by them to a server that speaks TCP.
async fn over_tls(to: SocketAddr) -> (SocketAddr, tempfile::TempDir) {
    let shown = rcgen::generate_simple_self_signed(vec!["dns.test".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ca.pem"), shown.cert.pem()).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(shown.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![shown.cert.der().clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    return;
                };
                let mut server = tokio::net::TcpStream::connect(to).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut stream, &mut server).await;
            });
        }
    });
    (address, folder)
}

#[tokio::test]
async fn a_server_over_tls_is_believed_by_its_certificate_alone() {
    let (dns, server) = (Dns::start().await, ok().await);
    dns.address("shop.test.", 60, server.address.ip()).await;
    let (address, folder) = over_tls(dns.address).await;
    let authority = folder.path().join("ca.pem");
    let asked = |name: &str| {
        let servers = [NameServer {
            zone: None,
            address,
            secure: Some(name.to_owned()),
        }];
        let resolver = NameServers::new(&servers, &[], Some(&authority)).unwrap();
        let url = format!("http://shop.test:{}", server.address.port());
        mesh(plain(), url, Arc::new(resolver))
    };
    assert_eq!(status(&call(&asked("dns.test"), &request()).await.0), 200);
    let (reply, _) = call(&asked("other.test"), &request()).await;
    assert_eq!(failure(&reply).0, "Unavailable");
    assert_eq!(server.requests(), 1);
}
