//! Two versions of a program side by side.

use super::common;
use serde_json::Value;
use std::fs;

const OLD: &str = r#"service mail {
  at: "http://127.0.0.1:1"
  op send(to: string) -> string = PUT "/mail/{to}"
}

flow invite(to: string) -> string {
  signal accept(by: string)
  let id = mail.send(to)
  await accept as a forever
  return "{a.by}: {id}"
}
"#;

fn compared(new: &str, more: &[&str]) -> common::Shown {
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(dir.path().join("old.flow"), OLD).expect("the file is written");
    fs::write(dir.path().join("new.flow"), new).expect("the file is written");
    let line: Vec<&str> = ["diff", "old.flow", "new.flow"]
        .iter()
        .chain(more)
        .copied()
        .collect();
    common::in_dir(dir.path(), &line)
}

fn fates(shown: &common::Shown) -> Vec<(String, String)> {
    let data: Value = serde_json::from_str(&shown.out).expect("JSON");
    let states = data[0]["states"].as_array().expect("states").clone();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    states
        .iter()
        .filter(|state| state["rests"] == true)
        .map(|state| (text(&state["title"]), text(&state["fate"])))
        .collect()
}

#[test]
fn what_did_not_change_is_the_same() {
    let shown = compared(OLD, &[]);
    assert_eq!(shown.code, 0, "{}{}", shown.out, shown.err);
    assert!(
        shown.out.contains("mail.send") && shown.out.contains("same"),
        "{}",
        shown.out
    );
    assert!(!shown.out.contains("moved"), "{}", shown.out);
}

#[test]
fn a_step_that_was_put_before_moves_the_others() {
    let new = OLD.replace("  let id", "  sleep 1s\n  let id");
    let shown = compared(&new, &["--json"]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    let fates = fates(&shown);
    assert!(fates.iter().all(|(_, fate)| fate == "moved"), "{fates:?}");
}

#[test]
fn a_value_that_runs_have_not_got_needs_a_migration() {
    let new = OLD
        .replace(
            "(to: string) -> string {",
            "(to: string) -> string {\n  let greeting = \"dear {to}\"",
        )
        .replace("{a.by}:", "{greeting} {a.by}:");
    let shown = compared(&new, &[]);
    assert_eq!(shown.code, 1);
    assert!(
        shown.err.contains("F0712") && shown.err.contains("`greeting`"),
        "{}",
        shown.err
    );
    assert!(shown.out.contains("needs a migration"), "{}", shown.out);
}

#[test]
fn a_value_that_is_written_where_runs_rest_is_one_that_they_have_not_got() {
    let new = OLD
        .replace("  await accept", "  let greeting = \"dear {to}\"\n  await accept")
        .replace("{a.by}:", "{greeting} {a.by}:");
    let shown = compared(&new, &[]);
    assert_eq!(shown.code, 1, "{}", shown.out);
    assert!(
        shown.err.contains("F0712") && shown.err.contains("`greeting`"),
        "{}",
        shown.err
    );
}

#[test]
fn a_step_of_another_name_is_gone_until_a_migration_says_where() {
    let new = OLD.replace("accept", "consent");
    let shown = compared(&new, &[]);
    assert_eq!(shown.code, 1);
    assert!(
        shown.err.contains("F0713")
            && shown
                .err
                .contains("`migrate invite { \"await accept\" -> \"await consent\" }`"),
        "{}",
        shown.err
    );
}
