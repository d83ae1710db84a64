//! Over HTTP, what is in one namespace is not there for who is in another: not by any route, and not by any difference.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends at the first thing that is not as it should be"
)]

#[path = "support/client.rs"]
mod client;
#[path = "support/programs.rs"]
mod programs;

use client::{Answer, ask, ask_on};
use flowmesh_host::{
    Host, HostOptions,
    server::{self, Server, ServerOptions},
};
use flowmesh_machine::Settings;
use flowmesh_mesh::Hickory;
use serde_json::Value;
use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};
use tokio::net::TcpStream;

struct World {
    api: SocketAddr,
}

async fn world(folder: &Path) -> World {
    let resolver = Arc::new(Hickory::servers(&[([127, 0, 0, 1], 53).into()]).unwrap());
    let host = Host::open(folder, HostOptions::new(resolver, Arc::new(|_| None))).unwrap();
    let program = programs::program("http://127.0.0.1:9");
    let settings = Settings::new(&program, []).unwrap();
    host.deploy(program, settings).await.unwrap();
    let server = Server::bind(ServerOptions::new(([127, 0, 0, 1], 0).into()))
        .await
        .unwrap();
    let api = server.address();
    tokio::spawn(server.serve(host, std::future::pending()));
    World { api }
}

impl World {
    async fn ask(&self, namespace: &str, method: &str, path: &str, body: &str) -> Answer {
        let header = format!("Flowmesh-Namespace: {namespace}\r\n");
        ask(self.api, method, path, &header, body).await
    }

    async fn start(&self, namespace: &str, path: &str, body: &str) -> String {
        let run = self
            .ask(namespace, "POST", &format!("/v1/flows/{path}"), body)
            .await
            .json();
        run["id"].as_str().unwrap().to_owned()
    }
}

/// The routes about one run, with whatever else they need.
fn routes_of_runs() -> Vec<(String, String)> {
    let described = server::openapi();
    let mut routes = Vec::new();
    for (path, methods) in described["paths"].as_object().unwrap() {
        for method in methods
            .as_object()
            .unwrap()
            .keys()
            .filter(|_| path.contains("{run}"))
        {
            let path = path.replace("{name}", "approve").replace("{sequence}", "1");
            routes.push((method.to_uppercase(), path));
        }
    }
    routes
}

