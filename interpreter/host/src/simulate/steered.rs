//! What must hold of runs that people steered, read from the journal alone: a run that stands still asks for nothing, a
//! terminated one undoes nothing and takes its children with it, and what was recorded stays as it was.

use super::{versions::Machine, world::World};
use crate::{RunId, store::EventRecord};
use flowmesh_ir::flow::Tie;
use flowmesh_machine::{Ask, CallId, Effect, EventKind, Status};
use std::collections::{BTreeMap, BTreeSet};

/// The journal as it goes by.
#[derive(Default)]
struct Seen {
    machines: BTreeMap<RunId, Machine>,
    /// Children that were asked for and have not been heard of.
    children: BTreeMap<RunId, BTreeSet<CallId>>,
    /// Children of runs that were terminated.
    abandoned: BTreeSet<RunId>,
}

/// Sees that everybody was obeyed.
pub(super) fn check(world: &World<'_>, order: &[EventRecord]) -> Result<(), String> {
    let mut seen = Seen::default();
    for record in order {
        seen.record(world, record)?;
    }
    seen.in_the_end()
}

impl Seen {
    fn record(&mut self, world: &World<'_>, record: &EventRecord) -> Result<(), String> {
        let run = record.run;
        let begun = record
            .origin
            .as_ref()
            .and_then(|origin| world.machine(run, origin));
        self.machines.extend(begun.map(|machine| (run, machine)));
        let Some(machine) = self.machines.get_mut(&run) else {
            return Ok(());
        };
        if machine.run.outcome().is_some() {
            return Err(format!(
                "event {} of run {run} comes after its end",
                record.sequence
            ));
        }
        let mut effects = Vec::new();
        let let_go = matches!(
            record.event.kind,
            EventKind::Resumed
                | EventKind::Decided { .. }
                | EventKind::Cancelled { .. }
                | EventKind::Terminated { .. }
        );
        let still = !let_go && machine.run.status() == Status::Paused;
        machine.live(world, record, &mut effects);
        let terminated = matches!(record.event.kind, EventKind::Terminated { .. });
        if terminated && machine.run.status() != Status::Terminated {
            return Err(format!(
                "run {run} was terminated and is {}",
                machine.run.status()
            ));
        }
        let wrong = |effect: &&Effect| (still && is_new(effect)) || (terminated && is_work(effect));
        if let Some(asked) = effects.iter().find(wrong) {
            let why = if still { "stands still" } else { "was terminated" };
            return Err(format!(
                "run {run} {why} and asks for {asked:?} at its event {}",
                record.sequence
            ));
        }
        self.children(run, &record.event.kind, &effects);
        Ok(())
    }

    fn children(&mut self, run: RunId, kind: &EventKind, effects: &[Effect]) {
        let children = self.children.entry(run).or_default();
        if let EventKind::Answered { call, .. } = kind {
            children.remove(call);
        }
        children.extend(effects.iter().filter_map(|effect| match effect {
            Effect::Ask {
                call,
                ask: Ask::Start { tie: Tie::Child, .. },
                ..
            } => Some(*call),
            _ => None,
        }));
        if matches!(kind, EventKind::Terminated { .. }) {
            let abandoned = children.iter().map(|call| run.derived(*call, "").0);
            self.abandoned.extend(abandoned);
        }
    }

    fn in_the_end(&self) -> Result<(), String> {
        let lives = |run: &&RunId| {
            self.machines
                .get(run)
                .is_some_and(|machine| machine.run.outcome().is_none())
        };
        match self.abandoned.iter().find(lives) {
            Some(child) => Err(format!(
                "run {child} goes on, and the run that started it was terminated"
            )),
            None => Ok(()),
        }
    }
}

/// Something that a run that stands still must not ask for.
fn is_new(effect: &Effect) -> bool {
    let more = matches!(effect, Effect::More { .. } | Effect::Finished(_));
    more || is_work(effect)
}

fn is_work(effect: &Effect) -> bool {
    matches!(
        effect,
        Effect::Call { .. } | Effect::Ask { .. } | Effect::Timer { .. }
    )
}
