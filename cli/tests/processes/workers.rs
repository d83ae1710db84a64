//! Tasks of workers over a kill of the server: what was begun is given again, what is done is not.

use super::{
    common::{self, Shown},
    shop::{Running, free_port, http, until},
};
use serde_json::{Value, json};
use std::process::Stdio;
use tempfile::TempDir;

const PROGRAM: &str = r#"//! Parcels are packed and customers called by workers.

service desk {
  timeout: { attempt: 1m, total: 1m }

  op pack(order: string) -> string = worker "desk" {
    body: { order }
    key: order
  }
  op call(who: string) = worker "phone" {
    body: { who }
  }
}

flow pack(order: string) -> string {
  signal send()

  let parcel = desk.pack(order)
  await send forever
  return parcel
}

flow ring(who: string) -> string {
  desk.call(who)
    catch Unknown as e -> return "perhaps: {e.reason}"
  return "rung"
}
"#;

/// A program whose work workers do, and the port of its server.
struct Desk {
    dir: TempDir,
    port: u16,
}

impl Desk {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::write(dir.path().join("desk.flow"), PROGRAM).expect("the program is written");
        Self {
            dir,
            port: free_port(),
        }
    }

    fn serve(&self) -> Running {
        let listen = format!("127.0.0.1:{}", self.port);
        let mut command = common::command(&["serve", "desk.flow", "--listen", &listen]);
        command.current_dir(self.dir.path());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let running = Running(command.spawn().expect("the binary runs"));
        until("the server listens", || self.runs(&["list"]).code == 0);
        running
    }

    fn runs(&self, args: &[&str]) -> Shown {
        common::in_dir(
            self.dir.path(),
            &[&["runs"][..], args, &["--dir", ".flowmesh"]].concat(),
        )
    }

    /// Starts a run and says which.
    fn start(&self, flow: &str, input: &Value) -> String {
        let (status, run) = self.post(&format!("flows/{flow}/runs"), input);
        assert_eq!(status, 202, "{run}");
        run["id"].as_str().expect("an id").to_owned()
    }

    fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let answer = http(self.port, "POST", &format!("/v1/{path}"), "", &body.to_string());
        answer.expect("an answer")
    }

    /// Asks for a task, and waits for one.
    fn lease(&self, queue: &str) -> Value {
        let (status, task) = self.post(&format!("queues/{queue}/lease?wait=9s&lease=2s"), &Value::Null);
        assert_eq!(status, 200, "no task in `{queue}`");
        task
    }

    /// Says something of a task, as the worker that has it.
    fn say(&self, verb: &str, task: &Value, result: Option<&str>) -> (u16, Value) {
        let path = format!("tasks/{}/{verb}", task["task"].as_str().expect("an id"));
        let mut body = json!({ "lease": task["lease"] });
        if let Some(result) = result {
            body["result"] = json!(result);
        }
        self.post(&path, &body)
    }

    fn has_no_task(&self, queue: &str) -> bool {
        self.post(&format!("queues/{queue}/lease?wait=100ms"), &Value::Null)
            .0
            == 204
    }
}

/// SIGKILL: nothing of the process is asked.
fn kill(mut server: Running) {
    server.0.kill().expect("it is killed");
    server.0.wait().expect("it ends");
}

#[test]
fn a_task_that_a_killed_server_gave_is_given_again_with_its_key_and_only_its_new_worker_is_heard() {
    let desk = Desk::new();
    let server = desk.serve();
    let run = desk.start("pack", &json!({ "order": "o1" }));
    let first = desk.lease("desk");
    assert_eq!(
        (&first["key"], &first["input"]),
        (&json!("o1"), &json!({ "order": "o1" }))
    );
    kill(server);
    let _server = desk.serve();
    let second = desk.lease("desk");
    assert_eq!(
        (&second["key"], &second["input"]),
        (&first["key"], &first["input"])
    );
    let (status, problem) = desk.say("heartbeat", &first, None);
    assert_eq!((status, &problem["code"]), (404, &json!("F1070")), "{problem}");
    let (status, problem) = desk.say("complete", &first, Some("a crate"));
    assert_eq!((status, &problem["code"]), (404, &json!("F1070")), "{problem}");
    assert_eq!(desk.say("heartbeat", &second, None).0, 204);
    assert_eq!(desk.say("complete", &second, Some("a box")).0, 204);
    assert!(desk.has_no_task("desk"));
    assert_eq!(desk.runs(&["signal", &run, "send", "{}"]).code, 0);
    let ended = desk.runs(&["wait", &run]);
    assert!(ended.code == 0 && ended.out.contains("a box"), "{ended:?}");
}

#[test]
fn a_task_whose_worker_was_told_that_it_is_done_is_never_given_again() {
    let desk = Desk::new();
    let mut server = desk.serve();
    for order in ["o1", "o2", "o3"] {
        let run = desk.start("pack", &json!({ "order": order }));
        let task = desk.lease("desk");
        assert_eq!(desk.say("complete", &task, Some("a box")).0, 204);
        kill(server);
        server = desk.serve();
        assert!(desk.has_no_task("desk"), "{order}");
        assert_eq!(desk.runs(&["signal", &run, "send", "{}"]).code, 0);
        let ended = desk.runs(&["wait", &run]);
        assert!(ended.code == 0 && ended.out.contains("a box"), "{ended:?}");
    }
}

#[test]
fn a_task_that_must_not_be_done_twice_ends_unknown_when_its_server_was_killed() {
    let desk = Desk::new();
    let server = desk.serve();
    let run = desk.start("ring", &json!({ "who": "ann" }));
    let task = desk.lease("phone");
    kill(server);
    let _server = desk.serve();
    assert!(desk.has_no_task("phone"));
    let ended = desk.runs(&["wait", &run]);
    assert!(ended.code == 0 && ended.out.contains("perhaps: "), "{ended:?}");
    assert_eq!(desk.say("complete", &task, None).0, 404);
}

#[test]
fn a_task_whose_lease_is_over_after_a_kill_is_given_to_another() {
    let desk = Desk::new();
    let server = desk.serve();
    desk.start("pack", &json!({ "order": "o1" }));
    desk.lease("desk");
    kill(server);
    let _server = desk.serve();
    let second = desk.lease("desk");
    // It falls silent: after two seconds somebody else has it.
    let third = desk.lease("desk");
    assert_eq!((&third["task"], &third["attempt"]), (&second["task"], &json!(2)));
    let (status, problem) = desk.say("complete", &second, Some("a crate"));
    assert_eq!((status, &problem["code"]), (409, &json!("F1071")), "{problem}");
    assert_eq!(desk.say("complete", &third, Some("a box")).0, 204);
}
