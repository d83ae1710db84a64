//! What must hold between runs: children are neither lost nor doubled, guards are never held by too many, and events
//! are told once. Read from the journal alone, in the order in which it was written.

use super::world::World;
use crate::{RunId, store::EventRecord};
use flowmesh_ir::flow::Tie;
use flowmesh_machine::{Answer, Ask, CallId, Effect, EventKind, Run};
use std::collections::{BTreeMap, BTreeSet};

/// The journal as it goes by.
#[derive(Default)]
struct Seen {
    machines: BTreeMap<RunId, Run>,
    /// What was asked for and has not been answered, and guards that are held.
    asks: BTreeMap<(RunId, CallId), Ask>,
    /// Who is inside, by the name of the guard.
    inside: BTreeMap<String, BTreeSet<(RunId, CallId)>>,
    /// Every run that something asked for by its identifier.
    children: BTreeSet<RunId>,
    /// How often each event was told at the most, and heard by each run.
    told: BTreeMap<String, u64>,
    heard: BTreeMap<(RunId, String), u64>,
    /// How many events of each run that shares a history are shared.
    shared: BTreeMap<RunId, u64>,
    /// Whether an answer came without a question.
    broken: Option<String>,
}

/// Sees that everything between runs is as it should be.
pub(super) fn check(world: &World<'_>, order: &[EventRecord]) -> Result<(), String> {
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
    seen.in_the_end()
}

impl Seen {
    fn record(&mut self, world: &World<'_>, record: &EventRecord) {
        let run = record.run;
        if let Some(origin) = &record.origin
            && let Some(flow) = world.deployment.program.flow_named(&origin.flow)
        {
            self.machines
                .insert(run, world.deployment.new_run(origin.root(run), flow));
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
            self.event(run, &record.event.kind);
        }
        let Some(machine) = self.machines.get_mut(&run) else {
            return;
        };
        let mut effects = Vec::new();
        world.deployment.apply(machine, &record.event, &mut effects);
        if is_shared {
            // It leads to nothing a second time.
            return;
        }
        if let EventKind::Continued { .. } = record.event.kind {
            effects.extend(flowmesh_machine::pending(&world.deployment.program, machine));
        }
        effects.iter().for_each(|effect| self.effect(run, effect));
    }

    fn event(&mut self, run: RunId, kind: &EventKind) {
        match kind {
            EventKind::Heard { event, .. } => {
                let count = self.heard.entry((run, event.to_string())).or_default();
                *count = count.saturating_add(1);
            }
            EventKind::Answered { call, answer } => self.answered(run, *call, answer),
            _ => {}
        }
    }

    fn answered(&mut self, run: RunId, call: CallId, answer: &Answer) {
        match self.asks.get(&(run, call)) {
            None => {
                self.broken = Some(format!(
                    "run {run} was answered {answer:?} and asked nothing by {}",
                    call.0
                ));
            }
            Some(Ask::Acquire { name, permits }) => {
                let inside = self.inside.entry(name.clone()).or_default();
                inside.insert((run, call));
                let most = permits.map_or(1, |permits| permits as usize);
                if inside.len() > most {
                    self.broken = Some(format!(
                        "`{name}` is held by {inside:?}, and by {most} at the most"
                    ));
                }
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
                self.asks.insert((run, *call), ask.clone());
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
            Some(Ask::Acquire { name, .. }) => {
                let name = name.clone();
                self.inside.entry(name).or_default().remove(&(run, call));
                self.asks.remove(&(run, call));
            }
            Some(_) => {
                self.asks.remove(&(run, call));
            }
        }
    }

    fn in_the_end(&self) -> Result<(), String> {
        let ended = |run: &RunId| {
            self.machines
                .get(run)
                .is_none_or(|machine| machine.outcome().is_some())
        };
        for ((run, call), ask) in &self.asks {
            if ended(run) {
                continue;
            }
            match ask {
                Ask::Start { tie: Tie::Child, .. } if !ended(&run.derived(*call, "").0) => {}
                Ask::Acquire { name, .. }
                    if self.inside.get(name).is_some_and(|inside| !inside.is_empty()) => {}
                other => return Err(format!("run {run} asked for {other:?} and nobody brings it")),
            }
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
