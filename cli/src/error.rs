//! What can go wrong on the command line, in words.

use crate::exit::Exit;
use flowmesh_diagnostics::Code;
use std::path::PathBuf;

/// An error without a place in a program's text.
#[derive(Debug)]
pub(crate) enum Error {
    /// A file cannot be read.
    Unreadable { path: PathBuf, why: String },
    /// A file cannot be written.
    Unwritable { path: PathBuf, why: String },
    /// The program has errors, which were drawn when they were found.
    Refused,
    /// No flow of this name.
    UnknownFlow {
        name: String,
        nearest: Option<String>,
        known: Vec<String>,
    },
    /// A JSON text on the command line is none.
    BadJson { whose: String, why: String },
    /// `--set` without `=`, or of a config that is not declared.
    BadSetting { text: String, why: String, help: String },
    /// A file of configs is malformed.
    BadConfigFile { path: PathBuf, why: String },
    /// A secret without a value.
    NoSecret { name: String, empty: bool },
    /// Several values that a program needs are missing or wrong.
    CannotStart { problems: Vec<Error> },
    /// `new` would overwrite something.
    Exists { path: PathBuf },
    /// A name that cannot be a project's.
    BadName { name: String },
    /// A code without a page.
    UnknownCode { text: String, near: Vec<String> },
    /// The server cannot be reached.
    NoServer { url: String, why: String },
    /// The server refused.
    ServerSaid {
        status: u16,
        code: Option<Code>,
        message: String,
        help: Option<String>,
    },
    /// No server was named.
    WhichServer,
    /// A port is in use.
    PortTaken { address: String, why: String },
    /// A script for the stubs does not fit the program.
    BadScript { why: String, help: String },
    /// Nothing that could be stubbed.
    NothingToStub { why: String },
    /// `--to` with a target that was refused, or nothing to resume.
    NothingToResume { flow: String, dir: PathBuf },
    /// A value for the run, the config or a signal does not fit; also any trouble of the host, with its own code.
    Below {
        code: Code,
        message: String,
        help: Option<String>,
        exit: Exit,
    },
}

impl Error {
    /// A file that cannot be read.
    pub(crate) fn unreadable(path: impl Into<PathBuf>, why: &impl ToString) -> Self {
        Self::Unreadable {
            path: path.into(),
            why: why.to_string(),
        }
    }

    /// A file that cannot be written.
    pub(crate) fn unwritable(path: impl Into<PathBuf>, why: &impl ToString) -> Self {
        Self::Unwritable {
            path: path.into(),
            why: why.to_string(),
        }
    }

    /// The stable code; [`Error::Refused`] has none of its own.
    pub(crate) fn code(&self) -> Option<Code> {
        Some(Code(match self {
            Self::Refused => return None,
            Self::Below { code, .. } => return Some(*code),
            Self::Unreadable { .. } => 1101,
            Self::Unwritable { .. } => 1102,
            Self::UnknownFlow { .. } => 1104,
            Self::BadJson { .. } => 1105,
            Self::BadSetting { .. } => 1106,
            Self::Exists { .. } => 1107,
            Self::BadName { .. } => 1108,
            Self::UnknownCode { .. } => 1109,
            Self::NoServer { .. } => 1110,
            Self::ServerSaid { code, .. } => return Some(code.unwrap_or(Code(1111))),
            Self::WhichServer => 1112,
            Self::PortTaken { .. } => 1113,
            Self::BadScript { .. } => 1114,
            Self::NothingToStub { .. } => 1115,
            Self::NothingToResume { .. } => 1103,
            Self::NoSecret { .. } => 1117,
            Self::BadConfigFile { .. } => 1118,
            Self::CannotStart { .. } => 1119,
        }))
    }

