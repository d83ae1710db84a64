//! A signal came: the fiber that has waited longest hears it, else a handler or a loop, else it is kept until somebody
//! does.

use super::Turn;
use crate::{
    Effect,
    border::{SIGNALS_KEPT_MAX, decode_fields},
    run::{Fiber, FiberId, Items, Kept, Plan, Scope, ScopeId, Wait},
};
use flowmesh_ir::{
    SignalId, Value,
    flow::{End, On},
};

impl Turn<'_, '_> {
    pub(super) fn signalled(&mut self, name: &str, payload: &[u8], answer: Option<u64>) {
        // What runs on while the run comes to its end may wait for signals too.
        if !self.lives() {
            return self.refuse(answer, "the run has come to its end");
        }
        let signals = (0u32..).map(SignalId).zip(&self.flow.signals);
        let Some((id, signal)) = signals.into_iter().find(|(_, signal)| signal.name == name) else {
            return self.refuse(answer, "the flow hears no such signal");
        };
        let params = match decode_fields(self.program, &signal.params, payload) {
            Ok(params) => params,
            Err(misfit) => return self.refuse(answer, &misfit.to_string()),
        };
        let value = Value::record(params);
        if let Some(fiber) = self.listener(id) {
            self.acknowledge(id, answer);
            return self.hear(fiber, id, value);
        }
        if signal.transient && !self.is_listened_to(id) {
            return self.refuse(answer, "nobody waits for it now");
        }
        let kept = self.run.inbox.entry(id).or_default();
        if kept.len() >= SIGNALS_KEPT_MAX {
            return self.refuse(answer, "too many signals of this name wait already");
        }
        kept.push_back(Kept { value, answer });
        self.hand_out(id);
    }

    /// The first fiber that waits for a signal.
    fn listener(&self, signal: SignalId) -> Option<FiberId> {
        let waits = |fiber: &Fiber| match (&fiber.wait, self.state(fiber.state).map(|state| &state.end)) {
            (Wait::Arms(_), Some(End::Wait(wait))) => wait.arms.iter().any(|arm| hears(&arm.on, signal)),
            _ => false,
        };
        let mut fibers = self.run.fibers.iter();
        fibers.find(|(_, fiber)| waits(fiber)).map(|(id, _)| *id)
    }

    fn hear(&mut self, id: FiberId, signal: SignalId, value: Value) {
        let Some(state) = self.run.fibers.get(&id).and_then(|fiber| self.state(fiber.state)) else {
            return;
        };
        if let End::Wait(wait) = &state.end
            && let Some(arm) = wait.arms.iter().find(|arm| hears(&arm.on, signal))
        {
            self.take_arm(id, state, arm, value);
        }
    }

    /// Gives kept signals to handlers and loops that have room for them.
    pub(super) fn hand_out(&mut self, signal: SignalId) {
        self.begin_rounds(signal);
        let scopes: Vec<ScopeId> = self.loops_over(signal).collect();
        for scope in scopes {
            self.spread(scope);
        }
    }

    fn loops_over(&self, signal: SignalId) -> impl Iterator<Item = ScopeId> {
        let over = move |scope: &Scope| {
            matches!(
                scope.inside().map(|inside| &inside.plan),
                Some(Plan::Each { items: Items::Signals(name), .. }) if *name == signal
            ) && scope
                .inside()
                .and_then(|inside| inside.guard)
                .is_none_or(|guard| self.granted(guard))
        };
        let scopes = self.run.scopes.iter();
        scopes.filter(move |(_, scope)| over(scope)).map(|(id, _)| *id)
    }

    fn is_listened_to(&self, signal: SignalId) -> bool {
        self.handlers_of(signal).next().is_some() || self.loops_over(signal).next().is_some()
    }

    /// Takes a kept signal for somebody who gives no answer.
    pub(super) fn take_signal(&mut self, signal: SignalId) -> Option<Value> {
        let kept = self.run.inbox.get_mut(&signal)?.pop_front()?;
        self.acknowledge(signal, kept.answer);
        Some(kept.value)
    }

    /// Tells the sender that the signal was heard by somebody who gives no answer.
    fn acknowledge(&mut self, signal: SignalId, answer: Option<u64>) {
        let Some(number) = answer else {
            return;
        };
        let declared = self.flow.signals.get(signal.index());
        let answer = match declared.and_then(|signal| signal.result.as_ref()) {
            None => Ok("null".to_owned()),
            Some(_) => Err("the flow took it without an answer".to_owned()),
        };
        self.effects.push(Effect::Answer {
            signal: number,
            answer,
        });
    }
}

fn hears(on: &On, signal: SignalId) -> bool {
    matches!(on, On::Signal(heard) if *heard == signal)
}
