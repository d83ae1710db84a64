//! Configs and secrets as people give them: which place comes first, and what is missing is told at once.

use super::common::{Shown, command, shown};
use std::{fs, path::Path};

const PROGRAM: &str = "config limit: decimal
config tenant: string = \"none\"
secret token

service bank {
  at: \"http://127.0.0.1:1\"
  auth: bearer(token)
  op pay(id: string) = PUT \"/payments/{id}\"
}

flow show() -> string { return \"{tenant} {limit}\" }
flow pay() { bank.pay(\"1\") }
";

fn run(dir: &Path, args: &[&str], environment: &[(&str, &str)]) -> Shown {
    let mut command = command(&["run", "bank.flow", "show"]);
    command
        .args(args)
        .current_dir(dir)
        .envs(environment.iter().copied());
    shown(command.output().expect("the binary runs"))
}

fn project() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).expect("a file");
    write("bank.flow", PROGRAM);
    write("bank.toml", "limit = 10.10\ntenant = \"file\"\n");
    write("wrong.json", "{\"limit\": true, \"tenent\": 1}");
    fs::create_dir(dir.path().join("secrets")).expect("a directory");
    write("secrets/token", "abc\n");
    dir
}

#[test]
fn everything_that_is_missing_is_told_at_once() {
    let dir = project();
    let missing = run(dir.path(), &[], &[]);
    assert_eq!(missing.code, 2);
    for words in [
        "F1119",
        "config `limit` has no value",
        "secret `token` has no value",
    ] {
        assert!(missing.err.contains(words), "no `{words}` in:\n{}", missing.err);
    }
    let wrong = run(
        dir.path(),
        &["--config", "wrong.json", "--secrets", "secrets"],
        &[],
    );
    for words in ["F1119", "config `limit`:", "no config `tenent`"] {
        assert!(wrong.err.contains(words), "no `{words}` in:\n{}", wrong.err);
    }
    let empty = run(dir.path(), &["--config", "bank.toml"], &[("TOKEN", "")]);
    assert!(empty.err.contains("F1117"), "{}", empty.err);
    let file = run(dir.path(), &["--config", "bank.flow"], &[("TOKEN", "abc")]);
    assert!(file.err.contains("F1118"), "{}", file.err);
}

#[test]
fn the_command_line_comes_before_the_environment_and_that_before_the_file() {
    let dir = project();
    let files = ["--config", "bank.toml", "--secrets", "secrets"];
    let said = |more: &[&str], environment: &[(&str, &str)]| {
        let shown = run(dir.path(), &[&files, more].concat(), environment);
        assert_eq!(shown.code, 0, "{}", shown.err);
        shown.out.trim().to_owned()
    };
    let key = |key| ["--key", key];
    assert_eq!(said(&key("1"), &[]), "\"file 10.10\"");
    assert_eq!(said(&key("2"), &[("LIMIT", "7.0")]), "\"file 7.0\"");
    let more = ["--key", "3", "--set", "limit=5.50"];
    assert_eq!(said(&more, &[("LIMIT", "7.0")]), "\"file 5.50\"");
}

#[test]
fn a_secret_comes_from_a_file_that_is_named_for_it() {
    let dir = project();
    let args = ["--set", "limit=1", "--secret-file", "token=secrets/token"];
    assert_eq!(run(dir.path(), &args, &[]).code, 0);
    let wrong = run(
        dir.path(),
        &["--set", "limit=1", "--secret-file", "tokn=secrets/token"],
        &[],
    );
    assert!(wrong.err.contains("did you mean `token`?"), "{}", wrong.err);
}
