//! Exit codes: every command ends with one of these.

use std::process::ExitCode;

/// How the program ends. The words stand in `--help` too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: all is well.
    Ok,
    /// 1: the flow failed or was cancelled, or a file is not formatted, or manifests are stale.
    Failed,
    /// 2: the command line, or the input it names, is wrong.
    Usage,
    /// 3: the program has errors.
    Diagnostics,
    /// 4: a store, a server or a port gave trouble.
    Trouble,
    /// 130: interrupted; what was begun can be finished later.
    Interrupted,
}

/// What `--help` says of them.
pub(crate) const HELP: &str = "\
Exit codes:
  0    all is well
  1    the flow failed or was cancelled; a file is not formatted; manifests are stale
  2    the command line, or the input it names, is wrong
  3    the program has errors
  4    a store, a server or a port gave trouble
  130  interrupted; what was begun can be finished later";

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Ok => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Diagnostics => 3,
            Exit::Trouble => 4,
            Exit::Interrupted => 130,
        })
    }
}
