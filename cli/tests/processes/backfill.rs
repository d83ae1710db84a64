//! A run for each value of a parameter: no more than asked for at once, and none twice.

use super::{
    common,
    shop::{Running, until},
};
use serde_json::Value;
use std::{fs, process::Stdio};
use tempfile::TempDir;

const PROGRAM: &str = r#"
error Bad(day: date)

service disk {
  op write(path: string) = run "mkdir {path}"
  op look(path: string) = run "ls {path}"
}

flow report(day: date, team: string) -> string fails Bad key "{team} {day}" {
  if day == date("2026-01-02") {
    disk.look("way") catch UnexpectedStatus -> fail Bad(day: day)
  }
  disk.write("{team}-{day}")
  return "{team}-{day}"
}

flow shard(number: int) -> int {
  return number
}
"#;

#[test]
fn each_value_gets_one_run_and_what_failed_is_tried_again() {
    let dir = TempDir::new().expect("a directory");
    fs::write(dir.path().join("a.flow"), PROGRAM).expect("it can be written");
    let mut command = common::command(&["serve", "a.flow", "--listen", "127.0.0.1:0"]);
    command.current_dir(dir.path());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let _server = Running(command.spawn().expect("the binary runs"));
    let run = |args: &[&str]| common::in_dir(dir.path(), &[args, &["--dir", ".flowmesh"]].concat());
    until("the server answers", || run(&["runs", "list"]).code == 0);
    let days = ["backfill", "report", "--day", "2026-01-01..2026-01-04"];
    let team = ["--input", r#"{"team": "a"}"#];
    let backfill = |rest: &[&str]| run(&[&days[..], &team, rest].concat());

    let dry = backfill(&["--dry-run", "--newest-first"]);
    assert_eq!(
        dry.out, "2026-01-04\n2026-01-03\n2026-01-02\n2026-01-01\n",
        "{}",
        dry.err
    );
    assert_eq!(run(&["runs", "count"]).out.trim(), "0");

    let first = backfill(&["--concurrency", "2"]);
    assert_eq!(first.code, 1, "{}", first.err);
    assert_eq!(
        first.out, "3 done, 1 otherwise; 0 there already\n",
        "{}",
        first.err
    );
    assert!(first.err.contains("day 2026-01-02: failed"), "{}", first.err);
    assert_eq!(run(&["runs", "count"]).out.trim(), "4");

    let second = backfill(&["--json"]);
    let second: Value = serde_json::from_str(&second.out).expect("JSON");
    assert_eq!(
        (&second["existing"], &second["otherwise"]),
        (&4.into(), &1.into())
    );
    assert_eq!(second["runs"][0]["run"]["result"], "a-2026-01-01");
    assert_eq!(run(&["runs", "count"]).out.trim(), "4");

    fs::create_dir(dir.path().join("way")).expect("it can be made");
    let third = backfill(&["--again", "failed"]);
    assert_eq!(
        third.out, "4 done, 0 otherwise; 3 there already\n",
        "{}",
        third.err
    );
    assert_eq!(third.code, 0);
    let fourth = backfill(&[]);
    assert_eq!(
        fourth.out, "4 done, 0 otherwise; 4 there already\n",
        "{}",
        fourth.err
    );
}

#[test]
fn a_flow_without_a_key_is_run_once_for_each_value_too() {
    let dir = TempDir::new().expect("a directory");
    fs::write(dir.path().join("a.flow"), PROGRAM).expect("it can be written");
    let mut command = common::command(&["serve", "a.flow", "--listen", "127.0.0.1:0"]);
    command.current_dir(dir.path());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let _server = Running(command.spawn().expect("the binary runs"));
    let run = |args: &[&str]| common::in_dir(dir.path(), &[args, &["--dir", ".flowmesh"]].concat());
    until("the server answers", || run(&["runs", "list"]).code == 0);
    for existing in [0, 3] {
        let shown = run(&["backfill", "shard", "--number=-1..1"]);
        let said = format!("3 done, 0 otherwise; {existing} there already\n");
        assert_eq!((shown.code, shown.out), (0, said), "{}", shown.err);
    }
    let wrong = run(&["backfill", "shard", "--numbr", "1..2"]);
    assert!(
        wrong.code == 2 && wrong.err.contains("did you mean `number`?"),
        "{}",
        wrong.err
    );
    let wrong = run(&["backfill", "shart", "--number", "1..2"]);
    assert!(wrong.err.contains("did you mean `shard`?"), "{}", wrong.err);
    let wrong = run(&["backfill", "shard"]);
    assert!(wrong.code == 2 && wrong.err.contains("F1106"), "{}", wrong.err);
}
