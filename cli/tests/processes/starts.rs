//! What is said of one run when it is started: it goes before others, or begins later.

use super::{
    common,
    shop::{Running, until},
};
use std::{fs, path::Path, process::Stdio};
use tempfile::TempDir;

const PROGRAM: &str = r#"
flow work(name: string) -> string key name {
  concurrency: { most: 1 }
  ageing: 1h

  signal go()
  await go forever
  return name
}

flow later(name: string) -> string {
  debounce: { wait: 1h }

  return name
}
"#;

fn serve(dir: &Path) -> Running {
    let mut command = common::command(&["serve", "a.flow", "--listen", "127.0.0.1:0"]);
    command.current_dir(dir);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let server = Running(command.spawn().expect("the binary runs"));
    until("the server answers", || run(dir, &["runs", "count"]).0 == 0);
    server
}

fn run(dir: &Path, args: &[&str]) -> (i32, String) {
    let shown = common::in_dir(dir, &[args, &["--dir", ".flowmesh"]].concat());
    (shown.code, shown.out + &shown.err)
}

fn start(dir: &Path, flow: &str, name: &str, more: &[&str]) -> String {
    let input = format!(r#"{{"name": "{name}"}}"#);
    let args = [&["runs", "start", flow, "--input", &input, "--json"], more].concat();
    let (code, said) = run(dir, &args);
    assert_eq!(code, 0, "{said}");
    let view: serde_json::Value = serde_json::from_str(&said).expect("a run");
    view["id"].as_str().expect("an id").to_owned()
}

#[test]
fn a_run_of_more_priority_goes_before_those_that_wait_also_after_a_crash() {
    let dir = TempDir::new().expect("a directory");
    let dir = dir.path();
    fs::write(dir.join("a.flow"), PROGRAM).expect("it can be written");
    let mut server = serve(dir);
    let first = start(dir, "work", "first", &[]);
    let second = start(dir, "work", "second", &["--priority", "-1"]);
    let third = start(dir, "work", "third", &[]);
    let fourth = start(dir, "work", "fourth", &["--priority", "5"]);
    let (_, events) = run(dir, &["runs", "get", &fourth, "--json"]);
    assert!(
        events.contains("\"turn\": 1") || events.contains("\"turn\":1"),
        "{events}"
    );
    server.0.kill().expect("it goes");
    server.0.wait().expect("it went");
    let _server = serve(dir);
    for id in [&first, &fourth, &third, &second] {
        // Nobody else is in: what is said to others is kept until they are.
        assert_eq!(run(dir, &["runs", "signal", id, "go"]).0, 0);
        assert_eq!(run(dir, &["runs", "wait", id]).0, 0);
    }
}

#[test]
fn a_run_begins_when_the_delay_is_over_that_was_said_for_it() {
    let dir = TempDir::new().expect("a directory");
    let dir = dir.path();
    fs::write(dir.join("a.flow"), PROGRAM).expect("it can be written");
    let _server = serve(dir);
    let first = start(dir, "work", "first", &["--delay", "2d"]);
    let second = start(dir, "work", "second", &["--delay", "0s"]);
    // It has room, since the other one has not asked for it.
    assert_eq!(run(dir, &["runs", "signal", &second, "go"]).0, 0);
    assert_eq!(run(dir, &["runs", "wait", &second]).0, 0);
    let (_, waits) = run(dir, &["runs", "get", &first]);
    assert!(waits.contains("waiting"), "{waits}");
    // The wait of a debounce begins behind the delay: nobody takes the place of who is delayed.
    let delayed = start(dir, "later", "delayed", &["--delay", "1h"]);
    let settling = start(dir, "later", "settling", &[]);
    let newer = start(dir, "later", "newer", &[]);
    until("the older one went", || {
        run(dir, &["runs", "get", &settling]).1.contains("cancelled")
    });
    for id in [&delayed, &newer] {
        let (_, waits) = run(dir, &["runs", "get", id]);
        assert!(waits.contains("waiting"), "{waits}");
    }
    let wrong = ["runs", "start", "later", "--delay", "soon"];
    assert_eq!(run(dir, &wrong).0, 2);
}
