//! Bodies: streamed both ways, and within their limits; and connections that become something else.

use crate::{
    support::{
        plain,
        server::{Answer, Server},
    },
    town::{Town, gateway, read, route},
};
use flowmesh_ir::traffic::Breaker;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test]
async fn long_bodies_go_through_in_both_directions() {
    let answer = vec![b'x'; 5 << 20];
    let expected = answer.clone();
    let server = Server::start(move |_| Answer::Body(answer.clone())).await;
    let town = Town::before(&server).await;
    let mut stream = town.connect().await;
    let sent = vec![b'y'; 7 << 20];
    let head = format!(
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n",
        sent.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&sent).await.unwrap();
    let said = read(&mut stream).await;
    assert_eq!((said.status, said.body.len()), (200, expected.len()));
    assert_eq!(said.body, expected);
    assert_eq!(server.request(0).body, sent);
    assert_eq!(town.record().await.bytes, 5 << 20);
}

#[tokio::test]
async fn a_body_is_taken_up_to_its_limit() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let front = gateway(vec![route(None, "/**")]);
    let town = Town::with(&server, plain(), front, |options| options.body_bytes = 1_000).await;
    for (length, status) in [(999, 200), (1_000, 200), (1_001, 413)] {
        let head = format!("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n");
        let said = town.ask(&(head + &"x".repeat(length))).await;
        assert_eq!(said.status, status, "{length}");
    }
    let chunked = |length: usize| {
        let chunk = "x".repeat(length);
        format!(
            "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n{length:x}\r\n{chunk}\r\n0\r\n\r\n"
        )
    };
    assert_eq!(town.ask(&chunked(1_000)).await.status, 200);
    let before = server.requests();
    assert_eq!(town.ask(&chunked(1_001)).await.status, 413);
    assert_eq!(server.requests(), before, "what is too long is not carried out");
}

#[tokio::test]
async fn an_answer_comes_piece_by_piece_as_the_service_sends_it() {
    let server = Server::by_hand(|_, mut stream| async move {
        let mut head = [0; 1_024];
        let _ = stream.read(&mut head).await;
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(b"3\r\none\r\n").await.unwrap();
        // The second comes only when the first was heard.
        let _ = stream.read(&mut [0; 1]).await;
    })
    .await;
    let town = Town::before(&server).await;
    let mut stream = town.connect().await;
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    let mut said = Vec::new();
    while !String::from_utf8_lossy(&said).contains("one") {
        let reading = tokio::time::timeout(Duration::from_secs(5), stream.read_buf(&mut said));
        assert_ne!(
            reading.await.expect("the first piece comes by itself").unwrap(),
            0
        );
    }
}

#[tokio::test]
async fn a_service_that_breaks_off_is_not_taken_for_one_that_has_ended() {
    let server = Server::by_hand(|_, mut stream| async move {
        let mut head = [0; 1_024];
        let _ = stream.read(&mut head).await;
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf")
            .await;
    })
    .await;
    let town = Town::before(&server).await;
    let mut stream = town.connect().await;
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    let mut said = Vec::new();
    let _ = stream.read_to_end(&mut said).await;
    let said = String::from_utf8_lossy(&said);
    let (head, body) = said.split_once("\r\n\r\n").unwrap_or((&said, ""));
    assert!(body.len() < 10 && !head.contains("chunked"), "{said}");
    assert!(town.record().await.broken);
}

