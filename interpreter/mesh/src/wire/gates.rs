//! The gates before an endpoint, one for each breaker that some policy has.

use super::endpoint::Endpoint;
use crate::decide::{
    breaker::{Entry, Gate, Sign},
    chance::Chance,
};
use flowmesh_ir::traffic::Breaker;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// The gates before an endpoint. Policies whose breakers say the same share one; a program has few of them.
#[derive(Default)]
pub(crate) struct Gates(Mutex<Vec<Gate>>);

/// Somebody who went through a gate. Dropping it says that there was no end, as when the caller went away.
pub(crate) struct Pass {
    endpoint: Arc<Endpoint>,
    breaker: Breaker,
    /// What it entered with; taken when its end was said.
    entry: Option<Entry>,
}

impl Gates {
    /// Asks or tells the gate of a breaker.
    pub(crate) fn with<T>(&self, breaker: &Breaker, ask: impl FnOnce(&mut Gate) -> T) -> T {
        let mut gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gate) = gates.iter_mut().find(|gate| gate.breaker() == breaker) {
            return ask(gate);
        }
        let mut gate = Gate::new(*breaker);
        let answer = ask(&mut gate);
        gates.push(gate);
        answer
    }
}

impl Gates {
    /// How the worst of them stands: closed (0), to be proven (1), or open (2).
    pub(crate) fn worst(&self, now: Duration) -> Option<u8> {
        let gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let stands = gates.iter().map(|gate| match gate.sign(now) {
            Sign::Come(_) => 0,
            Sign::Prove => 1,
            Sign::Shut => 2,
        });
        stands.max()
    }
}

impl Pass {
    /// Goes through the gate of an endpoint, unless it is shut.
    pub(crate) fn enter(endpoint: &Arc<Endpoint>, breaker: &Breaker, now: Duration) -> Option<Self> {
        let entry = endpoint.gates.with(breaker, |gate| gate.enter(now))?;
        Some(Self {
            endpoint: endpoint.clone(),
            breaker: *breaker,
            entry: Some(entry),
        })
    }

    /// Says how it went.
    pub(crate) fn end(mut self, now: Duration, failed: bool, chance: &mut Chance<'_>) {
        if let Some(entry) = self.entry.take() {
            let gates = &self.endpoint.gates;
            gates.with(&self.breaker, |gate| gate.end(entry, now, failed, chance));
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if let Some(entry) = self.entry.take() {
            self.endpoint.gates.with(&self.breaker, |gate| gate.leave(entry));
        }
    }
}
