//! Compaction: segments go, everything that is needed stays, wherever the power fails.

use super::both::{New, both, is_payload};
use super::{
    model::{batch, compact, ended, seeds},
    toy::{Toy, signalled, started},
};
use crate::{
    RunId,
    disk::Disk,
    simulate::{Chance, SimulatedDisk},
    store::{Shelf, StoreError, compact::Step},
};

both!(
    segments_go_and_everything_that_is_needed_stays,
    a_long_history_is_written_again_in_parts_and_read_from_any_event,
    payloads_go_with_the_last_that_needs_them,
    wherever_the_power_fails_while_segments_go_nothing_is_lost,
);

/// A store with a few segments, of which the first are worth letting go of.
fn lived(new: New, seed: u64) -> (SimulatedDisk, Toy) {
    let mut chance = Chance::new(seed);
    let disk = new();
    let mut toy = Toy::open(&disk).unwrap();
    toy.journal.segment_bytes_max = 1200;
    for _ in 0..25 {
        let batch = batch(&toy, &mut chance);
        toy.append(batch);
    }
    toy.flush();
    for _ in 0..3 {
        if let Some(run) = ended(&toy, &mut chance) {
            toy.try_forget(run).unwrap();
        }
    }
    toy.journal
        .roll()
        .unwrap()
        .into_iter()
        .for_each(|sealed| toy.index.seal(sealed));
    toy.append(vec![started(RunId(1), 0), signalled(RunId(1), 1, vec![1].into())]);
    toy.flush();
    toy.index.checkpoint().unwrap();
    (disk, toy)
}

fn compact_all(toy: &mut Toy) -> Result<u32, StoreError> {
    let last = toy.journal.end().segment;
    let mut freed = 0;
    while toy.index.freed() + 1 < last {
        match compact(toy)? {
            Step::Freed(_) => freed += 1,
            Step::Moved(_) => {}
            Step::Nothing => break,
        }
    }
    Ok(freed)
}

fn segments_go_and_everything_that_is_needed_stays(new: New) {
    let (disk, mut toy) = lived(new, 1);
    let before = disk.list().unwrap().len();
    let freed = compact_all(&mut toy).unwrap();
    assert!(freed > 2 && disk.list().unwrap().len() < before);
    toy.same_as(&toy.events);
    for (run, events) in &toy.events {
        let (_, blocks) = toy.index.places(*run, 0).unwrap();
        assert!(blocks.len() <= events.len());
        assert!(blocks.iter().all(|block| block.place.segment > toy.index.freed()));
    }
    let events = toy.events.clone();
    drop(toy);
    let again = Toy::open(&disk).unwrap();
    again.same_as(&events);
}

fn a_long_history_is_written_again_in_parts_and_read_from_any_event(new: New) {
    let disk = new();
    let mut toy = Toy::open(&disk).unwrap();
    toy.journal.segment_bytes_max = 20_000;
    toy.append(vec![started(RunId(1), 1)]);
    for sequence in 1..900 {
        toy.append(vec![signalled(RunId(1), sequence, vec![b'x'; 150].into())]);
        if sequence % 7 == 0 {
            toy.flush();
        }
    }
    toy.flush();
    let before = toy.index.places(RunId(1), 0).unwrap().1.len();
    compact_all(&mut toy).unwrap();
    let after = toy.index.places(RunId(1), 0).unwrap().1.len();
    assert!(before == 900 && after < 200, "{after} blocks");
    for from in [0, 1, 255, 256, 257, 500, 899, 900] {
        let events = toy.index.events(RunId(1), from).unwrap();
        assert!(
            events == toy.events[&RunId(1)][usize::try_from(from).unwrap()..],
            "from {from}"
        );
    }
    toy.append(vec![signalled(RunId(1), 900, vec![b'y'].into())]);
    toy.flush();
    compact_all(&mut toy).unwrap();
    toy.same_as(&toy.events);
}

fn payloads_go_with_the_last_that_needs_them(new: New) {
    let disk = new();
    let blobs = || {
        disk.list()
            .unwrap()
            .iter()
            .filter(|name| is_payload(name))
            .count()
    };
    let mut toy = Toy::open(&disk).unwrap();
    let run = (1..)
        .map(RunId)
        .find(|run| {
            let events = [
                started(*run, 0),
                signalled(*run, 1, vec![0; 70_000].into()),
                signalled(*run, 2, vec![1; 70_000].into()),
            ];
            super::toy::has_ended(&events)
        })
        .unwrap();
    toy.append(vec![
        started(run, 0),
        signalled(run, 1, vec![0; 70_000].into()),
        signalled(run, 2, vec![1; 70_000].into()),
        started(RunId(u128::MAX), 1),
        signalled(RunId(u128::MAX), 1, vec![0; 70_000].into()),
    ]);
    toy.flush();
    toy.index.checkpoint().unwrap();
    drop(toy);
    // What this process wrote it keeps in any case.
    let mut toy = Toy::open(&disk).unwrap();
    toy.try_forget(run).unwrap();
    for _ in 0..3 {
        toy.journal.roll().unwrap();
        toy.append(vec![started(RunId(toy.events.len() as u128 + 1_000_000), 1)]);
        toy.flush();
    }
    assert_eq!(blobs(), 2);
    // A journal that names them can be read as long as it is there.
    let copy = disk.copy();
    copy.remove("index.redb").unwrap();
    Toy::open(&copy).unwrap();
    compact_all(&mut toy).unwrap();
    assert_eq!(blobs(), 1);
    toy.same_as(&toy.events);
}

fn wherever_the_power_fails_while_segments_go_nothing_is_lost(new: New) {
    let mut chance = Chance::new(3);
    for seed in 0..seeds(1) {
        let (sound, toy) = lived(new, seed);
        let events = toy.events.clone();
        drop(toy);
        let changes = {
            let disk = sound.copy();
            let mut toy = Toy::open(&disk).unwrap();
            let before = disk.changes();
            compact_all(&mut toy).unwrap();
            disk.changes() - before
        };
        assert!(changes > 50);
        for left in 0..changes {
            let disk = sound.copy();
            let mut toy = Toy::open(&disk).unwrap();
            disk.set_power(Some(left));
            let done = compact_all(&mut toy);
            assert!(done.is_err(), "seed {seed}, change {left}");
            drop(toy);
            disk.crash(&mut chance);
            // And again while it recovers.
            for _ in 0..2 {
                let again = disk.copy();
                again.set_power(Some(chance.below(40)));
                drop(Toy::open(&again));
                again.crash(&mut chance);
                let mut toy =
                    Toy::open(&again).unwrap_or_else(|error| panic!("seed {seed}, {left}: {error}"));
                assert!(toy.events == events, "seed {seed}, change {left}");
                assert_eq!(toy.opened.rebuilt, None);
                compact_all(&mut toy).unwrap();
                toy.same_as(&events);
            }
        }
    }
}
