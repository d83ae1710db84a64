//! Connections that say nothing, or say it slowly.

use crate::{
    memory::{alone, resident_kib},
    support::{
        plain,
        server::{Answer, Server},
    },
    town::{Town, gateway, read, route},
};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

const LONG: Duration = Duration::from_secs(60);
const MANY: usize = 5_000;
const GET: &[u8] = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n";

/// Whether as many files may be open as the test needs: both ends of each connection are in this process.
fn may_open(files: usize) -> bool {
    let pid = std::process::id().to_string();
    let wanted = format!("--nofile={files}:");
    let raised = std::process::Command::new("prlimit")
        .args(["--pid", &pid, &wanted])
        .status();
    raised.is_ok_and(|status| status.success())
}

#[tokio::test]
async fn thousands_of_connections_at_rest_cost_little_and_keep_nobody_out() {
    let _alone = alone().await;
    if !may_open(3 * MANY) {
        println!("skipped: not so many files may be open here");
        return;
    }
    let server = Server::start(|_| Answer::Status(200)).await;
    let front = gateway(vec![route(None, "/**")]);
    let town = Town::with(&server, plain(), front, |options| {
        options.connections_per_address = 2 * MANY;
    })
    .await;
    assert_eq!(town.get("/").await.status, 200);
    let before = resident_kib();
    let mut held = Vec::new();
    for _ in 0..MANY {
        let mut stream = town.connect().await;
        stream.write_all(GET).await.unwrap();
        assert_eq!(read(&mut stream).await.status, 200);
        held.push(stream);
    }
    let grown = resident_kib().saturating_sub(before);
    println!("{grown} KiB for {MANY} connections at rest, both ends");
    assert!(grown < 160 << 10, "{grown} KiB");
    // The first is still there, and so is everybody else's way in.
    held[0].write_all(GET).await.unwrap();
    assert_eq!(read(&mut held[0]).await.status, 200);
    assert_eq!(town.get("/").await.status, 200);
}

#[tokio::test]
async fn who_sends_a_head_byte_by_byte_has_as_long_as_a_head_may_take() {
    let _alone = alone().await;
    let server = Server::start(|_| Answer::Status(200)).await;
    let front = gateway(vec![route(None, "/**")]);
    let town = Town::with(&server, plain(), front, |options| {
        options.head_time = Duration::from_millis(500);
    })
    .await;
    let mut slow = town.connect().await;
    let (mut read_half, mut write_half) = slow.split();
    let dripping = async {
        loop {
            if write_half.write_all(b"a").await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let mut heard = Vec::new();
    let closed = async {
        let _ = timeout(LONG, read_half.read_to_end(&mut heard))
            .await
            .expect("it is closed");
    };
    tokio::select! {
        () = dripping => {}
        () = closed => {}
    }
    assert_eq!(server.requests(), 0);
    assert_eq!(town.get("/").await.status, 200);
}
