//! The API over real HTTP: a host on a real directory, services on loopback, requests as bytes.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends at the first thing that is not as it should be"
)]

#[path = "support/client.rs"]
mod client;
#[path = "support/programs.rs"]
mod programs;
#[path = "support/services.rs"]
mod services;

use client::{Answer, ask};
use flowmesh_host::{
    Host, HostOptions,
    server::{Server, ServerError, ServerOptions},
};
use flowmesh_ir::{Value, expr::Expr};
use flowmesh_machine::Settings;
use flowmesh_mesh::Hickory;
use services::{Seen, services};
use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};
use tokio::{sync::oneshot, task::JoinHandle};

struct World {
    host: Host,
    api: SocketAddr,
    seen: Seen,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

async fn host(directory: &Path, services: SocketAddr) -> Host {
    let resolver = Arc::new(Hickory::servers(&[([127, 0, 0, 1], 53).into()]).unwrap());
    let host = Host::open(directory, HostOptions::new(resolver, Arc::new(|_| None))).unwrap();
    let program = programs::program(&format!("http://{services}"));
    let settings = Settings::new(&program, []).unwrap();
    host.deploy(program, settings).await.unwrap();
    host
}

async fn world(directory: &Path) -> World {
    world_with(directory, 1000, 1 << 10).await
}

/// One whose bodies may be so long, and take so many KiB together.
async fn world_with(directory: &Path, body_bytes: usize, bodies_kib: usize) -> World {
    let (address, seen) = services().await;
    let host = host(directory, address).await;
    let options = ServerOptions {
        body_bytes,
        bodies_kib,
        read_timeout: Duration::from_millis(500),
        ..ServerOptions::new(([127, 0, 0, 1], 0).into())
    };
    let server = Server::bind(options).await.unwrap();
    let api = server.address();
    let (stop, stopped) = oneshot::channel();
    let serving = tokio::spawn(server.serve(host.clone(), async {
        let _ = stopped.await;
    }));
    World {
        host,
        api,
        seen,
        stop,
        serving,
    }
}

impl World {
    async fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        ask(self.api, method, path, "", body).await
    }

