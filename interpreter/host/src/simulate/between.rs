//! What must hold between runs: children are neither lost nor doubled, guards are never held by too many, and events
//! are told once. Read from the journal alone, in the order in which it was written.

use super::{guards::Guards, results::Results, versions::Machine, world::World};
use crate::{
    RunId,
    engine::guarded_by,
    store::{EventRecord, Guarded},
};
use flowmesh_ir::{
    Name,
    flow::{Flow, PRODUCED, Tie},
};
use flowmesh_machine::{Answer, Ask, CallId, Effect, EventKind};
use jiff::Timestamp;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The journal as it goes by.
#[derive(Default)]
struct Seen {
    machines: BTreeMap<RunId, Machine>,
    /// What was asked for and has not been answered, and guards that are held.
    asks: BTreeMap<(RunId, CallId), Ask>,
    guards: Guards,
    results: Results,
    /// Of which namespace and which flow each is.
    flows: BTreeMap<RunId, (Name, Name)>,
    /// Every run that something asked for by its identifier.
    children: BTreeSet<RunId>,
    /// How often each event was told at the most, and heard by each run.
    told: BTreeMap<String, u64>,
    heard: BTreeMap<(RunId, String), u64>,
    /// How many events of each run that shares a history are shared.
    shared: BTreeMap<RunId, u64>,
    /// What was found by a body that had come to its end.
    made: BTreeSet<String>,
    /// Runs that had nothing to do.
    already: BTreeSet<RunId>,
    /// Flows that a product was to start, as runs.
    following: BTreeSet<RunId>,
    /// Whether an answer came without a question.
    broken: Option<String>,
}

/// Sees that everything between runs is as it should be; how many results were reused.
pub(super) fn check(world: &World<'_>, order: &[EventRecord]) -> Result<u64, String> {
    let mut seen = Seen::default();
    for (event, _) in &world.clients.tellings {
        let plan = world.scenario.events.get(*event);
        let count = seen
            .told
            .entry(plan.map(|plan| plan.event.to_string()).unwrap_or_default())
            .or_default();
        *count = count.saturating_add(1);
    }
    for record in order {
        seen.record(world, record);
        if let Some(broken) = seen.broken.take() {
            return Err(broken);
        }
    }
    seen.in_the_end()?;
    Ok(seen.results.reused)
}

impl Seen {
    fn record(&mut self, world: &World<'_>, record: &EventRecord) {
        let run = record.run;
        if let Some(origin) = &record.origin {
            self.flows
                .insert(run, (origin.namespace.clone(), origin.flow.clone()));
            let begun = world.machine(run, origin);
            self.machines.extend(begun.map(|machine| (run, machine)));
        }
        let shared = record.origin.as_ref().and_then(|origin| origin.shared);
        if let Some(shared) = shared {
            self.shared.insert(run, shared.events);
        }
        let is_shared = self
            .shared
            .get(&run)
            .is_some_and(|events| record.sequence < *events);
        if !is_shared {
            self.products(world, run, &record.event.kind);
            self.event(run, record.event.at, &record.event.kind);
        }
        let Some(machine) = self.machines.get_mut(&run) else {
            return;
        };
        let mut effects = Vec::new();
        machine.live(world, record, &mut effects);
        if is_shared {
            // It leads to nothing a second time.
            return;
        }
        if let EventKind::Continued { .. } = record.event.kind {
            effects.extend(flowmesh_machine::pending(&machine.home.program, &machine.run));
        }
        effects.iter().for_each(|effect| self.effect(run, effect));
        let works = |effect: &Effect| matches!(effect, Effect::Call { .. } | Effect::Ask { .. });
        if self.already.contains(&run) && effects.iter().any(works) {
            self.broken = Some(format!("run {run} goes on, and its target was there"));
        }
    }

    /// What was made is found by all who look later, and starts what follows.
    fn products(&mut self, world: &World<'_>, run: RunId, kind: &EventKind) {
        let EventKind::Answered { call, answer } = kind else {
            return;
        };
        match (self.asks.get(&(run, *call)), answer) {
            (Some(Ask::Probe { target, after: true }), Answer::Found(true)) => {
                self.made.insert(target.clone());
            }
            (Some(Ask::Probe { after: false, .. }), Answer::Found(true)) => {
                self.already.insert(run);
            }
            (Some(Ask::Probe { target, after: false }), Answer::Found(false))
                if self.made.contains(target) =>
            {
                self.broken = Some(format!(
                    "run {run} was told that there is no {target}, which was made"
                ));
            }
            (Some(Ask::Emit { event, payload }), Answer::Done(_)) if event == PRODUCED => {
                let program = &world.deployment.program;
                let made = |flow: &&Arc<Flow>| {
                    let made = flow.trigger.iter().flat_map(|trigger| trigger.all_made());
                    made.into_iter().any(|made| {
                        let form = format!("\"form\":\"{}\"", made.product.form);
                        String::from_utf8_lossy(payload).contains(&form)
                    })
                };
                let follow = program.flows.iter().filter(made);
                self.following
                    .extend(follow.map(|flow| run.derived(*call, &flow.name).0));
            }
            _ => {}
        }
    }

