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

#[cfg(test)]
mod tests;

pub use apply::{Awaited, Waiting, apply, pending, replay, view, waits};
pub use border::{Misfit, Settings, SettingsError};
pub use effect::{Ask, Effect, Note, Outcome};
pub use eval::{Context, Draws, RunContext, Secrets, evaluate};
pub use event::{Answer, CallId, Ended, Event, EventKind, TimerId};
pub use run::{Progress, Run, Sight, Status, StepState};
