//! Answers that are kept for the calls of flows.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot be set up has failed"
)]

use crate::support;
use crate::support::{
    call, mesh, request, retrying,
    server::{Answer, Seen, Server},
};
use flowmesh_ir::{
    call::{Reply, Request, Sealed},
    policy::{Policy, RetryOn},
    service::{EffectKind, Method},
    traffic::Cache,
};
use flowmesh_mesh::Mesh;
use std::{sync::Arc, time::Duration};

fn keeping(server: &Server) -> Mesh {
    let cache = Cache {
        age_ms: 60_000,
        vary: Vec::new(),
    };
    let policy = Policy {
        cache: Some(cache),
        ..retrying(&[RetryOn::Class(5)])
    };
    mesh(policy, &[server.url()])
}

fn get(headers: &[(&str, &str)]) -> Request {
    let header = |(name, value): &(&str, &str)| ((*name).into(), (*value).to_owned());
    Request {
        method: Method::Get,
        effect: EffectKind::Read,
        body: Arc::default(),
        key: None,
        headers: headers.iter().map(header).collect(),
        ..request()
    }
}

async fn counting(status: u16) -> Server {
    Server::start(move |number| {
        let body = number.to_string().into_bytes();
        Answer::Full(status, Vec::new(), body, Duration::ZERO)
    })
    .await
}

async fn said(mesh: &Mesh, request: &Request) -> String {
    match call(mesh, request).await.0 {
        Reply::Answer { status, body } => format!("{status} {}", String::from_utf8(body.to_vec()).unwrap()),
        Reply::Failed(failure) => panic!("{failure}"),
    }
}

#[tokio::test]
async fn a_call_is_answered_by_what_one_like_it_was_given() {
    let server = counting(200).await;
    let mesh = keeping(&server);
    assert_eq!(said(&mesh, &get(&[])).await, "200 0");
    let (reply, heard) = call(&mesh, &get(&[])).await;
    assert_eq!((support::status(&reply), heard.len()), (200, 0));
    // What a flow says in a header may make a difference, whether the service says so or not.
    assert_eq!(said(&mesh, &get(&[("x-tenant", "a")])).await, "200 1");
    assert_eq!(said(&mesh, &get(&[("x-tenant", "b")])).await, "200 2");
    assert_eq!(said(&mesh, &get(&[("x-tenant", "a")])).await, "200 1");
    assert_eq!(said(&mesh, &get(&[])).await, "200 0");
}

#[tokio::test]
async fn what_changes_something_or_holds_a_secret_or_fails_is_not_kept() {
    let server = counting(200).await;
    let mesh = keeping(&server);
    assert_eq!(said(&mesh, &request()).await, "200 0");
    assert_eq!(said(&mesh, &request()).await, "200 1");
    let failing = counting(404).await;
    let mesh = keeping(&failing);
    assert_eq!(said(&mesh, &get(&[])).await, "404 0");
    assert_eq!(said(&mesh, &get(&[])).await, "404 1");
    let sealed = Request {
        sealed: Some(Arc::new(Sealed {
            arguments: Vec::new(),
            run: 1,
            started: jiff::Timestamp::UNIX_EPOCH,
            key: None,
        })),
        ..get(&[])
    };
    let server = counting(200).await;
    let program = support::program(
        Policy {
            cache: Some(Cache {
                age_ms: 60_000,
                vary: Vec::new(),
            }),
            ..support::plain()
        },
        &[100],
    );
    let mesh = support::with_options(program, vec![vec![server.url()]], |options| {
        options.unseal = Arc::new(|_| Ok(flowmesh_mesh::Unsealed::default()));
    })
    .unwrap();
    assert_eq!(said(&mesh, &sealed).await, "200 0");
    assert_eq!(said(&mesh, &sealed).await, "200 1");
}

fn tagged(seen: &Seen) -> Answer {
    let headers = vec![
        ("etag", "\"7\"".to_owned()),
        ("cache-control", "max-age=0".to_owned()),
    ];
    match seen.headers.contains_key("if-none-match") {
        true => Answer::Full(304, headers, Vec::new(), Duration::ZERO),
        false => Answer::Full(200, headers, b"seven".to_vec(), Duration::ZERO),
    }
}

#[tokio::test]
async fn a_flow_never_hears_that_nothing_has_changed() {
    let server = Server::by_request(tagged).await;
    let mesh = keeping(&server);
    for _ in 0..3 {
        assert_eq!(said(&mesh, &get(&[])).await, "200 seven");
    }
    assert_eq!(server.requests(), 3);
}

#[tokio::test]
async fn many_who_want_the_same_are_one_call_with_its_retries() {
    let server = Server::start(|number| {
        let status = if number == 0 { 503 } else { 200 };
        Answer::Full(status, Vec::new(), b"one".to_vec(), Duration::from_millis(200))
    })
    .await;
    let mesh = keeping(&server);
    let calls = (0..30).map(|_| {
        let mesh = mesh.clone();
        tokio::spawn(async move { said(&mesh, &get(&[])).await })
    });
    let calls: Vec<_> = calls.collect();
    for call in calls {
        assert_eq!(call.await.unwrap(), "200 one");
    }
    assert_eq!(server.requests(), 2);
}
