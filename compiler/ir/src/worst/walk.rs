//! Walks the states of flows and adds up how long they take.

use super::Time;
use crate::{
    FlowId, Program, StateId, Value,
    expr::Expr,
    flow::{End, Flow, Lead, On, Tie, Wait},
};
use std::collections::BTreeMap;

/// How often a way may part; what lies deeper is taken as open.
const DEEPEST: usize = 128;

/// What is known so far.
pub(super) struct Walk<'a> {
    pub(super) program: &'a Program,
    flows: BTreeMap<FlowId, Time>,
    /// Flows that are being walked: one that starts itself takes as long as nobody knows.
    around: Vec<FlowId>,
    /// Sleeps and waits take no time: only what others make us wait for does.
    pub(super) calls_only: bool,
}

/// One flow on its way.
pub(super) struct Way<'w, 'a> {
    pub(super) walk: &'w mut Walk<'a>,
    pub(super) flow: &'a Flow,
    /// By state.
    seen: Vec<Seen>,
    depth: usize,
}

/// What is known of a state.
#[derive(Clone, Copy)]
enum Seen {
    Never,
    /// It is on the way here.
    Open,
    /// So long it takes from there on.
    Done(Time),
}

impl<'a> Walk<'a> {
    pub(super) fn new(program: &'a Program) -> Self {
        Self {
            program,
            flows: BTreeMap::new(),
            around: Vec::new(),
            calls_only: false,
        }
    }

    /// How long a run of a flow takes.
    pub(super) fn flow(&mut self, id: FlowId) -> Time {
        if let Some(known) = self.flows.get(&id) {
            return *known;
        }
        if self.around.contains(&id) || self.around.len() > 32 {
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
        self.calls_only = true;
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
            seen: vec![Seen::Never; flow.states.len()],
            depth: 0,
        }
    }

    /// From a state to the end of its fiber. Only where the way parts does this go deeper.
    pub(super) fn from(&mut self, first: StateId) -> Time {
        let mut met: Vec<(StateId, Time)> = Vec::new();
        let mut at = first;
        let mut time = loop {
            let flow = self.flow;
            let (Some(state), Some(seen)) = (flow.states.get(at.index()), self.seen.get_mut(at.index()))
            else {
                break Time::default();
            };
            match *seen {
                Seen::Done(known) => break known,
                // A state that was met on the way here is a loop, and nobody knows how often.
                Seen::Open => break Time::open(),
                Seen::Never if self.depth > DEEPEST => break Time::open(),
                Seen::Never => *seen = Seen::Open,
            }
            let (own, next) = self.step(&state.end);
            met.push((at, own));
            match next.as_slice() {
                [only] => at = *only,
                many => break self.longest(many),
            }
        };
        for (state, own) in met.into_iter().rev() {
            time = own.then(time);
            if let Some(seen) = self.seen.get_mut(state.index()) {
                *seen = Seen::Done(time);
            }
        }
        time
    }

    pub(super) fn longest(&mut self, ways: &[StateId]) -> Time {
        self.depth = self.depth.saturating_add(1);
        let times: Vec<Time> = ways.iter().map(|state| self.from(*state)).collect();
        self.depth = self.depth.saturating_sub(1);
        times.into_iter().fold(Time::default(), Time::or)
    }

    /// How long the end of a state takes, and where it leads.
    fn step(&mut self, end: &'a End) -> (Time, Vec<StateId>) {
        let own = match end {
            End::Call(_) => {
                let policy = super::target(end).and_then(|target| self.walk.program.policy(target.policy));
                policy.map_or(Time::default(), |policy| Time::of(super::call_ms(policy)))
            }
            End::Start(start) if start.tie == Tie::Child => self.walk.flow(start.flow),
            End::Sleep { .. } | End::SleepUntil { .. } | End::Wait(_) if self.walk.calls_only => {
                Time::default()
            }
            End::Sleep { duration, .. } => length(duration),
            End::SleepUntil { .. } | End::Stream(_) => Time::open(),
            End::Wait(wait) => wait_time(wait),
            End::Region(region) => self.region(region),
            _ => Time::default(),
        };
        let mut next = Vec::new();
        end.ways(|lead, state| {
            if matches!(lead, Lead::Next | Lead::Out(_)) && !next.contains(state) {
                next.push(*state);
            }
        });
        (own, next)
    }
}

/// A wait is over at the latest when its shortest time has passed.
fn wait_time(wait: &Wait) -> Time {
    let times = wait.arms.iter().filter_map(|arm| match &arm.on {
        On::After(duration) => Some(length(duration)),
        _ => None,
    });
    times.min().unwrap_or(Time::open())
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
