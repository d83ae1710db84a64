//! Answers that are kept for visitors.

use crate::{
    support::{
        self, plain,
        server::{Answer, Seen, Server},
    },
    town::{Said, Town, gateway, read, route},
};
use flowmesh_ir::{Program, policy::Policy, traffic::Cache};
use std::{sync::Arc, time::Duration};
use tokio::io::AsyncWriteExt;

fn keeping() -> Program {
    let policy = Policy {
        cache: Some(Cache {
            age_ms: 60_000,
            vary: vec!["accept-language".to_owned()],
        }),
        ..plain()
    };
    let mut program = support::program(policy, &[100]);
    program.gateways = vec![gateway(vec![route(None, "/**")])];
    program
}

async fn before(server: &Server) -> Town {
    Town::of(keeping(), vec![vec![server.url()]], |_| {}).await
}

/// Each answer says which it is.
async fn counting(headers: &'static [(&'static str, &'static str)]) -> Server {
    Server::start(move |number| {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned()));
        let body = number.to_string().into_bytes();
        Answer::Full(200, headers.collect(), body, Duration::ZERO)
    })
    .await
}

async fn ask(town: &Town, method: &str, target: &str, headers: &str) -> Said {
    let text = format!("{method} {target} HTTP/1.1\r\nhost: shop.test\r\n{headers}\r\n");
    town.ask(&text).await
}

#[tokio::test]
async fn a_second_visitor_is_given_what_the_first_was() {
    let server = counting(&[("x-of-service", "yes"), ("connection", "keep-alive")]).await;
    let town = before(&server).await;
    let first = town.get("/a?x=1").await;
    let second = town.get("/a?x=1").await;
    assert_eq!((first.status, second.status), (200, 200));
    assert_eq!(
        (first.body.as_slice(), second.body.as_slice()),
        (&b"0"[..], &b"0"[..])
    );
    assert_eq!(second.header("x-of-service"), Some("yes"));
    assert!(second.header("age").is_some());
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
    assert_eq!(town.get("/a?x=2").await.body, b"1");
    assert_eq!(
        ask(&town, "GET", "/a?x=1", "accept-language: de\r\n").await.body,
        b"2"
    );
    assert_eq!(
        ask(&town, "GET", "/a?x=1", "accept-language: de\r\n").await.body,
        b"2"
    );
    let other = "GET /a?x=1 HTTP/1.1\r\nhost: other.test\r\n\r\n";
    assert_eq!(town.ask(other).await.body, b"3");
    assert_eq!(server.requests(), 4);
}

#[tokio::test]
async fn a_head_is_answered_by_what_a_get_was_given() {
    let server = counting(&[]).await;
    let town = before(&server).await;
    town.get("/a").await;
    let mut stream = town.connect().await;
    let head = b"HEAD /a HTTP/1.1\r\nhost: shop.test\r\nconnection: close\r\n\r\n";
    stream.write_all(head).await.unwrap();
    let mut text = Vec::new();
    tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut text)
        .await
        .unwrap();
    let text = String::from_utf8(text).unwrap();
    assert!(
        text.starts_with("HTTP/1.1 200") && text.contains("content-length: 1\r\n"),
        "{text}"
    );
    assert!(text.ends_with("\r\n\r\n"), "{text}");
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn what_is_somebodys_own_is_given_to_nobody_else() {
    let server = counting(&[]).await;
    let town = before(&server).await;
    for (at, who) in [
        "cookie: id=1\r\n",
        "cookie: id=2\r\n",
        "authorization: Bearer x\r\n",
        "",
        "",
    ]
    .iter()
    .enumerate()
    {
        let said = ask(&town, "GET", "/me", who).await;
        assert_eq!(said.body, at.min(3).to_string().as_bytes(), "{who}");
    }
    // Nor is anybody given what was meant for those who say nothing.
    assert_eq!(ask(&town, "GET", "/me", "cookie: id=1\r\n").await.body, b"4");
    for headers in [&[("set-cookie", "id=1")], &[("cache-control", "private")]] {
        let server = counting(headers).await;
        let town = before(&server).await;
        assert_eq!(
            (town.get("/").await.body, town.get("/").await.body),
            (b"0".to_vec(), b"1".to_vec())
        );
    }
}

/// Answers with a tag, and 304 to who has it.
fn tagged(seen: &Seen) -> Answer {
    let known = seen
        .headers
        .get("if-none-match")
        .is_some_and(|tag| tag == "\"7\"");
    let headers = vec![
        ("etag", "\"7\"".to_owned()),
        ("cache-control", "no-cache".to_owned()),
    ];
    match known {
        true => Answer::Full(304, headers, Vec::new(), Duration::ZERO),
        false => Answer::Full(200, headers, b"seven".to_vec(), Duration::ZERO),
    }
}

