//! What is held while a region runs: a lock, or one of a few permits.

use super::{
    Turn,
    turn::{Thrown, built_in},
};
use crate::{
    Answer, Ask, CallId, Effect,
    run::{Caller, Held, ScopeId},
};
use flowmesh_ir::{
    Value,
    flow::{End, Guard},
};
use flowmesh_stdlib::{Fault, text};

impl Turn<'_, '_> {
    /// Asks for the guard of a region; its branches begin when it is held.
    pub(super) fn acquire(&mut self, scope: ScopeId, guard: &Guard) {
        match self.held(guard) {
            Ok(held) => {
                let call = self.next_call(Caller::Guard(scope));
                self.inside_mut(scope, |inside| inside.guard = Some(call));
                self.effects.push(held.effect(call));
                self.run.guards.insert(call, held);
            }
            Err(Thrown(error)) => self.raise_in(scope, error),
        }
    }

    fn held(&mut self, guard: &Guard) -> Result<Held, Thrown> {
        let name = text(&self.evaluator().eval(&guard.name)?);
        let permits = match &guard.permits {
            Some(permits) => Some(self.permits(permits)?),
            None => None,
        };
        Ok(Held {
            name,
            permits,
            rate: guard.rate,
            granted: false,
        })
    }

    pub(super) fn permits(&mut self, permits: &flowmesh_ir::expr::Expr) -> Result<u32, Fault> {
        let permits = self.int(permits)?;
        match u32::try_from(permits) {
            Ok(permits) if permits > 0 => Ok(permits),
            _ => Err(Fault::BadValue(format!(
                "a limit is at least 1, this one is {permits}"
            ))),
        }
    }

    pub(super) fn guard_answered(&mut self, scope: ScopeId, call: CallId, answer: &Answer) {
        if let Some(token) = answer.token() {
            self.run.calls.remove(&call);
            if let Some(held) = self.run.guards.get_mut(&call) {
                held.granted = true;
            }
            match self.keep_token(scope, token) {
                Ok(()) => self.spread(scope),
                Err(Thrown(error)) => self.raise_in(scope, error),
            }
        } else if let Answer::Refused(why) = answer {
            self.run.calls.remove(&call);
            self.run.guards.remove(&call);
            self.inside_mut(scope, |inside| inside.guard = None);
            self.raise_in(scope, built_in("Unavailable", why));
        }
    }

    /// The fiber that waits for the region has it in its frame, as have those that begin in it.
    fn keep_token(&mut self, scope: ScopeId, token: u64) -> Result<(), Thrown> {
        let Some((waiting, state)) = self.inside(scope).map(|inside| (inside.waiting, inside.state)) else {
            return Ok(());
        };
        let Some(End::Region(region)) = self.state(state).map(|state| &state.end) else {
            return Ok(());
        };
        let Some(slot) = region.guard.as_ref().and_then(|guard| guard.token) else {
            return Ok(());
        };
        self.seat_fiber(waiting);
        self.evaluator()
            .set(slot, Value::Int(i64::try_from(token).unwrap_or(i64::MAX)))?;
        Ok(())
    }

    pub(super) fn granted(&self, guard: CallId) -> bool {
        self.run.guards.get(&guard).is_some_and(|held| held.granted)
    }

    /// Lets go of a guard.
    pub(super) fn let_go(&mut self, call: CallId) {
        if self.run.guards.remove(&call).is_some() {
            self.effects.push(Effect::Release { call });
        }
    }
}

impl Held {
    pub(super) fn effect(&self, call: CallId) -> Effect {
        Effect::Ask {
            call,
            step: None,
            ask: Ask::Acquire {
                name: self.name.clone(),
                permits: self.permits,
                rate: self.rate,
            },
        }
    }
}
