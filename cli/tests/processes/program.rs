//! Programs from files: checked, formatted, compiled.

use super::{common, shop::Shop};
use serde_json::Value;
use std::fs;

const WRONG: &str = "flow greet(name: string) -> string {\n  return nmae\n}\n";

#[test]
fn a_sound_program_checks() {
    let shop = Shop::new();
    let shown = shop.flowmesh(&["check", "shop.flow"]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    assert!(
        shown.out.contains("1 flow, 2 services, no errors"),
        "{}",
        shown.out
    );
}

#[test]
fn a_report_says_the_worst_case() {
    let shop = Shop::new();
    let shown = shop.flowmesh(&["check", "--report", "shop.flow"]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    assert!(shown.out.contains("tried"), "{}", shown.out);
    let data = shop.flowmesh(&["check", "--report", "--json", "shop.flow"]);
    let data: Value = serde_json::from_str(&data.out).expect("JSON");
    let calls = data[0]["report"][0]["calls"].as_array().expect("calls");
    assert!(calls.iter().all(|call| call["attempts"].as_u64() > Some(0)));
}

#[test]
fn errors_are_drawn_for_people_and_are_data_for_programs() {
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(dir.path().join("wrong.flow"), WRONG).expect("the file is written");
    let shown = common::in_dir(dir.path(), &["check", "wrong.flow"]);
    assert_eq!(shown.code, 3);
    assert!(
        shown.err.contains("wrong.flow:2:10") && shown.err.contains("nmae"),
        "{}",
        shown.err
    );
    let data = common::in_dir(dir.path(), &["check", "wrong.flow", "--json"]);
    assert_eq!(data.code, 3);
    let data: Value = serde_json::from_str(&data.out).expect("JSON");
    let place = &data[0]["diagnostics"][0]["place"];
    assert_eq!(
        (
            place["line"].as_u64(),
            place["column"].as_u64(),
            place["end_column"].as_u64()
        ),
        (Some(2), Some(10), Some(14))
    );
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let shown = common::flowmesh(&["check", "/nothing/here.flow"]);
    assert_eq!(shown.code, 2);
    assert!(
        shown.err.contains("F1101") && shown.err.contains("there is no such file"),
        "{}",
        shown.err
    );
}

#[test]
fn formatting_is_checked_written_and_done_once() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("a.flow");
    fs::write(&file, "flow  greet( )  {\nlog   \"hi\"\n}\n").expect("the file is written");
    let fmt = |args: &[&str]| common::in_dir(dir.path(), args);
    assert_eq!(fmt(&["fmt", "--check", "a.flow"]).code, 1);
    assert_eq!(fmt(&["fmt", "a.flow"]).code, 0);
    assert_eq!(
        fs::read_to_string(&file).expect("text"),
        "flow greet() {\n  log \"hi\"\n}\n"
    );
    assert_eq!(fmt(&["fmt", "--check", "a.flow"]).code, 0);
    assert_eq!(
        fs::read_dir(dir.path()).expect("a directory").count(),
        1,
        "nothing is left beside it"
    );
}

#[test]
fn a_directory_stands_for_all_that_is_below_it() {
    let dir = tempfile::tempdir().expect("a directory");
    let below = dir.path().join("flows/more");
    fs::create_dir_all(&below).expect("it can be made");
    fs::write(dir.path().join("flows/a.flow"), "flow a() { log  \"a\" }").expect("it can be written");
    fs::write(below.join("b.flow"), "flow b() { log later }").expect("it can be written");
    let at = |args: &[&str]| common::in_dir(dir.path(), args);

    let listed = at(&["fmt", "--check", "flows"]);
    assert_eq!(listed.code, 1);
    for name in ["a.flow", "b.flow"] {
        assert!(listed.err.contains(name), "{}", listed.err);
    }
    assert_eq!(at(&["fmt", "flows"]).code, 0);
    assert_eq!(at(&["fmt", "--check", "flows"]).code, 0);

    let checked = at(&["check", "flows"]);
    assert_eq!(checked.code, 3, "one of them has an error");
    assert!(
        checked.out.contains("a.flow: 1 flow, 0 services, no errors"),
        "{}",
        checked.out
    );
    assert!(checked.err.contains("unknown name `later`"), "{}", checked.err);
}

#[test]
fn a_new_project_checks_is_formatted_passes_its_test_and_runs() {
    let dir = tempfile::tempdir().expect("a directory");
    let at = |args: &[&str]| common::in_dir(dir.path(), args);
    assert_eq!(at(&["new", "hello"]).code, 0);
    let checked = at(&["check", "--deny-warnings", "hello/main.flow"]);
    assert_eq!(checked.code, 0, "{}", checked.err);
    assert_eq!(at(&["fmt", "--check", "hello/main.flow"]).code, 0);
    let tested = at(&["test", "hello"]);
    assert!(tested.code == 0 && tested.out.contains("1 passed"), "{tested:?}");
    let shown = at(&["run", "hello/main.flow", "greet", "--input", r#"{"name": "Ann"}"#]);
    assert_eq!(
        (shown.code, shown.out.trim()),
        (0, "\"hello, Ann\""),
        "{}",
        shown.err
    );
}

#[test]
fn a_compiled_program_runs_as_its_source_does() {
    let shop = Shop::new();
    assert_eq!(
        shop.flowmesh(&["compile", "shop.flow", "--to", "json", "-o", "shop.json"])
            .code,
        0
    );
    for (target, word) in [("ir", "checkout"), ("dot", "digraph")] {
        let shown = shop.flowmesh(&["compile", "shop.flow", "--to", target]);
        assert!(shown.code == 0 && shown.out.contains(word), "{}", shown.out);
    }
    let input = super::shop::order("1", "10");
    let shown = shop.flowmesh(&["run", "shop.json", "checkout", "--input", &input, "--stub"]);
    assert!(shown.code == 0 && shown.out.contains("charge-1"), "{}", shown.err);
    assert_eq!(shop.flowmesh(&["check", "shop.json"]).code, 0);
    fs::write(shop.path("old.json"), r#"{"version": 99}"#).expect("the file is written");
    let shown = shop.flowmesh(&["run", "old.json", "checkout"]);
    assert!(shown.code == 2 && shown.err.contains("F1002"), "{}", shown.err);
    let shown = shop.flowmesh(&["compile", "shop.flow", "--to", "json", "-o", "/nothing/here.json"]);
    assert!(shown.code == 4 && shown.err.contains("F1102"), "{}", shown.err);
}

#[test]
fn the_standard_input_is_formatted_to_the_standard_output() {
    let shown = common::feed(common::command(&["fmt", "-"]), "flow  f( ) { log  \"x\" }");
    assert_eq!((shown.code, shown.err.as_str()), (0, ""));
    let again = common::feed(common::command(&["fmt", "-"]), &shown.out);
    assert_eq!(again.out, shown.out);
}

const SPLIT: &str = r#"service pay {
  at v1: "dns://pay-v1.shop.svc.cluster.local:8080"
  at v2: "dns://pay-v2.shop.svc.cluster.local:8080"
  timeout: { attempt: 1s, total: 3s }
  route { else -> v1 90%, v2 10% }

  op get(id: string) -> string = GET "/p/{id}"
}
"#;

#[test]
fn manifests_are_printed_or_written_one_by_one() {
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(dir.path().join("pay.flow"), SPLIT).expect("the file is written");
    let compile = |more: &[&str]| {
        let args = ["compile", "pay.flow", "--to", "gateway-api"];
        common::in_dir(dir.path(), &[&args[..], more].concat())
    };
    let shown = compile(&[]);
    assert!(
        shown.code == 0 && shown.out.contains("kind: HTTPRoute"),
        "{}{}",
        shown.out,
        shown.err
    );
    assert!(shown.out.contains("weight: 90"), "{}", shown.out);
    assert_eq!(compile(&["-o", "out"]).code, 0);
    assert!(fs::read_dir(dir.path().join("out")).expect("a directory").count() > 0);
    let fixed = SPLIT.replace("dns://pay-v1.shop.svc.cluster.local", "http://10.0.0.1");
    fs::write(dir.path().join("pay.flow"), fixed).expect("the file is written");
    let refused = compile(&[]);
    assert!(
        refused.code == 3 && refused.err.contains("pay.flow:2:3"),
        "{}",
        refused.err
    );
}
