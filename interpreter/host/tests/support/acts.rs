//! A server with something that every acting route can be asked for, and a request of each.

use super::{
    client::{Answer, ask},
    desk, programs,
};
use axum::{
    Router,
    http::{Method, StatusCode, Uri},
};
use flowmesh_host::{
    Host, HostOptions,
    server::{Server, ServerOptions},
};
use flowmesh_ir::{
    FlowId, Program,
    schedule::{Schedule, When},
};
use flowmesh_machine::Settings;
use flowmesh_mesh::Hickory;
use serde_json::{Value, json};
use std::{collections::BTreeMap, net::SocketAddr, path::Path, sync::Arc, time::Duration};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

/// A request that was answered.
pub(crate) struct Sent {
    pub(crate) operation: &'static str,
    pub(crate) path: String,
    pub(crate) body: String,
    pub(crate) answer: Answer,
}

pub(crate) struct World {
    host: Host,
    pub(crate) api: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

/// A path with `declined` in it is, and nothing can be undone.
pub(crate) async fn services() -> SocketAddr {
    let answer = |method: Method, uri: Uri| async move {
        let status = match (method, uri.path().contains("declined")) {
            (Method::DELETE, _) => StatusCode::BAD_REQUEST,
            (_, true) => StatusCode::PAYMENT_REQUIRED,
            _ => StatusCode::OK,
        };
        (status, format!("\"{}\"", uri.path()))
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().fallback(answer);
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

pub(crate) fn program(services: SocketAddr) -> Program {
    let mut program = programs::program(&format!("http://{services}"));
    desk::add(&mut program);
    let hello = program
        .flows
        .iter()
        .position(|flow| &*flow.name == "nap")
        .unwrap();
    let daily = When::Cron {
        cron: "0 0 0 * * *".parse().unwrap(),
        zone: "UTC".to_owned(),
    };
    let flow = FlowId(u32::try_from(hello).unwrap());
    program.schedules = vec![Schedule::new("daily".into(), daily, flow)];
    program
}

pub(crate) async fn world(directory: &Path, program: &Program) -> World {
    let resolver = Arc::new(Hickory::servers(&[([127, 0, 0, 1], 53).into()]).unwrap());
    let host = Host::open(directory, HostOptions::new(resolver, Arc::new(|_| None))).unwrap();
    let settings = Settings::new(program, []).unwrap();
    host.serve(program.clone(), settings).await.unwrap();
    host.keep_schedules().await.unwrap();
    let server = Server::bind(ServerOptions::new(([127, 0, 0, 1], 0).into()))
        .await
        .unwrap();
    let api = server.address();
    let (stop, stopped) = oneshot::channel();
    let serving = tokio::spawn(server.serve(host.clone(), async {
        let _ = stopped.await;
    }));
    World {
        host,
        api,
        stop,
        serving,
    }
}

impl World {
    pub(crate) async fn post(&self, path: &str, body: &str) -> Value {
        let answer = ask(self.api, "POST", path, "", body).await;
        assert!(answer.status < 300, "{path}: {} {}", answer.status, answer.body);
        if answer.body.is_empty() {
            Value::Null
        } else {
            answer.json()
        }
    }

    pub(crate) async fn start(&self, flow: &str, body: &str) -> String {
        let run = self.post(&format!("/v1/flows/{flow}/runs"), body).await;
        run["id"].as_str().unwrap().to_owned()
    }

    /// Until a run stands so.
    async fn until(&self, run: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..2000 {
            let run = ask(self.api, "GET", &format!("/v1/runs/{run}"), "", "")
                .await
                .json();
            if wanted(&run) {
                return run;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("{run} does not come to stand as it should");
    }

    async fn task(&self, id: &str) -> Value {
        self.start("desk", &json!({ "id": id }).to_string()).await;
        self.post("/v1/queues/desk/lease?wait=30s&lease=1m", "").await
    }

    /// A request with the key of its operation.
    pub(crate) async fn keyed(&self, operation: &'static str, path: &str, body: &str) -> Answer {
        let key = format!("Idempotency-Key: {operation}\r\n");
        ask(self.api, "POST", path, &key, body).await
    }

    /// What there is: runs by how they stand and how many events they have, schedules, deployments.
    async fn stands(&self) -> BTreeMap<String, String> {
        let mut stands = BTreeMap::new();
        let runs = ask(self.api, "GET", "/v1/runs?limit=1000", "", "").await.json();
        for run in runs["runs"].as_array().unwrap() {
            let stand = format!(
                "{} {} {} {}",
                run["flow"], run["state"], run["events"], run["steps"]
            );
            stands.insert(run["id"].to_string(), stand);
        }
        let schedule = ask(self.api, "GET", "/v1/schedules/daily", "", "").await.json();
        stands.insert("paused".to_owned(), schedule["paused"].to_string());
        let deployments = ask(self.api, "GET", "/v1/deployments", "", "").await.json();
        let deployments = deployments["deployments"].as_array().unwrap().len();
        stands.insert("deployments".to_owned(), deployments.to_string());
        stands
    }

    /// The same, when nothing happens any more.
    pub(crate) async fn rests(&self) -> BTreeMap<String, String> {
        let mut before = self.stands().await;
        loop {
            tokio::time::sleep(Duration::from_millis(150)).await;
            let now = self.stands().await;
            let sleeps = now.values().any(|stand| stand.contains("[\"sleep\"]"));
            if now == before && !sleeps {
                return now;
            }
            before = now;
        }
    }

    pub(crate) async fn stop(self) {
        self.stop.send(()).unwrap();
        self.serving.await.unwrap();
        self.host.shutdown(Duration::from_secs(5)).await.unwrap();
    }
}

/// A request of every route that takes a key, each about something of its own.
pub(crate) async fn requests(world: &World, other: &Program) -> Vec<(&'static str, String, String)> {
    let hear = || world.start("hear", "");
    let run = |run: String, verb: &str| format!("/v1/runs/{run}/{verb}");
    // What is to be forgotten.
    let reused = world.start("reused", r#"{"id":"r"}"#).await;
    world.until(&reused, |run| run["state"] == "waiting").await;
    let failed = world.start("ten", r#"{"id":"declined"}"#).await;
    world.until(&failed, |run| run["state"] == "failed").await;
    let ended = hear().await;
    world.post(&run(ended.clone(), "terminate"), "").await;
    let paused = hear().await;
    world.post(&run(paused.clone(), "pause"), "").await;
    let edited = world.start("checkout", r#"{"id":"edited"}"#).await;
    world
        .until(&edited, |run| run["steps"][0] == "await approve")
        .await;
    world.post(&run(edited.clone(), "pause"), "").await;
    let parked = world.start("checkout", r#"{"id":"parked"}"#).await;
    world
        .until(&parked, |run| run["steps"][0] == "await approve")
        .await;
    world.post(&run(parked.clone(), "cancel"), "").await;
    world.until(&parked, |run| run["parked"].is_object()).await;
    world.start("hear", "").await;
    let (done, undone) = (world.task("a").await, world.task("b").await);
    let task = |task: &Value, verb: &str| format!("/v1/tasks/{}/{verb}", task["task"].as_str().unwrap());
    let backfill = r#"{"from":"2026-01-01T00:00:00Z","to":"2026-01-02T00:00:00Z"}"#;
    let row = |operation, path: &str, body: &str| (operation, path.to_owned(), body.to_owned());
    vec![
        row("start_run", "/v1/flows/hear/runs", ""),
        row(
            "signal_run",
            &run(hear().await, "signals/approve"),
            r#"{"by":"ann"}"#,
        ),
        row("emit_event", "/v1/events/paid", r#"{"order":"1"}"#),
        row("cancel_run", &run(hear().await, "cancel"), ""),
        row("pause_run", &run(hear().await, "pause"), r#"{"reason":"x"}"#),
        row("resume_run", &run(paused, "resume"), ""),
        row("terminate_run", &run(hear().await, "terminate"), ""),
        row("decide_run", &run(parked, "decide"), r#"{"choice":"skip"}"#),
        row("edit_run", &run(edited, "edit"), r#"{"set":{"id":"new"}}"#),
        row("retry_run", &run(failed, "retry"), ""),
        row(
            "restart_run",
            &run(ended, "restart"),
            r#"{"from":"await approve"}"#,
        ),
        row(
            "complete_task",
            &task(&done, "complete"),
            &json!({ "lease": done["lease"], "result": "x" }).to_string(),
        ),
        row(
            "fail_task",
            &task(&undone, "fail"),
            &json!({ "lease": undone["lease"], "error": "Declined", "fields": {"reason": 1} }).to_string(),
        ),
        row("pause_schedule", "/v1/schedules/daily/pause", r#"{"note":"x"}"#),
        row("resume_schedule", "/v1/schedules/daily/resume", ""),
        row("backfill_schedule", "/v1/schedules/daily/backfill", backfill),
        row("stop_backfill", "/v1/schedules/daily/backfill/stop", ""),
        row("forget_results", "/v1/cache/forget?of=stock.reserve", ""),
        row("batch", "/v1/batch/terminate?flow=nap", ""),
        row("deploy", "/v1/deployments", &flowmesh_ir::print::json(other)),
        row("rollback", "/v1/deployments/rollback", ""),
    ]
}
