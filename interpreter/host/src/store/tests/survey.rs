//! Looking through a damaged directory: what is damaged is told, and of the runs it is known how much is left.

use super::{
    both::{New, both},
    damage::lived,
    toy::Toy,
};
use crate::RunId;
use crate::{
    disk::Disk,
    simulate::{Chance, SimulatedDisk},
    store::{
        Block, EventRecord, Kept, Position, Record, Replaying, StoreError, Survey, Traffic, blob,
        replay_readable, survey,
    },
};
use std::collections::BTreeMap;

both!(
    a_sound_directory_is_said_to_be_sound_and_all_of_it_is_readable,
    whatever_is_flipped_is_told_and_what_is_readable_is_what_was_written,
    a_missing_segment_and_a_missing_payload_are_told,
);

fn survey_of(disk: &SimulatedDisk) -> Survey {
    survey(disk, &mut |_, _| Ok(()), &mut |_, _| {}).unwrap()
}

/// The files of payloads that records name.
fn blobs(disk: &SimulatedDisk) -> Vec<String> {
    survey_of(disk)
        .blobs()
        .iter()
        .map(|hash| blob::names(disk, *hash).swap_remove(0))
        .collect()
}

/// What is handed over of a directory.
#[derive(Default)]
struct Readable(BTreeMap<RunId, Vec<EventRecord>>);

impl Replaying for Readable {
    fn next(&mut self, run: RunId) -> Result<u64, StoreError> {
        Ok(self.0.get(&run).map_or(0, |events| events.len() as u64))
    }

    fn events(&mut self, events: Vec<EventRecord>, _: Block, _: Position) -> Result<(), StoreError> {
        for event in events {
            self.0.entry(event.run).or_default().push(event);
        }
        Ok(())
    }

    fn kept(&mut self, _: Record, _: Kept) -> Result<(), StoreError> {
        Ok(())
    }

    fn traffic(&mut self, _: Traffic) -> Result<(), StoreError> {
        Ok(())
    }

    fn schedule(&mut self, _: crate::store::Schedule) -> Result<(), StoreError> {
        Ok(())
    }

    fn forgotten(&mut self, run: RunId) -> Result<(), StoreError> {
        self.0.remove(&run);
        Ok(())
    }
}

fn readable(disk: &SimulatedDisk, found: &Survey) -> BTreeMap<RunId, Vec<EventRecord>> {
    let mut readable = Readable::default();
    replay_readable(&disk.shared(), found, &mut readable).unwrap();
    readable.0
}

fn sound(disk: &SimulatedDisk, toy: &Toy) {
    let found = survey_of(disk);
    assert!(found.is_sound(), "{:?}", found.damages);
    assert_eq!(found.torn, None);
    assert!(found.runs.keys().eq(toy.events.keys()));
    assert!(readable(disk, &found) == toy.events);
}

fn a_sound_directory_is_said_to_be_sound_and_all_of_it_is_readable(new: New) {
    let (disk, toy) = lived(new, 1);
    sound(&disk, &toy);
    assert!(!survey_of(&disk).blobs().is_empty());
}

fn whatever_is_flipped_is_told_and_what_is_readable_is_what_was_written(new: New) {
    let (disk, toy) = lived(new, 1);
    let mut chance = Chance::new(5);
    let mut names = disk.list().unwrap();
    names.retain(|name| name.starts_with("journal-"));
    names.extend(blobs(&disk));
    let last = names
        .iter()
        .rfind(|name| name.starts_with("journal-"))
        .unwrap()
        .clone();
    let mut saved = 0;
    for _ in 0..400 {
        let name = &names[chance.index(names.len())];
        let before = disk.read(name).unwrap();
        let (at, bit) = (chance.index(before.len()), chance.below(8));
        disk.tamper(name, |bytes| bytes[at] ^= 1 << bit);
        let found = survey_of(&disk);
        let told = found
            .damages
            .iter()
            .any(|damage| damage.place.contains(name.as_str()));
        let torn = *name == last && found.torn.is_some();
        assert!(told || torn, "{name} at {at}, bit {bit}: {:?}", found.damages);
        let readable = readable(&disk, &found);
        for (run, events) in &readable {
            // One that was let go of is there again where the record is lost that says so.
            let Some(whole) = toy.events.get(run) else {
                continue;
            };
            assert!(whole.starts_with(events), "run {run} is another");
        }
        let lost = toy
            .events
            .iter()
            .filter(|(run, whole)| readable.get(run) != Some(whole))
            .count();
        saved += usize::from(lost <= 1);
        disk.tamper(name, |bytes| bytes[at] ^= 1 << bit);
    }
    assert!(
        saved > 200,
        "one bit mostly costs one run, but only {saved} times"
    );
    sound(&disk, &toy);
}

fn a_missing_segment_and_a_missing_payload_are_told(new: New) {
    let (disk, _) = lived(new, 1);
    let names = disk.list().unwrap();
    let segments: Vec<&String> = names.iter().filter(|name| name.starts_with("journal-")).collect();
    let copy = disk.copy();
    copy.remove(segments[1]).unwrap();
    let found = survey_of(&copy);
    assert!(!found.is_sound() && found.damages[0].place.contains(segments[1].as_str()));
    let copy = disk.copy();
    let blob = blobs(&disk).remove(0);
    copy.remove(&blob).unwrap();
    let found = survey_of(&copy);
    assert!(
        found.damages[0].place.contains(blob.as_str()),
        "{:?}",
        found.damages
    );
    let broken: Vec<RunId> = found.broken().map(|(run, _)| run).collect();
    assert_eq!(found.damages[0].run, broken.first().copied());
}
