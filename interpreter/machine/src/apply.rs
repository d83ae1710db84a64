//! One event on one run. The folder has one file for each kind of event and for each way a state can end.
//!
//! The steps of the work, in [`apply()`]: the event wakes fibers or changes the phase; [`Turn::advance`] takes every
//! fiber that is awake through the states of the flow until it waits; [`Turn::settle`] goes on to undoing or to the
//! end when nothing is left to wait for.

mod cancelled;
mod fired;
mod pending;
mod replied;
mod signalled;
mod started;

mod advance;
mod call;
mod fork;
mod raise;
mod reply;
mod request;
mod sleep;
mod stop;
mod turn;
mod undo;
mod wait;

pub use pending::pending;

use turn::Turn;

use crate::{Effect, Event, EventKind, Run, Settings};
use flowmesh_ir::{FlowId, Program};
use uuid::Uuid;

/// Applies one event to a run; what it asks for is pushed to `effects`.
///
/// An event that does not fit how the run stands (a reply that was already heard, a timer that is not needed any
/// more, a signal after the end) changes nothing and asks for nothing.
pub fn apply(
    program: &Program,
    settings: &Settings,
    run: &mut Run,
    event: &Event,
    effects: &mut Vec<Effect>,
) {
    let Some(flow) = program.flow(run.flow) else {
        return;
    };
    let mut turn = Turn::new(program, settings, flow, run, effects, event.at);
    match &event.kind {
        EventKind::Started { input, seed, key } => turn.started(event.at, input, *seed, key.as_deref()),
        EventKind::Replied { call, reply } => turn.replied(*call, reply),
        EventKind::Fired { timer } => turn.fired(*timer),
        EventKind::Signalled { name, payload, .. } => turn.signalled(name, payload),
        EventKind::Cancelled { reason } => turn.cancelled(reason),
        EventKind::Answered { .. } | EventKind::Heard { .. } | EventKind::Streamed { .. } => {}
    }
    turn.advance();
    turn.settle();
}

/// A run as its events left it.
pub fn replay<'e>(
    program: &Program,
    settings: &Settings,
    id: Uuid,
    flow: FlowId,
    events: impl IntoIterator<Item = &'e Event>,
) -> Run {
    let mut run = Run::new(id, flow);
    let mut effects = Vec::new();
    for event in events {
        apply(program, settings, &mut run, event, &mut effects);
        effects.clear();
    }
    run
}
