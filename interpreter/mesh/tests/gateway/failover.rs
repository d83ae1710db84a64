//! Visits go elsewhere while nobody is there who could take them, as far as rules let whoever comes.

use crate::{
    support::{
        self, plain, retrying,
        server::{Answer, Server, nobody},
        with_secrets as options,
    },
    town::{Town, gateway, read, route},
};
use flowmesh_ir::{
    GatewayId, Name, Program, ServiceId, Value,
    access::{Rule, What, Who},
    expr::Expr,
    policy::{Policy, RetryOn},
    traffic::{Cache, Mirror, Onward, Sticky},
};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const OTHER: Onward = Onward::Service(ServiceId(1));

fn elsewhere() -> Policy {
    Policy {
        failover: Some(OTHER),
        ..retrying(&[RetryOn::Connect])
    }
}

/// Visits of the one gateway go to the first of two services.
fn two(policy: Policy) -> Program {
    let mut program = support::two(policy);
    program.gateways = vec![gateway(vec![route(None, "/**")])];
    program
}

async fn down() -> String {
    format!("http://{}", nobody())
}

async fn town(program: Program, first: String, other: String) -> Town {
    Town::over(program, &[vec![vec![first]], vec![vec![other]]], options).await
}

async fn well() -> Server {
    Server::start(|_| Answer::Status(200)).await
}

#[tokio::test]
async fn a_visit_is_answered_elsewhere_with_what_is_for_that_service_alone() {
    let other = well().await;
    let sticky = Sticky {
        cookie: "at".to_owned(),
        ttl_ms: None,
        key: None,
    };
    let policy = Policy {
        sticky: Some(sticky),
        ..elsewhere()
    };
    let town = town(two(policy), down().await, other.url()).await;
    let said = town.get("/a?x=1").await;
    assert_eq!(said.status, 200);
    // Who is answered elsewhere does not stay there.
    assert_eq!(said.header("set-cookie"), None);
    let seen = other.request(0);
    assert_eq!(seen.path, "/elsewhere/a?x=1");
    assert_eq!(seen.headers["x-other"], "0ther");
    assert_eq!(seen.headers["x-of-second"], "2");
    assert_eq!(seen.headers["x-forwarded-for"], "127.0.0.1");
    for name in ["authorization", "x-of-first"] {
        assert!(!seen.headers.contains_key(name), "{name}");
    }
    let record = town.record().await;
    let why = "failover to `other`: the only endpoint of service `shop` failed a short while ago";
    let failovers: Vec<_> = record
        .attempts
        .iter()
        .map(|attempt| attempt.failover.as_ref().map(Name::as_str))
        .collect();
    assert_eq!(failovers, [None, Some(why)]);
    let line = serde_json::to_string(&record.attempts[1]).unwrap();
    let wanted = format!("\"{} ({why}): status 200\"", other.address);
    assert_eq!(line, wanted);
}

#[tokio::test]
async fn a_body_that_can_be_sent_once_goes_where_somebody_is() {
    let other = well().await;
    let town = town(two(elsewhere()), down().await, other.url()).await;
    let post = "POST /a HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc";
    // The first finds out; what it brought is not sent twice.
    assert_eq!(town.ask(post).await.status, 503);
    assert_eq!(other.requests(), 0);
    assert_eq!(town.ask(post).await.status, 200);
    assert_eq!(other.request(0).body, "abc");
}

#[tokio::test]
async fn where_both_are_down_the_record_names_both() {
    let (first, other) = (nobody().to_string(), nobody().to_string());
    let town = town(
        two(elsewhere()),
        format!("http://{first}"),
        format!("http://{other}"),
    )
    .await;
    assert_eq!(town.get("/").await.status, 503);
    let record = town.record().await;
    let at: Vec<_> = record.attempts.iter().map(|it| it.endpoint.as_deref()).collect();
    assert_eq!(at, [Some(&*first), Some(&*other), Some(&*first)]);
    let why = record.refused.unwrap();
    assert!(
        why.contains(&first) && why.contains("no failover to `other`"),
        "{why}"
    );
}

