//! What reaches beyond HTTP calls, for real: workers in other languages, processes, streams, events, views, answers.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test ends at the first thing that is not as it should be"
)]

#[path = "support/client.rs"]
mod client;
#[path = "support/programs.rs"]
mod programs;

use axum::{Router, http::header, routing::get};
use client::{Answer, ask};
use flowmesh_host::{
    Host, HostOptions,
    server::{Server, ServerOptions},
};
use flowmesh_ir::{
    ErrorId, OperationId, Program, ServiceId, SlotId, StateId,
    expr::{Context, Expr, Raise},
    flow::{End, Flow, Instruction, State, Stream},
    service::{Binding, Method, OnStatus, Operation, Piece, Service, StreamKind},
    ty::Type,
};
use flowmesh_machine::Settings;
use flowmesh_mesh::Hickory;
use serde_json::{Value as Json, json};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};
use tokio::net::TcpListener;

/// Something that somebody else carries out: its binding, and a flow of its name that calls it with a text.
fn add(program: &mut Program, name: &str, binding: Binding) {
    let error = ErrorId(u32::try_from(program.errors.len()).unwrap());
    let mut empty = program.errors.last().unwrap().clone();
    (empty.name, empty.fields[0].ty) = (format!("Empty{name}").into(), Type::Json);
    let template: &Service = program.services.first().unwrap();
    let mut operation: Operation = template.operations[0].clone();
    let reason = (empty.fields[0].name.clone(), Expr::Context(Context::Reply));
    operation.on = vec![OnStatus {
        status: 100,
        raise: Raise {
            error,
            fields: vec![reason],
        },
    }];
    let body = Expr::Record(vec![("text".into(), Expr::Slot(SlotId(0)))]);
    (operation.body, operation.result) = (Some((body, Type::Json)), Type::Json);
    operation.binding = binding;
    let service = Service {
        name: name.into(),
        operations: vec![operation],
        ..template.clone()
    };
    let number = ServiceId(u32::try_from(program.services.len()).unwrap());
    program.services.push(service.into());
    program.errors.push(empty);
    let mut flow = Flow::clone(&program.flows[5]);
    if let End::Call(call) = &mut flow.states[0].end {
        (call.target.service, call.target.operation) = (number, OperationId(0));
    }
    (flow.name, flow.result, flow.fails) = (name.into(), Type::Json, vec![error]);
    program.flows.push(flow.into());
}

/// `var last = "none"; for x in feed.tail() { last = x }; return last`
fn add_stream(program: &mut Program) {
    let mut service = Service::clone(&program.services[0]);
    let operation = &mut service.operations[0];
    (operation.method, operation.body, operation.key) = (Method::Get, None, None);
    operation.effect = flowmesh_ir::service::EffectKind::Read;
    operation.path = vec![Piece::Literal("/feed".to_owned())];
    operation.stream = Some(StreamKind {
        resume: None,
        params: Vec::new(),
    });
    (service.name, operation.result) = ("feed".into(), Type::String);
    let mut flow = Flow::clone(&program.flows[5]);
    let End::Call(call) = &flow.states[0].end else {
        panic!("it calls")
    };
    let mut target = call.target.clone();
    target.service = ServiceId(u32::try_from(program.services.len()).unwrap());
    let mut last = flow.slots[1].clone();
    last.name = "last".into();
    flow.slots.push(last);
    let stream = Stream {
        target,
        item: SlotId(1),
        body: StateId(2),
        catch: vec![],
        next: StateId(3),
    };
    let state = |code, end, step| State { code, end, step };
    let set = |slot, value| Instruction::Set(SlotId(slot), value);
    let step = flow.states[0].step;
    flow.states = vec![
        state(vec![set(2, Expr::Slot(SlotId(0)))], End::Jump(StateId(1)), None),
        state(vec![], End::Stream(Box::new(stream)), step),
        state(vec![set(2, Expr::Slot(SlotId(1)))], End::Jump(StateId(1)), None),
        state(vec![], End::Return(Expr::Slot(SlotId(2))), None),
    ];
    flow.name = "tail".into();
    program.services.push(service.into());
    program.flows.push(flow.into());
}

fn program(services: SocketAddr) -> Program {
    let mut program = programs::program(&format!("http://{services}"));
    let literal = |text: &str| vec![Piece::Literal(text.to_owned())];
    for queue in ["words", "shouts"] {
        let queue = queue.to_owned();
        add(&mut program, &queue.clone(), Binding::Worker { queue });
    }
    let cat = Binding::Run {
        words: vec![literal("cat")],
    };
    add(&mut program, "cat", cat);
    let script = "cat >/dev/null; echo '\"no\"'; exit 100";
    let no = Binding::Run {
        words: vec![literal("sh"), literal("-c"), literal(script)],
    };
    add(&mut program, "no", no);
    add_stream(&mut program);
    flowmesh_ir::validate(&program).unwrap();
    program
}

