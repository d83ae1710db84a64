//! What networks and bad servers do to connections, between a gateway and its service and before it: who is told what, what
//! is sent again, and that nobody else pays for it.

use crate::{
    support::{
        self,
        mishap::{
            Mishap::{self, BlackHole, Cut, Delay, HalfClose, Reset, Trickle},
            Proxy,
            Way::{Back, There},
        },
        plain, retrying,
        server::{Answer, Server, nobody},
    },
    town::{Said, Town, gateway, read, to},
};
use flowmesh_ir::{
    ServiceId, SubsetId,
    gateway::Target,
    policy::{Policy, RetryOn, Timeout},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::timeout,
};

/// Longer than anything here lasts.
const LONG: Duration = Duration::from_secs(600);
/// The longest that is waited for what must happen.
const PATIENCE: Duration = Duration::from_secs(60);

/// Methods, and whether a request with them may be sent again that may have been carried out.
const METHODS: [(&str, bool); 6] = [
    ("GET", true),
    ("OPTIONS", true),
    ("PUT", true),
    ("DELETE", true),
    ("POST", false),
    ("PATCH", false),
];

/// Whatever may be worth it is tried three times. Where the time of an attempt is what ends it, that is short, and long
/// enough for one that goes well on a busy machine.
fn policy(endless: bool) -> Policy {
    Policy {
        timeout: Timeout {
            attempt_ms: if endless { 10_000 } else { 120_000 },
            total_ms: 600_000,
            idle_ms: 60_000,
        },
        ..retrying(&[RetryOn::Class(5), RetryOn::Connect, RetryOn::Timeout])
    }
}

/// `/bad/**` leads to what stands at one address, all other paths to another.
async fn town(policy: Policy, bad: String, good: String) -> Town {
    let toward = |subset| Target::Service {
        service: ServiceId(0),
        subset: Some(SubsetId(subset)),
    };
    let mut program = support::program(policy, &[100, 0]);
    program.gateways = vec![gateway(vec![
        to(None, "/bad/**", toward(1)),
        to(None, "/**", toward(0)),
    ])];
    Town::of(program, vec![vec![good], vec![bad]], |_| {}).await
}