    /// What the program ends with.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Refused => Exit::Diagnostics,
            Self::Below { exit, .. } => *exit,
            Self::Unwritable { .. } | Self::NoServer { .. } | Self::PortTaken { .. } => Exit::Trouble,
            Self::ServerSaid { status, .. } if *status >= 500 => Exit::Trouble,
            _ => Exit::Usage,
        }
    }

    /// What is wrong.
    pub(crate) fn message(&self) -> String {
        match self {
            Self::Refused => "the program has errors".to_owned(),
            Self::Unreadable { path, why } => format!("cannot read `{}`: {why}", path.display()),
            Self::Unwritable { path, why } => format!("cannot write `{}`: {why}", path.display()),
            Self::UnknownFlow { name, .. } => format!("unknown flow `{name}`"),
            Self::BadJson { whose, why } => format!("{whose} is no JSON: {why}"),
            Self::BadSetting { text, why, .. } => format!("cannot use `{text}`: {why}"),
            Self::BadConfigFile { path, why } => format!("cannot use `{}`: {why}", path.display()),
            Self::NoSecret { name, empty } => {
                let what = if *empty { "an empty value" } else { "no value" };
                format!("secret `{name}` has {what}")
            }
            Self::CannotStart { problems } => {
                let problems: Vec<_> = problems
                    .iter()
                    .map(|one| format!("\n- {}", one.message()))
                    .collect();
                let count = problems.len();
                format!(
                    "{count} values that the program needs are missing or wrong:{}",
                    problems.concat()
                )
            }
            Self::Exists { path } => format!("`{}` is there already", path.display()),
            Self::BadName { name } => format!("`{name}` cannot be the name of a project"),
            Self::UnknownCode { text, .. } => format!("no page for `{text}`"),
            Self::NoServer { url, why } => format!("cannot reach a server at `{url}`: {why}"),
            Self::ServerSaid { message, help, .. } | Self::Below { message, help, .. } => {
                without(message, help.as_deref())
            }
            Self::WhichServer => "no server was named".to_owned(),
            Self::PortTaken { address, why } => format!("cannot listen on `{address}`: {why}"),
            Self::BadScript { why, .. } => why.clone(),
            Self::NothingToStub { why } => format!("nothing to stub: {why}"),
            Self::NothingToResume { flow, dir } => {
                format!("no run of `{flow}` with this input in `{}`", dir.display())
            }
        }
    }

    /// What to do.
    pub(crate) fn help(&self) -> Option<String> {
        let help = match self {
            Self::UnknownFlow {
                nearest: Some(near), ..
            } => format!("did you mean `{near}`?"),
            Self::UnknownFlow { known, .. } if known.is_empty() => "the program declares no flow".to_owned(),
            Self::UnknownFlow { known, .. } => format!("it declares {}", ticked(known)),
            Self::BadJson { .. } => {
                "write JSON, `@file` for the content of a file, or `-` for the standard input".to_owned()
            }
            Self::BadSetting { help, .. } | Self::BadScript { help, .. } => help.clone(),
            Self::BadConfigFile { .. } => {
                "it holds a name and a value for each config: `name = value` in a `.toml`, an object in a `.json`"
                    .to_owned()
            }
            Self::NoSecret { name, .. } => format!(
                "give it with the environment variable `{}`, `--secret-file {name}=PATH`, or a file `{name}` in the directory of `--secrets DIR`",
                name.to_uppercase()
            ),
            Self::CannotStart { problems } => {
                let mut help: Vec<String> = problems.iter().filter_map(Self::help_among).collect();
                help.dedup();
                help.join("\n")
            }
            Self::Exists { .. } => "take another name, or move it away; nothing is overwritten".to_owned(),
            Self::BadName { .. } => "begin with a letter; letters, digits, `-` and `_` may follow".to_owned(),
            Self::UnknownCode { near, .. } if near.is_empty() => {
                "`flowmesh explain` lists all codes, `flowmesh explain functions` the library".to_owned()
            }
            Self::UnknownCode { near, .. } => {
                format!(
                    "there is {}; `flowmesh explain` lists all codes, `flowmesh explain functions` the library",
                    ticked(near)
                )
            }
            Self::NoServer { .. } => {
                "start one with `flowmesh serve FILE`, or name another with `--server URL`".to_owned()
            }
            Self::WhichServer => {
                "name it with `--server URL`, FLOWMESH_SERVER, or `--dir` of a run in progress".to_owned()
            }
            Self::PortTaken { .. } => "end what listens there, or choose another address".to_owned(),
            Self::NothingToStub { .. } => {
                "a stub needs a service at `http://127.0.0.1:PORT`; set a config with `--set name=url`"
                    .to_owned()
            }
            Self::NothingToResume { .. } => "leave `--resume` away to start a new run".to_owned(),
            Self::ServerSaid { help, .. } | Self::Below { help, .. } => return help.clone(),
            Self::Unreadable { .. } | Self::Unwritable { .. } | Self::Refused => return None,
        };
        Some(help)
    }
}

impl Error {
    /// What to do about one of several values: what holds for all of a kind is said in the same words.
    fn help_among(&self) -> Option<String> {
        let words = match self {
            Self::Below { code: Code(1010), .. } => {
                "give a config with `--set NAME=VALUE`, the environment variable of its name in capitals, or `--config FILE`"
            }
            Self::NoSecret { .. } => {
                "give a secret with the environment variable of its name in capitals, `--secret-file NAME=PATH`, or `--secrets DIR`"
            }
            other => return other.help(),
        };
        Some(words.to_owned())
    }
}

/// A message without the help that stands in brackets at its end: the help is told by itself.
fn without(message: &str, help: Option<&str>) -> String {
    let bare = help.and_then(|help| message.strip_suffix(&format!(" ({help})")));
    bare.unwrap_or(message).to_owned()
}

/// Names as a list in words: `a`, `b`.
pub(crate) fn ticked(names: &[String]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