struct World {
    host: Host,
    api: SocketAddr,
}

/// A host and its API; `/feed` of its services is a stream of two events.
async fn world(directory: &Path) -> World {
    let feed = || async {
        let events = "id: 1\ndata: \"one\"\n\n: well\n\ndata: \"two\"\n\n";
        ([(header::CONTENT_TYPE, "text/event-stream")], events)
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let services = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/feed", get(feed))).await });
    let resolver = Arc::new(Hickory::servers(&[([127, 0, 0, 1], 53).into()]).unwrap());
    let host = Host::open(directory, HostOptions::new(resolver, Arc::new(|_| None))).unwrap();
    let program = program(services);
    let settings = Settings::new(&program, []).unwrap();
    host.deploy(program, settings).await.unwrap();
    let server = Server::bind(ServerOptions::new(([127, 0, 0, 1], 0).into()))
        .await
        .unwrap();
    let api = server.address();
    tokio::spawn(server.serve(host.clone(), std::future::pending()));
    World { host, api }
}

impl World {
    async fn post(&self, path: &str, body: &Json) -> Answer {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let answer = ask(self.api, "POST", path, "", &body).await;
        assert!(answer.head.starts_with("http/1.1 "), "{}", answer.head);
        answer
    }

    async fn get(&self, path: &str) -> Answer {
        ask(self.api, "GET", path, "", "").await
    }

    async fn run(&self, flow: &str, id: &str) -> Json {
        let path = format!("/v1/flows/{flow}/runs?wait=60s");
        self.post(&path, &json!({ "id": id })).await.json()
    }

    /// Starts a run and says which.
    async fn start(&self, flow: &str, input: Json) -> String {
        let run = self.post(&format!("/v1/flows/{flow}/runs"), &input).await.json();
        run["id"].as_str().unwrap().to_owned()
    }

    async fn lease(&self, queue: &str) -> Json {
        let answer = self
            .post(&format!("/v1/queues/{queue}/lease?wait=30s"), &Json::Null)
            .await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }
}

/// A process that is ended with the test.
struct Worker(Child);

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/workers")
}

