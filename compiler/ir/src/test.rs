//! Tests in the language, ready to be carried out: beside the program, and no part of its hash.

use crate::{
    ConfigId, ErrorId, EventId, FlowId, Name, OperationId, ServiceId, SlotId,
    expr::{Expr, Raise},
    flow::Slot,
};
use flowmesh_diagnostics::Span;
use serde::{Deserialize, Serialize};

/// `test "a declined card gives the stock back" { ... }`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Test {
    /// What it says.
    pub title: String,
    /// Where it stands.
    pub span: Span,
    /// What its frame holds. A run is there by its number in the order of starts, from 0.
    pub slots: Vec<Slot>,
    /// What is set up, done and expected, in order.
    pub steps: Vec<Step>,
}

/// A statement of a test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Where it stands.
    pub span: Span,
    /// What it does.
    pub kind: StepKind,
}

/// What a statement of a test does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// Says what calls are answered with.
    Mock(Mock),
    /// Says whether what flows produce is there: `mock file("report.csv") -> true`.
    Target {
        /// `file:PATH`, or an address: a text.
        target: Expr,
        /// A bool.
        there: Expr,
    },
    /// Starts a run.
    Start {
        /// Of which flow.
        flow: FlowId,
        /// A value for each of its parameters.
        arguments: Vec<Expr>,
        /// Where the run goes.
        run: SlotId,
    },
    /// Sends a signal.
    Send {
        /// To which run.
        run: SlotId,
        /// Its name.
        signal: Name,
        /// A value for each of its parameters, by name.
        arguments: Vec<(Name, Expr)>,
        /// Where the answer goes.
        answer: Option<SlotId>,
    },
    /// `let name = value`
    Let {
        /// Where it goes.
        slot: SlotId,
        /// The value, and what of runs it reads.
        value: Reading,
    },
    /// Tells an event.
    Emit {
        /// Which.
        event: EventId,
        /// Its record.
        value: Expr,
    },
    /// Lets so much time pass: a duration.
    Advance(Expr),
    /// Cancels a run.
    Cancel(SlotId),
    /// Gives a config its value.
    Config {
        /// Which.
        config: ConfigId,
        /// The value.
        value: Expr,
    },
    /// Every run is forgotten and made again from its journal.
    Crash,
    /// A run goes on from what had happened to another one, which goes on beside it. Only a prompt says so.
    Fork {
        /// The other one.
        of: SlotId,
        /// How many of its events they share, from the first.
        events: u64,
        /// Where the run goes.
        run: SlotId,
    },
    /// What mocks said of a call holds no more. Only a prompt says so.
    Unmock(Target),
    /// Holds now.
    Expect(Expected),
    /// Holds after every event from here on.
    Always(Expected),
}

/// An expression and what of runs it reads first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// What is put into slots before the value is asked for.
    pub reads: Vec<Read>,
    /// The value.
    pub value: Expr,
}

/// Something of a run that an expression reads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Read {
    /// Where it goes.
    pub slot: SlotId,
    /// The slot of the run.
    pub run: SlotId,
    /// What.
    pub what: What,
}

/// What can be read of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// `run.id`, a text.
    Id,
    /// `run.status`, a text.
    Status,
    /// `run.result`, once it is done.
    Result,
    /// `run.progress`: a view.
    View(Name),
    /// `run.tags`, a map of texts.
    Tags,
    /// `run.tags.customer`, a text or `none`.
    Tag(Name),
}

/// What calls are answered with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mock {
    /// Which calls.
    pub call: Pattern,
    /// Whether each answer is to one attempt, so that the policy of the call decides whether there is another; else it
    /// is to a whole call.
    #[serde(default)]
    pub attempted: bool,
    /// Which of them: a bool over what the pattern put into slots.
    pub condition: Option<Expr>,
    /// The answers, in order; the last is repeated for ever unless it says how often.
    pub answers: Vec<Answer>,
}

/// Calls of one thing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pattern {
    /// What is called.
    pub target: Target,
    /// What fits each argument.
    pub arguments: Vec<Match>,
}

/// What is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// An operation.
    Operation(ServiceId, OperationId),
    /// A flow, as a child or apart.
    Flow(FlowId),
}

/// What fits an argument.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Match {
    /// Anything.
    Any,
    /// Anything, which goes into a slot.
    Bind(SlotId),
    /// What is equal to a value.
    Equal(Expr),
}

/// One answer of a mock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Where it stands.
    pub span: Span,
    /// How long it takes, a duration.
    pub delay: Option<Expr>,
    /// What comes.
    pub what: Given,
    /// How often; `None` is once, or for ever if it is the last.
    pub times: Option<u32>,
}

/// What a mock answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Given {
    /// A result.
    Value(Expr),
    /// An error.
    Fail(Raise),
    /// Nothing ever comes.
    Never,
    /// One attempt is answered with a status.
    Status {
        /// Which.
        status: u16,
        /// The body, a JSON value.
        body: Option<Expr>,
        /// How long the service asks to be left alone, a duration.
        retry_after: Option<Expr>,
    },
}

/// What is expected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expected {
    /// A run has ended with this result.
    Returns {
        /// Which run.
        run: SlotId,
        /// The result.
        value: Expr,
    },
    /// A run has ended with an error.
    Fails {
        /// Which run.
        run: SlotId,
        /// Which error, or any.
        error: Option<ErrorId>,
        /// What it carries, or anything.
        fields: Option<Vec<(Name, Expr)>>,
    },
    /// A run stands so: `waiting`.
    Is {
        /// Which run.
        run: SlotId,
        /// How.
        status: Name,
    },
    /// A step of a run is under way.
    At {
        /// Which run.
        run: SlotId,
        /// The title or the name of the step.
        step: String,
    },
    /// A run has logged a text.
    Logs {
        /// Which run.
        run: SlotId,
        /// The text.
        text: Expr,
    },
    /// So many calls were made.
    Calls {
        /// Which.
        call: Pattern,
        /// Whether their attempts are counted.
        #[serde(default)]
        attempted: bool,
        /// At least so many.
        least: u32,
        /// At most so many.
        most: Option<u32>,
    },
    /// The first of one kind of calls was made before the first of another; both were made.
    Before {
        /// These.
        first: Pattern,
        /// Those.
        then: Pattern,
    },
    /// A run has so many spans.
    Spans {
        /// Which run.
        run: SlotId,
        /// Which spans.
        spans: Spans,
        /// At least so many.
        least: u32,
        /// At most so many.
        most: Option<u32>,
    },
    /// The first of some spans of a run began before the first of others; both began.
    SpansBefore {
        /// Which run.
        run: SlotId,
        /// These.
        first: Spans,
        /// Those: a step by its title or its name.
        then: String,
    },
    /// A bool holds.
    Holds(Reading),
}

/// Spans of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spans {
    /// The title or the name of a step, or `attempt`.
    pub name: String,
    /// One that they lie in, however deep.
    pub inside: Option<String>,
    /// How they stand: `done`.
    pub state: Option<Name>,
}
