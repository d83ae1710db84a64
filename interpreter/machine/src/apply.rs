//! One event on one run. The folder has one file for each kind of event and for each way a state can end.
//!
//! The steps of the work, in [`apply()`]: the event wakes fibers, or closes the scopes that they run in;
//! [`Turn::advance`] takes every fiber that is awake through the states of the flow until it waits; [`Turn::tidy`] goes
//! on with what is left to do for fibers that were closed; [`Turn::settle`] ends the run when nothing is left to wait
//! for. A run that stands still keeps the event, and [`Turn::proceed`] comes back to it.

mod answered;
mod cancelled;
mod continued;
mod decided;
mod edited;
mod entrance;
mod fired;
mod heard;
mod pending;
mod replied;
mod share;
mod signalled;
mod started;
mod terminated;
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
mod park;
mod raise;
mod recall;
mod region;
mod reply;
mod request;
mod restart;
mod returned;
mod seat;
mod sleep;
mod start;
mod still;
mod stop;
mod stream;
mod task;
mod turn;
mod undo;

pub use decided::check_result;
pub use pending::pending;
pub use recall::RECORDED_BYTES_MAX;
pub use request::{percent_encode, request};
pub use share::{Place, Shared, Unshared, share};
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
    let before = run.context.now;
    let mut turn = Turn::new(program, settings, flow, run, effects, event.at);
    match &event.kind {
        EventKind::Continued { again } => turn.continued(before, again),
        EventKind::Started {
            input,
            seed,
            key,
            terms,
        } => turn.started(event.at, (input, *seed), key.as_deref(), *terms),
        EventKind::Cancelled { reason } => turn.cancelled(reason),
        EventKind::Paused { reason } => turn.paused(reason),
        EventKind::Resumed => turn.resumed(),
        EventKind::Decided { call, decision } => turn.decided(*call, decision),
        EventKind::Edited { changes } => turn.edited(changes),
        // It is that of the new program already; conditions are asked again.
        EventKind::Moved { .. } => {}
        EventKind::Terminated { reason } => turn.terminated(reason),
        come if turn.run.stands_still() => turn.keep_for_later(come),
        come => turn.happened(come),
    }
    turn.proceed();
}

impl Turn<'_, '_> {
    /// Something came that the run waits for, or may wait for.
    fn happened(&mut self, event: &EventKind) {
        match event {
            EventKind::Replied { call, reply } => self.replied(*call, reply),
            EventKind::Fired { timer } => self.fired(*timer),
            EventKind::Signalled {
                name,
                payload,
                answer,
            } => self.signalled(name, payload, *answer),
            EventKind::Answered { call, answer } => self.answered(*call, answer),
            EventKind::Heard { event, payload } => self.heard(event, payload),
            EventKind::Streamed { call, item } => self.streamed(*call, item),
            EventKind::Started { .. }
            | EventKind::Cancelled { .. }
            | EventKind::Paused { .. }
            | EventKind::Resumed
            | EventKind::Decided { .. }
            | EventKind::Edited { .. }
            | EventKind::Continued { .. }
            | EventKind::Moved { .. }
            | EventKind::Terminated { .. } => {}
        }
    }
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
