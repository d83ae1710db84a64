//! A result that one run has recorded is there for another, of another process over the same directory too.

use super::{
    common::{self, Shown},
    shop::{Running, until},
};
use std::{fs, process::Stdio};
use tempfile::TempDir;

const PROGRAM: &str = r#"
service clock {
  op read(day: date) -> int = run "sh count.sh"
}

flow report(day: date) -> int {
  let count = clock.read(day)
    cache { ttl: 1h }
  return count
}
"#;

/// Counts how often it was asked.
const COUNT: &str = "echo x >> asked; wc -l < asked\n";

fn program() -> TempDir {
    let dir = TempDir::new().expect("a directory");
    fs::write(dir.path().join("a.flow"), PROGRAM).expect("it can be written");
    fs::write(dir.path().join("count.sh"), COUNT).expect("it can be written");
    dir
}

#[test]
fn what_one_run_was_answered_another_takes_and_says_so() {
    let dir = program();
    let run = |day: &str| {
        let input = format!(r#"{{"day": "{day}"}}"#);
        let shown = common::in_dir(dir.path(), &["run", "a.flow", "report", "--input", &input]);
        assert_eq!(shown.code, 0, "{}", shown.err);
        (shown.out.trim().to_owned(), shown.err)
    };
    let (first, said) = run("2026-01-01");
    assert_eq!(first, "1", "{said}");
    assert!(!said.contains("its result is that of run"), "{said}");
    let (second, said) = run("2026-01-01");
    assert_eq!(second, "1", "{said}");
    assert!(said.contains("~ clock.read: its result is that of run"), "{said}");
    assert_eq!(run("2026-01-02").0, "2");
    let asked = fs::read_to_string(dir.path().join("asked")).expect("it was asked");
    assert_eq!(asked, "x\nx\n");
}

#[test]
fn what_is_forgotten_in_a_directory_or_on_a_server_is_asked_for_again() {
    let dir = program();
    let run = |args: &[&str]| common::in_dir(dir.path(), args);
    let said = |shown: Shown| {
        assert_eq!(shown.code, 0, "{}", shown.err);
        shown.out + &shown.err
    };
    let json = |shown: Shown| -> serde_json::Value {
        serde_json::from_str(&shown.out).unwrap_or_else(|why| panic!("{why}: {}{}", shown.out, shown.err))
    };
    let input = r#"{"day": "2026-01-01"}"#;
    let report = ["run", "a.flow", "report", "--input", input];
    assert_eq!(run(&report).out.trim(), "1");
    let listed = json(run(&["cache", "list", "--json"]));
    let first = &listed["results"][0];
    assert_eq!((&first["of"], &first["bytes"]), (&"clock.read".into(), &1.into()));
    let key = first["key"].as_str().expect("a key");
    assert!(said(run(&["cache", "list"])).contains("EXPIRES IN"));
    assert!(said(run(&["cache", "list", "report"])).contains("no results"));
    // Nothing says which, then nothing is done, then it is.
    assert_eq!(run(&["cache", "forget", "--yes"]).code, 2);
    let forget = ["cache", "forget", "clock.read", "--key", key];
    assert!(said(run(&forget)).contains("1 result would be forgotten"));
    assert_eq!(run(&report).out.trim(), "1");
    assert!(said(run(&[&forget[..], &["--yes"]].concat())).contains("1 result is forgotten"));
    // What is written again is so in another order.
    said(run(&["store", "compact"]));
    assert_eq!(run(&report).out.trim(), "2");

    let mut command = common::command(&["serve", "a.flow", "--listen", "127.0.0.1:0"]);
    command.current_dir(dir.path());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let _server = Running(command.spawn().expect("the binary runs"));
    until("the server answers", || {
        run(&["runs", "list", "--dir", ".flowmesh"]).code == 0
    });
    let start = [
        "runs",
        "start",
        "report",
        "--input",
        input,
        "--wait",
        "--dir",
        ".flowmesh",
    ];
    assert_eq!(run(&start).out.trim(), "2");
    let listed = json(run(&["cache", "list", "--dir", ".flowmesh", "--json"]));
    assert_eq!(listed["count"], 1);
    assert!(said(run(&["cache", "forget", "--all"])).contains("1 result would be forgotten"));
    assert!(said(run(&["cache", "forget", "--all", "--yes"])).contains("1 result is forgotten"));
    assert_eq!(run(&start).out.trim(), "3");
    let audit = said(run(&["audit", "--dir", ".flowmesh"]));
    assert!(audit.contains("forget_results"), "{audit}");
}