/// A worker of the examples; `None` where its language is not there.
fn worker(program: &str, arguments: &[&str]) -> Option<Worker> {
    let started = Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .spawn();
    if started.is_err() {
        eprintln!("skipped: there is no `{program}` here");
    }
    started.ok().map(Worker)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_in_python_does_what_a_flow_asks() {
    let directory = tempfile::tempdir().unwrap();
    let world = world(directory.path()).await;
    let (script, url) = (examples().join("worker.py"), format!("http://{}", world.api));
    let Some(_worker) = worker("python3", &[script.to_str().unwrap(), &url, "words"]) else {
        return;
    };
    let run = world.run("words", "a bb ccc").await;
    assert_eq!(run["result"], json!({ "count": 3, "longest": "ccc" }), "{run}");
    world.host.shutdown(Duration::ZERO).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_in_typescript_does_what_a_flow_asks() {
    let directory = tempfile::tempdir().unwrap();
    let world = world(directory.path()).await;
    let stripped = Command::new("node")
        .arg("strip.mjs")
        .arg("worker.ts")
        .current_dir(examples())
        .output();
    let Ok(stripped) = stripped else {
        eprintln!("skipped: there is no `node` here");
        return;
    };
    assert!(
        stripped.status.success(),
        "{}",
        String::from_utf8_lossy(&stripped.stderr)
    );
    let script = directory.path().join("worker.mjs");
    std::fs::write(&script, stripped.stdout).unwrap();
    let url = format!("http://{}", world.api);
    let _worker = worker("node", &[script.to_str().unwrap(), &url, "shouts"]);
    let run = world.run("shouts", "hello").await;
    assert_eq!(run["result"], "HELLO!", "{run}");
    world.host.shutdown(Duration::ZERO).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_worker_that_has_a_task_is_heard_about_it() {
    let directory = tempfile::tempdir().unwrap();
    let world = world(directory.path()).await;
    let none = world.post("/v1/queues/words/lease", &Json::Null).await;
    assert_eq!(none.status, 204);
    let wrong = world.post("/v1/queues/words/lease?lease=soon", &Json::Null).await;
    assert!(
        wrong.status == 400 && wrong.body.contains("`lease`"),
        "{}",
        wrong.body
    );
    let run = world.start("words", json!({ "id": "x" })).await;
    let task = world.lease("words").await;
    assert_eq!(
        (&task["attempt"], &task["input"]["text"]),
        (&json!(1), &json!("x"))
    );
    let at = |verb: &str| format!("/v1/tasks/{}/{verb}", task["task"].as_str().unwrap());
    let lease = task["lease"].clone();
    let beat = world.post(&at("heartbeat"), &json!({ "lease": lease })).await;
    assert_eq!(beat.status, 204, "{}", beat.body);
    let code = |answer: &Answer| answer.json()["code"].as_str().unwrap().to_owned();
    let stranger = world
        .post(&at("complete"), &json!({ "lease": "7", "result": 1 }))
        .await;
    assert_eq!((stranger.status, code(&stranger)), (409, "F1071".to_owned()));
    let unknown = world
        .post("/v1/tasks/77/complete", &json!({ "lease": "7" }))
        .await;
    assert_eq!((unknown.status, code(&unknown)), (404, "F1070".to_owned()));
    let undeclared = world
        .post(&at("fail"), &json!({ "lease": lease, "error": "Oops" }))
        .await;
    assert_eq!((undeclared.status, code(&undeclared)), (422, "F1072".to_owned()));
    let fields = json!({ "text": "x" });
    let failed = json!({ "lease": lease, "error": "Emptywords", "fields": fields });
    let failed = world.post(&at("fail"), &failed).await;
    assert_eq!(failed.status, 204, "{}", failed.body);
    let run = world.get(&format!("/v1/runs/{run}?wait=30s")).await.json();
    assert_eq!(run["error"]["name"], "Emptywords", "{run}");
    world.host.shutdown(Duration::ZERO).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_whose_worker_fell_silent_is_given_to_another() {
    let directory = tempfile::tempdir().unwrap();
    let world = world(directory.path()).await;
    world.start("words", json!({ "id": "x" })).await;
    let first = world
        .post("/v1/queues/words/lease?wait=30s&lease=50ms", &Json::Null)
        .await
        .json();
    let second = world.lease("words").await;
    assert_eq!(first["task"], second["task"]);
    assert_eq!((&second["attempt"], &second["key"]), (&json!(2), &first["key"]));
    world.host.shutdown(Duration::ZERO).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_gets_json_gives_json_and_its_exit_is_a_status() {
    let directory = tempfile::tempdir().unwrap();
    let world = world(directory.path()).await;
    let run = world.run("cat", "x; ls").await;
    assert_eq!(run["result"], json!({ "text": "x; ls" }), "{run}");
    let run = world.run("no", "x").await;
    assert_eq!(run["error"]["name"], "Emptyno", "{run}");
    world.host.shutdown(Duration::ZERO).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_is_read_to_its_end_and_each_item_is_an_event() {
    let directory = tempfile::tempdir().unwrap();
    let world = world(directory.path()).await;
    let run = world.run("tail", "none").await;
    assert_eq!(run["result"], "two", "{run}");
    assert_eq!(run["events"], 4, "start, two items, and the end: {run}");
    world.host.shutdown(Duration::ZERO).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_are_told_events_answer_signals_and_let_views_be_read() {
    let directory = tempfile::tempdir().unwrap();
    let world = world(directory.path()).await;
    let listener = world.start("listen", json!({})).await;
    let views = world.get(&format!("/v1/runs/{listener}/views")).await.json();
    assert_eq!(views["views"]["waits"], json!({ "value": true }), "{views}");
    let empty = world.get(&format!("/v1/runs/{listener}/views/share")).await;
    assert_eq!(
        (empty.status, &empty.json()["code"]),
        (409, &json!("F1069")),
        "{}",
        empty.body
    );
    let told = world.post("/v1/events/paid", &json!({ "order": "o7" })).await;
    assert_eq!((told.status, &told.json()["heard"]), (202, &json!(1)));
    let run = world.get(&format!("/v1/runs/{listener}?wait=30s")).await.json();
    assert_eq!(run["result"], "o7");
    let after = world.get(&format!("/v1/runs/{listener}/views/waits")).await;
    assert_eq!(after.json(), true, "also of a run that has ended");
    let priced = world.start("priced", json!({})).await;
    let answer = world
        .post(
            &format!("/v1/runs/{priced}/signals/price"),
            &json!({ "sku": "A" }),
        )
        .await;
    assert_eq!((answer.status, answer.json()), (200, json!("10 A")));
    let asked = world.start("unpriced", json!({})).await;
    let answer = world
        .post(&format!("/v1/runs/{asked}/signals/price"), &json!({ "sku": "A" }))
        .await;
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (409, &json!("F1067")),
        "{}",
        answer.body
    );
    let hear = world.start("hear", json!({})).await;
    let answer = world
        .post(
            &format!("/v1/runs/{hear}/signals/approve"),
            &json!({ "by": "ann" }),
        )
        .await;
    assert_eq!((answer.status, answer.body.as_str()), (202, ""));
    let tagged = world.start("child", json!({ "id": "t" })).await;
    let found = world.get("/v1/runs?tag=order%3Dt").await.json();
    assert_eq!(found["runs"][0]["id"], tagged.as_str());
    world.host.shutdown(Duration::ZERO).await.unwrap();
}
