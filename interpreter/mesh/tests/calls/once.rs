//! The promise that holds whatever services do: what may not be repeated arrives at most once.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use crate::support::{
    call, mesh, once, request, retrying,
    server::{Server, write},
};
use flowmesh_ir::{
    call::Reply,
    policy::{Policy, RetryOn, Timeout},
};
use flowmesh_mesh::{Mesh, decide::chance::Source};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{io::AsyncReadExt, net::TcpStream};

const CALLS: usize = 400;
const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
const BUSY: &str = "HTTP/1.1 503 Busy\r\ncontent-length: 2\r\n\r\n{}";

/// How often each path arrived.
type Arrived = Arc<Mutex<BTreeMap<String, u32>>>;

/// Answers, breaks off, falls silent and hangs up, as chance has it, and counts what arrives.
async fn unreliable(seed: u64, arrived: Arrived) -> Server {
    let source = Arc::new(Source::new(seed));
    Server::by_hand(move |_, stream| misbehave(stream, source.clone(), arrived.clone())).await
}

async fn misbehave(mut stream: TcpStream, source: Arc<Source>, arrived: Arrived) {
    if source.draw().is_multiple_of(10) {
        return;
    }
    while let Some(path) = next_request(&mut stream).await {
        *arrived.lock().unwrap().entry(path).or_default() += 1;
        match source.draw() % 12 {
            0 => return,
            1 => return write(&mut stream, "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{").await,
            2 => return write(&mut stream, "nonsense\r\n\r\n").await,
            3 => return write(&mut stream, OK).await,
            4 => return tokio::time::sleep(Duration::from_millis(300)).await,
            5 => write(&mut stream, BUSY).await,
            _ => write(&mut stream, OK).await,
        }
    }
}

/// The path of the next request, none of which has a body.
async fn next_request(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    head.split(' ').nth(1).map(str::to_owned)
}

fn policy() -> Policy {
    let timeout = Timeout {
        attempt_ms: 150,
        total_ms: 5_000,
        idle_ms: 60_000,
    };
    Policy {
        timeout,
        ..retrying(&[RetryOn::Connect, RetryOn::Timeout, RetryOn::Class(5)])
    }
}

/// Makes many calls, several at a time, each with a path of its own; how many were answered with 200.
async fn call_often(mesh: Mesh, repeatable: bool) -> usize {
    let mesh = Arc::new(mesh);
    let mut tasks = tokio::task::JoinSet::new();
    for worker in 0..8 {
        let mesh = mesh.clone();
        tasks.spawn(async move {
            let mut good = 0;
            for number in 0..CALLS / 8 {
                let mut request = if repeatable { request() } else { once() };
                request.path = format!("/{worker}/{number}");
                request.body = Arc::from(*b"");
                let (reply, _) = call(&mesh, &request).await;
                good += usize::from(matches!(reply, Reply::Answer { status: 200, .. }));
            }
            good
        });
    }
    tasks.join_all().await.into_iter().sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_may_not_be_repeated_arrives_at_most_once() {
    for seed in 0..3 {
        let arrived = Arrived::default();
        let (a, b) = (
            unreliable(seed, arrived.clone()).await,
            unreliable(seed + 100, arrived.clone()).await,
        );
        let good = call_often(mesh(policy(), &[a.url(), b.url()]), false).await;
        let arrived = arrived.lock().unwrap();
        assert!(
            arrived.values().all(|count| *count == 1),
            "seed {seed}: {arrived:?}"
        );
        assert!(good <= arrived.len() && good > CALLS / 4, "seed {seed}: {good}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_may_be_repeated_mostly_succeeds() {
    let arrived = Arrived::default();
    let (a, b) = (
        unreliable(7, arrived.clone()).await,
        unreliable(8, arrived.clone()).await,
    );
    let good = call_often(mesh(policy(), &[a.url(), b.url()]), true).await;
    assert!(good > CALLS / 2, "{good}");
    assert!(arrived.lock().unwrap().values().any(|count| *count > 1));
}
