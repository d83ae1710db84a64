//! `on NAME(...) { }`: a round for each signal, one after the other.

use super::{Turn, turn::Thrown};
use crate::{
    Effect, border,
    run::{FiberId, Handler, HandlerId, Kept, Kind, ScopeId},
};
use flowmesh_ir::{
    SignalId, StateId, Value,
    flow::{End, Listen},
};
use std::collections::VecDeque;

impl Turn<'_, '_> {
    pub(super) fn listen(
        &mut self,
        id: FiberId,
        at: StateId,
        listen: &Listen,
    ) -> Result<Option<StateId>, Thrown> {
        let Some((scope, frame)) = self.run.fibers.get(&id).map(|fiber| (fiber.scope, fiber.frame)) else {
            return Ok(None);
        };
        let mut handlers = self.run.handlers.values();
        // Coming here again in a loop does not make a second one.
        if !handlers.any(|handler| handler.scope == scope && handler.state == at) {
            let number = HandlerId(self.run.next.handler);
            self.run.next.handler += 1;
            self.hold(frame);
            let handler = Handler {
                scope,
                frame,
                state: at,
                busy: false,
            };
            self.run.handlers.insert(number, handler);
            self.begin_rounds(listen.signal);
        }
        Ok(Some(listen.next))
    }

    /// The handlers of a signal.
    pub(super) fn handlers_of(&self, signal: SignalId) -> impl Iterator<Item = HandlerId> {
        let hears = move |handler: &Handler| {
            let end = self.state(handler.state).map(|state| &state.end);
            matches!(end, Some(End::Listen(listen)) if listen.signal == signal)
        };
        let handlers = self.run.handlers.iter();
        handlers
            .filter(move |(_, handler)| hears(handler))
            .map(|(id, _)| *id)
    }

    /// Begins a round of each handler that is free, so long as signals are kept.
    pub(super) fn begin_rounds(&mut self, signal: SignalId) {
        let handlers: Vec<HandlerId> = self.handlers_of(signal).collect();
        for number in handlers {
            if self.run.handlers.get(&number).is_none_or(|handler| handler.busy) {
                continue;
            }
            let Some(kept) = self.run.inbox.get_mut(&signal).and_then(VecDeque::pop_front) else {
                return;
            };
            let answer = kept.answer;
            if let Err(Thrown(error)) = self.begin_round(number, &kept) {
                self.refuse(answer, &border::encode_untyped(&Value::Variant(error)));
            }
        }
    }

    fn begin_round(&mut self, number: HandlerId, kept: &Kept) -> Result<(), Thrown> {
        let Some(handler) = self.run.handlers.get(&number) else {
            return Ok(());
        };
        let (outer, around, state) = (handler.scope, handler.frame, handler.state);
        let Some(End::Listen(listen)) = self.state(state).map(|state| &state.end) else {
            return Ok(());
        };
        let scope = self.open(Kind::Round(number, kept.answer), Some(outer))?;
        let begun = self.begin_own(scope, around, listen, &kept.value);
        if begun.is_err() {
            self.run.scopes.remove(&scope);
            return begun;
        }
        if let Some(outer) = self.run.scopes.get_mut(&outer) {
            outer.beside.insert(scope);
        }
        if let Some(handler) = self.run.handlers.get_mut(&number) {
            handler.busy = true;
        }
        Ok(())
    }

    fn begin_own(
        &mut self,
        scope: ScopeId,
        around: Option<crate::run::FrameId>,
        listen: &Listen,
        value: &Value,
    ) -> Result<(), Thrown> {
        let frame = self.frame(around, &listen.own)?;
        self.hold(Some(frame));
        if let Value::Record(fields) = value {
            for (slot, value) in listen.params.iter().zip(fields.values()) {
                self.put(frame, *slot, value.clone());
            }
        }
        let begun = self.begin(scope, 0, Some(frame), listen.entry);
        self.release(Some(frame));
        begun
    }

    /// A round has come to its end with an answer.
    pub(super) fn round_given(
        &mut self,
        id: FiberId,
        scope: ScopeId,
        number: HandlerId,
        answer: Option<u64>,
        value: &Value,
    ) {
        if let Some(signal) = answer {
            let json = self.answer_json(number, value);
            self.effects.push(Effect::Answer {
                signal,
                answer: Ok(json),
            });
        }
        let outer = self.run.scopes.get(&scope).and_then(|scope| scope.outer);
        self.end_beside(id, scope, outer);
        self.round_over(number, None);
    }

    fn answer_json(&self, number: HandlerId, value: &Value) -> String {
        let handler = self.run.handlers.get(&number);
        let end = handler
            .and_then(|handler| self.state(handler.state))
            .map(|state| &state.end);
        let signal = match end {
            Some(End::Listen(listen)) => self.flow.signals.get(listen.signal.index()),
            _ => None,
        };
        match signal.and_then(|signal| signal.result.as_ref()) {
            Some(ty) => border::encode(self.program, ty, value),
            None => border::encode_untyped(value),
        }
    }

    /// The handler is free for the next signal. A sender that still waits is told that there is no answer.
    pub(super) fn round_over(&mut self, number: HandlerId, answer: Option<u64>) {
        self.refuse(answer, "the flow stopped before it had an answer");
        let Some(handler) = self.run.handlers.get_mut(&number) else {
            return;
        };
        handler.busy = false;
        // Its signals are handed out when fibers go on, and not while something is being closed.
        self.freed = true;
    }

    /// Hands out signals that waited for handlers which have become free.
    pub(super) fn hand_out_freed(&mut self) -> bool {
        if !std::mem::take(&mut self.freed) {
            return false;
        }
        let signals: Vec<SignalId> = self.run.inbox.keys().copied().collect();
        signals.into_iter().for_each(|signal| self.begin_rounds(signal));
        true
    }

    /// Nobody listens any more in a scope that has ended.
    pub(super) fn forget_handlers(&mut self, scope: ScopeId) {
        if self.run.handlers.is_empty() {
            return;
        }
        let ended: Vec<_> = self
            .run
            .handlers
            .extract_if(.., |_, handler| handler.scope == scope)
            .collect();
        for (_, handler) in ended {
            self.release(handler.frame);
        }
    }
}
