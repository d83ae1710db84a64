//! When schedules are due, and what they are told over a server that carries them out.

use super::{
    common,
    shop::{Running, until},
};
use serde_json::Value;
use std::{fs, process::Stdio};
use tempfile::TempDir;

const PROGRAM: &str = r#"flow report(day: date) -> date {
  return day
}

schedule nightly = cron("30 2 * * *", zone: "Europe/Berlin") -> report(day: scheduled.date) {
  except: ["12-25"]
}

schedule often = every(1s) -> report(day: scheduled.date)
"#;

fn program() -> TempDir {
    let dir = TempDir::new().expect("a directory");
    fs::write(dir.path().join("a.flow"), PROGRAM).expect("it can be written");
    dir
}

#[test]
fn the_next_times_are_shown_with_their_zone_and_what_daylight_saving_does() {
    let dir = program();
    let next = |rest: &[&str]| {
        let args = [
            &["schedules", "next", "nightly", "a.flow", "--count", "2"][..],
            rest,
        ]
        .concat();
        common::in_dir(dir.path(), &args)
    };
    let spring = next(&["--from", "2026-03-28T12:00:00Z"]);
    assert_eq!(
        spring.out,
        "NEXT (Europe/Berlin)            UTC                   NOTE\n\
         Sun 2026-03-29 03:00:00 +02:00  2026-03-29T01:00:00Z  02:30 is skipped: the clocks jump to 03:00\n\
         Mon 2026-03-30 02:30:00 +02:00  2026-03-30T00:30:00Z\n",
        "{}",
        spring.err
    );
    let autumn = next(&["--from", "2026-10-24T12:00:00Z", "--json"]);
    let autumn: Value = serde_json::from_str(&autumn.out).expect("JSON");
    assert_eq!(autumn["next"][0]["note"], "02:30 comes twice: this is the first");
    let christmas = next(&["--from", "2026-12-24T12:00:00Z"]);
    assert!(
        christmas
            .out
            .lines()
            .nth(1)
            .is_some_and(|line| line.starts_with("Sat 2026-12-26"))
    );
    let list = common::in_dir(dir.path(), &["schedules", "list", "a.flow"]);
    assert!(list.out.contains("often     report  every(1s)"), "{}", list.out);
    let wrong = common::in_dir(dir.path(), &["schedules", "next", "nigtly", "a.flow"]);
    assert!(wrong.code == 2 && wrong.err.contains("F1094") && wrong.err.contains("did you mean `nightly`?"));
}

#[test]
fn a_server_carries_schedules_out_and_is_told_to_pause_and_to_make_up_for_the_past() {
    let dir = program();
    let mut command = common::command(&["serve", "a.flow", "--listen", "127.0.0.1:0"]);
    command.current_dir(dir.path());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let _server = Running(command.spawn().expect("the binary runs"));
    let run = |args: &[&str]| common::in_dir(dir.path(), &[args, &["--dir", ".flowmesh"]].concat());
    until("runs begin by themselves", || {
        let list = run(&["runs", "list", "--json"]);
        list.out.contains("often at ") && list.out.contains("\"done\"")
    });
    assert_eq!(run(&["schedules", "pause", "often", "--note", "for now"]).code, 0);
    let list = run(&["schedules", "list"]);
    assert!(list.out.contains("paused: for now"), "{}", list.out);
    let count = || run(&["runs", "count"]).out;
    let before = count();
    let backfill = |rest: &[&str]| {
        let args = [
            &["schedules", "backfill", "nightly", "2026-03-28..2026-03-30"][..],
            rest,
        ]
        .concat();
        run(&args)
    };
    let dry = backfill(&["--dry-run"]);
    assert_eq!(dry.out.matches("begins").count(), 3, "{}{}", dry.out, dry.err);
    assert_eq!(count(), before, "nothing was done, and nothing begins by itself");
    assert_eq!(backfill(&["--newest-first", "--concurrency", "2"]).code, 0);
    until("the past is made up for", || {
        let again = backfill(&["--dry-run"]).out;
        again.matches("left out").count() == 3 && again.contains("is done")
    });
    let wrong = run(&["schedules", "backfill", "nightly", "2126-01-01..2126-01-02"]);
    assert!(wrong.code == 2 && wrong.err.contains("F1095"), "{wrong:?}");
    assert_eq!(run(&["schedules", "resume", "often"]).code, 0);
    let before = count();
    until("it goes on", || count() != before);
}
