//! Runs the binary and hears what it says.

use std::{
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

/// What a process said and how it ended.
#[derive(Debug)]
pub(crate) struct Shown {
    /// Its exit code.
    pub(crate) code: i32,
    /// Its standard output.
    pub(crate) out: String,
    /// Its standard error.
    pub(crate) err: String,
}

/// The binary, with an environment that does not depend on who runs the test.
pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flowmesh"));
    command
        .args(args)
        .env("NO_COLOR", "1")
        .env("COLUMNS", "110")
        .stdin(Stdio::null());
    for name in [
        "FLOWMESH_CA_FILE",
        "FLOWMESH_LOG",
        "FLOWMESH_LOG_FORMAT",
        "FLOWMESH_SERVER",
        "FLOWMESH_ZONE",
        "CLICOLOR_FORCE",
    ] {
        command.env_remove(name);
    }
    command
}

/// Runs it to its end.
pub(crate) fn flowmesh(args: &[&str]) -> Shown {
    shown(command(args).output().expect("the binary runs"))
}

/// Runs it to its end in a directory.
pub(crate) fn in_dir(dir: &Path, args: &[&str]) -> Shown {
    shown(command(args).current_dir(dir).output().expect("the binary runs"))
}

/// An output as text.
pub(crate) fn shown(output: Output) -> Shown {
    Shown {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).expect("the output is text"),
        err: String::from_utf8(output.stderr).expect("the output is text"),
    }
}

/// Runs a command to its end with a text as its standard input.
pub(crate) fn feed(mut command: Command, script: &str) -> Shown {
    let child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.expect("the binary runs");
    let mut to = child.stdin.take().expect("a pipe");
    to.write_all(script.as_bytes()).expect("it listens");
    drop(to);
    shown(child.wait_with_output().expect("it ends"))
}
