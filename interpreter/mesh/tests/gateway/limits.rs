//! What a stranger may cost: each limit below, at and above.

use crate::{
    support::{
        plain,
        server::{Answer, Server},
    },
    town::{Town, gateway, read, route},
};
use flowmesh_ir::traffic::{Breaker, Fault, Limit, Rate};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

async fn town(server: &Server, change: impl FnOnce(&mut flowmesh_mesh::gateway::GatewayOptions)) -> Town {
    Town::with(server, plain(), gateway(vec![route(None, "/**")]), change).await
}

/// Whether the other side closes within a while.
async fn is_closed(stream: &mut TcpStream, within: Duration) -> bool {
    let mut said = Vec::new();
    tokio::time::timeout(within, stream.read_to_end(&mut said))
        .await
        .is_ok()
}

#[tokio::test]
async fn headers_are_taken_up_to_their_number_and_their_length() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let town = town(&server, |options| {
        (options.headers, options.header_bytes) = (10, 8 << 10);
    })
    .await;
    let with = |count: usize, length: usize| {
        let headers: String = (0..count)
            .map(|at| format!("x-{at}: {}\r\n", "y".repeat(length)))
            .collect();
        format!("GET / HTTP/1.1\r\nhost: a\r\n{headers}\r\n")
    };
    assert_eq!(town.ask(&with(8, 1)).await.status, 200);
    assert_eq!(town.ask(&with(9, 1)).await.status, 200);
    assert_eq!(town.ask(&with(10, 1)).await.status, 431);
    assert_eq!(town.ask(&with(1, 7 << 10)).await.status, 200);
    assert_eq!(town.ask(&with(1, 9 << 10)).await.status, 431);
}

#[tokio::test]
async fn a_target_is_taken_up_to_its_length() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let town = town(&server, |_| {}).await;
    for (length, status) in [(8_191, 200), (8_192, 200), (8_193, 414)] {
        let target = format!("/{}", "x".repeat(length - 1));
        assert_eq!(town.get(&target).await.status, status, "{length}");
    }
}

#[tokio::test]
async fn one_address_has_so_many_connections_and_others_have_theirs() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let town = town(&server, |options| options.connections_per_address = 2).await;
    let (mut one, two) = (town.connect().await, town.connect().await);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let mut three = town.connect().await;
    assert!(is_closed(&mut three, Duration::from_secs(5)).await);
    one.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    assert_eq!(read(&mut one).await.status, 200);
    drop(two);
    // The gateway hears of it in its own time.
    for _ in 0..100 {
        let mut next = town.connect().await;
        let _ = next.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
        if next.read_u8().await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("there is no room again");
}

#[tokio::test]
async fn a_proxy_that_is_trusted_has_as_many_connections_as_its_visitors_need() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let mut front = gateway(vec![route(None, "/**")]);
    front.trusted_hops = 1;
    let town = Town::with(&server, plain(), front, |options| {
        options.connections_per_address = 1;
    })
    .await;
    let mut all = vec![town.connect().await, town.connect().await, town.connect().await];
    for stream in &mut all {
        let text = "GET / HTTP/1.1\r\nhost: a\r\nx-forwarded-for: 6.6.6.6, 1.1.1.1\r\n\r\n";
        stream.write_all(text.as_bytes()).await.unwrap();
        assert_eq!(read(stream).await.status, 200);
    }
    assert_eq!(server.request(0).headers["x-forwarded-for"], "1.1.1.1");
}

