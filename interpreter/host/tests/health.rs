//! Alive, ready, measured; and how a server says that it is about to stop.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends at the first thing that is not as it should be"
)]

#[path = "support/client.rs"]
mod client;
#[path = "support/programs.rs"]
mod programs;

use client::{ask, ask_on};
use flowmesh_host::{
    Host, HostOptions,
    server::{Server, ServerOptions},
};
use flowmesh_machine::Settings;
use flowmesh_mesh::Hickory;
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{net::TcpStream, sync::oneshot, task::JoinHandle};

struct World {
    host: Host,
    api: SocketAddr,
    health: SocketAddr,
    gateways: Arc<AtomicBool>,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

async fn world(folder: &Path, drain: Duration) -> World {
    let resolver = Arc::new(Hickory::servers(&[([127, 0, 0, 1], 53).into()]).unwrap());
    let host = Host::open(folder, HostOptions::new(resolver, Arc::new(|_| None))).unwrap();
    let program = programs::program("http://127.0.0.1:9");
    let settings = Settings::new(&program, []).unwrap();
    host.deploy(program, settings).await.unwrap();
    let here = ([127, 0, 0, 1], 0).into();
    let options = ServerOptions {
        health: Some(here),
        drain,
        ..ServerOptions::new(here)
    };
    let gateways = options.gateways.clone();
    let server = Server::bind(options).await.unwrap();
    let (api, health) = (server.address(), server.health().unwrap());
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(server.serve(host.clone(), async { drop(stopped.await) }));
    World {
        host,
        api,
        health,
        gateways,
        stop,
        serving,
    }
}

/// Names with their labels, and values.
async fn metrics(world: &World) -> BTreeMap<String, f64> {
    let page = ask(world.health, "GET", "/metrics", "", "").await;
    assert!(
        page.head.contains("content-type: text/plain; version=0.0.4"),
        "{}",
        page.head
    );
    let lines = page.body.lines().filter(|line| !line.starts_with('#'));
    let pair = |line: &str| {
        let (name, value) = line.rsplit_once(' ').unwrap();
        (
            name.to_owned(),
            value.parse().unwrap_or_else(|_| panic!("{line}")),
        )
    };
    lines.map(pair).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happens_is_measured() {
    let folder = tempfile::tempdir().unwrap();
    let world = world(folder.path(), Duration::ZERO).await;
    for _ in 0..3 {
        ask(
            world.api,
            "POST",
            "/v1/flows/hello/runs?wait=9s",
            "",
            r#"{"name":"a"}"#,
        )
        .await;
    }
    ask(world.api, "POST", "/v1/flows/nap/runs", "", "").await;
    let stream = TcpStream::connect(world.api).await.unwrap();
    assert_eq!(ask_on(stream, "GET", "/v1/none", "", "").await.status, 404);
    // Rows are cut a fifth of a second after something happened.
    tokio::time::sleep(Duration::from_millis(600)).await;
    let found = metrics(&world).await;
    let is = |name: &str| {
        *found
            .get(name)
            .unwrap_or_else(|| panic!("no {name} in {found:#?}"))
    };
    assert_eq!(is("flowmesh_runs_started_total"), 4.0);
    assert_eq!(is(r#"flowmesh_runs_ended_total{state="done"}"#), 3.0);
    assert_eq!(is(r#"flowmesh_runs{state="done"}"#), 3.0);
    assert_eq!(is(r#"flowmesh_runs{state="waiting"}"#), 1.0);
    assert_eq!(is("flowmesh_run_duration_seconds_count"), 3.0);
    assert_eq!(is("flowmesh_timers"), 1.0);
    assert_eq!(is("flowmesh_timers_behind_seconds"), 0.0);
    assert!(is("flowmesh_commit_duration_seconds_count") >= 2.0);
    assert!(is("flowmesh_commit_records_sum") >= 4.0);
    assert!(is("flowmesh_store_bytes") > 1000.0);
    assert_eq!(is(r#"flowmesh_http_requests_total{status="4xx"}"#), 1.0);
    assert_eq!(is(r#"flowmesh_http_requests_total{status="2xx"}"#), 4.0);
    let all = r#"flowmesh_http_request_duration_seconds_bucket{le="+Inf"}"#;
    assert_eq!(is(all), is("flowmesh_http_request_duration_seconds_count"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_is_not_ready_before_its_gateways_listen() {
    let folder = tempfile::tempdir().unwrap();
    let world = world(folder.path(), Duration::ZERO).await;
    for listen in [false, true] {
        world.gateways.store(listen, Ordering::Relaxed);
        let ready = ask(world.health, "GET", "/readyz", "", "").await;
        let said = ready.json();
        assert_eq!(ready.status, if listen { 200 } else { 503 });
        assert_eq!(
            (&said["ready"], &said["gateways"]),
            (&listen.into(), &listen.into())
        );
        assert_eq!(said["journal"], true);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stops_is_not_ready_first_and_still_answers() {
    let folder = tempfile::tempdir().unwrap();
    let world = world(folder.path(), Duration::from_secs(2)).await;
    let ready = ask(world.health, "GET", "/readyz", "", "").await;
    assert_eq!((ready.status, &ready.json()["ready"]), (200, &true.into()));
    world.stop.send(()).unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let draining = ask(world.health, "GET", "/readyz", "", "").await;
    assert_eq!(
        (draining.status, &draining.json()["draining"]),
        (503, &true.into())
    );
    assert_eq!(ask(world.health, "GET", "/healthz", "", "").await.status, 200);
    let started = ask(world.api, "POST", "/v1/flows/nap/runs", "", "").await;
    assert_eq!(
        started.status, 202,
        "who was sent here before it was known is answered"
    );
    world.serving.await.unwrap();
    assert!(TcpStream::connect(world.api).await.is_err());
    assert!(TcpStream::connect(world.health).await.is_err());
    world.host.shutdown(Duration::ZERO).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_has_stopped_is_alive_and_not_ready() {
    let folder = tempfile::tempdir().unwrap();
    let world = world(folder.path(), Duration::ZERO).await;
    world.host.shutdown(Duration::ZERO).await.unwrap();
    let ready = ask(world.health, "GET", "/readyz", "", "").await;
    assert_eq!((ready.status, &ready.json()["host"]), (503, &false.into()));
    assert_eq!(ask(world.health, "GET", "/healthz", "", "").await.status, 200);
    assert_eq!(ask(world.health, "GET", "/metrics", "", "").await.status, 503);
}
