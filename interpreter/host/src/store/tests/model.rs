//! Random rows and changes: the index says what a shelf says that looks at everything.

use super::toy::{Toy, has_ended, signalled, started};
use crate::{
    RunId,
    simulate::{Chance, SimulatedDisk},
    store::{
        EventRecord, Shelf,
        compact::{Compaction, Step},
    },
};
use std::collections::BTreeSet;

/// A random event: of a new run, or of one that is there and has not ended.
pub(super) fn event(toy: &Toy, chance: &mut Chance, new: &mut BTreeSet<RunId>) -> Option<EventRecord> {
    let live: Vec<RunId> = toy
        .events
        .iter()
        .filter(|(run, events)| !has_ended(events) && !new.contains(run))
        .map(|(run, _)| *run)
        .collect();
    if live.is_empty() || chance.happens(300) {
        let run = RunId(u128::from(chance.below(1 << 20)));
        return (!toy.events.contains_key(&run) && new.insert(run))
            .then(|| started(run, chance.draw() % 10_000));
    }
    let run = live[chance.index(live.len())];
    new.insert(run);
    let length = if chance.happens(20) {
        70_000
    } else {
        chance.index(60)
    };
    let byte = u8::try_from(chance.below(4)).unwrap();
    let sequence = toy.events[&run].len() as u64;
    Some(signalled(run, sequence, vec![byte; length].into()))
}

/// A few events, each of another run.
pub(super) fn batch(toy: &Toy, chance: &mut Chance) -> Vec<EventRecord> {
    let mut new = BTreeSet::new();
    (0..1 + chance.index(6))
        .filter_map(|_| event(toy, chance, &mut new))
        .collect()
}

/// A run that has ended.
pub(super) fn ended(toy: &Toy, chance: &mut Chance) -> Option<RunId> {
    let ended: Vec<RunId> = toy
        .events
        .iter()
        .filter(|(_, events)| has_ended(events))
        .map(|(run, _)| *run)
        .collect();
    (!ended.is_empty()).then(|| ended[chance.index(ended.len())])
}

/// How many worlds there are: so many times the usual number by `FLOWMESH_STORE_SEEDS`.
pub(super) fn seeds(usual: u64) -> u64 {
    let times = std::env::var("FLOWMESH_STORE_SEEDS").ok();
    usual * times.and_then(|times| times.parse().ok()).unwrap_or(1)
}

/// A step of compaction.
pub(super) fn compact(toy: &mut Toy) -> Result<Step, crate::store::StoreError> {
    let (disk, index, written) = (toy.disk.clone(), toy.index.clone(), toy.journal.written());
    let compaction = Compaction {
        disk: &disk,
        index: &index,
        written: &written,
        in_use: &BTreeSet::new(),
    };
    let journal = &mut toy.journal;
    compaction.step(&mut |records| {
        let appended = journal.append(&records)?;
        if let Some(sealed) = appended.sealed.clone() {
            index.seal(sealed);
        }
        Ok(appended)
    })
}

#[test]
fn whatever_happens_the_index_says_what_the_events_say() {
    for seed in 0..seeds(20) {
        let mut chance = Chance::new(seed);
        let disk = SimulatedDisk::new();
        let mut toy = Toy::open(&disk).unwrap();
        toy.journal.segment_bytes_max = 2000;
        for _ in 0..40 {
            let batch = batch(&toy, &mut chance);
            toy.append(batch);
            if chance.happens(300) {
                toy.flush();
            }
            if chance.happens(100) {
                toy.flush();
                if let Some(run) = ended(&toy, &mut chance) {
                    toy.try_forget(run).unwrap();
                }
            }
            if chance.happens(100) {
                toy.index.checkpoint().unwrap();
            }
            if chance.happens(200) {
                compact(&mut toy).unwrap();
            }
            if chance.happens(60) {
                // The process ends, in good order or not; what it wrote is there.
                if chance.happens(500) {
                    toy.flush();
                    toy.index.checkpoint().unwrap();
                }
                let events = std::mem::take(&mut toy.events);
                drop(toy);
                toy = Toy::open(&disk).unwrap();
                toy.journal.segment_bytes_max = 2000;
                assert_eq!(toy.opened.rebuilt, None, "seed {seed}");
                assert!(toy.events == events, "seed {seed}");
            }
        }
        toy.flush();
        toy.same_as(&toy.events);
    }
}

#[test]
fn an_index_that_is_lost_is_made_again_as_it_was_also_after_compaction() {
    for seed in 0..seeds(8) {
        let mut chance = Chance::new(seed);
        let disk = SimulatedDisk::new();
        let mut toy = Toy::open(&disk).unwrap();
        toy.journal.segment_bytes_max = 1500;
        for _ in 0..60 {
            let batch = batch(&toy, &mut chance);
            toy.append(batch);
            toy.flush();
            if chance.happens(100)
                && let Some(run) = ended(&toy, &mut chance)
            {
                toy.try_forget(run).unwrap();
                toy.flush();
            }
            while chance.happens(500) && compact(&mut toy).unwrap() != Step::Nothing {}
        }
        let events = toy.events.clone();
        drop(toy);
        crate::disk::Disk::remove(&disk, "index.redb").unwrap();
        let toy = Toy::open(&disk).unwrap();
        assert_eq!(toy.opened.rebuilt.as_deref(), Some("there is none"));
        assert!(toy.events == events, "seed {seed}");
        toy.same_as(&events);
    }
}
