//! Who did what, when and from where: a line of JSON for every request that may change something, written before it is
//! answered, or when whoever asked hangs up. What was sent stands nowhere in it.
//!
//! The lines are in the system's hands when the answer leaves, so that a process that ends loses none; they are not
//! synced one by one. A file that is full is put aside as `FILE.1`, the one before as `FILE.2`, and the oldest goes.

mod file;
mod route;

pub(super) use file::Audit;
pub(super) use route::{AuditPage, show};

use super::{
    door::Asker,
    identity::{Means, Role},
    route::Access,
};
use crate::RunId;
use axum::http::request::Parts;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The status of what nobody waited for the answer of; so nginx has it.
pub(super) const UNANSWERED: u16 = 499;
/// The longest text of a request that is kept.
const TEXT_CHARS_MAX: usize = 500;

/// Where the audit log is kept, and how much of it.
#[derive(Clone, Debug)]
pub struct AuditOptions {
    /// The file.
    pub path: PathBuf,
    /// How long it grows before it is put aside.
    pub bytes: u64,
    /// How many are kept that were put aside.
    pub files: u32,
}

impl AuditOptions {
    /// 16 MiB each, 20 of them put aside.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            bytes: 16 << 20,
            files: 20,
        }
    }
}

/// One thing that somebody did, or tried to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(super) struct Entry {
    /// When it was answered.
    pub(super) at: Timestamp,
    /// What they are called.
    pub(super) who: String,
    /// By what they are known: `token IDENTIFIER`, `oidc`, or `nobody` where nobody is asked.
    pub(super) by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<Role>,
    pub(super) namespace: String,
    /// The address that it came from.
    pub(super) from: String,
    /// What it was: the name of the operation in the description of the API.
    pub(super) did: String,
    pub(super) path: String,
    /// Which runs, of a batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) filter: Option<String>,
    /// The run that it was about, or that it started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) run: Option<String>,
    /// What was answered; 499 where whoever asked hung up before.
    pub(super) status: u16,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) code: Option<String>,
    pub(super) took_ms: u64,
}

/// What a route is, for what stands before it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Behind {
    pub(super) name: &'static str,
    pub(super) path: &'static str,
    pub(super) access: Access,
    /// Whether it may change something of which it is written down who did it.
    pub(super) acts: bool,
    /// Whether it heeds a key that makes two requests one.
    pub(super) keyed: bool,
}

impl Entry {
    /// What somebody is about to do.
    pub(super) fn begun(asker: &Asker, behind: Behind, parts: &Parts) -> Self {
        let path = parts.uri.path();
        let by = match &asker.caller.means {
            Means::Nobody => "nobody".to_owned(),
            Means::Token(id) => format!("token {id}"),
            Means::Signed => "oidc".to_owned(),
        };
        Self {
            at: Timestamp::UNIX_EPOCH,
            who: short(&asker.caller.name),
            by,
            role: asker.caller.role,
            namespace: super::identity::shown(&asker.namespace).to_owned(),
            from: asker.peer.0.ip().to_canonical().to_string(),
            did: behind.name.to_owned(),
            path: short(path),
            filter: (behind.name == "batch").then(|| filter(parts.uri.query().unwrap_or_default())),
            run: run(behind.path, path),
            status: 0,
            code: None,
            took_ms: 0,
        }
    }
}

/// The words of a filter; why somebody did it is in their own words, and may be anything.
fn filter(query: &str) -> String {
    let words = query.split('&').filter(|word| !word.starts_with("reason="));
    short(&words.collect::<Vec<_>>().join("&"))
}

/// The run in a path.
fn run(template: &str, path: &str) -> Option<String> {
    let mut both = template.split('/').zip(path.split('/'));
    let (_, text) = both.find(|(part, _)| *part == "{run}")?;
    text.parse::<RunId>().ok().map(|run| run.to_string())
}

/// The run that an answer says was started.
pub(super) fn started(location: &str) -> Option<String> {
    let run = location.strip_prefix("/v1/runs/")?;
    run.parse::<RunId>().ok().map(|run| run.to_string())
}

fn short(text: &str) -> String {
    text.chars().take(TEXT_CHARS_MAX).collect()
}
