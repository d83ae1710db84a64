//! Walks the states of flows and adds up how long they take.

use super::Time;
use crate::{
    FlowId, Program, StateId, Value,
    expr::Expr,
    flow::{End, Flow, Lead, On, Tie, Wait},
};
use std::collections::{BTreeMap, BTreeSet};

/// How many states behind each other are walked; longer ways are taken as open.
const DEEPEST: usize = 4_000;

/// What is known so far.
pub(super) struct Walk<'a> {
    pub(super) program: &'a Program,
    flows: BTreeMap<FlowId, Time>,
    /// Flows that are being walked: one that starts itself takes as long as nobody knows.
    around: Vec<FlowId>,
}

/// One flow on its way.
pub(super) struct Way<'w, 'a> {
    pub(super) walk: &'w mut Walk<'a>,
    pub(super) flow: &'a Flow,
    known: BTreeMap<StateId, Time>,
    path: BTreeSet<StateId>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(program: &'a Program) -> Self {
        Self {
            program,
            flows: BTreeMap::new(),
            around: Vec::new(),
        }
    }

    /// How long a run of a flow takes.
    pub(super) fn flow(&mut self, id: FlowId) -> Time {
        if let Some(known) = self.flows.get(&id) {
            return *known;
        }
        if self.around.contains(&id) || self.around.len() > 64 {
            return Time::open();
        }
        let Some(flow) = self.program.flow(id) else {
            return Time::default();
        };
        self.around.push(id);
        let time = Way::new(self, flow).from(flow.entry);
        self.around.pop();
        self.flows.insert(id, time);
        time
    }

    /// How long what runs in the region that a state begins takes.
    pub(super) fn inside(&mut self, id: FlowId, state: StateId) -> Option<Time> {
        let flow = self.program.flow(id)?;
        let End::Region(region) = &flow.states.get(state.index())?.end else {
            return None;
        };
        self.around.push(id);
        let time = Way::new(self, flow).branches(region);
        self.around.pop();
        Some(time)
    }
}

impl<'w, 'a> Way<'w, 'a> {
    fn new(walk: &'w mut Walk<'a>, flow: &'a Flow) -> Self {
        Self {
            walk,
            flow,
            known: BTreeMap::new(),
            path: BTreeSet::new(),
        }
    }

    /// From a state to the end of its fiber.
    pub(super) fn from(&mut self, at: StateId) -> Time {
        if let Some(known) = self.known.get(&at) {
            return *known;
        }
        // A state that was met on the way here is a loop, and nobody knows how often.
        if self.path.contains(&at) || self.path.len() > DEEPEST {
            return Time::open();
        }
        let flow = self.flow;
        let Some(state) = flow.states.get(at.index()) else {
            return Time::default();
        };
        self.path.insert(at);
        let time = self.after(&state.end);
        self.path.remove(&at);
        self.known.insert(at, time);
        time
    }

    fn after(&mut self, end: &'a End) -> Time {
        let own = match end {
            End::Call(_) => {
                let policy = super::target(end).and_then(|target| self.walk.program.policy(target.policy));
                policy.map_or(Time::default(), |policy| Time::of(super::call_ms(policy)))
            }
            End::Start(start) if start.tie == Tie::Child => self.walk.flow(start.flow),
            End::Sleep { duration, .. } => length(duration),
            End::Await(wait) => wait
                .within
                .as_ref()
                .map_or(Time::open(), |(within, _)| length(within)),
            End::SleepUntil { .. } | End::Stream(_) => Time::open(),
            End::Wait(wait) => return self.wait(wait),
            End::Region(region) => return self.region(region),
            _ => Time::default(),
        };
        own.then(self.onward(end))
    }

    /// The longest way on.
    fn onward(&mut self, end: &End) -> Time {
        let mut next = Vec::new();
        end.ways(|lead, state| {
            if matches!(lead, Lead::Next | Lead::Out(_)) {
                next.push(*state);
            }
        });
        next.into_iter()
            .map(|state| self.from(state))
            .fold(Time::default(), Time::or)
    }

    /// A wait is over at the latest when its shortest time has passed.
    fn wait(&mut self, wait: &'a Wait) -> Time {
        let times = wait.arms.iter().filter_map(|arm| match &arm.on {
            On::After(duration) => Some(length(duration)),
            _ => None,
        });
        let own = times.min().unwrap_or(Time::open());
        let next: Vec<StateId> = wait
            .arms
            .iter()
            .map(|arm| arm.next)
            .chain(wait.catch.iter().map(|catch| catch.next))
            .collect();
        let on = next
            .into_iter()
            .map(|state| self.from(state))
            .fold(Time::default(), Time::or);
        own.then(on)
    }
}

/// How long a duration is, where it is known.
pub(super) fn length(expr: &Expr) -> Time {
    match expr {
        Expr::Constant(Value::Duration(duration)) => {
            u64::try_from(duration.as_millis()).map_or(Time::default(), Time::of)
        }
        _ => Time::open(),
    }
}
