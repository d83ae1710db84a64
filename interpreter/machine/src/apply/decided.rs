//! Somebody has decided how a parked run goes on.

use super::{Turn, turn::error_of};
use crate::{
    CallId, Decision, Effect, Misfit, Note, Run,
    border::{Strictness, decode},
    run::{CleanupId, FiberId, Parked, Stuck},
};
use flowmesh_ir::{
    Program, StepId,
    call::{Failure, Reply, Request},
    flow::End,
    ty::Type,
};
use flowmesh_stdlib::text;
use std::sync::Arc;

/// Checks what somebody says that the call has returned at which a run is parked. No bytes at all are no value.
///
/// # Errors
/// It does not fit the result of the operation.
pub fn check_result(program: &Program, run: &Run, json: &[u8]) -> Result<(), Misfit> {
    match (result_type(program, run), json) {
        (Some(Type::Unit) | None, b"" | b"null") => Ok(()),
        (Some(Type::Unit) | None, _) => Err(Misfit {
            path: String::new(),
            expected: "no result: the operation has none".to_owned(),
            found: "one".to_owned(),
            hint: None,
        }),
        (Some(Type::Optional(_) | Type::Json), b"") => Ok(()),
        (Some(ty), json) => decode(program, ty, json, Strictness::Strict).map(drop),
    }
}

/// The type of what the call returns at which a run is parked.
fn result_type<'p>(program: &'p Program, run: &Run) -> Option<&'p Type> {
    let parked = run.still.as_ref()?.parked.as_ref()?;
    let state = match parked.stuck {
        Stuck::Fiber(fiber, _) => run.fibers.get(&fiber)?.state,
        Stuck::Orphan(_) => run.orphans.get(&parked.call)?.state,
        Stuck::Undo(_) => return None,
    };
    let End::Call(call) = &program.flow(run.flow)?.states.get(state.index())?.end else {
        return None;
    };
    let service = program.service(call.target.service)?;
    let operation = service.operations.get(call.target.operation.index())?;
    Some(&operation.result)
}

impl Turn<'_, '_> {
    /// Takes note of a decision. The first one counts, and only one that can be chosen.
    pub(super) fn decided(&mut self, call: CallId, decision: &Decision) {
        let parked = self.run.still.as_mut().and_then(|still| still.parked.as_mut());
        if let Some(parked) = parked
            && parked.call == call
            && parked.decision.is_none()
            && parked.choices().contains(&decision.choice())
        {
            parked.decision = Some(decision.clone());
        }
    }

    /// Does what was decided.
    pub(super) fn obey(&mut self, parked: Parked) {
        let Parked {
            call,
            step,
            stuck,
            decision,
            edited,
            error,
            ..
        } = parked;
        let Some(decision) = decision else {
            return;
        };
        let reason = error.fields.get("reason").map(text).unwrap_or_default();
        let ended = match &decision {
            Decision::Done(json) => Reply::Answer {
                status: 200,
                body: Arc::clone(json),
            },
            _ => Reply::Failed(Failure::Unknown(reason)),
        };
        match (stuck, decision) {
            (Stuck::Fiber(id, request), Decision::Retry) => self.call_again(id, request, edited),
            (Stuck::Fiber(id, _), _) => {
                self.end_wait(id);
                self.call_ended(id, &ended);
            }
            (Stuck::Orphan(cleanup), _) => self.orphan_ended(cleanup, call, &ended),
            (Stuck::Undo(cleanup), Decision::Retry) => self.undo_afresh(cleanup),
            (Stuck::Undo(cleanup), _) => self.undo_skipped(cleanup, step),
        }
    }

    /// The call is made once more: as it was sent, or anew where values were edited since.
    fn call_again(&mut self, id: FiberId, request: Arc<Request>, edited: bool) {
        let Some(at) = self.run.fibers.get(&id).map(|fiber| fiber.state) else {
            return;
        };
        let Some((state, End::Call(call))) = self.state(at).map(|state| (state, &state.end)) else {
            return;
        };
        self.end_wait(id);
        self.seat_fiber(id);
        let request = match edited {
            true => self.request(&call.target).map(Arc::new),
            false => Ok(request),
        };
        match request {
            Ok(request) => self.send(id, at, state, request),
            Err(fault) => {
                if let Some(next) = self.caught(id, &call.catch, &error_of(&fault)) {
                    self.wake(id, next);
                }
            }
        }
    }

    fn undo_afresh(&mut self, id: CleanupId) {
        if let Some(undoing) = self.run.cleanups.get_mut(&id).and_then(|it| it.undoing.as_mut()) {
            undoing.failures = 0;
        }
        self.undo_again(id);
    }

    fn undo_skipped(&mut self, id: CleanupId, step: StepId) {
        if let Some(cleanup) = self.run.cleanups.get_mut(&id) {
            cleanup.undoing = None;
        }
        self.step_stopped(step);
        self.effects.push(Effect::Note(Note::StepSkipped { step }));
        self.tidy(id);
    }
}
