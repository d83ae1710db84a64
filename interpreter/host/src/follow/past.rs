//! What happened to a run before it was followed: its events, played to the machine once more for their notes.

use super::Happening;
use crate::{
    engine::{Happened, History},
    store::{Reader, Record, StoreError},
};
use flowmesh_machine::{Effect, Run};

/// A run as its events left it.
pub(crate) fn past_run(reader: &Reader, history: &History) -> Result<Run, StoreError> {
    let mut run = history.deployment.new_run(history.run, history.flow);
    let mut effects = Vec::new();
    for place in &history.events {
        if let Record::Event(record) = reader.read(*place)? {
            history.deployment.apply(&mut run, &record.event, &mut effects);
            effects.clear();
        }
    }
    Ok(run)
}

/// The events of a run from the one numbered `from`. The machine sees all of them: notes are not kept, and follow from
/// the events again.
pub(crate) fn past(reader: &Reader, history: &History, from: u64) -> Result<Vec<Happening>, StoreError> {
    let mut run = history.deployment.new_run(history.run, history.flow);
    let mut happenings = Vec::new();
    let mut effects = Vec::new();
    for (sequence, place) in (0..).zip(&history.events) {
        let Record::Event(record) = reader.read(*place)? else {
            continue;
        };
        history.deployment.apply(&mut run, &record.event, &mut effects);
        let ending = run.outcome().is_some().then(|| history.ending.clone()).flatten();
        let notes = effects.drain(..).filter_map(|effect| match effect {
            Effect::Note(note) => Some(note),
            _ => None,
        });
        let happened = Happened {
            run: history.run,
            sequence,
            event: record.event,
            notes: notes.collect(),
            flow: history.flow,
            deployment: history.deployment.clone(),
            ending,
        };
        if sequence >= from {
            happenings.push(Happening::new(&happened));
        }
    }
    Ok(happenings)
}