fn body(path: &str) -> &'static str {
    match path.rsplit('/').next().unwrap() {
        "approve" => r#"{"by":"ann"}"#,
        "decide" => r#"{"choice":"retry"}"#,
        "edit" => r#"{"set":{"it":1}}"#,
        "restart" => r#"{"from":"await approve"}"#,
        _ => "",
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_of_another_namespace_is_as_one_that_does_not_exist() {
    let folder = tempfile::tempdir().unwrap();
    let world = world(folder.path()).await;
    let nowhere = "00000000-0000-7000-8000-000000000000";
    for (owner, stranger) in [("default", "b"), ("a", "default"), ("a", "b")] {
        let run = world.start(owner, "hear/runs", "").await;
        let routes = routes_of_runs();
        assert!(routes.len() > 12, "{routes:?}");
        for (method, path) in routes {
            let ask = |run: &str| {
                let (path, method) = (path.replace("{run}", run), method.clone());
                let world = &world;
                async move { world.ask(stranger, &method, &path, body(&path)).await }
            };
            let (hidden, missing) = (ask(&run).await, ask(nowhere).await);
            assert_eq!(hidden.status, 404, "{method} {path}: {}", hidden.body);
            assert_eq!(
                hidden.body,
                missing.body.replace(nowhere, &run),
                "{method} {path}"
            );
            let heads = [&hidden.head, &missing.head].map(|head| {
                let lines = head.lines().filter(|line| !line.starts_with("date:"));
                lines.map(str::to_owned).collect::<Vec<_>>()
            });
            assert_eq!(heads[0], heads[1], "{method} {path}");
        }
        let own = world.ask(owner, "GET", &format!("/v1/runs/{run}"), "").await;
        assert_eq!(own.json()["state"], "waiting", "nothing was done to it");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_lists_counts_and_batches_end_at_the_namespace() {
    let folder = tempfile::tempdir().unwrap();
    let world = world(folder.path()).await;
    let first = world.start("a", "nap/runs?key=k", "").await;
    let second = world.start("b", "nap/runs?key=k", "").await;
    assert_ne!(first, second, "a key is of its namespace");
    assert_eq!(world.start("a", "nap/runs?key=k", "").await, first);
    let count = async |namespace: &str, query: &str| {
        let path = format!("/v1/runs/count?{query}");
        world.ask(namespace, "GET", &path, "").await.json()["count"]
            .as_u64()
            .unwrap()
    };
    for (namespace, runs) in [("a", 1), ("b", 1), ("default", 0), ("c", 0)] {
        for query in ["", "key=k", "flow=nap", "state=waiting", "flow=nap&state=waiting"] {
            assert_eq!(count(namespace, query).await, runs, "{namespace} {query}");
        }
        let listed = world.ask(namespace, "GET", "/v1/runs", "").await.json();
        assert_eq!(listed["runs"].as_array().unwrap().len() as u64, runs);
        let flows = world.ask(namespace, "GET", "/v1/flows", "").await.json();
        let of_nap = |flow: &&Value| flow["name"] == "nap";
        let nap = flows["flows"].as_array().unwrap().iter().find(of_nap).unwrap();
        assert_eq!(nap["runs"]["waiting"].as_u64().unwrap_or(0), runs);
    }
    let preview = world
        .ask("b", "POST", "/v1/batch/terminate?all=true&preview=true", "")
        .await;
    assert_eq!(preview.json()["runs"], serde_json::json!([second]));
    let ended = world
        .ask("b", "POST", "/v1/batch/terminate?all=true", "")
        .await
        .json();
    assert_eq!(ended["done"], 1);
    assert_eq!(
        count("a", "state=waiting").await,
        1,
        "batches end at the namespace"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_refused_does_not_end_what_others_follow() {
    let folder = tempfile::tempdir().unwrap();
    let world = world(folder.path()).await;
    let run = world.start("a", "hear/runs", "").await;
    let path = format!("/v1/runs/{run}/events");
    let follow = {
        let (stream, path) = (TcpStream::connect(world.api).await.unwrap(), path.clone());
        tokio::spawn(async move { ask_on(stream, "GET", &path, "Flowmesh-Namespace: a\r\n", "").await })
    };
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(world.ask("b", "GET", &path, "").await.status, 404);
    let signal = format!("/v1/runs/{run}/signals/approve");
    assert_eq!(
        world.ask("a", "POST", &signal, r#"{"by":"ann"}"#).await.status,
        202
    );
    let heard = follow.await.unwrap().body;
    assert!(heard.contains("event: signalled"), "{heard}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn namespaces_are_the_same_after_the_host_was_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let open = || async {
        let resolver = Arc::new(Hickory::servers(&[([127, 0, 0, 1], 53).into()]).unwrap());
        let host = Host::open(folder.path(), HostOptions::new(resolver, Arc::new(|_| None))).unwrap();
        let program = programs::program("http://127.0.0.1:9");
        let settings = Settings::new(&program, []).unwrap();
        host.deploy(program, settings).await.unwrap();
        host
    };
    let host = open().await;
    let (a, b) = (host.within("a".into()), host.within("b".into()));
    let key = || Some("k".to_owned());
    let first = a.start("nap", *b"", key()).await.unwrap();
    let second = b.start("hear", *b"", key()).await.unwrap();
    host.shutdown(Duration::from_secs(5)).await.unwrap();
    let host = open().await;
    let (a, b) = (host.within("a".into()), host.within("b".into()));
    assert!(a.start("nap", *b"", key()).await.unwrap().existing);
    assert!(!b.start("nap", *b"", key()).await.unwrap().existing);
    assert!(a.get(first.id).await.is_ok() && b.get(second.id).await.is_ok());
    assert_eq!(a.get(second.id).await.unwrap_err().code().to_string(), "F1053");
    assert_eq!(host.get(first.id).await.unwrap_err().code().to_string(), "F1053");
    host.shutdown(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test]
async fn the_program_of_all_is_changed_in_one_namespace() {
    let folder = tempfile::tempdir().unwrap();
    let world = world(folder.path()).await;
    let mut program = programs::program("http://127.0.0.1:9");
    let sent = flowmesh_ir::print::json(&program);
    let deployed = world.ask("default", "POST", "/v1/deployments", &sent).await;
    assert_eq!(deployed.status, 200, "{}", deployed.body);
    world.start("other", "hear/runs", "{}").await;
    let same = world.ask("other", "POST", "/v1/deployments", &sent).await;
    assert_eq!(same.json()["counts"]["current"], 1, "{}", same.body);
    let seen = world.ask("default", "GET", "/v1/deployments", "").await;
    assert!(seen.json()["deployments"][0]["by"].is_string(), "{}", seen.body);
    let seen = world.ask("other", "GET", "/v1/deployments", "").await;
    assert!(seen.json()["deployments"][0]["by"].is_null(), "{}", seen.body);
    program.name = "another".into();
    let sent = flowmesh_ir::print::json(&program);
    let refused = world.ask("other", "POST", "/v1/deployments", &sent).await;
    assert_eq!(
        (refused.status, refused.json()["code"].as_str()),
        (403, Some("F1162"))
    );
    let planned = world.ask("other", "POST", "/v1/deployments/plan", &sent).await;
    assert_eq!(planned.json()["counts"]["moves"], 1, "{}", planned.body);
}