    async fn stop(self) {
        self.stop.send(()).unwrap();
        self.serving.await.unwrap();
        self.host.shutdown(Duration::from_secs(5)).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_started_waited_for_and_shown() {
    let directory = tempfile::tempdir().unwrap();
    let world = world(directory.path()).await;
    let answer = world
        .ask("POST", "/v1/flows/ten/runs?wait=30s", r#"{"id":"a"}"#)
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let run = answer.json();
    assert_eq!(run["state"], "done");
    assert_eq!(run["result"], "/stock/reserve/a-9");
    assert_eq!(
        (run["events"].as_u64(), &run["existing"]),
        (Some(11), &false.into())
    );
    let id = run["id"].as_str().unwrap();
    assert!(answer.head.contains(&format!("location: /v1/runs/{id}")));
    let shown = world.ask("GET", &format!("/v1/runs/{id}"), "").await.json();
    assert_eq!(shown["result"], run["result"]);
    let seen = world.seen.of("/stock/reserve/a-3");
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].0, "stock.reserve/a-3");
    let trace = id.replace('-', "");
    assert!(seen[0].1.starts_with(&format!("00-{trace}-")), "{seen:?}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_signalled_followed_and_cancelled() {
    let directory = tempfile::tempdir().unwrap();
    let world = world(directory.path()).await;
    let started = world.ask("POST", "/v1/flows/hear/runs", "").await;
    assert_eq!(started.status, 202);
    let run = started.json();
    let path = format!("/v1/runs/{}", run["id"].as_str().unwrap());
    let misfit = world
        .ask("POST", &format!("{path}/signals/approve"), r#"{"by":7}"#)
        .await;
    assert_eq!(
        (misfit.status, misfit.json()["code"].as_str()),
        (422, Some("F1054"))
    );
    assert_eq!(misfit.json()["path"], "by");
    assert!(misfit.head.contains("content-type: application/problem+json"));
    let follow = {
        let (api, path) = (world.api, format!("{path}/events"));
        tokio::spawn(async move { ask(api, "GET", &path, "", "").await })
    };
    let signal = world
        .ask("POST", &format!("{path}/signals/approve"), r#"{"by":"ann"}"#)
        .await;
    assert_eq!(signal.status, 202, "{}", signal.body);
    let events = follow.await.unwrap().body;
    for part in [
        "id: 0",
        "event: started",
        "step_started",
        "await approve",
        "id: 1",
        "event: signalled",
        r#""ann""#,
    ] {
        assert!(events.contains(part), "{part} in {events}");
    }
    let rest = ask(
        world.api,
        "GET",
        &format!("{path}/events"),
        "Last-Event-ID: 0\r\n",
        "",
    )
    .await;
    assert!(
        !rest.body.contains("started\"") && rest.body.contains("signalled"),
        "{}",
        rest.body
    );
    let nothing = ask(
        world.api,
        "GET",
        &format!("{path}/events"),
        "Last-Event-ID: 1\r\n",
        "",
    )
    .await;
    assert_eq!(nothing.status, 204);
    let late = world.ask("POST", &format!("{path}/cancel"), "").await;
    assert_eq!((late.status, late.json()["code"].as_str()), (409, Some("F1055")));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_paused_and_goes_on_with_what_came_meanwhile() {
    let directory = tempfile::tempdir().unwrap();
    let world = world(directory.path()).await;
    let run = world.ask("POST", "/v1/flows/hear/runs", "").await.json();
    let path = format!("/v1/runs/{}", run["id"].as_str().unwrap());
    let paused = world
        .ask(
            "POST",
            &format!("{path}/pause"),
            r#"{"reason":"the bank is down"}"#,
        )
        .await;
    assert_eq!((paused.status, &paused.json()["state"]), (202, &"paused".into()));
    assert_eq!(paused.json()["paused"]["reason"], "the bank is down");
    let signal = world
        .ask("POST", &format!("{path}/signals/approve"), r#"{"by":"ann"}"#)
        .await;
    assert_eq!(signal.status, 202, "{}", signal.body);
    assert_eq!(world.ask("GET", &path, "").await.json()["state"], "paused");
    let listed = world.ask("GET", "/v1/runs?state=paused", "").await.json();
    assert_eq!(listed["runs"][0]["id"], run["id"]);
    let resumed = world.ask("POST", &format!("{path}/resume"), "").await;
    assert_eq!((resumed.status, &resumed.json()["state"]), (202, &"done".into()));
    let events = world.ask("GET", &format!("{path}/events"), "").await.body;
    assert!(
        events.contains("event: paused") && events.contains("event: resumed"),
        "{events}"
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terminated_run_ends_at_once_for_those_who_wait() {
    let directory = tempfile::tempdir().unwrap();
    let world = world(directory.path()).await;
    let run = world.ask("POST", "/v1/flows/hear/runs", "").await.json();
    let path = format!("/v1/runs/{}", run["id"].as_str().unwrap());
    let waits = {
        let (api, path) = (world.api, format!("{path}?wait=30s"));
        tokio::spawn(async move { ask(api, "GET", &path, "", "").await })
    };
    let ended = world
        .ask(
            "POST",
            &format!("{path}/terminate"),
            r#"{"reason":"it does harm"}"#,
        )
        .await;
    assert_eq!(
        (ended.status, &ended.json()["state"]),
        (202, &"terminated".into())
    );
    let heard = waits.await.unwrap().json();
    assert_eq!(heard["terminated"], "it does harm");
    let again = world.ask("POST", &format!("{path}/resume"), "").await;
    assert_eq!(
        (again.status, again.json()["code"].as_str()),
        (409, Some("F1055"))
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decision_is_taken_only_where_a_run_is_parked() {
    let directory = tempfile::tempdir().unwrap();
    let world = world(directory.path()).await;
    let run = world.ask("POST", "/v1/flows/hear/runs", "").await.json();
    let path = format!("/v1/runs/{}/decide", run["id"].as_str().unwrap());
    for (body, status, code) in [
        (r#"{"choice":"retry"}"#, 409, "F1080"),
        (r#"{"choice":"retry","call":3}"#, 409, "F1080"),
        (r#"{"choice":"perhaps"}"#, 400, "F1058"),
        ("", 400, "F1058"),
    ] {
        let answer = world.ask("POST", &path, body).await;
        assert_eq!(
            (answer.status, answer.json()["code"].as_str()),
            (status, Some(code)),
            "{body}"
        );
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_are_listed_newest_first_in_pages() {
    let directory = tempfile::tempdir().unwrap();
    let world = world(directory.path()).await;
    for name in ["a", "b", "c"] {
        world
            .ask("POST", "/v1/flows/hello/runs", &format!(r#"{{"name":"{name}"}}"#))
            .await;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    world.ask("POST", "/v1/flows/hear/runs", "").await;
    let page = world
        .ask("GET", "/v1/runs?flow=hello&state=done&limit=2", "")
        .await
        .json();
    let results = |page: &serde_json::Value| -> Vec<String> {
        page["runs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|run| run["result"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(results(&page), ["hello, c", "hello, b"]);
    let cursor = page["cursor"].as_str().unwrap();
    let next = world
        .ask("GET", &format!("/v1/runs?flow=hello&limit=2&cursor={cursor}"), "")
        .await
        .json();
    assert_eq!(results(&next), ["hello, a"]);
    assert!(next["cursor"].is_null());
    let count = async |query: &str| {
        let counted = world
            .ask("GET", &format!("/v1/runs/count?{query}"), "")
            .await
            .json();
        assert_eq!(counted["exact"], true);
        counted["count"].as_u64().unwrap()
    };
    assert_eq!(count("").await, 4);
    assert_eq!(count("flow=hello&state=done").await, 3);
    assert_eq!(count("since=2100-01-01T00:00:00Z").await, 0);
    assert_eq!(count("until=2100-01-01T00:00:00Z&flow=hear").await, 1);
    assert_eq!(count("error=Nothing").await, 0);
    for wrong in ["since=today", "state=gone", "cursor=1", "tag=a"] {
        assert_eq!(
            world.ask("GET", &format!("/v1/runs?{wrong}"), "").await.status,
            400
        );
    }
    let flows = world.ask("GET", "/v1/flows", "").await.json();
    let hello = &flows["flows"][0];
    assert_eq!(
        (hello["name"].as_str(), &hello["runs"]["done"]),
        (Some("hello"), &3.into())
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_are_found_by_what_is_known_of_them_and_steered_together() {
    let directory = tempfile::tempdir().unwrap();
    let world = world(directory.path()).await;
    for key in ["a", "b", "c"] {
        let path = format!("/v1/flows/nap/runs?key={key}");
        world.ask("POST", &path, "").await;
    }
    world.ask("POST", "/v1/flows/hello/runs", r#"{"name":"a"}"#).await;
    let count = async |filter: &str| {
        let counted = world
            .ask("GET", &format!("/v1/runs/count?{filter}"), "")
            .await
            .json();
        counted["count"].as_u64().unwrap()
    };
    assert_eq!(count("").await, 4);
    assert_eq!(count("flow=nap").await, 3);
    assert_eq!(count("key=b").await, 1);
    assert_eq!(
        count("flow=nap&state=waiting&since=2020-01-01T00:00:00Z").await,
        3
    );
    assert_eq!(count("until=2020-01-01T00:00:00Z").await, 0);
    assert_eq!(count("error=Unavailable").await, 0);
    let listed = world.ask("GET", "/v1/runs?key=b", "").await.json();
    assert_eq!(listed["runs"][0]["key"], "b");
    let preview = world
        .ask("POST", "/v1/batch/terminate?all=true&preview=true", "")
        .await
        .json();
    assert_eq!(
        (&preview["count"], preview["runs"].as_array().map(Vec::len)),
        (&3.into(), Some(3)),
        "what has ended is not chosen"
    );
    let paused = world.ask("POST", "/v1/batch/pause?key=b", "").await.json();
    assert_eq!(paused["done"], 1);
    assert_eq!(count("state=paused").await, 1);
    let resumed = world.ask("POST", "/v1/batch/resume?all=true", "").await.json();
    assert_eq!(resumed["done"], 1);
    let ended = world
        .ask("POST", "/v1/batch/terminate?flow=nap&reason=enough", "")
        .await
        .json();
    assert_eq!((&ended["done"], &ended["refused"]), (&3.into(), &0.into()));
    assert_eq!(count("state=terminated").await, 3);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_makes_two_starts_one_run() {
    let directory = tempfile::tempdir().unwrap();
    let world = world(directory.path()).await;
    let start = |headers| ask(world.api, "POST", "/v1/flows/nap/runs", headers, "");
    let first = start("Idempotency-Key: \"k\"\r\n").await;
    let second = start("Idempotency-Key: k\r\n").await;
    assert_eq!((second.status, &second.body), (202, &first.body));
    assert!(
        second.head.contains("idempotency-replayed: true"),
        "{}",
        second.head
    );
    let third = world.ask("POST", "/v1/flows/nap/runs?key=k", "").await.json();
    assert_eq!(first.json()["id"], third["id"], "it is the key of the run, too");
    assert_eq!(
        (&first.json()["existing"], &third["existing"]),
        (&false.into(), &true.into())
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_requests_get_a_problem_with_a_code() {
    let directory = tempfile::tempdir().unwrap();
    let world = world(directory.path()).await;
    let long = format!(r#"{{"id":"{}"}}"#, "x".repeat(2000));
    let run = "00000000-0000-7000-8000-000000000000";
    let cases = [
        ("POST", "/v1/flows/tne/runs".to_owned(), "{}", 404, "F1050"),
        ("POST", "/v1/flows/ten/runs".to_owned(), r#"{"id":"#, 422, "F1051"),
        (
            "POST",
            "/v1/flows/ten/runs?key=".to_owned(),
            r#"{"id":"a"}"#,
            422,
            "F1052",
        ),
        ("GET", format!("/v1/runs/{run}"), "", 404, "F1053"),
        ("GET", format!("/v1/runs/{run}/events"), "", 404, "F1053"),
        (
            "POST",
            format!("/v1/runs/{run}/cancel"),
            r#"{"why":1}"#,
            400,
            "F1058",
        ),
        ("GET", "/v1/runs/7".to_owned(), "", 400, "F1058"),
        ("GET", "/v1/runs?state=dead".to_owned(), "", 400, "F1058"),
        ("GET", "/v1/runs?limit=x".to_owned(), "", 400, "F1058"),
        ("GET", "/v1/runs?flows=hello".to_owned(), "", 400, "F1058"),
        ("GET", "/v1/runs/count?since=soon".to_owned(), "", 400, "F1058"),
        ("POST", "/v1/batch/cancel".to_owned(), "", 400, "F1058"),
        ("POST", "/v1/batch/forget?all=true".to_owned(), "", 400, "F1058"),
        ("POST", format!("/v1/runs/{run}/retry"), "", 404, "F1053"),
        ("POST", format!("/v1/runs/{run}/restart"), "{}", 400, "F1058"),
        (
            "POST",
            "/v1/flows/ten/runs?wait=soon".to_owned(),
            r#"{"id":"a"}"#,
            400,
            "F1058",
        ),
        ("POST", "/v1/flows/ten/runs".to_owned(), &long, 413, "F1059"),
        ("GET", "/v2".to_owned(), "", 404, "F1063"),
        ("DELETE", "/v1/runs".to_owned(), "", 405, "F1064"),
    ];
    for (method, path, body, status, code) in cases {
        let answer = world.ask(method, &path, body).await;
        let found = answer.json();
        assert_eq!(
            (answer.status, found["code"].as_str()),
            (status, Some(code)),
            "{method} {path}"
        );
        assert_eq!(found["type"], format!("urn:flowmesh:{code}"));
    }
    let foreign = ask(
        world.api,
        "POST",
        "/v1/flows/nap/runs",
        "Origin: http://evil.example\r\n",
        "",
    )
    .await;
    assert_eq!(
        (foreign.status, foreign.json()["code"].as_str()),
        (403, Some("F1062"))
    );
    let slow = "Content-Length: 20\r\n";
    let slow = ask(world.api, "POST", "/v1/flows/nap/runs", slow, "").await;
    assert_eq!((slow.status, slow.json()["code"].as_str()), (408, Some("F1065")));
    let bent = ask(world.api, "GET", "/v1/runs", "Host: evil.example\r\n", "").await;
    assert_eq!(bent.status, 403);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_answers_who_waits_and_frees_the_directory() {
    let directory = tempfile::tempdir().unwrap();
    let world = world(directory.path()).await;
    let services: SocketAddr = ([127, 0, 0, 1], 1).into();
    let started = world.ask("POST", "/v1/flows/hear/runs", "").await.json();
    let id = started["id"].as_str().unwrap().to_owned();
    let waiting = {
        let (api, path) = (world.api, format!("/v1/runs/{id}?wait=60s"));
        tokio::spawn(async move { ask(api, "GET", &path, "", "").await })
    };
    let following = {
        let (api, path) = (world.api, format!("/v1/runs/{id}/events"));
        tokio::spawn(async move { ask(api, "GET", &path, "", "").await })
    };
    tokio::time::sleep(Duration::from_millis(100)).await;
    world.stop().await;
    assert_eq!(waiting.await.unwrap().json()["state"], "waiting");
    assert!(following.await.unwrap().body.contains("event: started"));
    let again = host(directory.path(), services).await;
    let run = id.parse().unwrap();
    assert_eq!(again.recovered().runs, 1);
    again
        .signal(run, "approve", *br#"{"by":"ann"}"#, Duration::ZERO)
        .await
        .unwrap();
    let ended = serde_json::to_value(again.wait(run).await.unwrap()).unwrap();
    assert_eq!(ended["result"], "ann");
    again.shutdown(Duration::ZERO).await.unwrap();
    let error = again.get(run).await.expect_err("it has stopped");
    assert_eq!(error.code().to_string(), "F1056");
}

#[tokio::test]
async fn others_cannot_reach_it_unless_that_is_allowed() {
    let listen: SocketAddr = ([0, 0, 0, 0], 0).into();
    let error = Server::bind(ServerOptions::new(listen))
        .await
        .expect_err("it is not loopback");
    assert!(matches!(error, ServerError::Remote { .. }), "{error}");
    assert_eq!(error.code().to_string(), "F1060");
    let taken = Server::bind(ServerOptions::new(([127, 0, 0, 1], 0).into()))
        .await
        .unwrap();
    let error = Server::bind(ServerOptions::new(taken.address()))
        .await
        .expect_err("it is taken");
    assert_eq!(error.code().to_string(), "F1061");
    assert!(
        Server::bind(ServerOptions {
            allow_remote: true,
            ..ServerOptions::new(listen)
        })
        .await
        .is_ok()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_whose_calls_cannot_be_made_is_not_deployed() {
    let directory = tempfile::tempdir().unwrap();
    let resolver = Arc::new(Hickory::servers(&[([127, 0, 0, 1], 53).into()]).unwrap());
    let host = Host::open(directory.path(), HostOptions::new(resolver, Arc::new(|_| None))).unwrap();
    let program = programs::program("nonsense");
    let settings = Settings::new(&program, []).unwrap();
    let error = host
        .deploy(program, settings)
        .await
        .expect_err("the address is none");
    assert_eq!(error.code().to_string(), "F1040");
    let mut program = programs::program("http://127.0.0.1:1");
    Arc::make_mut(&mut program.services[0]).subsets[0].addresses = vec![Expr::Constant(Value::Int(7))];
    let error = host
        .deploy(program, Settings::default())
        .await
        .expect_err("the address is a number");
    assert_eq!(error.code().to_string(), "F1057");
}

#[tokio::test]
async fn bodies_that_are_too_long_together_are_refused_until_there_is_room() {
    let directory = tempfile::tempdir().unwrap();
    let world = world_with(directory.path(), 1 << 20, 0).await;
    let long = format!(r#"{{"id":"{}"}}"#, "x".repeat(70 << 10));
    let answer = world.ask("POST", "/v1/flows/ten/runs", &long).await;
    assert_eq!(
        (answer.status, answer.json()["code"].as_str()),
        (503, Some("F1073"))
    );
    let short = world.ask("POST", "/v1/flows/ten/runs", r#"{"id":"a"}"#).await;
    assert_eq!(short.status, 202, "a short one needs no room");
    world.stop().await;
    let world = world_with(directory.path(), 1 << 20, 64).await;
    let answer = world.ask("POST", "/v1/flows/ten/runs", &long).await;
    assert!(answer.status < 300, "there is room: {}", answer.status);
    world.stop().await;
}