fn text(method: &str, path: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nhost: shop.test\r\ncontent-length: 8\r\n\r\n{{\"id\":1}}")
}

#[tokio::test]
async fn what_may_have_been_carried_out_is_sent_again_only_if_its_method_may_be() {
    // The mishap of the first connection, and whether the service saw that request.
    let mishaps = [
        (Cut(There, 20), 0),
        (Cut(Back, 10), 1),
        (Reset(There, 20), 0),
        (Reset(Back, 10), 1),
        (Delay(Back, LONG), 1),
        (Trickle(Back, Duration::from_millis(500)), 1),
        (BlackHole, 0),
        (HalfClose, 1),
    ];
    let mut rows = JoinSet::new();
    for (mishap, seen) in mishaps {
        for (method, again) in METHODS {
            rows.spawn(async move {
                let server = Server::start(|_| Answer::Body(vec![b'x'; 2_000])).await;
                let proxy = Proxy::before(server.address, move |number| match number {
                    0 => mishap,
                    _ => Mishap::None,
                })
                .await;
                let endless = matches!(mishap, BlackHole | Delay(..) | Trickle(..));
                let town = town(policy(endless), proxy.url(), server.url()).await;
                let said = town.ask(&text(method, "/bad/order")).await;
                let record = town.record().await;
                let wanted = if again { (200, 2, seen + 1) } else { (504, 1, seen) };
                let found = (said.status, record.attempts.len(), server.requests());
                assert_eq!(found, wanted, "{mishap:?} {method}: {record:?}");
            });
        }
    }
    while let Some(row) = rows.join_next().await {
        row.unwrap();
    }
}

#[tokio::test]
async fn what_is_handed_on_and_may_not_be_repeated_goes_once_even_if_it_never_left() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let town = town(policy(false), format!("http://{}", nobody()), server.url()).await;
    for (method, again) in METHODS {
        let said = town.ask(&text(method, "/bad/order")).await;
        let record = town.record().await;
        let wanted = if again { (503, 3) } else { (503, 1) };
        assert_eq!(
            (said.status, record.attempts.len()),
            wanted,
            "{method}: {record:?}"
        );
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_breaks_off_for_its_visitor() {
    for mishap in [Cut(Back, 600), Reset(Back, 600)] {
        let server = Server::start(|_| Answer::Body(vec![b'x'; 20_000])).await;
        let proxy = Proxy::before(server.address, move |_| mishap).await;
        let town = town(policy(false), proxy.url(), server.url()).await;
        let mut stream = town.connect().await;
        stream
            .write_all(text("GET", "/bad/page").as_bytes())
            .await
            .unwrap();
        let mut heard = Vec::new();
        let ended = timeout(PATIENCE, stream.read_to_end(&mut heard))
            .await
            .expect("it ends");
        // Nothing can be put in the place of the rest, and nobody takes what came for the whole. Where it broke at once, not
        // even the head may have gone out.
        let heard = String::from_utf8_lossy(&heard);
        let part = heard.is_empty() || heard.starts_with("HTTP/1.1 200");
        assert!(part && heard.len() < 20_000, "{mishap:?} {ended:?}: {heard}");
        let record = town.record().await;
        assert!(
            record.broken && record.attempts.len() == 1,
            "{mishap:?}: {record:?}"
        );
        assert_eq!(server.requests(), 1);
    }
}

/// Visits that end while others hang.
async fn others_are_served(town: &Town, hanging: &AtomicUsize, all: usize) {
    for _ in 0..40 {
        let said = timeout(PATIENCE, town.get("/good")).await.expect("an answer");
        assert_eq!(said.status, 200);
    }
    assert_eq!(hanging.load(Ordering::SeqCst), all, "those who hang still do");
}

#[tokio::test]
async fn a_service_that_errs_or_never_answers_or_trickles_costs_its_own_callers() {
    let hopeless = [
        Delay(Back, LONG),
        Trickle(Back, Duration::from_secs(1)),
        Trickle(There, Duration::from_secs(1)),
        BlackHole,
    ];
    for mishap in hopeless {
        let server = Server::start(|_| Answer::Status(200)).await;
        let proxy = Proxy::before(server.address, move |_| mishap).await;
        let patient = Policy {
            timeout: Timeout {
                attempt_ms: 300_000,
                total_ms: 300_000,
                idle_ms: 300_000,
            },
            ..plain()
        };
        let town = town(patient, proxy.url(), server.url()).await;
        let hanging = Arc::new(AtomicUsize::new(0));
        let mut callers = JoinSet::new();
        for _ in 0..30 {
            let (mut stream, hanging) = (town.connect().await, hanging.clone());
            callers.spawn(async move {
                hanging.fetch_add(1, Ordering::SeqCst);
                stream
                    .write_all(text("POST", "/bad/order").as_bytes())
                    .await
                    .unwrap();
                let _ = stream.read_u8().await;
                hanging.fetch_sub(1, Ordering::SeqCst);
            });
        }
        let sent = async {
            while proxy.connections() < 30 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, sent).await.expect("all are on their way");
        others_are_served(&town, &hanging, 30).await;
    }
    // One that always errs.
    let (server, bad) = (
        Server::start(|_| Answer::Status(200)).await,
        Server::start(|_| Answer::Status(500)).await,
    );
    let town = town(policy(false), bad.url(), server.url()).await;
    for _ in 0..20 {
        assert_eq!(town.ask(&text("GET", "/bad/order")).await.status, 500);
        assert_eq!(town.get("/good").await.status, 200);
    }
    assert_eq!((bad.requests(), server.requests()), (60, 20));
}

#[tokio::test]
async fn a_visitor_who_trickles_or_goes_away_costs_nobody_else() {
    let server = Server::start(|_| Answer::Body(vec![b'x'; 2_000])).await;
    let town = town(policy(false), server.url(), server.url()).await;
    // They never come to the end of what they ask.
    let slow = Proxy::before(town.address, |_| Trickle(There, Duration::from_secs(1))).await;
    let hanging = Arc::new(AtomicUsize::new(0));
    let mut visitors = JoinSet::new();
    for _ in 0..30 {
        let (mut stream, hanging) = (visit(&slow).await, hanging.clone());
        visitors.spawn(async move {
            hanging.fetch_add(1, Ordering::SeqCst);
            let _ = stream.read_u8().await;
            hanging.fetch_sub(1, Ordering::SeqCst);
        });
    }
    let waiting = async {
        while hanging.load(Ordering::SeqCst) < 30 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, waiting).await.expect("all wait");
    others_are_served(&town, &hanging, 30).await;
    assert_eq!(server.requests(), 40, "nothing of theirs was handed on");
    // Who breaks off in the middle of a head asked for nothing.
    for mishap in [Cut(There, 30), Reset(There, 30)] {
        let broken = Proxy::before(town.address, move |_| mishap).await;
        let mut stream = visit(&broken).await;
        let mut heard = Vec::new();
        let _ = timeout(PATIENCE, stream.read_to_end(&mut heard))
            .await
            .expect("it ends");
        assert_eq!(heard, b"", "{mishap:?}");
    }
    assert_eq!(server.requests(), 40);
    // Who hears slowly hears all of it.
    let late = Proxy::before(town.address, |_| Delay(Back, Duration::from_millis(50))).await;
    let said: Said = read(&mut visit(&late).await).await;
    assert_eq!((said.status, said.body.len()), (200, 2_000));
}

/// A visitor behind a mishap, who has asked.
async fn visit(proxy: &Proxy) -> TcpStream {
    let address = proxy.url().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text("POST", "/order").as_bytes()).await.unwrap();
    stream
}
