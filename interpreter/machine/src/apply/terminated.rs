//! Somebody ends the run where it stands: nothing is undone, nothing that is on its way is heard any more.

use super::Turn;
use crate::{
    Ask, CallId, Effect,
    run::{Caller, Kind, Wait, Why},
};
use flowmesh_ir::{StepId, flow::Tie};

impl Turn<'_, '_> {
    pub(super) fn terminated(&mut self, reason: &str) {
        if !self.lives() {
            return;
        }
        self.seat(None);
        for step in (0u32..).map(StepId).take(self.flow.steps.len()) {
            self.step_stopped(step);
        }
        for timer in self.run.timers.keys().copied().collect::<Vec<_>>() {
            self.disarm(timer);
        }
        self.let_go_of_all();
        self.void_answers();
        self.run.fibers.clear();
        self.run.pollers.clear();
        self.run.later.clear();
        self.run.cleanups.clear();
        self.run.calls.clear();
        self.run.orphans.clear();
        self.finish(Why::Terminated(reason.to_owned()));
    }

    /// Guards are let go of, streams closed, and what else was asked for is not waited for. Children end with the run:
    /// that says [`crate::Effect::Finished`].
    fn let_go_of_all(&mut self) {
        for (call, held) in std::mem::take(&mut self.run.guards) {
            self.run.calls.remove(&call);
            self.effects.push(match held.granted {
                true => Effect::Release { call },
                false => Effect::Withdraw { call },
            });
        }
        let calls = self.run.calls.keys().copied();
        let (streams, others): (Vec<CallId>, Vec<CallId>) =
            calls.partition(|call| self.run.streams.contains_key(call));
        let asked = others
            .into_iter()
            .filter(|call| !self.expects_reply(*call) && !self.is_child(*call));
        let open: Vec<CallId> = asked.chain(streams).collect();
        self.run.streams.clear();
        open.into_iter().for_each(|call| self.withdraw(call));
    }

    fn is_child(&self, call: CallId) -> bool {
        let wait = match self.run.calls.get(&call) {
            Some(Caller::Fiber(fiber)) => self.run.fibers.get(fiber).map(|fiber| &fiber.wait),
            Some(Caller::Orphan(_)) => self.run.orphans.get(&call).map(|orphan| &orphan.wait),
            _ => None,
        };
        let child = |ask: &Ask| matches!(ask, Ask::Start { tie: Tie::Child, .. });
        matches!(wait, Some(Wait::Ask(_, ask)) if child(ask))
    }

    /// Who waits for the answer of a handler waits in vain.
    fn void_answers(&mut self) {
        let scopes = self.run.scopes.values();
        let answers: Vec<u64> = scopes
            .filter_map(|scope| match scope.kind {
                Kind::Round(_, answer) => answer,
                _ => None,
            })
            .collect();
        for answer in answers {
            self.refuse(Some(answer), "the run was terminated");
        }
    }
}
