//! Flows that produce files: what is there is not made again, what was made starts what follows, and what was not made
//! is a failure.

use super::{
    common,
    shop::{Running, until},
};
use std::{fs, process::Stdio};
use tempfile::TempDir;

const PROGRAM: &str = r#"
service disk {
  op copy(from: string, to: string) = run "cp {from} {to}"
}

flow fetch(day: date) produces file("out/raw-{day}.csv") {
  disk.copy("given.csv", "out/raw-{day}.csv")
}

flow clean(at: date) on produced(file("out/raw-{at}.csv")) produces file("out/clean-{at}.csv") {
  disk.copy("out/raw-{at}.csv", "out/clean-{at}.csv")
}

flow prices(day: date) produces file("out/prices-{day}.csv") {
  disk.copy("given.csv", "out/prices-{day}.csv")
}

flow report(day: date) on produced(file("out/raw-{day}.csv") and file("out/prices-{day}.csv")) key "{day}" {
  log "all is there"
}

flow forgetful(day: date) produces file("out/nothing-{day}.csv") {
  disk.copy("given.csv", "out/something.csv")
}
"#;

fn program() -> TempDir {
    let dir = TempDir::new().expect("a directory");
    fs::write(dir.path().join("a.flow"), PROGRAM).expect("it can be written");
    fs::write(dir.path().join("given.csv"), "1,2\n").expect("it can be written");
    fs::create_dir(dir.path().join("out")).expect("it can be made");
    dir
}

#[test]
fn a_file_that_is_made_starts_what_follows_and_is_not_made_again() {
    let dir = program();
    let mut command = common::command(&["serve", "a.flow", "--listen", "127.0.0.1:0"]);
    command.current_dir(dir.path());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let _server = Running(command.spawn().expect("the binary runs"));
    let run = |args: &[&str]| common::in_dir(dir.path(), &[args, &["--dir", ".flowmesh"]].concat());
    let input = ["--input", r#"{"day": "2026-01-01"}"#];
    until("the server answers", || run(&["runs", "list"]).code == 0);
    let first = run(&[&["runs", "start", "fetch"][..], &input].concat());
    assert_eq!(first.code, 0, "{}", first.err);
    until("what follows has come to its end", || {
        let list = run(&["runs", "list", "--flow", "clean", "--json"]);
        list.out.contains("\"done\"")
    });
    let clean = dir.path().join("out/clean-2026-01-01.csv");
    assert_eq!(fs::read_to_string(&clean).expect("it was made"), "1,2\n");

    fs::write(dir.path().join("given.csv"), "3,4\n").expect("it can be written");
    assert_eq!(run(&[&["runs", "start", "fetch"][..], &input].concat()).code, 0);
    until("the second run has come to its end", || {
        let list = run(&[
            "runs",
            "list",
            "--tag",
            "already=file:out/raw-2026-01-01.csv",
            "--json",
        ]);
        list.out.contains("\"done\"")
    });
    let raw = dir.path().join("out/raw-2026-01-01.csv");
    assert_eq!(fs::read_to_string(raw).expect("it is there"), "1,2\n");
    let follow = run(&["runs", "count", "--flow", "clean"]);
    assert_eq!(follow.out.trim(), "1", "{}", follow.err);
}

#[test]
fn a_flow_that_has_not_made_its_file_fails() {
    let dir = program();
    let args = [
        "run",
        "a.flow",
        "forgetful",
        "--input",
        r#"{"day": "2026-01-01"}"#,
    ];
    let shown = common::in_dir(dir.path(), &args);
    assert_ne!(shown.code, 0);
    let why =
        "the flow has come to its end, and file:out/nothing-2026-01-01.csv, which it produces, is not there";
    assert!(
        format!("{}{}", shown.out, shown.err).contains(why),
        "{}{}",
        shown.out,
        shown.err
    );
}

#[test]
fn a_flow_begins_once_when_all_that_it_begins_after_is_there_also_after_a_crash() {
    let dir = program();
    let serve = || {
        let mut command = common::command(&["serve", "a.flow", "--listen", "127.0.0.1:0"]);
        command.current_dir(dir.path());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let server = Running(command.spawn().expect("the binary runs"));
        let answers = || common::in_dir(dir.path(), &["runs", "list", "--dir", ".flowmesh"]).code == 0;
        until("the server answers", answers);
        server
    };
    let run = |args: &[&str]| common::in_dir(dir.path(), &[args, &["--dir", ".flowmesh"]].concat());
    let start = |flow: &str, day: &str| {
        let input = format!(r#"{{"day": "{day}"}}"#);
        let started = run(&["runs", "start", flow, "--input", &input, "--wait"]);
        assert_eq!(started.code, 0, "{}", started.err);
    };
    let reports = |state: &str| run(&["runs", "count", "--flow", "report", "--state", state]).out;
    let mut server = serve();
    start("fetch", "2026-01-01");
    start("prices", "2026-01-02");
    until("both wait", || reports("waiting").trim() == "2");
    server.0.kill().expect("it goes");
    server.0.wait().expect("it went");
    let _server = serve();
    assert_eq!(reports("waiting").trim(), "2");
    start("prices", "2026-01-01");
    until("one has begun", || reports("done").trim() == "1");
    assert_eq!(reports("waiting").trim(), "1");
    start("fetch", "2026-01-02");
    until("the other one has, too", || reports("done").trim() == "2");
    assert_eq!(run(&["runs", "count", "--flow", "report"]).out.trim(), "2");
}
