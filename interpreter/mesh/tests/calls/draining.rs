//! An endpoint that its name leads to no more takes no new request, and finishes those that it has.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as it should be"
)]

use crate::support;
use crate::support::{
    TRACE, call, plain, request,
    server::{Answer, Server, read_request, write},
    status, with_options,
};
use flowmesh_ir::{
    call::{Reply, Request, Wire},
    policy::{Balance, Policy},
    service::Method,
    traffic::Health,
};
use flowmesh_mesh::{
    Demand, Found, Mesh, Resolver, Resolving, decide::address::Place, decide::endpoints::Target,
};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{io::AsyncReadExt, sync::mpsc};

/// Leads to what it is told to.
struct Moving(Mutex<SocketAddr>);

impl Resolver for Moving {
    fn resolve<'a>(&'a self, _: &'a Place) -> Resolving<'a> {
        let target = Target {
            address: *self.0.lock().unwrap(),
            otherwise: None,
            host: "shop".into(),
            priority: 0,
            weight: 1,
        };
        let found = Found {
            targets: vec![target],
            valid_for: Duration::ZERO,
        };
        Box::pin(async { Ok(found) })
    }
}

impl Moving {
    fn to(server: &Server) -> Arc<Self> {
        Arc::new(Self(Mutex::new(server.address)))
    }

    fn moves_to(&self, server: &Server) {
        *self.0.lock().unwrap() = server.address;
    }
}

fn mesh(policy: Policy, resolver: Arc<Moving>) -> Arc<Mesh> {
    let program = support::program(policy, &[100]);
    let address = "dns://shop.test:80".to_owned();
    let made = with_options(program, vec![vec![address]], |options| {
        options.resolver = resolver;
    });
    Arc::new(made.unwrap())
}

async fn ok() -> Server {
    Server::start(|_| Answer::Status(200)).await
}

/// Calls until a server was called.
async fn until_called(mesh: &Mesh, server: &Server) {
    while server.requests_to("/orders") == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        call(mesh, &request()).await;
    }
}

#[tokio::test]
async fn a_request_on_its_way_ends_where_it_is_and_new_ones_go_elsewhere() {
    let old = Server::start(|number| match number {
        0 => Answer::Late(Duration::from_secs(4)),
        _ => Answer::Status(200),
    })
    .await;
    let (new, resolver) = (ok().await, Moving::to(&old));
    let patient = Policy {
        balance: Balance::RoundRobin,
        timeout: flowmesh_ir::policy::Timeout {
            attempt_ms: 20_000,
            total_ms: 20_000,
            idle_ms: 60_000,
        },
        ..plain()
    };
    let mesh = mesh(patient, resolver.clone());
    let shared = mesh.clone();
    let long = tokio::spawn(async move { call(&shared, &request()).await });
    while old.requests() == 0 {
        tokio::task::yield_now().await;
    }
    resolver.moves_to(&new);
    until_called(&mesh, &new).await;
    let before = old.requests();
    for _ in 0..10 {
        assert_eq!(status(&call(&mesh, &request()).await.0), 200);
    }
    assert_eq!(old.requests(), before);
    assert!(
        !long.is_finished(),
        "it was still on its way while others went elsewhere"
    );
    let (reply, heard) = long.await.unwrap();
    assert_eq!((status(&reply), heard.len()), (200, 1));
}

#[tokio::test]
async fn a_stream_goes_on_to_its_end() {
    let old = Server::by_hand(|_, mut stream| async move {
        let _ = stream.read(&mut [0; 4_096]).await;
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\n\r\n";
        write(&mut stream, head).await;
        for item in 0..40 {
            write(&mut stream, &format!("{item}\n")).await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
    let (new, resolver) = (ok().await, Moving::to(&old));
    let mesh = mesh(plain(), resolver.clone());
    let (wants, wanted) = mpsc::unbounded_channel();
    let items = Arc::new(Mutex::new(Vec::new()));
    let (shared, given) = (mesh.clone(), items.clone());
    let more = wants.clone();
    let mut demand = Demand::new(wanted, move |item| {
        given.lock().unwrap().push(item.to_vec());
        let _ = more.send(());
    });
    wants.send(()).unwrap();
    let stream = tokio::spawn(async move {
        let asks = Request {
            wire: Wire::Stream(None),
            method: Method::Get,
            ..request()
        };
        shared.stream(&asks, TRACE, &mut demand).await
    });
    while items.lock().unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    resolver.moves_to(&new);
    until_called(&mesh, &new).await;
    assert!(
        !stream.is_finished(),
        "it was still open while others went elsewhere"
    );
    let Reply::Answer { status, .. } = stream.await.unwrap() else {
        panic!("the stream was disturbed");
    };
    assert_eq!((status, items.lock().unwrap().len()), (200, 40));
}

#[tokio::test]
async fn who_left_is_asked_no_more() {
    let (old, new) = (ok().await, ok().await);
    let resolver = Moving::to(&old);
    let health = Health {
        method: Method::Get,
        path: "/healthz".to_owned(),
        every_ms: 20,
        timeout_ms: 1_000,
        unhealthy: 3,
        healthy: 2,
    };
    let asking = Policy {
        health: Some(health),
        ..plain()
    };
    let mesh = mesh(asking, resolver.clone());
    call(&mesh, &request()).await;
    while old.requests_to("/healthz") == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    resolver.moves_to(&new);
    until_called(&mesh, &new).await;
    while new.requests_to("/healthz") == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // What was on its way may still arrive.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let before = old.requests();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(old.requests(), before);
}

#[tokio::test]
async fn connections_at_rest_are_closed_when_their_endpoint_left() {
    let (closes, mut closed) = mpsc::unbounded_channel();
    let old = Server::by_hand(move |_, mut stream| {
        let closes = closes.clone();
        async move {
            while !read_request(&mut stream).await.is_empty() {
                write(&mut stream, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
            }
            let _ = closes.send(());
        }
    })
    .await;
    let (new, resolver) = (ok().await, Moving::to(&old));
    let mesh = mesh(plain(), resolver.clone());
    assert_eq!(status(&call(&mesh, &request()).await.0), 200);
    assert!(closed.try_recv().is_err(), "it is kept for the next call");
    resolver.moves_to(&new);
    closed.recv().await.unwrap();
}
