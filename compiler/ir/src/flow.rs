//! Flows as state machines: straight-line code in each state, and one way to end it.

use crate::{
    ErrorId, Name, OperationId, PolicyId, ServiceId, SignalId, SlotId, StateId, StepId,
    expr::{Expr, Pattern, Raise},
    ty::{Field, Type},
};
use serde::{Deserialize, Serialize};

/// A flow. One machine in motion is a run; its frame is shared by all of its fibers.
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
    /// What it can hear.
    pub signals: Vec<Signal>,
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
    /// `inventory.reserve`, `await approve`, `sleep`, `undo payments.refund`; unique within the flow by a suffix `#2`.
    pub title: String,
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
    /// Waits for a signal.
    Await(Await),
    /// Begins a fiber for each branch and waits until all have joined; a branch that fails cancels the others.
    Fork {
        /// Where each fiber begins.
        branches: Vec<StateId>,
        /// Where to go on.
        next: StateId,
    },
    /// The end of a fiber begun by a fork.
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

/// A call of an operation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// What is called, with what.
    pub target: Target,
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

/// A wait for a signal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Await {
    /// For which.
    pub signal: SignalId,
    /// Where what it carries goes, as a record.
    pub bind: Option<SlotId>,
    /// How long at the most, a duration, and where to go on then; `None` is for ever.
    pub within: Option<(Expr, StateId)>,
    /// Where to go on when it was heard.
    pub next: StateId,
}