#[tokio::test]
async fn the_service_is_asked_whether_what_is_kept_is_still_good() {
    let server = Server::by_request(tagged).await;
    let town = before(&server).await;
    for _ in 0..3 {
        let said = town.get("/a").await;
        assert_eq!((said.status, said.body.as_slice()), (200, b"seven".as_slice()));
    }
    let asked = |at: usize| server.request(at).headers.get("if-none-match").cloned();
    assert_eq!(asked(0), None);
    assert_eq!(
        (asked(1), asked(2)),
        (Some("\"7\"".parse().unwrap()), Some("\"7\"".parse().unwrap()))
    );
    // A visitor who has it is told so, whatever the service was asked.
    let said = ask(&town, "GET", "/a", "if-none-match: \"6\", W/\"7\"\r\n").await;
    assert_eq!((said.status, said.header("etag")), (304, Some("\"7\"")));
    let said = ask(&town, "GET", "/new", "if-none-match: \"7\"\r\n").await;
    assert_eq!(said.status, 304);
    assert_eq!(town.get("/new").await.body, b"seven");
}

#[tokio::test]
async fn a_stampede_is_one_request() {
    let server =
        Server::start(|_| Answer::Full(200, Vec::new(), b"one".to_vec(), Duration::from_millis(300))).await;
    let town = Arc::new(before(&server).await);
    let visits = (0..50).map(|_| {
        let town = town.clone();
        tokio::spawn(async move { town.get("/a").await.body })
    });
    let visits: Vec<_> = visits.collect();
    for visit in visits {
        assert_eq!(visit.await.unwrap(), b"one");
    }
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn who_reads_slowly_or_goes_away_holds_up_nobody() {
    let long = vec![b'x'; 512 * 1024];
    let body = long.clone();
    let server =
        Server::start(move |_| Answer::Full(200, Vec::new(), body.clone(), Duration::from_millis(100))).await;
    let town = before(&server).await;
    let mut slow = town.connect().await;
    slow.write_all(b"GET /a HTTP/1.1\r\nhost: shop.test\r\n\r\n")
        .await
        .unwrap();
    while server.requests() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // The first reads nothing at all.
    assert_eq!(town.get("/a").await.body, long);
    assert_eq!(server.requests(), 1);
    assert_eq!(read(&mut slow).await.body, long);
    // Who asks for the others goes away; one of them asks in its place.
    let mut gone = town.connect().await;
    gone.write_all(b"GET /b HTTP/1.1\r\nhost: shop.test\r\n\r\n")
        .await
        .unwrap();
    while server.requests() == 1 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let other = town.get("/b");
    drop(gone);
    assert_eq!(other.await.body, long);
}

#[tokio::test]
async fn what_is_too_long_is_handed_on_and_not_kept() {
    let long = vec![b'x'; 1024 * 1024 + 1];
    let body = long.clone();
    let server = Server::start(move |_| Answer::Body(body.clone())).await;
    let town = before(&server).await;
    assert_eq!(
        (town.get("/").await.body, town.get("/").await.body.len()),
        (long.clone(), long.len())
    );
    assert_eq!(server.requests(), 2);
}

#[tokio::test]
async fn a_change_makes_what_is_kept_worthless() {
    let server = counting(&[]).await;
    let town = before(&server).await;
    assert_eq!(town.get("/a").await.body, b"0");
    ask(&town, "DELETE", "/b", "").await;
    assert_eq!(town.get("/a").await.body, b"0");
    ask(&town, "DELETE", "/a", "").await;
    assert_eq!(town.get("/a").await.body, b"3");
}

#[tokio::test]
async fn who_wants_only_what_is_kept_is_not_led_to_the_service() {
    let server = counting(&[]).await;
    let town = before(&server).await;
    let only = "cache-control: only-if-cached\r\n";
    assert_eq!(ask(&town, "GET", "/a", only).await.status, 504);
    assert_eq!(server.requests(), 0);
    town.get("/a").await;
    assert_eq!(ask(&town, "GET", "/a", only).await.body, b"0");
    assert_eq!(
        ask(&town, "GET", "/a", "cache-control: no-cache\r\n").await.body,
        b"1"
    );
    assert_eq!(ask(&town, "GET", "/a", "range: bytes=0-0\r\n").await.body, b"2");
    assert_eq!(town.get("/a").await.body, b"1");
}
