//! One event on one run. The folder has one file for each kind of event and for each way a state can end.
//!
//! The steps of the work, in [`apply()`]: the event wakes fibers, or closes the scopes that they run in;
//! [`Turn::advance`] takes every fiber that is awake through the states of the flow until it waits; [`Turn::tidy`] goes
//! on with what is left to do for fibers that were closed; [`Turn::settle`] ends the run when nothing is left to wait
//! for.

mod answered;
mod cancelled;
mod fired;
mod heard;
mod pending;
mod replied;
mod signalled;
mod started;
mod view;
mod waits;

mod advance;
mod arms;
mod ask;
mod call;
mod cleanup;
mod close;
mod fan;
mod guard;
mod join;
mod leave;
mod listen;
mod raise;
mod region;
mod reply;
mod request;
mod restart;
mod returned;
mod seat;
mod sleep;
mod start;
mod stop;
mod stream;
mod task;
mod turn;
mod undo;

pub use pending::pending;
pub use view::view;
pub use waits::{Awaited, Waiting, waits};

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
        EventKind::Signalled {
            name,
            payload,
            answer,
        } => turn.signalled(name, payload, *answer),
        EventKind::Cancelled { reason } => turn.cancelled(reason),
        EventKind::Answered { call, answer } => turn.answered(*call, answer),
        EventKind::Heard { event, payload } => turn.heard(event, payload),
        EventKind::Streamed { call, item } => turn.streamed(*call, item),
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
