//! The command line as people and programs meet it: help, exit codes, pages, completions, a new project.

use super::common::{flowmesh, in_dir};

#[test]
fn help_shows_the_commands_and_the_exit_codes() {
    let shown = flowmesh(&["--help"]);
    assert_eq!(shown.code, 0);
    let words = [
        "new", "check", "fmt", "compile", "run", "serve", "runs", "stub", "repl", "lsp", "explain",
    ];
    for word in words.into_iter().chain(["completions", "Exit codes:", "130"]) {
        assert!(shown.out.contains(word), "no `{word}` in:\n{}", shown.out);
    }
}

#[test]
fn every_command_shows_an_example() {
    let commands = [
        "new", "check", "fmt", "compile", "run", "serve", "runs", "stub", "repl", "lsp", "explain",
    ];
    for command in commands.into_iter().chain(["completions"]) {
        let shown = flowmesh(&[command, "--help"]);
        assert_eq!(shown.code, 0, "{command}");
        assert!(shown.out.contains("Example"), "{command}: {}", shown.out);
    }
}

#[test]
fn a_wrong_command_line_ends_with_2() {
    assert_eq!(flowmesh(&["chekc"]).code, 2);
    assert_eq!(flowmesh(&["explain", "F0203", "F0204"]).code, 2);
}

#[test]
fn every_code_has_a_page_that_begins_with_it() {
    let list = flowmesh(&["explain"]);
    let codes: Vec<&str> = list
        .out
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(
        codes.contains(&"F1101") && codes.contains(&"F0203"),
        "{}",
        list.out
    );
    for text in ["F0203", "f0203", "0203", "203"] {
        let page = flowmesh(&["explain", text]);
        assert!(page.out.starts_with("# F0203: "), "{}", page.out);
    }
}

#[test]
fn an_unknown_code_is_met_with_near_ones() {
    let shown = flowmesh(&["explain", "F9999"]);
    assert_eq!(shown.code, 2);
    assert!(
        shown.err.contains("F1109") && shown.err.contains("there is `F11"),
        "{}",
        shown.err
    );
    let data = flowmesh(&["explain", "nonsense", "--json"]);
    let error: serde_json::Value = serde_json::from_str(data.err.trim()).expect("the error is JSON");
    assert_eq!(error["code"], "F1109");
}

#[test]
fn completions_name_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        assert!(
            flowmesh(&["completions", shell]).out.contains("explain"),
            "{shell}"
        );
    }
}

#[test]
fn new_makes_a_project_and_overwrites_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    assert_eq!(in_dir(dir.path(), &["new", "shop"]).code, 0);
    assert!(dir.path().join("shop/main.flow").is_file());
    let again = in_dir(dir.path(), &["new", "shop"]);
    assert_eq!(again.code, 2);
    assert!(again.err.contains("F1107"), "{}", again.err);
    let wrong = in_dir(dir.path(), &["new", "1+1"]);
    assert!(wrong.err.contains("F1108"), "{}", wrong.err);
}

#[test]
fn a_function_of_the_library_is_explained_by_its_name_and_by_its_type() {
    let one = flowmesh(&["explain", "string.split"]);
    assert!(
        one.out.contains("fn string.split(at: string) -> [string]"),
        "{}",
        one.out
    );
    let times = flowmesh(&["explain", "time"]);
    assert!(times.out.contains("time.start_of("), "{}", times.out);
    assert!(!times.out.contains("list"), "{}", times.out);
    let elsewhere = flowmesh(&["explain", "list.unique"]);
    assert!(elsewhere.out.contains("distinct"), "{}", elsewhere.out);
    let typo = flowmesh(&["explain", "strng.split"]);
    assert_eq!(typo.code, 2);
    assert!(typo.err.contains("there is `string.split`"), "{}", typo.err);
}
