//! A signal came: the fiber that has waited longest hears it, or it is kept until somebody does.

use super::Turn;
use crate::{
    border::{SIGNALS_KEPT_MAX, decode_fields},
    run::{Fiber, FiberId, Phase, Wait},
};
use flowmesh_ir::{SignalId, Value, flow::End};

impl Turn<'_, '_> {
    pub(super) fn signalled(&mut self, name: &str, payload: &[u8]) {
        if !matches!(self.run.phase, Phase::Forward) {
            return;
        }
        let signals = (0u32..).map(SignalId).zip(&self.flow.signals);
        let Some((id, signal)) = signals.into_iter().find(|(_, signal)| signal.name == name) else {
            return;
        };
        let Ok(params) = decode_fields(self.program, &signal.params, payload) else {
            return;
        };
        let value = Value::record(params);
        match self.listener(id) {
            Some(fiber) => self.hear(fiber, value),
            None => {
                let kept = self.run.inbox.entry(id).or_default();
                if kept.len() < SIGNALS_KEPT_MAX {
                    kept.push_back(value);
                }
            }
        }
    }

    /// The first fiber that waits for a signal.
    fn listener(&self, signal: SignalId) -> Option<FiberId> {
        let waits = |fiber: &Fiber| {
            let end = self.state(fiber.state).map(|state| &state.end);
            matches!(fiber.wait, Wait::Signal(_))
                && matches!(end, Some(End::Await(wait)) if wait.signal == signal)
        };
        self.run
            .fibers
            .iter()
            .find(|(_, fiber)| waits(fiber))
            .map(|(id, _)| *id)
    }

    fn hear(&mut self, id: FiberId, value: Value) {
        let Some(fiber) = self.run.fibers.get(&id) else {
            return;
        };
        if let Wait::Signal(Some((timer, _))) = fiber.wait {
            self.disarm(timer);
        }
        let state = self.run.fibers.get(&id).and_then(|fiber| self.state(fiber.state));
        if let Some(state) = state
            && let End::Await(wait) = &state.end
        {
            self.step_done(state.step);
            self.bind(wait.bind, value);
            self.wake(id, wait.next);
        }
    }
}
