//! `flowmesh operator ...`: the program `flowmesh-operator`, which is one of its own so that nothing else pays for it.

use crate::{error::Error, exit::Exit};
use clap::Args;
use flowmesh_diagnostics::Code;
use std::{
    env,
    ffi::OsString,
    io,
    path::PathBuf,
    process::{Command, ExitStatus},
};

/// What the program is called.
const PROGRAM: &str = "flowmesh-operator";

/// Carry programs out in a Kubernetes cluster, as objects of it
#[derive(Args)]
#[command(after_help = "Words:
  run      work until it is told to stop: in a pod, or wherever `kubectl` works
  crds     print the definitions of `Program` and `Run`
  install  print everything that the operator needs in a cluster

Examples:
  flowmesh operator install --namespace flowmesh | kubectl apply --server-side -f -
  flowmesh operator crds
  flowmesh operator run --help

It is the program `flowmesh-operator`, which stands beside this one or in PATH.
`cargo build --release -p flowmesh-operator` makes it.")]
pub(crate) struct Operator {
    /// What it is to do, and how
    #[arg(
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "WORDS"
    )]
    words: Vec<OsString>,
}

impl Operator {
    /// Becomes that program.
    pub(crate) fn run(&self) -> Result<Exit, Error> {
        let (status, tried) = become_it(&self.words);
        match status {
            Ok(status) => Ok(exit(status)),
            Err(why) => Err(missing(&why, &tried)),
        }
    }
}

/// Where it may be: beside this program first.
fn beside() -> Option<PathBuf> {
    let own = env::current_exe().ok()?;
    let name = format!("{PROGRAM}{}", env::consts::EXE_SUFFIX);
    Some(own.with_file_name(name)).filter(|path| path.is_file())
}

fn become_it(words: &[OsString]) -> (io::Result<ExitStatus>, String) {
    let path = beside().unwrap_or_else(|| PathBuf::from(PROGRAM));
    let mut command = Command::new(&path);
    command.args(words);
    (done(command), path.display().to_string())
}

/// In the place of this process, so that signals come to it.
#[cfg(unix)]
fn done(mut command: Command) -> io::Result<ExitStatus> {
    use std::os::unix::process::CommandExt;
    Err(command.exec())
}

#[cfg(not(unix))]
fn done(mut command: Command) -> io::Result<ExitStatus> {
    command.status()
}

fn exit(status: ExitStatus) -> Exit {
    match status.code() {
        Some(0) => Exit::Ok,
        Some(1) => Exit::Failed,
        Some(2) => Exit::Usage,
        Some(3) => Exit::Diagnostics,
        Some(4) => Exit::Trouble,
        _ => Exit::Interrupted,
    }
}

fn missing(why: &io::Error, path: &str) -> Error {
    let message = match why.kind() {
        io::ErrorKind::NotFound => format!("there is no `{PROGRAM}` beside this program or in PATH"),
        _ => format!("cannot begin `{path}`: {why}"),
    };
    Error::Below {
        code: Code(1129),
        message,
        help: Some(format!(
            "build it with `cargo build --release -p {PROGRAM}`, and put it beside `flowmesh` or into PATH"
        )),
        exit: Exit::Trouble,
    }
}