#[tokio::test]
async fn a_head_that_comes_byte_by_byte_or_not_at_all_ends_its_connection() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let town = town(&server, |options| options.head_time = Duration::from_millis(300)).await;
    let mut silent = town.connect().await;
    let mut slow = town.connect().await;
    let mut half = town.connect().await;
    half.write_all(b"PR").await.unwrap();
    let trickle = async {
        for byte in b"GET / HTTP/1.1\r\nhost: a\r\nx-long-header: and so on" {
            if slow.write_all(&[*byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let (silent, half, ()) = tokio::join!(
        is_closed(&mut silent, Duration::from_secs(3)),
        is_closed(&mut half, Duration::from_secs(3)),
        trickle
    );
    assert!(silent && half);
    assert!(is_closed(&mut slow, Duration::from_secs(3)).await);
    assert_eq!(server.requests(), 0);
}

#[tokio::test]
async fn who_never_answers_costs_the_visitor_the_time_of_the_policy() {
    let server = Server::start(|_| Answer::Late(Duration::from_secs(60))).await;
    let mut policy = plain();
    policy.timeout.attempt_ms = 200;
    let town = Town::with(&server, policy, gateway(vec![route(None, "/**")]), |_| {}).await;
    assert_eq!(town.get("/").await.status, 504);
}

fn limited(limit: Limit) -> flowmesh_ir::gateway::Gateway {
    let mut front = gateway(vec![route(None, "/**")]);
    front.limit = Some(limit);
    front
}

#[tokio::test]
async fn a_gateway_lets_in_as_many_as_its_limit_says_and_says_when_to_come_again() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let limit = Limit {
        rate: Some(Rate {
            count: 1,
            per_ms: 60_000,
        }),
        burst: Some(2),
        ..Limit::default()
    };
    let town = Town::with(&server, plain(), limited(limit), |_| {}).await;
    assert_eq!(
        (town.get("/").await.status, town.get("/").await.status),
        (200, 200)
    );
    let said = town.get("/").await;
    assert_eq!(said.status, 429);
    let wait: u64 = said.header("retry-after").unwrap().parse().unwrap();
    assert!((50..=61).contains(&wait), "{wait}");
    // What was used up stays so under other rules with the same limit.
    town.swap(&server, |program| {
        program.gateways[0].routes.push(route(None, "/new"));
    });
    assert_eq!(town.get("/new").await.status, 429);
    assert_eq!(server.requests(), 2);
}

/// The mesh of other rules begins to count its time anew; a limit that stays does not.
#[tokio::test]
async fn a_limit_that_stays_under_other_rules_goes_on_by_its_own_time() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let limit = Limit {
        rate: Some(Rate {
            count: 1,
            per_ms: 500,
        }),
        burst: Some(1),
        queue: Some(0),
        ..Limit::default()
    };
    let town = Town::with(&server, plain(), limited(limit), |_| {}).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(town.get("/").await.status, 200);
    town.swap(&server, |program| {
        program.gateways[0].routes.push(route(None, "/new"));
    });
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(town.get("/new").await.status, 200);
}

#[tokio::test]
async fn a_visit_counts_until_its_answer_has_ended() {
    let server = Server::start(|_| Answer::Late(Duration::from_millis(1_500))).await;
    let limit = Limit {
        concurrent: Some(1),
        queue: Some(1),
        ..Limit::default()
    };
    let town = Town::with(&server, plain(), limited(limit), |_| {}).await;
    let later = async |after: u64| {
        tokio::time::sleep(Duration::from_millis(after)).await;
        town.get("/").await.status
    };
    // One is on the way, one waits for its turn, and the third is one too many.
    assert_eq!(tokio::join!(later(0), later(400), later(800)), (200, 200, 429));
    assert_eq!(town.get("/").await.status, 200);
}

#[tokio::test]
async fn the_breaker_and_the_limit_of_a_policy_hold_for_what_is_handed_on() {
    let server = Server::start(|_| Answer::Status(500)).await;
    let mut policy = plain();
    policy.breaker = Some(Breaker {
        failures: Some(2),
        rate: None,
        within_ms: 10_000,
        open_ms: 60_000,
        slow_start_ms: None,
    });
    let town = Town::with(&server, policy, gateway(vec![route(None, "/**")]), |_| {}).await;
    let statuses = [
        town.get("/").await.status,
        town.get("/").await.status,
        town.get("/").await.status,
    ];
    assert_eq!((statuses, server.requests()), ([500, 500, 503], 2));
    let server = Server::start(|_| Answer::Late(Duration::from_millis(1_500))).await;
    let mut policy = plain();
    policy.limit = Some(Limit {
        concurrent: Some(1),
        queue: Some(0),
        ..Limit::default()
    });
    let town = Town::with(&server, policy, gateway(vec![route(None, "/**")]), |_| {}).await;
    let second = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        town.get("/").await.status
    };
    let (first, second) = tokio::join!(town.get("/"), second);
    assert_eq!((first.status, second), (200, 503));
    assert_eq!(town.get("/").await.status, 200);
}

#[tokio::test]
async fn a_fault_of_a_policy_is_made_for_visitors_too() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let mut policy = plain();
    policy.fault = Some(Fault {
        delay_ms: None,
        status: Some(418),
        percent: 100,
    });
    let town = Town::with(&server, policy, gateway(vec![route(None, "/**")]), |_| {}).await;
    assert_eq!((town.get("/").await.status, server.requests()), (418, 0));
}
