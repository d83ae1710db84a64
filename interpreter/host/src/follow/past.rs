//! What happened to a run before it was followed: its events, played to the machine once more for their notes.

use super::Happening;
use crate::{
    disk::Disk,
    engine::{Called, Deployment, Happened, History, Player, Programs, homes},
    store::{EventRecord, Index, Reader, Shelf, StoreError},
    trial::seen,
    upkeep::PastRun,
};
use flowmesh_ir::{Hash, Name, flow::Tie};
use flowmesh_machine::{Ask, Effect, Run};
use std::sync::Arc;

/// Where events are read from.
#[derive(Clone)]
pub(crate) struct Archive {
    index: Arc<Index>,
    reader: Reader,
}

impl Archive {
    pub(crate) fn new(disk: Arc<dyn Disk>, index: Arc<Index>) -> Self {
        let reader = Reader::new(disk);
        Self { index, reader }
    }

    /// How many runs there are in each state, in all namespaces together.
    pub(crate) fn totals(&self) -> Result<Vec<(String, u64)>, StoreError> {
        self.index.totals()
    }

    pub(crate) fn events(&self, history: &History) -> Result<Vec<EventRecord>, StoreError> {
        history.events(self.index.as_ref(), &self.reader)
    }

    /// Where a run was at home.
    pub(crate) fn homes(
        &self,
        history: &History,
        events: &[EventRecord],
    ) -> Result<Vec<Arc<Deployment>>, StoreError> {
        homes(history, events, self.index.as_ref())
    }

    /// A program with its settings, if the store has it.
    pub(crate) fn deployment(&self, hashes: (Hash, Hash)) -> Result<Arc<Deployment>, StoreError> {
        Programs::default().get(self.index.as_ref(), hashes)
    }
}

/// A run as its events left it.
pub(crate) fn past_run(archive: &Archive, history: &History) -> Result<Run, StoreError> {
    let events = archive.events(history)?;
    let homes = archive.homes(history, &events)?;
    Ok(played(history, &homes, &events)?.run)
}

/// Plays events to a run; what it would do is done already.
fn played<'h>(
    history: &History,
    homes: &'h [Arc<Deployment>],
    events: &[EventRecord],
) -> Result<Player<'h>, StoreError> {
    let mut player = Player::new(history, homes).ok_or_else(|| lost(history))?;
    let mut effects = Vec::new();
    for record in events {
        player.play(&record.event, &mut effects);
        effects.clear();
    }
    Ok(player)
}

/// A run as it stood behind one of its events, in the words of the program that it was in then; or how many events it has.
pub(crate) fn past_at(
    archive: &Archive,
    history: &History,
    sequence: u64,
) -> Result<Result<PastRun, usize>, StoreError> {
    let mut events = archive.events(history)?;
    let count = usize::try_from(sequence).map_or(usize::MAX, |sequence| sequence.saturating_add(1));
    if count > events.len() {
        return Ok(Err(events.len()));
    }
    events.truncate(count);
    let homes = archive.homes(history, &events)?;
    let player = played(history, &homes, &events)?;
    let at = events.last().map(|record| record.event.at).unwrap_or_default();
    let (home, _) = player.home().ok_or_else(|| lost(history))?;
    Ok(Ok(PastRun {
        id: history.run,
        at,
        look: seen(home, &player.run, count),
    }))
}

fn lost(history: &History) -> StoreError {
    StoreError::Contradiction {
        reason: format!("run `{}`: its program does not have its flow", history.run),
    }
}

/// The events of a run from the one numbered `from`, in the words of the program.
pub(crate) fn past(archive: &Archive, history: &History, from: u64) -> Result<Vec<Happening>, StoreError> {
    let mut all = happened(archive, history, &Name::default())?;
    all.retain(|happened| happened.sequence >= from);
    Ok(all.iter().map(Happening::new).collect())
}

/// What happened to a run of a namespace. The machine sees all of it: notes are not kept, and follow from the events
/// again.
pub(crate) fn happened(
    archive: &Archive,
    history: &History,
    namespace: &Name,
) -> Result<Vec<Happened>, StoreError> {
    let events = archive.events(history)?;
    let homes = archive.homes(history, &events)?;
    let mut player = Player::new(history, &homes).ok_or_else(|| lost(history))?;
    let mut all = Vec::new();
    let mut effects = Vec::new();
    for record in events {
        player.play(&record.event, &mut effects);
        let Some((deployment, flow)) = player.home() else {
            continue;
        };
        let (mut notes, mut calls, mut children) = (Vec::new(), Vec::new(), Vec::new());
        for effect in effects.drain(..) {
            calls.extend(Called::of(&effect));
            match effect {
                Effect::Note(note) => notes.push(note),
                Effect::Ask {
                    call,
                    ask: Ask::Start { tie: Tie::Child, .. },
                    ..
                } => children.push(call),
                _ => {}
            }
        }
        let run = &player.run;
        all.push(Happened {
            run: history.run,
            sequence: record.sequence,
            event: record.event,
            namespace: namespace.clone(),
            lineage: history.lineage.clone(),
            notes,
            calls,
            children,
            flow,
            deployment: Arc::clone(deployment),
            ending: run.outcome().is_some().then(|| history.ending.clone()).flatten(),
        });
    }
    Ok(all)
}
