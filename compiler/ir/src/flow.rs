//! Flows as state machines: straight-line code in each state, and one way to end it.

mod beside;
mod conduct;
mod fan;
mod next;
mod product;
mod reads;
mod region;
mod reuse;
mod wait;

pub use beside::{Emit, Listen, Shift, Start, Stream, Tie};
pub use conduct::{Concurrency, Conduct, Debounce, Full};
pub use fan::{Branch, Branches, Each, Gather, Need, Over, Rest};
pub use product::{Made, PRODUCED, Product};
pub use region::{Guard, Region};
pub use reuse::Reuse;
pub use wait::{Arm, On, Wait};

use crate::{
    ErrorId, EventId, Name, OperationId, PolicyId, ServiceId, SlotId, StateId, StepId,
    expr::{Expr, Pattern, Raise},
    ty::{Field, Type},
};
use serde::{Deserialize, Serialize};

/// A flow. One machine in motion is a run. Its frame is shared by all of its fibers, but for the slots that a region
/// says are each fiber's own ([`Each::own`]).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flow {
    /// Its name.
    pub name: Name,
    /// Its documentation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    /// What a start must bring: the first slots of the frame.
    pub params: Vec<Field>,
    /// The type of its result.
    pub result: Type,
    /// The errors it declares.
    pub fails: Vec<ErrorId>,
    /// What makes two starts the same, over the parameters; a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Expr>,
    /// An event that starts it; the flow then has one parameter, which is the event, or those that a product gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger: Option<Trigger>,
    /// What is there when it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub produces: Option<Product>,
    /// What people and the host know of its runs.
    #[serde(default, skip_serializing_if = "Conduct::is_default")]
    pub conduct: Conduct,
    /// What it can hear.
    pub signals: Vec<Signal>,
    /// What can be read from outside at any time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub views: Vec<View>,
    /// What its frame holds.
    pub slots: Vec<Slot>,
    /// What people see it do: calls, waits, named steps.
    pub steps: Vec<Step>,
    /// Its states.
    pub states: Vec<State>,
    /// Where the first fiber begins.
    pub entry: StateId,
}

/// Something a flow can hear.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Signal {
    /// Its name.
    pub name: Name,
    /// What it carries: a record of these.
    pub params: Vec<Field>,
    /// What it is answered with; `None` is not answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Type>,
    /// Whether it is lost where nobody waits for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub transient: bool,
}

/// An event that starts a flow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trigger {
    /// Which.
    pub event: EventId,
    /// Which of them: a bool over slot 0, which holds the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Expr>,
    /// What was produced, where the event is that something was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<Made>,
    /// What else it begins after: any of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Made>,
}

impl Trigger {
    /// Everything that was produced when it begins: one of these.
    pub fn all_made(&self) -> impl Iterator<Item = &Made> {
        self.made.iter().chain(&self.also)
    }
}

/// Something that can be read from outside at any time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: Type,
    /// Its value over the frame as it stands. Slots that nothing was put into yet hold `none`, so the type is optional
    /// where the value reads one that may be empty.
    pub value: Expr,
}

/// A place in the frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slot {
    /// The name it had in the program, or one made by the compiler, which begins with `_`.
    pub name: Name,
    /// What it holds; `None` where only the compiler uses it.
    pub ty: Option<Type>,
}

/// What people see a run do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// `inventory.reserve`, `await approve`, `sleep`, `undo payments.refund`, `packing`; unique within the flow by a
    /// suffix `#2`.
    pub title: String,
    /// What the author calls it: `Pack the box`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The named step that it is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<StepId>,
}

impl Flow {
    /// A step and the named steps that it lies in, the outermost first: its spans, from the run downwards.
    #[must_use]
    pub fn around(&self, step: StepId) -> Vec<StepId> {
        let above = |step: &StepId| self.steps.get(step.index())?.within;
        let mut all: Vec<StepId> = std::iter::successors(Some(step), above)
            .take(self.steps.len())
            .collect();
        all.reverse();
        all
    }
}

/// Straight-line code and one way to end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// What is done on the way, in order.
    pub code: Vec<Instruction>,
    /// How it ends.
    pub end: End,
    /// What people see it as, where it is a step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<StepId>,
}

/// Something done at once, without waiting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Instruction {
    /// `slot = expr`
    Set(SlotId, Expr),
    /// `log "..."`
    Log(Expr),
    /// `tag key = expr`: a text by which the run is found.
    Tag(Name, Expr),
}

