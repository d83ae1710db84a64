//! Crashes, failing devices and full disks: what was acknowledged is there, and the index is never ahead.

use super::both::{New, both};
use super::{
    model::{batch, compact, ended, seeds},
    toy::{Events, Toy},
};
use crate::{
    simulate::{Chance, SimulatedDisk},
    store::{AppendError, Shelf, StoreError},
};

both!(
    after_any_crash_everything_is_as_it_was_acknowledged,
    after_a_failing_device_nothing_is_believed_and_everything_is_there,
    a_full_disk_is_waited_out_without_opening_the_store_again,
);

/// Something that an owner of a store does. `doubt` is what may be in it or not if this fails.
fn act(toy: &mut Toy, chance: &mut Chance, doubt: &mut Events) -> Result<(), StoreError> {
    match chance.below(12) {
        0..=5 => {
            let batch = batch(toy, chance);
            doubt.clone_from(&toy.events);
            for event in batch.clone() {
                doubt.entry(event.run).or_default().push(event);
            }
            toy.try_append(batch)
        }
        6 | 7 => toy.try_flush(),
        8 => toy.index.checkpoint(),
        9 => {
            toy.try_flush()?;
            let Some(run) = ended(toy, chance) else {
                return Ok(());
            };
            doubt.clone_from(&toy.events);
            doubt.remove(&run);
            toy.try_forget(run)
        }
        _ => compact(toy).map(drop),
    }
}

/// Acts until something fails.
fn until_failure(toy: &mut Toy, chance: &mut Chance, most: usize) -> Events {
    let mut doubt = toy.events.clone();
    for _ in 0..most {
        if act(toy, chance, &mut doubt).is_err() {
            break;
        }
        doubt.clone_from(&toy.events);
    }
    doubt
}

fn open(disk: &SimulatedDisk) -> Result<Toy, StoreError> {
    let mut toy = Toy::open(disk)?;
    toy.journal.segment_bytes_max = 1500;
    Ok(toy)
}

fn after_any_crash_everything_is_as_it_was_acknowledged(new: New) {
    let (mut crashes, mut torn) = (0, 0);
    for seed in 0..seeds(20) {
        let mut chance = Chance::new(seed);
        let disk = new();
        let mut toy = open(&disk).unwrap();
        for _ in 0..6 {
            disk.set_power(Some(chance.below(150)));
            let doubt = until_failure(&mut toy, &mut chance, 30);
            let events = std::mem::take(&mut toy.events);
            drop(toy);
            disk.crash(&mut chance);
            // Some crash while they recover.
            while chance.happens(400) {
                disk.set_power(Some(chance.below(60)));
                drop(open(&disk));
                disk.crash(&mut chance);
            }
            toy = open(&disk).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
            assert_eq!(toy.opened.rebuilt, None, "seed {seed}");
            assert!(toy.events == events || toy.events == doubt, "seed {seed}");
            assert!(toy.index.upto() <= toy.journal.end());
            toy.same_as(&toy.events);
            crashes += 1;
            torn += u64::from(toy.opened.cut.is_some());
        }
    }
    println!("{crashes} crashes, {torn} torn tails");
    assert!(torn * 20 > crashes, "tails are torn in these worlds");
}

fn after_a_failing_device_nothing_is_believed_and_everything_is_there(new: New) {
    for seed in 0..seeds(20) {
        let mut chance = Chance::new(seed);
        let disk = new();
        let mut toy = open(&disk).unwrap();
        until_failure(&mut toy, &mut chance, 15);
        match chance.below(2) {
            0 => disk.set_sync_fails(true),
            _ => disk.set_append_fails(true),
        }
        let doubt = until_failure(&mut toy, &mut chance, 30);
        let failed = toy.journal.append(&[]);
        let stopped = matches!(failed, Err(AppendError::Failed(_)));
        disk.set_sync_fails(false);
        disk.set_append_fails(false);
        if stopped {
            let again = toy.journal.append(&[]);
            assert!(
                matches!(again, Err(AppendError::Failed(StoreError::Stopped))),
                "seed {seed}"
            );
        }
        let events = std::mem::take(&mut toy.events);
        drop(toy);
        disk.crash(&mut chance);
        let toy = open(&disk).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert!(toy.events == events || toy.events == doubt, "seed {seed}");
        toy.same_as(&toy.events);
    }
}

fn a_full_disk_is_waited_out_without_opening_the_store_again(new: New) {
    let mut full = 0;
    for seed in 0..seeds(20) {
        let mut chance = Chance::new(seed);
        let disk = new();
        let mut toy = open(&disk).unwrap();
        until_failure(&mut toy, &mut chance, 10);
        toy.flush();
        disk.set_capacity(Some(disk.used() + chance.index(60_000)));
        for _ in 0..200 {
            let batch = batch(&toy, &mut chance);
            match toy.try_append(batch).and_then(|()| toy.try_flush()) {
                Ok(()) => {}
                Err(StoreError::Full { .. }) => {
                    full += 1;
                    break;
                }
                Err(error) => panic!("seed {seed}: {error}"),
            }
        }
        let denied = toy.try_flush();
        assert!(
            matches!(denied, Ok(()) | Err(StoreError::Full { .. })),
            "seed {seed}"
        );
        disk.set_capacity(None);
        toy.flush();
        toy.same_as(&toy.events);
        let events = std::mem::take(&mut toy.events);
        drop(toy);
        disk.crash(&mut chance);
        let toy = open(&disk).unwrap();
        assert!(toy.events == events, "seed {seed}");
        toy.same_as(&events);
    }
    assert!(full > 10, "disks do fill up in these worlds");
}
