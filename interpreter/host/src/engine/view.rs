//! What can be seen of a run from outside.

mod flow;

pub use flow::FlowView;

use super::error::PARKED;
use crate::{
    RunId,
    store::{self, Count, Row},
};
use flowmesh_ir::{
    Code, Hash, Name,
    trace::{self, TraceContext},
};
use flowmesh_machine::{Choice, Status};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::{collections::BTreeMap, fmt, str::FromStr, sync::Arc};

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// At least one call is on its way.
    Running,
    /// It sleeps, or waits for a signal.
    Waiting,
    /// It takes no new step until a person lets it.
    Paused,
    /// What it did is being undone.
    Undoing,
    /// It ended with a result.
    Done,
    /// It ended with an error; everything was undone.
    Failed,
    /// Somebody stopped it; everything was undone.
    Cancelled,
    /// Somebody ended it where it stood; nothing was undone.
    Terminated,
}

impl State {
    /// Every state, in the order in which a run may pass through them.
    pub const ALL: [Self; 8] = [
        Self::Running,
        Self::Waiting,
        Self::Paused,
        Self::Undoing,
        Self::Done,
        Self::Failed,
        Self::Cancelled,
        Self::Terminated,
    ];

    /// As the machine says it.
    pub(super) fn of(status: Status) -> Self {
        match status {
            Status::Running => Self::Running,
            Status::Waiting => Self::Waiting,
            Status::Paused => Self::Paused,
            Status::Undoing => Self::Undoing,
            Status::Done => Self::Done,
            Status::Failed => Self::Failed,
            Status::Cancelled => Self::Cancelled,
            Status::Terminated => Self::Terminated,
        }
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Paused => "paused",
            Self::Undoing => "undoing",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Terminated => "terminated",
        }
    }

    /// Whether nothing more will happen.
    #[must_use]
    pub fn is_end(self) -> bool {
        matches!(
            self,
            Self::Done | Self::Failed | Self::Cancelled | Self::Terminated
        )
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
#[derive(Clone, Debug, Serialize, JsonSchema)]
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
    /// The trace that it lies in, in hexadecimal, where that is not its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    /// The program it was started with.
    #[serde(serialize_with = "as_text")]
    #[schemars(with = "String")]
    pub program: Hash,
    /// What it is at now: titles of calls, sleeps and waits.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<String>,
    /// What it waits for in a queue, where one run was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub turns: Vec<Turn>,
    /// Who paused it, while it is paused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused: Option<Paused>,
    /// Where it waits for a decision, while it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parked: Option<Parked>,
    /// The run whose history it shares.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub continues: Option<RunId>,
    /// The run that shares its history and goes on in its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub continued_by: Option<RunId>,
    /// The texts by which it is found.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<Name, String>,
    /// How it ended, if it has.
    #[serde(flatten)]
    pub ending: Option<Ending>,
}

/// As headers have it, where it is not the run's own.
pub(super) fn trace(run: RunId, context: TraceContext) -> Option<String> {
    (context.trace != TraceContext::root(run.0).trace).then(|| format!("{:032x}", context.trace))
}

impl RunView {
    /// A run as its row says.
    #[must_use]
    pub fn of_row(id: RunId, row: Row) -> Self {
        Self {
            id,
            flow: row.flow,
            // What wrote it may know states that this version does not, but reads no row of it.
            state: row.state.parse().unwrap_or(State::Running),
            key: row.key,
            started: row.started,
            updated: row.updated,
            events: row.next,
            trace: trace(id, trace::of_run(id.0, row.lineage.as_deref())),
            program: row.program,
            steps: row.steps,
            turns: Vec::new(),
            paused: row.paused.map(Paused::from),
            parked: row.parked.map(Parked::from),
            continues: row.continues,
            continued_by: row.continued_by,
            tags: row.tags,
            ending: row.ending.map(|ending| match ending {
                store::Ending::Result(json) => Ending::Result(raw(&json)),
                store::Ending::Error(json) => Ending::Error(raw(&json)),
                store::Ending::Cancelled(reason) => Ending::Cancelled(reason),
                store::Ending::Terminated(reason) => Ending::Terminated(reason),
            }),
        }
    }
}

