//! `apply`: one event on one run gives effects. Pure: no clock, no chance, no file, no network, no waiting.
//!
//! [`Event`] and [`Effect`] together are the whole surface; who has read both knows the machine. [`border`] is where
//! JSON becomes values, and [`evaluate`] is for those who have an expression and no run.

pub mod border;

mod apply;
mod effect;
mod eval;
mod event;
mod run;
pub mod upgrade;
mod variables;

#[cfg(test)]
mod tests;

pub use apply::{
    Awaited, Place, RECORDED_BYTES_MAX, Shared, Unshared, Waiting, apply, check_result, pending,
    percent_encode, replay, request, share, view, waits,
};
pub use border::{Misfit, Settings, SettingsError};
pub use effect::{Admit, Ask, Cached, Debounce, Effect, Note, Outcome, Recall};
pub use eval::{Context, Draws, RunContext, Secrets, evaluate};
pub use event::{Answer, CallId, Decision, Ended, Event, EventKind, Recorded, Terms, TimerId};
pub use run::{Choice, Pause, Progress, Run, Sight, Stand, Status, StepState};
pub use variables::{Change, check_edit, variables};
