//! `flowmesh check --fix`: what it changes, what it says of it, and what it leaves alone.

use super::common;
use std::{fs, path::Path};
use tempfile::TempDir;

const SERVICE: &str = r#"service payments {
  at: "http://127.0.0.1:7002"

  op charge(id: string) -> string = PUT "/charges/{id}"
  op note(id: string) = PUT "/notes/{id}"
}
"#;

/// A misspelt operation, a result that there is not, and a call inside an expression.
const FLOW: &str = r#"
flow buy(id: string) -> string {
  let receipt = payments.chrage(id)
  let note = payments.note(receipt)
  return "{payments.charge(id)}"
}
"#;

const MENDED: &str = r#"
flow buy(id: string) -> string {
  let receipt = payments.charge(id)
  payments.note(receipt)
  let charge = payments.charge(id)
  return "{charge}"
}
"#;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("the file is written");
    }
    dir
}

fn text(dir: &TempDir, name: &str) -> String {
    fs::read_to_string(dir.path().join(name)).expect("the file is there")
}

fn check(dir: &Path, args: &[&str]) -> common::Shown {
    let all: Vec<&str> = ["check"].iter().chain(args).copied().collect();
    common::in_dir(dir, &all)
}

#[test]
fn it_changes_the_file_says_what_it_did_and_has_nothing_to_do_then() {
    let dir = folder(&[("shop.flow", &format!("{SERVICE}{FLOW}"))]);
    let shown = check(dir.path(), &["--fix", "shop.flow"]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    assert_eq!(text(&dir, "shop.flow"), format!("{SERVICE}{MENDED}"));
    for told in [
        "fixed shop.flow:9:26 F0203: replace by charge",
        "F0421: call it without a name",
        "F0410: bind it with `let charge` first",
    ] {
        assert!(shown.err.contains(told), "{told}\n{}", shown.err);
    }
    let again = check(dir.path(), &["--fix", "shop.flow"]);
    assert_eq!(again.code, 0, "{}", again.err);
    assert!(!again.err.contains("fixed"), "{}", again.err);
    assert_eq!(text(&dir, "shop.flow"), format!("{SERVICE}{MENDED}"));
}

#[test]
fn a_dry_run_shows_the_difference_and_changes_nothing() {
    let before = format!("{SERVICE}{FLOW}");
    let dir = folder(&[("shop.flow", &before)]);
    let shown = check(dir.path(), &["--fix", "--dry-run", "shop.flow"]);
    // The program is as wrong as it was.
    assert_eq!(shown.code, 3, "{}", shown.err);
    assert_eq!(text(&dir, "shop.flow"), before);
    for line in [
        "--- a/shop.flow",
        "+++ b/shop.flow",
        "-  let receipt = payments.chrage(id)",
        "+  let receipt = payments.charge(id)",
    ] {
        assert!(
            shown.out.lines().any(|found| found == line),
            "{line}\n{}",
            shown.out
        );
    }
    let alone = check(dir.path(), &["--dry-run", "shop.flow"]);
    assert_eq!(alone.code, 2, "it belongs to `--fix`: {}", alone.err);
}

#[test]
fn programs_hear_it_as_json() {
    let dir = folder(&[("shop.flow", &format!("{SERVICE}{FLOW}"))]);
    let shown = check(dir.path(), &["--fix", "--json", "shop.flow"]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    let all: serde_json::Value = serde_json::from_str(&shown.out).expect("JSON");
    let of = &all[0];
    assert_eq!(of["ok"], true);
    assert_eq!(of["errors"], 0);
    let made = of["fixes"]["made"].as_array().expect("a list");
    let codes: Vec<&str> = made.iter().filter_map(|made| made["code"].as_str()).collect();
    assert!(
        codes.contains(&"F0203") && codes.contains(&"F0410") && codes.contains(&"F0421"),
        "{codes:?}"
    );
    assert!(
        made.iter()
            .all(|made| made["place"].is_string() && made["title"].is_string())
    );
    let diff = of["fixes"]["diff"]["shop.flow"].as_str().expect("a text");
    assert!(diff.contains("+  payments.note(receipt)"), "{diff}");
    let again = check(dir.path(), &["--fix", "--json", "shop.flow"]);
    let all: serde_json::Value = serde_json::from_str(&again.out).expect("JSON");
    assert_eq!(all[0]["fixes"]["made"], serde_json::json!([]));
    assert_eq!(all[0]["fixes"]["diff"], serde_json::json!({}));
}

#[test]
fn what_nothing_can_mend_stays_wrong_and_ends_it_so() {
    let wrong = format!("{SERVICE}{FLOW}\nflow sum(id: string) -> int {{\n  return id\n}}\n");
    let dir = folder(&[("shop.flow", &wrong)]);
    let shown = check(dir.path(), &["--fix", "shop.flow"]);
    assert_eq!(shown.code, 3, "{}", shown.err);
    assert!(
        text(&dir, "shop.flow").contains("payments.charge(id)\n"),
        "the rest is mended"
    );
    assert!(text(&dir, "shop.flow").contains("return id\n"));
    assert!(shown.err.contains("F0301"), "{}", shown.err);
    // A warning that nothing mends fails only where warnings may.
    let warns = "service s {\n  at: \"http://127.0.0.1:1\"\n  op put() = PUT \"/x\"\n}\nflow a(x: int) fails Bad {\n  s.put()\n  if x > 1 { fail Bad }\n}\nerror Bad\n";
    let dir = folder(&[("warns.flow", warns)]);
    assert_eq!(check(dir.path(), &["--fix", "warns.flow"]).code, 0);
    assert_eq!(
        check(dir.path(), &["--fix", "--deny-warnings", "warns.flow"]).code,
        3
    );
    assert_eq!(text(&dir, "warns.flow"), warns);
}

#[test]
fn modules_are_mended_where_they_are() {
    let root = "use shop.payments\n\nflow all(id: string) -> string {\n  return payments.buy(id)\n}\n";
    let module = format!("{SERVICE}{FLOW}");
    let dir = folder(&[
        ("main.flow", root),
        ("shop/payments.flow", &module),
        ("flowmesh.toml", ""),
    ]);
    let shown = check(dir.path(), &["--fix", "main.flow"]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    assert_eq!(text(&dir, "main.flow"), root);
    assert_eq!(text(&dir, "shop/payments.flow"), format!("{SERVICE}{MENDED}"));
    assert!(
        shown.err.contains("fixed shop/payments.flow:9:26 F0203"),
        "{}",
        shown.err
    );
}

#[test]
fn two_programs_are_mended_one_after_the_other() {
    let main =
        |name: &str| format!("use shop\n\nflow {name}(id: string) -> string {{\n  return shop.buy(id)\n}}\n");
    let files = [
        ("a.flow", main("a")),
        ("b.flow", main("b")),
        ("shop.flow", format!("{SERVICE}{FLOW}")),
    ];
    let dir = folder(&files.each_ref().map(|(name, text)| (*name, text.as_str())));
    let shown = check(dir.path(), &["--fix", "a.flow", "b.flow"]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    let fixed = shown.err.lines().filter(|line| line.contains("F0203")).count();
    assert_eq!(fixed, 1, "the second finds it mended: {}", shown.err);
}

#[test]
fn lines_end_as_they_did() {
    let windows = |text: String| text.replace('\n', "\r\n");
    let dir = folder(&[("shop.flow", &windows(format!("{SERVICE}{FLOW}")))]);
    let shown = check(dir.path(), &["--fix", "shop.flow"]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    assert_eq!(text(&dir, "shop.flow"), windows(format!("{SERVICE}{MENDED}")));
}

#[test]
fn of_two_changes_of_one_place_one_is_made_and_the_other_looked_at_again() {
    // The name goes for want of a result, and would be renamed for want of a reader.
    let wrong = format!("{SERVICE}\nflow f(id: string) {{\n  let done = payments.note(id)\n}}\n");
    let dir = folder(&[("shop.flow", &wrong)]);
    let shown = check(dir.path(), &["--fix", "shop.flow"]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    let right = format!("{SERVICE}\nflow f(id: string) {{\n  payments.note(id)\n}}\n");
    let renamed = right.replace("  payments.note", "  let _done = payments.note");
    assert_ne!(text(&dir, "shop.flow"), renamed);
    assert_eq!(text(&dir, "shop.flow"), right);
    // Two calls of one name are bound under two.
    let twice = format!(
        "{SERVICE}\nflow f(id: string) -> string {{\n  log \"{{payments.charge(id)}}\"\n  return \"{{payments.charge(\"b\")}}\"\n}}\n"
    );
    let dir = folder(&[("shop.flow", &twice)]);
    let shown = check(dir.path(), &["--fix", "shop.flow"]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    let mended = text(&dir, "shop.flow");
    assert!(
        mended.contains("let charge = payments.charge(id)\n  log \"{charge}\""),
        "{mended}"
    );
    assert!(
        mended.contains("let charge_result = payments.charge(\"b\")\n  return \"{charge_result}\""),
        "{mended}"
    );
}

#[test]
fn what_is_no_program_of_an_author_is_left_alone() {
    let dir = folder(&[("shop.flow", &format!("{SERVICE}{MENDED}"))]);
    let compiled = common::in_dir(
        dir.path(),
        &["compile", "shop.flow", "--to", "json", "-o", "shop.json"],
    );
    assert_eq!(compiled.code, 0, "{}", compiled.err);
    let before = text(&dir, "shop.json");
    let shown = check(dir.path(), &["--fix", "shop.json"]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    assert_eq!(text(&dir, "shop.json"), before);
    let missing = check(dir.path(), &["--fix", "nowhere.flow"]);
    assert_ne!(missing.code, 0);
    assert!(missing.err.contains("nowhere.flow"), "{}", missing.err);
}
