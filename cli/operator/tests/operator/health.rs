//! How an operator says that it is well.

use crate::{pods::free_place, world::World};
use std::net::SocketAddr;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// The status of an answer, and its text; nothing where nobody listens.
async fn look(place: SocketAddr, line: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(place).await.ok()?;
    let request = format!("{line} HTTP/1.1\r\nHost: here\r\n\r\n");
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await.ok()?;
    let status = text.split(' ').nth(1)?.parse().ok()?;
    let body = text.split_once("\r\n\r\n")?.1.to_owned();
    Some((status, body))
}

async fn until(place: SocketAddr, line: &str, status: u16, text: &str) {
    let looking = async {
        while look(place, line).await != Some((status, text.to_owned())) {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(crate::double::LONG, looking)
        .await
        .unwrap_or_else(|_| panic!("never: {line} is {status} {text}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_works_and_whoever_waits_is_ready_as_long_as_the_cluster_answers() {
    let world = World::new();
    let (one, other) = (free_place(), free_place());
    let at = |place| {
        move |options| flowmesh_operator::Options {
            health: Some(place),
            ..options
        }
    };
    let first = world.operator_with("a", at(one)).await;
    until(one, "GET /readyz", 200, "it works\n").await;
    let second = world.operator_with("b", at(other)).await;
    until(other, "GET /readyz", 200, "it waits for the lease\n").await;
    assert_eq!(look(one, "GET /healthz").await.unwrap().0, 200);
    assert_eq!(look(one, "GET /else").await.unwrap().0, 404);
    assert_eq!(look(one, "POST /healthz").await.unwrap().0, 405);
    // Whoever hears nothing for a while is not ready, and still goes on.
    second.door.shut();
    until(other, "GET /readyz", 503, "the cluster does not answer\n").await;
    assert_eq!(look(other, "GET /healthz").await.unwrap().0, 200);
    second.door.open();
    until(other, "GET /readyz", 200, "it waits for the lease\n").await;
    first.stop().await;
    until(other, "GET /readyz", 200, "it works\n").await;
    second.stop().await;
    assert_eq!(look(other, "GET /healthz").await, None);
}
