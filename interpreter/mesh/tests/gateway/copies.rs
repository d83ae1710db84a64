//! Copies of visits, which nobody waits for.

use crate::{
    support::{
        self, plain,
        server::{Answer, Server},
    },
    town::{Town, gateway, route},
};
use flowmesh_ir::{
    Program, SubsetId,
    policy::Policy,
    traffic::{Mirror, Onward, Rewrite},
};
use std::time::Duration;

/// All goes to the first subset, and a copy to the second.
fn mirrored(writes: bool) -> Program {
    let mirror = Mirror {
        to: Onward::Subset(SubsetId(1)),
        percent: 100,
        writes,
    };
    let policy = Policy {
        mirror: Some(mirror),
        rewrite: Some(Rewrite {
            prefix: Some("/v2".to_owned()),
            host: Some("api.internal".to_owned()),
        }),
        ..plain()
    };
    let mut program = support::program(policy, &[100, 0]);
    program.gateways = vec![gateway(vec![route(None, "/**")])];
    program
}

async fn arrived(server: &Server, count: usize) {
    for _ in 0..3_000 {
        if server.requests() >= count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{} of {count} requests came", server.requests());
}

async fn town(program: Program) -> (Server, Server, Town) {
    let real = Server::start(|_| Answer::Status(200)).await;
    let other = Server::start(|_| Answer::Status(500)).await;
    let subsets = vec![vec![real.url()], vec![other.url()]];
    let town = Town::of(program, subsets, |_| {}).await;
    (real, other, town)
}

fn put(path: &str, body: &str) -> String {
    let length = body.len();
    format!("PUT {path} HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n{body}")
}

#[tokio::test]
async fn a_visit_is_copied_as_it_is_and_marked() {
    let (real, other, town) = town(mirrored(false)).await;
    assert_eq!(town.get("/a?x=1").await.status, 200);
    arrived(&other, 1).await;
    for (server, mark) in [(&real, None), (&other, Some("true"))] {
        let seen = server.request(0);
        assert_eq!(seen.path, "/v2/a?x=1");
        assert_eq!(seen.headers["host"], "api.internal");
        assert_eq!(seen.headers["x-forwarded-for"], "127.0.0.1");
        let mark_seen = seen.headers.get("x-flowmesh-mirror");
        assert_eq!(mark_seen.map(|mark| mark.to_str().unwrap()), mark);
    }
    let spans: Vec<_> = [&real, &other]
        .map(|server| server.request(0).headers["traceparent"].clone())
        .into();
    assert_ne!(spans[0], spans[1]);
}

#[tokio::test]
async fn a_body_is_copied_while_it_goes_by_and_only_a_short_one() {
    let (real, other, town) = town(mirrored(false)).await;
    let short = "x".repeat(64 * 1024);
    assert_eq!(town.ask(&put("/short", &short)).await.status, 200);
    arrived(&other, 1).await;
    assert_eq!(other.request(0).body, short);
    assert_eq!(town.ask(&put("/long", &format!("{short}y"))).await.status, 200);
    let chunked = "PUT /chunked HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n";
    assert_eq!(town.ask(chunked).await.status, 200);
    arrived(&other, 2).await;
    assert_eq!(other.request(1).body, "abcd");
    assert_eq!((real.requests(), other.requests_to("/v2/long")), (3, 0));
}

#[tokio::test]
async fn what_may_not_be_repeated_is_copied_only_where_that_is_said() {
    let post = "POST /a HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc";
    for (writes, copies) in [(false, 1), (true, 2)] {
        let (real, other, town) = town(mirrored(writes)).await;
        assert_eq!(town.ask(post).await.status, 200);
        assert_eq!(town.get("/b").await.status, 200);
        arrived(&other, copies).await;
        assert_eq!(other.requests_to("/v2/a"), copies - 1);
        assert_eq!(real.requests(), 2);
    }
}
