//! What a run still waits for, as it was asked for: after a crash the host asks again.

use crate::{
    Ask, CallId, Effect, Run, TimerId,
    run::{Entrance, Fiber, Retry, Still, Wait},
};
use flowmesh_ir::{
    Program, StateId, StepId,
    flow::{State, Tie},
};
use std::{collections::BTreeMap, sync::Arc};

/// Everything that is outstanding, by number, timers last: calls and streams from where they stand, with
/// [`Effect::More`] where an item is awaited; what else was asked for, guards also where they are held already; and
/// what was withdrawn and is heard all the same.
#[must_use]
pub fn pending(program: &Program, run: &Run) -> Vec<Effect> {
    let states = program.flow(run.flow).map_or(&[][..], |flow| &flow.states);
    let mut found = Found {
        states,
        calls: BTreeMap::new(),
        timers: BTreeMap::new(),
        late: run.still.as_deref(),
    };
    run.fibers.values().for_each(|fiber| found.fiber(fiber));
    found.orphans(run);
    found.undoing(run);
    found.streams(run);
    for (call, held) in &run.guards {
        found.calls.insert(*call, vec![held.effect(*call)]);
    }
    match &run.entrance {
        Some(Entrance::Settling(timer, at, call, debounce)) => {
            found.timer(*timer, *at);
            found.calls.insert(*call, vec![debounce.effect(*call)]);
        }
        Some(Entrance::Delayed(timer, at) | Entrance::Settled(timer, at)) => found.timer(*timer, *at),
        Some(Entrance::Waiting(call, admit) | Entrance::In(call, admit)) => {
            found.calls.insert(*call, vec![admit.effect(*call)]);
        }
        None => {}
    }
    for scope in run.scopes.values() {
        if let Some((timer, at)) = scope.inside().and_then(|inside| inside.within) {
            found.timer(timer, at);
        }
    }
    debug_assert!(
        run.timers.keys().eq(found.timers.keys()),
        "every timer has an owner"
    );
    found.without_the_late(run)
}

struct Found<'p> {
    states: &'p [State],
    calls: BTreeMap<CallId, Vec<Effect>>,
    timers: BTreeMap<TimerId, Effect>,
    /// What came while the run stood still, and was not acted upon yet.
    late: Option<&'p Still>,
}

impl Found<'_> {
    /// Everything but what has come already. Guards stay: they are held until the run lets go of them.
    fn without_the_late(mut self, run: &Run) -> Vec<Effect> {
        if let Some(late) = self.late {
            let held = |call| run.guards.contains_key(&call) && late.has_granted(call);
            self.calls
                .retain(|call, _| !late.has_end_of(*call) || held(*call));
            self.timers.retain(|timer, _| !late.has_fired(*timer));
        }
        let timers = self.timers.into_values();
        self.calls.into_values().flatten().chain(timers).collect()
    }

    fn step(&self, state: StateId) -> Option<StepId> {
        self.states.get(state.index()).and_then(|state| state.step)
    }

    fn timer(&mut self, timer: TimerId, at: jiff::Timestamp) {
        self.timers.insert(timer, Effect::Timer { timer, at });
    }

    fn fiber(&mut self, fiber: &Fiber) {
        for (timer, at) in fiber.wait.timers() {
            self.timer(timer, at);
        }
        self.wait(&fiber.wait, fiber.state);
    }

    fn wait(&mut self, wait: &Wait, state: StateId) {
        let step = self.step(state);
        match wait {
            Wait::Call(call, request) => {
                let effect = Effect::Call {
                    call: *call,
                    step: step.unwrap_or(StepId(0)),
                    undo: false,
                    request: Arc::clone(request),
                };
                self.calls.insert(*call, vec![effect]);
            }
            Wait::Ask(call, ask) => {
                let ask = (**ask).clone();
                let effect = Effect::Ask {
                    call: *call,
                    step,
                    ask,
                };
                self.calls.insert(*call, vec![effect]);
            }
            _ => {}
        }
    }

    fn orphans(&mut self, run: &Run) {
        for (call, orphan) in &run.orphans {
            self.wait(&orphan.wait, orphan.state);
            let child = matches!(&orphan.wait, Wait::Ask(_, ask)
                if matches!(**ask, Ask::Start { tie: Tie::Child, .. }));
            if child && let Some(effects) = self.calls.get_mut(call) {
                effects.push(Effect::Withdraw { call: *call });
            }
        }
    }

    fn undoing(&mut self, run: &Run) {
        for undoing in run
            .cleanups
            .values()
            .filter_map(|cleanup| cleanup.undoing.as_ref())
        {
            match undoing.retry {
                Retry::Call(call) => drop(self.calls.insert(call, vec![undoing.current.effect(call)])),
                Retry::Time(timer, at) => self.timer(timer, at),
                Retry::Decision => {}
            }
        }
    }

    fn streams(&mut self, run: &Run) {
        // One that has ended is not opened again, though its end may not have been looked at.
        let open = run
            .streams
            .iter()
            .filter(|(call, _)| run.calls.contains_key(call));
        for (call, open) in open {
            let (fiber, state) = open.reader;
            let mut effects = vec![Effect::Call {
                call: *call,
                step: self.step(state).unwrap_or(StepId(0)),
                undo: false,
                request: Arc::clone(&open.request),
            }];
            let awaited = run
                .fibers
                .get(&fiber)
                .is_some_and(|fiber| matches!(fiber.wait, Wait::Item));
            let here = !open.items.is_empty() || self.late.is_some_and(|late| late.has_item_of(*call));
            if awaited && !here {
                effects.push(Effect::More { call: *call });
            }
            self.calls.insert(*call, effects);
        }
    }
}
