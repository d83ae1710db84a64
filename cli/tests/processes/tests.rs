//! `flowmesh test` and `flowmesh explore` as people and programs see them.

use crate::common::flowmesh;
use std::fs;

const PROGRAM: &str = r#"service payments {
  at: "http://127.0.0.1:7002"
  op charge(order: string) -> int = POST "/charges" { key: order }
  op refund(id: string) = POST "/charges/{id}/refund" { key: id }
  op notify(order: string) = POST "/notes" { key: order }
}

flow buy(order: string) -> int {
  let amount = payments.charge(order)
    undo payments.refund(order)
  payments.notify(order)
  sleep 1d
  return amount
}

test "paid" {
  mock payments.charge(_) -> 3
  start buy("a")
  advance 1d
  expect run returns 3
}

test "not yet" {
  mock payments.charge(_) -> 3
  start buy("a")
  expect run returns 3
}
"#;

/// A file with the program, and the directory that holds it.
fn program() -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("shop.flow");
    fs::write(&file, PROGRAM).expect("it can be written");
    let name = file.to_string_lossy().into_owned();
    (dir, name)
}

/// What was printed, without how long it took.
fn timeless(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(end) = rest.find(" ms") {
        let (head, tail) = rest.split_at(end);
        let number = head.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
        out.push_str(number);
        out.push('N');
        out.push_str(" ms");
        rest = tail.get(3..).unwrap_or_default();
    }
    out + rest
}

#[test]
fn one_line_for_each_test_and_the_place_of_a_failure() {
    let (dir, file) = program();
    let shown = flowmesh(&["test", &file]);
    assert_eq!(shown.code, 1, "{}", shown.err);
    let out = timeless(&shown.out).replace(&file, "shop.flow");
    assert_eq!(
        out,
        "shop.flow\n  ok     paid (N ms for 1d)\n  FAILED not yet (N ms)\n2 tests: 1 passed, 1 failed (N ms)\n"
    );
    let err = r#"
test "not yet"
F1130

  × expected the run to return `3`, but it is waiting at `sleep`
    ╭─[shop.flow:26:3]
 25 │   start buy("a")
 26 │   expect run returns 3
    ·   ────────────────────
 27 │ }
    ╰────
  help: the next thing happens in 1d: `advance 1d` first
what happened:
        0s  buy 1          starts: buy("a")
        0s  buy 1          calls payments.charge("a")
        0s  buy 1          payments.charge -> 3
        0s  buy 1          calls payments.notify("a")
        0s  buy 1          payments.notify -> done
        0s  buy 1          sleep
"#;
    assert_eq!(shown.err, err);
    drop(dir);
}

#[test]
fn a_filter_chooses_and_coverage_shows_what_is_left() {
    let (dir, _) = program();
    let folder = dir.path().to_string_lossy().into_owned();
    let shown = flowmesh(&["test", &folder, "--filter", "paid", "--coverage", "--jobs", "1"]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    assert!(shown.out.contains("1 test: 1 passed, 0 failed"), "{}", shown.out);
    assert!(shown.out.contains("buy: 4 of 4 states"), "{}", shown.out);
}

#[test]
fn it_says_why_there_was_nothing_to_test() {
    let (dir, file) = program();
    let none = flowmesh(&["test", &file, "--filter", "declined"]);
    assert!(none.out.starts_with("0 tests: 0 passed, 0 failed"), "{none:?}");
    assert!(
        none.err.contains("no test has `declined` in its title"),
        "{none:?}"
    );
    fs::write(dir.path().join("shop.flow"), "flow f() {\n  log \"a\"\n}\n").expect("it can be written");
    let none = flowmesh(&["test", &file]);
    assert!(none.err.contains("there is no test here"), "{none:?}");
}

#[test]
fn outcomes_are_data_and_a_report_for_build_servers() {
    let (dir, file) = program();
    let report = dir.path().join("report.xml");
    let shown = flowmesh(&["test", &file, "--json", "--junit", &report.to_string_lossy()]);
    let data: serde_json::Value = serde_json::from_str(&shown.out).expect("JSON");
    assert_eq!((&data["passed"], &data["failed"]), (&1.into(), &1.into()));
    let failure = &data["files"][0]["tests"][1]["failure"];
    assert_eq!(
        (&failure["code"], &failure["place"]["line"]),
        (&"F1130".into(), &26.into())
    );
    let xml = fs::read_to_string(report).expect("it was written");
    assert!(xml.contains("tests=\"2\" failures=\"1\""), "{xml}");
    assert!(xml.contains("<failure type=\"F1130\""), "{xml}");
}

#[test]
fn exploring_says_how_far_it_looked_and_knows_titles() {
    let (_dir, file) = program();
    let shown = flowmesh(&["explore", &file, "--test", "paid", "--depth", "1"]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    assert!(
        shown.out.contains("none goes wrong; these are all"),
        "{}",
        shown.out
    );
    let shown = flowmesh(&["explore", &file, "--test", "paid", "--depth", "1", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&shown.out).expect("JSON");
    assert!(told["states"].as_u64() > Some(1), "{told}");
    assert!(told["limit"].is_null() && told["bad"].is_null(), "{told}");
    let shown = flowmesh(&["explore", &file, "--test", "payed"]);
    assert_eq!(shown.code, 2);
    assert!(shown.err.contains("F1137"), "{}", shown.err);
}

#[test]
fn a_history_that_goes_wrong_is_written_as_a_test_that_fails() {
    let (dir, file) = program();
    let always = PROGRAM.replace("  start buy", "  always payments.refund(_) never\n  start buy");
    fs::write(&file, always).expect("it can be written");
    let found = dir.path().join("found.flow").to_string_lossy().into_owned();
    let shown = flowmesh(&["explore", &file, "--test", "paid", "--write", &found]);
    assert_eq!(shown.code, 1, "{}", shown.err);
    assert!(shown.err.contains("F1134"), "{}", shown.err);
    let told = flowmesh(&["explore", &file, "--test", "paid", "--json"]);
    assert_eq!(told.code, 1, "{}", told.err);
    let told: serde_json::Value = serde_json::from_str(&told.out).expect("JSON");
    assert_eq!(told["bad"]["failure"]["code"], "F1134", "{told}");
    assert_eq!(told["bad"]["same"], true, "{told}");
    let again = flowmesh(&["test", &found, "--filter", "explored"]);
    assert_eq!(again.code, 1, "{}", again.out);
    assert!(again.out.contains("FAILED paid, explored"), "{}", again.out);
    assert!(again.err.contains("F1134"), "{}", again.err);
}