/// Visitors of the gateway may go to the first service, and to the other one where that holds.
fn rules(to_other: Option<bool>) -> Vec<Rule> {
    let rule = |who, service, condition: Option<bool>| Rule {
        allow: true,
        who: vec![who],
        what: vec![What::Service(ServiceId(service))],
        condition: condition.map(|holds| Expr::Constant(Value::Bool(holds))),
    };
    let visitors = || Who::Gateway(GatewayId(0));
    let mut all = vec![
        rule(visitors(), 0, None),
        rule(Who::Gateway(GatewayId(7)), 1, None),
    ];
    all.extend(to_other.map(|holds| rule(visitors(), 1, Some(holds))));
    all
}

#[tokio::test]
async fn a_visit_goes_nowhere_that_the_rules_do_not_let_it_go() {
    for (allowed, status) in [(None, 503), (Some(false), 503), (Some(true), 200)] {
        let other = well().await;
        let mut program = two(elsewhere());
        program.access = rules(allowed);
        let town = town(program, down().await, other.url()).await;
        assert_eq!(town.get("/").await.status, status);
        assert_eq!(other.requests(), usize::from(status == 200));
        let refused = town.record().await.refused.unwrap_or_default();
        let says = refused.contains("no failover to `other`: no rule allows it");
        assert_eq!(says, status == 503, "{refused}");
    }
}

#[tokio::test]
async fn copies_of_visits_are_held_to_the_rules_too() {
    let mirror = Mirror {
        to: OTHER,
        percent: 100,
        writes: false,
    };
    for (allowed, copies) in [(None, 0), (Some(false), 0), (Some(true), 1)] {
        let (first, other) = (well().await, well().await);
        let mut program = two(Policy {
            mirror: Some(mirror),
            ..plain()
        });
        program.access = rules(allowed);
        let services = [vec![vec![first.url()]], vec![vec![other.url()]]];
        let town = Town::over(program, &services, options).await;
        assert_eq!(town.get("/").await.status, 200);
        let began = Instant::now();
        loop {
            let count = town.mesh().copied("shop");
            if count.sent + count.left_out > 0 {
                assert_eq!((count.sent, count.left_out), (copies, 1 - copies));
                break;
            }
            assert!(began.elapsed() < Duration::from_secs(60));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(other.requests(), usize::try_from(copies).unwrap());
    }
}

#[tokio::test]
async fn what_is_answered_elsewhere_is_not_kept() {
    let other = Server::start(|_| Answer::Header(200, "cache-control", "max-age=600")).await;
    let cache = Cache {
        age_ms: 600_000,
        vary: Vec::new(),
    };
    let policy = Policy {
        cache: Some(cache),
        ..elsewhere()
    };
    let town = town(two(policy), down().await, other.url()).await;
    for _ in 0..3 {
        assert_eq!(town.get("/a").await.status, 200);
    }
    assert_eq!(other.requests(), 3);
}

#[tokio::test]
async fn another_protocol_is_spoken_elsewhere_too() {
    let other = Server::by_hand(|_, mut stream| async move {
        let mut heard = Vec::new();
        while !heard.ends_with(b"\r\n\r\n") {
            assert_ne!(stream.read_buf(&mut heard).await.unwrap(), 0);
        }
        let heard = String::from_utf8(heard).unwrap();
        assert!(
            heard.contains("GET /elsewhere/chat") && heard.contains("x-other: 0ther"),
            "{heard}"
        );
        let agreed = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: chat\r\n\r\n";
        stream.write_all(agreed.as_bytes()).await.unwrap();
        let mut said = [0; 4];
        stream.read_exact(&mut said).await.unwrap();
        stream.write_all(&said).await.unwrap();
    })
    .await;
    let town = town(two(elsewhere()), down().await, other.url()).await;
    // The first finds out that nobody is there.
    let asked = "GET /chat HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: chat\r\n\r\n";
    assert_eq!(town.ask(asked).await.status, 503);
    let mut stream = town.connect().await;
    stream.write_all(asked.as_bytes()).await.unwrap();
    assert_eq!(read(&mut stream).await.status, 101);
    stream.write_all(b"ping").await.unwrap();
    let mut heard = [0; 4];
    stream.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"ping");
}
