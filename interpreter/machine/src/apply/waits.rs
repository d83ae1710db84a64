//! What holds up a run that nothing is on its way to: for whoever wants to know whether it will ever go on.

use crate::{
    Ask, CallId, Run,
    run::{Entrance, Items, Kind, Plan, Stuck, Wait},
};
use flowmesh_ir::{
    EventId, Program, SignalId, StateId,
    flow::{End, On},
};

/// A wait that is open, and not for a time alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The state that waits.
    pub state: StateId,
    /// What any of would end it.
    pub awaits: Vec<Awaited>,
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaited {
    /// A signal.
    Signal(SignalId),
    /// An event.
    Event(EventId),
    /// A condition over what other fibers do.
    Condition,
    /// The end of a task.
    Task,
    /// The end of a call, or the next item of a stream.
    Call(CallId),
    /// A child, or something else that was asked for.
    Ask(CallId),
    /// A lock, or a permit.
    Guard(CallId),
    /// What a person decides.
    Decision,
}

/// Every wait of a run that is open, of fibers first and then of regions.
#[must_use]
pub fn waits(program: &Program, run: &Run) -> Vec<Waiting> {
    let states = program.flow(run.flow).map_or(&[][..], |flow| &flow.states);
    let arms = |state: StateId| match states.get(state.index()).map(|state| &state.end) {
        Some(End::Wait(wait)) => wait.arms.iter().filter_map(|arm| awaited(&arm.on)).collect(),
        _ => Vec::new(),
    };
    if let Some(state) = parked(run) {
        // Whatever else there is rests with it.
        return vec![Waiting {
            state,
            awaits: vec![Awaited::Decision],
        }];
    }
    let mut all = Vec::new();
    if let (Some(Entrance::Waiting(call, _)), Some(flow)) = (&run.entrance, program.flow(run.flow)) {
        all.push(Waiting {
            state: flow.entry,
            awaits: vec![Awaited::Guard(*call)],
        });
    }
    for (id, fiber) in &run.fibers {
        let state = fiber.state;
        let awaits = match &fiber.wait {
            Wait::Call(call, _) => vec![Awaited::Call(*call)],
            Wait::Ask(call, _) => vec![Awaited::Ask(*call)],
            Wait::Item => {
                let mut open = run.streams.iter();
                let call = open.find(|(_, open)| open.reader == (*id, state));
                call.map(|(call, _)| Awaited::Call(*call)).into_iter().collect()
            }
            Wait::Arms(_) => arms(state),
            Wait::Nothing
            | Wait::Time(..)
            | Wait::Region(_)
            | Wait::Cleanup(_)
            | Wait::Later
            | Wait::Decision(_) => continue,
        };
        all.push(Waiting { state, awaits });
    }
    for scope in run.scopes.values() {
        let Kind::Region(inside) = &scope.kind else {
            continue;
        };
        let held = inside
            .guard
            .and_then(|guard| Some((guard, run.guards.get(&guard)?)));
        let awaits = match (held, &inside.plan) {
            (Some((guard, held)), _) if !held.granted => Awaited::Guard(guard),
            (
                _,
                Plan::Each {
                    items: Items::Signals(signal),
                    ..
                },
            ) => Awaited::Signal(*signal),
            _ => continue,
        };
        all.push(Waiting {
            state: inside.state,
            awaits: vec![awaits],
        });
    }
    all
}

/// The state whose call, or whose undoing, a run is parked at.
fn parked(run: &Run) -> Option<StateId> {
    run.parked()?;
    let parked = run.still.as_ref()?.parked.as_ref()?;
    let state = match parked.stuck {
        Stuck::Fiber(fiber, _) => run.fibers.get(&fiber).map(|fiber| fiber.state),
        Stuck::Orphan(_) => run.orphans.get(&parked.call).map(|orphan| orphan.state),
        Stuck::Undo(_) => None,
    };
    Some(state.unwrap_or(StateId(0)))
}

fn awaited(on: &On) -> Option<Awaited> {
    match on {
        On::Signal(signal) => Some(Awaited::Signal(*signal)),
        On::Event { event, .. } => Some(Awaited::Event(*event)),
        On::Condition(_) => Some(Awaited::Condition),
        On::Task(_) => Some(Awaited::Task),
        On::After(_) | On::At(_) => None,
    }
}

impl Run {
    /// What was asked for by a number, while it is waited for.
    #[must_use]
    pub fn asked(&self, call: CallId) -> Option<&Ask> {
        let fibers = self.fibers.values().map(|fiber| &fiber.wait);
        let orphans = self.orphans.values().map(|orphan| &orphan.wait);
        fibers.chain(orphans).find_map(|wait| match wait {
            Wait::Ask(of, ask) if *of == call => Some(&**ask),
            _ => None,
        })
    }
}