    fn event(&mut self, run: RunId, at: Timestamp, kind: &EventKind) {
        match kind {
            EventKind::Heard { event, .. } => {
                let count = self.heard.entry((run, event.to_string())).or_default();
                *count = count.saturating_add(1);
            }
            EventKind::Answered { call, answer } => self.answered(run, at, *call, answer),
            _ => {}
        }
    }

    fn answered(&mut self, run: RunId, at: Timestamp, call: CallId, answer: &Answer) {
        match self.asks.get(&(run, call)) {
            None => {
                self.broken = Some(format!(
                    "run {run} was answered {answer:?} and asked nothing by {}",
                    call.0
                ));
            }
            Some(ask @ (Ask::Acquire { .. } | Ask::Admit(_))) => {
                let (permits, rate) = match ask {
                    Ask::Acquire { permits, rate, .. } => (*permits, *rate),
                    Ask::Admit(admit) => (Some(admit.most), None),
                    _ => (None, None),
                };
                let Some(place) = self.place(run, ask) else { return };
                let broken = (self.guards).entered(&place, (run, call), (permits, rate), at, answer);
                self.broken = self.broken.take().or(broken.err());
            }
            Some(Ask::Recall(recall)) => {
                let Some((namespace, _)) = self.flows.get(&run) else {
                    return;
                };
                let heard = self.results.recalls((namespace.clone(), run), at, recall, answer);
                self.broken = self.broken.take().or(heard.err());
                self.asks.remove(&(run, call));
            }
            Some(Ask::Emit { event, .. }) => {
                let count = self.told.entry(event.to_string()).or_default();
                *count = count.saturating_add(1);
                self.asks.remove(&(run, call));
            }
            Some(_) => {
                self.asks.remove(&(run, call));
            }
        }
    }

    fn effect(&mut self, run: RunId, effect: &Effect) {
        match effect {
            Effect::Ask { call, ask, .. } => {
                if let Ask::Start { .. } = ask {
                    self.children.insert(run.derived(*call, "").0);
                }
                if self.asks.insert((run, *call), ask.clone()).is_none() {
                    self.asked(run, (*call, ask));
                }
            }
            Effect::Record { recall, result } => {
                let of = self
                    .flows
                    .get(&run)
                    .map(|(namespace, _)| (namespace.clone(), run));
                let at = self.machines.get(&run).map(|machine| machine.run.updated());
                if let Some((of, at)) = of.zip(at) {
                    self.results.records(of, at, recall, result);
                }
            }
            Effect::Withdraw { call } | Effect::Release { call } => self.left(run, *call),
            Effect::Finished(_) => {
                let open: Vec<CallId> = self
                    .asks
                    .range((run, CallId(0))..=(run, CallId(u32::MAX)))
                    .map(|((_, call), _)| *call)
                    .collect();
                open.into_iter().for_each(|call| self.left(run, call));
            }
            _ => {}
        }
    }

    fn left(&mut self, run: RunId, call: CallId) {
        match self.asks.get(&(run, call)) {
            // Its end may still be heard.
            Some(Ask::Start { tie: Tie::Child, .. }) | None => {}
            Some(ask) => {
                if let Some(place) = self.place(run, ask) {
                    self.guards.left(&place, (run, call));
                }
                self.asks.remove(&(run, call));
            }
        }
    }

    fn place(&self, run: RunId, ask: &Ask) -> Option<Guarded> {
        let (namespace, flow) = self.flows.get(&run)?;
        guarded_by((namespace, flow), ask)
    }

    /// Somebody waits for a place, or has it by the history that they share.
    fn asked(&mut self, run: RunId, (call, ask): (CallId, &Ask)) {
        let Some(place) = self.place(run, ask) else { return };
        let Some(machine) = self.machines.get(&run) else {
            return;
        };
        if machine.run.admitted() == Some(call) {
            return self.guards.is_in(&place, (run, call));
        }
        let group = match ask {
            Ask::Admit(admit) => admit.group.clone(),
            _ => None,
        };
        let flow = machine.home.program.flow(machine.run.flow());
        let ahead = flow.map_or(0, |flow| flow.conduct.ahead_us(flow.conduct.priority));
        let at = machine.run.updated();
        self.guards.asked(&place, (run, call), (group, ahead), at);
    }

    fn in_the_end(&self) -> Result<(), String> {
        let ended = |run: &RunId| {
            self.machines
                .get(run)
                .is_none_or(|machine| machine.run.outcome().is_some())
        };
        for ((run, call), ask) in &self.asks {
            if ended(run) {
                continue;
            }
            match ask {
                Ask::Start { tie: Tie::Child, .. } if !ended(&run.derived(*call, "").0) => {}
                ask if self
                    .place(*run, ask)
                    .is_some_and(|place| self.guards.is_held(&place)) => {}
                other => return Err(format!("run {run} asked for {other:?} and nobody brings it")),
            }
        }
        let missing = |run: &&RunId| !self.machines.contains_key(run);
        if let Some(run) = self.following.iter().find(missing) {
            return Err(format!(
                "run {run} was to begin when something was produced, and did not"
            ));
        }
        for ((run, event), times) in &self.heard {
            if times > self.told.get(event).unwrap_or(&0) {
                return Err(format!(
                    "run {run} heard `{event}` {times} times, more often than it was told"
                ));
            }
        }
        Ok(())
    }
}
