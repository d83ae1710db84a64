//! `flowmesh operator`: another program, if it is there.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

/// This binary in a directory of its own, where nothing else stands beside it.
fn alone(dir: &Path) -> Command {
    let path = dir.join("flowmesh");
    let built = env!("CARGO_BIN_EXE_flowmesh");
    // A copy over a link to it would empty the binary itself.
    if !path.exists() && fs::hard_link(built, &path).is_err() {
        fs::copy(built, &path).unwrap();
    }
    let mut command = Command::new(path);
    command.env("PATH", dir.join("nowhere")).env("NO_COLOR", "1");
    command
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn where_it_is_not_there_it_is_said_how_to_get_it() {
    let dir = tempfile::tempdir().unwrap();
    let shown = alone(dir.path()).args(["operator", "crds"]).output().unwrap();
    let err = told(&shown);
    assert_eq!(shown.status.code(), Some(4), "{err}");
    assert!(err.contains("F1129"), "{err}");
    assert!(
        err.contains("cargo build --release -p flowmesh-operator"),
        "{err}"
    );
    let shown = alone(&dir.path().join(".")).arg("operator").output().unwrap();
    assert_eq!(shown.status.code(), Some(2), "{}", told(&shown));
}

#[cfg(unix)]
#[test]
fn it_gets_the_same_words_and_gives_its_exit_code() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let mut command = alone(dir.path());
    let script = dir.path().join("flowmesh-operator");
    fs::write(&script, "#!/bin/sh\nprintf '%s|' \"$@\"\nexit 3\n").unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let shown = command
        .args(["operator", "run", "--help", "--into", "a b"])
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8_lossy(&shown.stdout),
        "run|--help|--into|a b|",
        "{}",
        told(&shown)
    );
    assert_eq!(shown.status.code(), Some(3));
}
