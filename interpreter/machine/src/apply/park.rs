//! Parking: what the run cannot decide by itself waits for a person, instead of being taken for a failure.

use super::Turn;
use crate::{
    CallId, Effect, Note,
    run::{CleanupId, FiberId, Kind, Orphan, Parked, Stuck, Wait},
};
use flowmesh_ir::{
    StateId, StepId,
    call::{Failure, Reply, Request},
    flow::{Catch, End},
    value::Variant,
};
use std::sync::Arc;

impl Turn<'_, '_> {
    /// Whether a call has an end of which the flow says nothing, and which is neither good nor bad: it was sent, it must
    /// not be sent again, and nobody knows whether it was carried out.
    pub(super) fn must_park(&self, id: FiberId, request: &Request, reply: &Reply) -> bool {
        if !is_open(request, reply) {
            return false;
        }
        let state = self.run.fibers.get(&id).and_then(|fiber| self.state(fiber.state));
        let catches = match state.map(|state| &state.end) {
            Some(End::Call(call)) => call.catch.as_slice(),
            _ => return false,
        };
        let Reply::Failed(failure) = reply else {
            return false;
        };
        !self.is_caught(id, catches, failure.error_name())
    }

    /// Whether the call or a region around it catches an error.
    fn is_caught(&self, id: FiberId, catches: &[Catch], error: &str) -> bool {
        let names = |catch: &Catch| {
            self.program
                .error(catch.error)
                .is_some_and(|def| def.name == error)
        };
        if catches.iter().any(names) {
            return true;
        }
        let mut at = self.run.fibers.get(&id).map(|fiber| fiber.scope);
        while let Some(scope) = at.and_then(|scope| self.run.scopes.get(&scope)) {
            let Kind::Region(inside) = &scope.kind else {
                return false;
            };
            let region = self.region_at(inside.state);
            if region.is_some_and(|region| region.catch.iter().any(names)) {
                return true;
            }
            at = scope.outer;
        }
        false
    }

    /// Whether a call whose fiber is gone may have done something that would have to be undone.
    pub(super) fn must_park_orphan(&self, call: CallId, reply: &Reply) -> bool {
        self.run.orphans.get(&call).is_some_and(|orphan| {
            let open = matches!(&orphan.wait, Wait::Call(_, request) if is_open(request, reply));
            open && self.can_be_undone(orphan.state)
        })
    }

    /// A fiber rests until somebody decides how its call has ended.
    pub(super) fn park_fiber(
        &mut self,
        id: FiberId,
        (call, request): (CallId, Arc<Request>),
        error: Arc<Variant>,
    ) {
        let Some(fiber) = self.run.fibers.get_mut(&id) else {
            return;
        };
        fiber.wait = Wait::Decision(call);
        let state = fiber.state;
        let step = self.step_of(state);
        self.park(call, step, error, Stuck::Fiber(id, request));
    }

    /// A cleanup rests until somebody decides whether there is something to undo.
    pub(super) fn park_orphan(&mut self, id: CleanupId, call: CallId, error: Arc<Variant>) {
        let Some(orphan) = self.run.orphans.get_mut(&call) else {
            return;
        };
        orphan.wait = Wait::Decision(call);
        let state = orphan.state;
        let step = self.step_of(state);
        self.park(call, step, error, Stuck::Orphan(id));
    }

    pub(super) fn park(&mut self, call: CallId, step: StepId, error: Arc<Variant>, stuck: Stuck) {
        let since = self.run.context.now;
        let parked = Parked {
            call,
            step,
            error: Arc::clone(&error),
            since,
            stuck,
            decision: None,
            edited: false,
        };
        let choices = parked.choices();
        self.still().parked = Some(parked);
        self.effects
            .push(Effect::Note(Note::Parked { step, error, choices }));
    }

    /// What a run was parked for is given up with the fiber that waits for it. Whether it was carried out matters still
    /// if it would have to be undone: then somebody has to say so.
    pub(super) fn give_up_parked(&mut self, call: CallId, orphan: Orphan, into: CleanupId) {
        let kept = self.can_be_undone(orphan.state);
        if kept {
            self.keep_orphan(call, orphan, into);
        }
        let still = self.still();
        match &mut still.parked {
            Some(parked) if parked.call == call && kept => {
                parked.stuck = Stuck::Orphan(into);
                parked.decision = None;
            }
            Some(parked) if parked.call == call => still.parked = None,
            _ => {}
        }
    }

    fn step_of(&self, state: StateId) -> StepId {
        self.state(state)
            .and_then(|state| state.step)
            .unwrap_or(StepId(0))
    }
}

fn is_open(request: &Request, reply: &Reply) -> bool {
    matches!(reply, Reply::Failed(Failure::Unknown(_))) && !request.effect.repeatable()
}
