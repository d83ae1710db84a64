//! What is refused, and what a stranger learns of it.

use crate::{
    support::{
        plain,
        server::{Answer, Server},
    },
    town::{Town, gateway, read, route},
};
use flowmesh_ir::{
    GatewayId, ServiceId,
    access::{Rule, What, Who},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Requests that two servers could read differently, each by its head.
const REFUSED: [&str; 25] = [
    "GET /public/../admin HTTP/1.1\r\nhost: a\r\n",
    "GET /public/%2e%2e/admin HTTP/1.1\r\nhost: a\r\n",
    "GET /public/..;/admin HTTP/1.1\r\nhost: a\r\n",
    "GET //admin HTTP/1.1\r\nhost: a\r\n",
    "GET /public%2fadmin HTTP/1.1\r\nhost: a\r\n",
    "GET /admin%00 HTTP/1.1\r\nhost: a\r\n",
    "GET /%2561dmin HTTP/1.1\r\nhost: a\r\n",
    "GET /admin;x HTTP/1.1\r\nhost: a\r\n",
    "GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n",
    "GET / HTTP/1.1\r\n",
    "GET / HTTP/1.1\r\nhost: a/b\r\n",
    "GET http://a/ HTTP/1.1\r\nhost: b\r\n",
    "GET / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n",
    "GET / HTTP/1.1\r\nhost: a\r\ncontent-length: 1, 2\r\n",
    "GET / HTTP/1.1\r\nhost: a\r\ncontent-length: +1\r\n",
    "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip, chunked\r\n",
    "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: identity\r\n",
    "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n",
    "GET / HTTP/1.1\r\nhost: a\r\nx: a\r\n b\r\n",
    "GET / HTTP/1.1\r\nhost : a\r\n",
    "GET / HTTP/1.1\r\nhost: a\r\nauthorization: Basic a\r\nauthorization: Basic b\r\n",
    "GET / HTTP/1.1\r\nhost: a\r\nconnection: authorization\r\nauthorization: Basic a\r\n",
    "BREW / HTTP/1.1\r\nhost: a\r\n",
    "CONNECT a:80 HTTP/1.1\r\nhost: a:80\r\n",
    "OPTIONS * HTTP/1.1\r\nhost: a\r\n",
];

#[tokio::test]
async fn what_could_be_read_in_two_ways_goes_nowhere_and_ends_the_connection() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let town = Town::before(&server).await;
    for head in REFUSED {
        let mut stream = town.connect().await;
        // Behind it stands a victim: whatever is made of the first, this is never taken for its body's end or a part of it.
        let text = format!("{head}\r\nGET /victim HTTP/1.1\r\nhost: a\r\n\r\n");
        let _ = stream.write_all(text.as_bytes()).await;
        let mut said = Vec::new();
        let _ = tokio::time::timeout(std::time::Duration::from_secs(5), stream.read_to_end(&mut said))
            .await
            .unwrap_or_else(|_| panic!("the connection stays open after {head:?}"));
        let said = String::from_utf8_lossy(&said);
        let statuses: Vec<&str> = said
            .lines()
            .filter(|line| line.starts_with("HTTP/1.1 "))
            .collect();
        assert!(
            matches!(statuses.as_slice(), [one] if one.contains(" 400 ") || one.contains(" 501 ")),
            "{head:?} was answered with {said:?}"
        );
    }
    assert_eq!(server.requests(), 0);
}

/// The library that reads HTTP/1.1 takes `content-length` away where `transfer-encoding` is there too, as RFC 9112, 6.3
/// allows: nobody behind us sees two ends.
#[tokio::test]
async fn of_two_ends_of_a_body_one_is_gone_before_anybody_reads_the_other() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let town = Town::before(&server).await;
    for both in [
        "content-length: 40\r\ntransfer-encoding: chunked",
        "transfer-encoding: chunked\r\ncontent-length: 3",
    ] {
        let before = server.requests();
        let mut stream = town.connect().await;
        let text = format!(
            "POST / HTTP/1.1\r\nhost: a\r\n{both}\r\n\r\n3\r\nabc\r\n0\r\n\r\nGET /victim HTTP/1.1\r\nhost: a\r\n\r\n"
        );
        stream.write_all(text.as_bytes()).await.unwrap();
        assert_eq!(read(&mut stream).await.status, 200);
        let seen = server.request(before);
        assert_eq!(seen.body, "abc");
        assert!(seen.headers.get("content-length").is_none());
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        if server.requests() > before + 1 {
            assert_eq!(server.request(before + 1).path, "/victim");
        }
    }
}

#[tokio::test]
async fn a_stranger_is_not_told_which_rule_denies_it() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let rule = |allow, who| Rule {
        allow,
        who: vec![who],
        what: vec![What::Service(ServiceId(0))],
        condition: None,
    };
    let front = gateway(vec![route(None, "/**")]);
    let rules = vec![rule(true, Who::Gateway(GatewayId(0))), rule(false, Who::Anyone)];
    let town = Town::ruled(&server, plain(), front, rules, |_| {}).await;
    let said = town.get("/secret").await;
    assert_eq!(said.status, 403);
    let body = String::from_utf8(said.body).unwrap();
    assert!(!body.contains("rule") && !body.contains("secret"), "{body}");
    let record = town.record().await;
    assert_eq!(
        (record.rule, record.refused.as_deref()),
        (Some(1), Some("rule 1 denies it"))
    );
    assert_eq!(server.requests(), 0);
}

#[tokio::test]
async fn a_service_that_cannot_be_reached_is_said_to_be_so_and_no_more() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let town = Town::before(&server).await;
    let address = server.address;
    drop(server);
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    let said = town.get("/").await;
    assert_eq!(said.status, 503);
    assert!(
        !String::from_utf8(said.body)
            .unwrap()
            .contains(&address.to_string())
    );
    let why = town.record().await.refused.unwrap();
    assert!(why.contains(&address.to_string()), "{why}");
}

#[tokio::test]
async fn a_refusal_that_has_one_reading_leaves_the_connection_open() {
    let server = Server::start(|_| Answer::Status(200)).await;
    let town = Town::with(&server, plain(), gateway(vec![route(None, "/a")]), |_| {}).await;
    let mut stream = town.connect().await;
    stream
        .write_all(b"GET /b HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    assert_eq!(read(&mut stream).await.status, 404);
    stream
        .write_all(b"GET /a HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    assert_eq!(read(&mut stream).await.status, 200);
}