#[tokio::test]
async fn a_connection_becomes_a_websocket_where_the_service_agrees() {
    let server = Server::by_hand(|number, mut stream| async move {
        let mut head = vec![0; 4_096];
        let length = stream.read(&mut head).await.unwrap();
        let head = String::from_utf8_lossy(&head[..length]).to_lowercase();
        assert!(head.contains("upgrade: websocket") && head.contains("connection: upgrade"), "{head}");
        assert!(head.contains("sec-websocket-key: abc"), "{head}");
        if number > 0 {
            let _ = stream.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno").await;
            return;
        }
        let agreed = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: def\r\n\r\nhello";
        stream.write_all(agreed.as_bytes()).await.unwrap();
        let mut piece = [0; 64];
        while let Ok(length @ 1..) = stream.read(&mut piece).await {
            stream.write_all(&piece[..length].to_ascii_uppercase()).await.unwrap();
        }
    })
    .await;
    let town = Town::before(&server).await;
    let asked = "GET /chat HTTP/1.1\r\nhost: a\r\nconnection: keep-alive, Upgrade\r\nupgrade: websocket\r\nsec-websocket-key: abc\r\n\r\n";
    let mut stream = town.connect().await;
    stream.write_all(asked.as_bytes()).await.unwrap();
    let said = read(&mut stream).await;
    assert_eq!((said.status, said.header("upgrade")), (101, Some("websocket")));
    assert_eq!(said.header("sec-websocket-accept"), Some("def"));
    let mut heard = said.body;
    while heard.len() < 5 {
        stream.read_buf(&mut heard).await.unwrap();
    }
    stream.write_all(b" and bye").await.unwrap();
    while heard.len() < 13 {
        assert_ne!(stream.read_buf(&mut heard).await.unwrap(), 0);
    }
    assert_eq!(heard, b"hello AND BYE");
    assert_eq!(town.ask(asked).await.status, 403);
}

/// One failure shuts the service off.
fn touchy() -> flowmesh_ir::policy::Policy {
    let mut policy = plain();
    policy.timeout.attempt_ms = 1_000;
    policy.breaker = Some(Breaker {
        failures: Some(1),
        rate: None,
        within_ms: 60_000,
        open_ms: 60_000,
        slow_start_ms: None,
    });
    policy
}

#[tokio::test]
async fn what_a_visitor_does_is_not_held_against_the_service() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let front = gateway(vec![route(None, "/**")]);
    let town = Town::with(&server, touchy(), front, |options| options.body_bytes = 1_000).await;
    let head = "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";
    let long = format!("{head}7d0\r\n{}\r\n0\r\n\r\n", "x".repeat(2_000));
    assert_eq!(town.ask(&long).await.status, 413);
    assert_eq!(town.get("/").await.status, 200, "too long a body");
    town.ask(&format!("{head}no length\r\n")).await;
    assert_eq!(town.get("/").await.status, 200, "what is no body");
    let stalled = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nhalf";
    assert_eq!(town.ask(stalled).await.status, 408);
    assert_eq!(town.get("/").await.status, 200, "a body that does not come");
    let mut gone = town.connect().await;
    gone.write_all(stalled.as_bytes()).await.unwrap();
    drop(gone);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(town.get("/").await.status, 200, "a visitor who goes away");
    // Of one that speaks no HTTP/2, a stranger's word for gRPC makes none.
    let grpc = "POST / HTTP/1.1\r\nhost: a\r\ncontent-type: application/grpc\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(town.ask(grpc).await.status, 200);
}

#[tokio::test]
async fn who_sends_for_longer_than_an_answer_may_take_is_waited_for() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let town = Town::with(&server, touchy(), gateway(vec![route(None, "/**")]), |_| {}).await;
    let mut stream = town.connect().await;
    let head = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10000\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    for _ in 0..10 {
        stream.write_all(&[b'x'; 1_000]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    assert_eq!(read(&mut stream).await.status, 200);
    assert_eq!(server.request(0).body.len(), 10_000);
}

#[tokio::test]
async fn a_connection_that_became_something_else_still_counts() {
    let server = Server::by_hand(|_, mut stream| async move {
        let _ = stream.read(&mut [0; 4_096]).await;
        let agreed = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: chat\r\n\r\n";
        stream.write_all(agreed.as_bytes()).await.unwrap();
        let _ = stream.read(&mut [0; 64]).await;
    })
    .await;
    let front = gateway(vec![route(None, "/**")]);
    let town = Town::with(&server, plain(), front, |options| {
        options.connections_per_address = 1;
    })
    .await;
    let mut stream = town.connect().await;
    let asked = "GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: chat\r\n\r\n";
    stream.write_all(asked.as_bytes()).await.unwrap();
    assert_eq!(read(&mut stream).await.status, 101);
    tokio::time::sleep(Duration::from_millis(200)).await;
    let mut second = town.connect().await;
    let mut said = Vec::new();
    let closed = tokio::time::timeout(Duration::from_secs(5), second.read_to_end(&mut said)).await;
    assert!(closed.is_ok() && said.is_empty());
}
