//! `apply`: one event on one run gives effects. Pure: no clock, no chance, no file, no network, no waiting.
//!
//! [`Event`] and [`Effect`] together are the whole surface; who has read both knows the machine.

mod effect;
mod event;

pub use effect::{Effect, Note, Outcome};
pub use event::{CallId, Event, EventKind, TimerId};
