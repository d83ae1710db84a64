//! What a run still waits for, as it was asked for: after a crash the host asks again.

use crate::{
    Effect, Run,
    run::{Phase, Retry, Wait},
};
use flowmesh_ir::{Program, StepId};
use std::sync::Arc;

/// The calls and timers that are outstanding, calls first, each kind by number.
#[must_use]
pub fn pending(program: &Program, run: &Run) -> Vec<Effect> {
    let mut calls = Vec::new();
    let mut timers = Vec::new();
    let states = program.flow(run.flow).map_or(&[][..], |flow| &flow.states);
    for fiber in run.fibers.values() {
        match &fiber.wait {
            Wait::Call(call, request) => {
                let step = states.get(fiber.state.index()).and_then(|state| state.step);
                let request = Arc::clone(request);
                calls.push((
                    *call,
                    Effect::Call {
                        call: *call,
                        step: step.unwrap_or(StepId(0)),
                        undo: false,
                        request,
                    },
                ));
            }
            Wait::Time(timer, at) | Wait::Signal(Some((timer, at))) => {
                timers.push((
                    *timer,
                    Effect::Timer {
                        timer: *timer,
                        at: *at,
                    },
                ));
            }
            Wait::Nothing | Wait::Signal(None) | Wait::Branches(_) => {}
        }
    }
    if let Phase::Undoing(undoing) = &run.phase {
        match undoing.retry {
            Retry::Call(call) => {
                let (step, request) = (undoing.current.step, Arc::clone(&undoing.current.request));
                calls.push((
                    call,
                    Effect::Call {
                        call,
                        step,
                        undo: true,
                        request,
                    },
                ));
            }
            Retry::Time(timer, at) => timers.push((timer, Effect::Timer { timer, at })),
        }
    }
    calls.sort_by_key(|(call, _)| *call);
    timers.sort_by_key(|(timer, _)| *timer);
    calls
        .into_iter()
        .map(|(_, effect)| effect)
        .chain(timers.into_iter().map(|(_, effect)| effect))
        .collect()
}