/// How a state ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Calls an operation and goes on when it has answered.
    Call(Box<Call>),
    /// Waits for a length of time.
    Sleep {
        /// How long: a duration. Nothing or less goes on at once.
        duration: Expr,
        /// Where to go on.
        next: StateId,
    },
    /// Waits until a time.
    SleepUntil {
        /// When: a time. One that has passed goes on at once.
        time: Expr,
        /// Where to go on.
        next: StateId,
    },
    /// Waits for whichever comes first.
    Wait(Wait),
    /// Begins a region: fibers that run until it is done, fails, is cancelled or is too late.
    Region(Box<Region>),
    /// Leaves so many regions that are around this state, cancelling what else runs in them, and goes on: `break`,
    /// `continue` and `goto` out of a region.
    Leave {
        /// How many; at least 1.
        regions: u32,
        /// Where to go on, in the region that is left for.
        next: StateId,
    },
    /// Calls another flow as a child and waits for it, or starts a run that is apart.
    Start(Box<Start>),
    /// Begins a fiber beside, as a task.
    Spawn {
        /// Where the task goes: its number.
        task: SlotId,
        /// Its own slots; they begin with what they hold now, whatever the fiber that goes on does with them.
        own: Vec<SlotId>,
        /// Where it begins. It ends with [`End::Give`].
        entry: StateId,
        /// Where to go on.
        next: StateId,
    },
    /// The end of a task or of an `on` handler, and its value: the answer of the signal.
    Give(Expr),
    /// Hears a signal from now on until the region around ends: `on NAME(...) { }`.
    Listen(Listen),
    /// Tells an event to all who wait for it.
    Emit(Emit),
    /// Moves the traffic of a service between its subsets; undone like a call.
    Shift(Shift),
    /// Items of a stream, one after the other.
    Stream(Box<Stream>),
    /// Cancels every region of this name that runs, and goes on.
    CancelStep {
        /// The region's name.
        step: StepId,
        /// Where to go on.
        next: StateId,
    },
    /// Cancels a task, and goes on.
    CancelTask {
        /// The task.
        task: Expr,
        /// Where to go on.
        next: StateId,
    },
    /// Asks whether something exists already: `produces file("...")`.
    Probe {
        /// A text: `file:PATH`, or an address.
        target: Expr,
        /// Whether the flow has come to its end, so that it ought to be there.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        after: bool,
        /// Where to go on if it is there.
        found: StateId,
        /// Where to go on if not.
        missing: StateId,
    },
    /// Begins anew under the same identifier, with these parameters; nothing is undone.
    Restart(Vec<Expr>),
    /// The end of a fiber of a region; of the first fiber: its flow has come to its end, and waits for what it began
    /// beside.
    Join,
    /// Chooses by a bool.
    Branch {
        /// The bool.
        condition: Expr,
        /// Where to go if it is true.
        yes: StateId,
        /// Where to go if not.
        no: StateId,
    },
    /// Chooses by the first pattern that fits; the compiler proved that one does.
    Match {
        /// What is looked at.
        subject: Expr,
        /// Patterns and where they lead, in order.
        arms: Vec<(Pattern, StateId)>,
    },
    /// Goes on elsewhere.
    Jump(StateId),
    /// Ends the run well, wherever it stands in `parallel`; other fibers are cancelled.
    Return(Expr),
    /// Ends the run with an error: everything done is undone.
    Fail(Raise),
}

/// Who goes on where a state leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lead {
    /// The same fiber.
    Next,
    /// A fiber of the region that begins here.
    Branch,
    /// The last fiber of the region that begins here.
    Finally,
    /// A task.
    Task,
    /// A handler of a signal.
    Handler,
    /// The fiber that waits for the last of so many regions, which are left.
    Out(u32),
}

/// A call of an operation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// What is called, with what.
    pub target: Target,
    /// Where its result may be there already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<Reuse>,
    /// Where the result goes.
    pub bind: Option<SlotId>,
    /// How to undo it: pushed when the call has succeeded, its arguments computed then.
    pub undo: Option<Undo>,
    /// What happens on errors: the first that names the error is taken. What nobody catches fails the run.
    pub catch: Vec<Catch>,
    /// Where to go on.
    pub next: StateId,
}

/// An operation, its arguments and the policy of this call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// The service.
    pub service: ServiceId,
    /// The operation.
    pub operation: OperationId,
    /// A value for each parameter, in order.
    pub arguments: Vec<Expr>,
    /// What holds for it, after `with { ... }`.
    pub policy: PolicyId,
    /// Its result is taken as JSON, whatever its type is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub as_json: bool,
}

/// How to undo a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Undo {
    /// The call that undoes it. Its operation can be repeated.
    pub target: Target,
    /// What people see it as.
    pub step: StepId,
}

/// What happens on an error of a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Catch {
    /// Which error.
    pub error: ErrorId,
    /// Where its value goes.
    pub bind: Option<SlotId>,
    /// Where to go on.
    pub next: StateId,
}