pub(super) fn raw(json: &str) -> Arc<RawValue> {
    RawValue::from_string(json.to_owned()).unwrap_or_default().into()
}

/// What a run waits for in a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Turn {
    /// A lock, a pool or a rate, or room among the runs of its flow.
    pub of: String,
    /// The how manyth it is, from 1.
    pub turn: usize,
}

/// A run that somebody paused.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Paused {
    /// Why, in their words.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
}

impl From<store::Paused> for Paused {
    fn from(paused: store::Paused) -> Self {
        Self {
            reason: paused.reason,
            since: paused.since,
        }
    }
}

/// A run that cannot go on by itself.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Parked {
    /// The title of the step.
    pub step: String,
    /// Which of its calls: this names it in a decision.
    pub call: u32,
    /// What the call ended with: an object with `name` and `fields`.
    pub error: Arc<RawValue>,
    /// Why, for people.
    pub why: &'static str,
    /// What can be chosen.
    pub choices: Vec<Name>,
    /// Since when.
    pub since: Timestamp,
    /// The code whose page says what each choice does.
    #[schemars(with = "String")]
    pub code: Code,
}

impl From<store::Parked> for Parked {
    fn from(parked: store::Parked) -> Self {
        // Only an undo can be skipped.
        let undo = parked
            .choices
            .iter()
            .any(|choice| choice == Choice::Skip.as_str());
        let why = if undo {
            "an undo does not succeed"
        } else {
            "nobody knows whether the call was carried out"
        };
        Self {
            step: parked.step,
            call: parked.call,
            error: raw(&parked.error),
            why,
            choices: parked.choices,
            since: parked.since,
            code: PARKED,
        }
    }
}

/// What a deployment makes of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It is in this program already.
    Current,
    /// It moves.
    Moves,
    /// It would move, if the new program said with `migrate` where.
    NeedsMigration,
    /// It stays in its program.
    Stays,
}

impl Fate {
    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Moves => "moves",
            Self::NeedsMigration => "needs_migration",
            Self::Stays => "stays",
        }
    }
}

/// What becomes of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Which run.
    pub run: RunId,
    /// The flow that it is a run of.
    pub flow: Name,
    /// What becomes of it.
    pub fate: Fate,
    /// What it is at.
    pub step: Option<String>,
    /// The code of why it stays.
    pub code: Option<Code>,
    /// Why.
    pub why: Option<String>,
    /// What to do about it.
    pub help: Option<String>,
    /// What a `migrate` block would say: the step that it is at, and the one that may be meant by it.
    pub migrate: Option<(String, String)>,
}

/// How a run ended, as JSON.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// With a result.
    Result(Arc<RawValue>),
    /// With an error: an object with `name` and `fields`.
    Error(Arc<RawValue>),
    /// Somebody stopped it, and why.
    Cancelled(Arc<str>),
    /// Somebody ended it where it stood, and why.
    Terminated(Arc<str>),
}

impl Ending {
    /// The state that it is the end in.
    #[must_use]
    pub fn state(&self) -> State {
        match self {
            Self::Result(_) => State::Done,
            Self::Error(_) => State::Failed,
            Self::Cancelled(_) => State::Cancelled,
            Self::Terminated(_) => State::Terminated,
        }
    }
}

/// What can be read of a run, by name: each as JSON, or why it has no value now.
pub type Views = BTreeMap<Name, Result<Box<RawValue>, String>>;

/// What is to be done with many runs: those are chosen that it can be done with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choosing {
    /// Runs that have not ended.
    Live,
    /// Runs that somebody paused.
    Paused,
    /// Runs that failed, and that no other goes on in place of.
    Failed,
}

/// Runs that were chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// How many there are.
    pub count: Count,
    /// The newest of them.
    pub runs: Vec<RunId>,
}

/// Some runs, newest first.
#[derive(Clone, Debug, Serialize, JsonSchema)]
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

fn as_text<T: fmt::Display, S: serde::Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}
