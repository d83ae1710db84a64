//! What a stranger may cost: each limit below, at and above.

use crate::{
    support::{
        plain,
        server::{Answer, Server},
    },
    town::{Town, gateway, read, route},
};
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
        (options.headers, options.header_bytes) = (10, 8 << 10)
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
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(town.get("/").await.status, 200);
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
