//! Waits for whichever comes first.

use crate::{EventId, SignalId, SlotId, StateId, expr::Expr};
use serde::{Deserialize, Serialize};

/// A wait for whichever arm comes first. Where several are ready at once, the first in order is taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wait {
    /// The arms, in order.
    pub arms: Vec<Arm>,
    /// What happens when an awaited task failed: the first that names the error is taken; what nobody catches is
    /// the error of the fiber that waits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub catch: Vec<super::Catch>,
}

/// One way on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Arm {
    /// What it waits for.
    pub on: On,
    /// Where what comes goes: a signal's or an event's record, a task's value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bind: Option<SlotId>,
    /// Where to go on.
    pub next: StateId,
}

/// What is waited for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum On {
    /// A signal.
    Signal(SignalId),
    /// An event for which the condition holds; what came is in the slot while it is asked.
    Event {
        /// Which.
        event: EventId,
        /// Where it lies while the condition is asked.
        slot: SlotId,
        /// A bool.
        condition: Option<Expr>,
    },
    /// A length of time, a duration.
    After(Expr),
    /// A time.
    At(Expr),
    /// A condition, a bool, asked again whenever something happened to the run.
    Condition(Expr),
    /// The end of a task.
    Task(Expr),
}
