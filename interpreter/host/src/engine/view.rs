//! What can be seen of a run from outside.

use crate::{
    RunId,
    store::{self, Row},
};
use flowmesh_ir::{Hash, Name};
use flowmesh_machine::Status;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use std::{collections::BTreeMap, fmt, str::FromStr, sync::Arc};

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// At least one call is on its way.
    Running,
    /// It sleeps, or waits for a signal.
    Waiting,
    /// What it did is being undone.
    Undoing,
    /// It ended with a result.
    Done,
    /// It ended with an error; everything was undone.
    Failed,
    /// Somebody stopped it; everything was undone.
    Cancelled,
}

impl State {
    /// Every state, in the order in which a run may pass through them.
    pub const ALL: [Self; 6] = [
        Self::Running,
        Self::Waiting,
        Self::Undoing,
        Self::Done,
        Self::Failed,
        Self::Cancelled,
    ];

    /// As the machine says it.
    pub(super) fn of(status: Status) -> Self {
        match status {
            Status::Running => Self::Running,
            Status::Waiting => Self::Waiting,
            Status::Undoing => Self::Undoing,
            Status::Done => Self::Done,
            Status::Failed => Self::Failed,
            Status::Cancelled => Self::Cancelled,
        }
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Undoing => "undoing",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing more will happen.
    #[must_use]
    pub fn is_end(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for State {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|state| state.as_str() == text);
        known.ok_or_else(|| {
            let all: Vec<_> = Self::ALL.iter().map(|state| state.as_str()).collect();
            format!("expected one of {}, found `{text}`", all.join(", "))
        })
    }
}

/// One run as it stands.
#[derive(Clone, Debug, Serialize)]
pub struct RunView {
    /// Its identifier.
    pub id: RunId,
    /// The flow it is a run of.
    pub flow: Name,
    /// How it stands.
    pub state: State,
    /// The key it was started with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// When it began.
    pub started: Timestamp,
    /// When something last happened to it.
    pub updated: Timestamp,
    /// How many events it has.
    pub events: u64,
    /// The program it was started with.
    #[serde(serialize_with = "as_text")]
    pub program: Hash,
    /// What it is at now: titles of calls, sleeps and waits.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<String>,
    /// The texts by which it is found.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<Name, String>,
    /// How it ended, if it has.
    #[serde(flatten)]
    pub ending: Option<Ending>,
}

impl RunView {
    /// A run as its row says.
    #[must_use]
    pub fn of_row(id: RunId, row: Row) -> Self {
        let raw = |json: &str| Arc::from(RawValue::from_string(json.to_owned()).unwrap_or_default());
        Self {
            id,
            flow: row.flow,
            // What wrote it may know states that this version does not, but reads no row of it.
            state: row.state.parse().unwrap_or(State::Running),
            key: row.key,
            started: row.started,
            updated: row.updated,
            events: row.next,
            program: row.program,
            steps: row.steps,
            tags: row.tags,
            ending: row.ending.map(|ending| match ending {
                store::Ending::Result(json) => Ending::Result(raw(&json)),
                store::Ending::Error(json) => Ending::Error(raw(&json)),
                store::Ending::Cancelled(reason) => Ending::Cancelled(reason),
            }),
        }
    }
}

/// How a run ended, as JSON.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// With a result.
    Result(Arc<RawValue>),
    /// With an error: an object with `name` and `fields`.
    Error(Arc<RawValue>),
    /// Somebody stopped it, and why.
    Cancelled(Arc<str>),
}

impl Ending {
    /// The state that it is the end in.
    #[must_use]
    pub fn state(&self) -> State {
        match self {
            Self::Result(_) => State::Done,
            Self::Error(_) => State::Failed,
            Self::Cancelled(_) => State::Cancelled,
        }
    }
}

/// What can be read of a run, by name: each as JSON, or why it has no value now.
pub type Views = BTreeMap<Name, Result<Box<RawValue>, String>>;

/// Some runs, newest first.
#[derive(Clone, Debug, Serialize)]
pub struct Page {
    /// The runs.
    pub runs: Vec<RunView>,
    /// What to ask for the next page with, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<RunId>,
}

impl From<store::Page> for Page {
    fn from(page: store::Page) -> Self {
        let runs = page.runs.into_iter();
        Self {
            runs: runs.map(|(id, row)| RunView::of_row(id, row)).collect(),
            cursor: page.cursor,
        }
    }
}

/// One flow that can be started.
#[derive(Clone, Debug, Serialize)]
pub struct FlowView {
    /// Its name.
    pub name: Name,
    /// Its documentation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    /// What a start must bring.
    pub params: Vec<Name>,
    /// The signals it can hear.
    pub signals: Vec<Name>,
    /// How many runs there are, by state.
    pub runs: BTreeMap<State, usize>,
}

fn as_text<T: fmt::Display, S: serde::Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}
