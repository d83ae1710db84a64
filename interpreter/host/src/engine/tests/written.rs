//! Machines that are written down: a run comes back from one and the events behind it, and from its events without.

use super::super::{load::load, written, *};
use super::world::World;
use crate::store::{Change, Changes, Put, Shelf, Snapshot};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// A world in which each machine is written down after three events, with a run that has seen some.
fn seen_some() -> World {
    let mut world = World::new();
    world.engine.reside(Residence {
        snapshot_after: 3,
        ..Residence::default()
    });
    world.start(1, "ten", r#"{"id":"a"}"#, None);
    world.settle();
    for call in 0..5 {
        world.reply(1, call, r#""held""#);
        world.settle();
        world.pass(1);
    }
    world
}

fn snapshot(world: &World) -> Snapshot {
    let snapshot = world.index.snapshot(RunId(1)).unwrap();
    snapshot.expect("its machine is written down")
}

/// How many events the machine had seen from which the run is made again.
fn comes_back_from(world: &World) -> u64 {
    let loaded = load(world.index.as_ref(), &mut Programs::default(), RunId(1)).unwrap();
    let held = loaded.expect("it is there").held;
    assert_eq!(
        Some(held.next),
        world.index.row(RunId(1)).unwrap().map(|row| row.next)
    );
    assert_eq!(held.state(), view::State::Running);
    held.snapshot_at
}

/// Puts other bytes in the place of those that were written.
fn overwrite(world: &World, bytes: &[u8]) {
    let snapshot = Snapshot {
        bytes: Arc::from(bytes),
        ..snapshot(world)
    };
    let put = Put {
        run: RunId(1),
        row: world.index.row(RunId(1)).unwrap().unwrap(),
        first: 0,
        places: Vec::new(),
        snapshot: Some(snapshot),
    };
    let changes = Changes {
        runs: vec![Change::Put(Box::new(put))],
        ..Changes::default()
    };
    world.index.apply(&changes).unwrap();
}

#[test]
fn a_run_comes_back_from_where_it_was_written_down_last() {
    let mut world = seen_some();
    let from = comes_back_from(&world);
    let next = world.view(1).events;
    assert_eq!(from, snapshot(&world).events);
    assert!(from > 0 && next - from <= 3, "from {from} of {next}");
}

#[test]
fn it_goes_on_from_there_after_a_crash() {
    let world = seen_some();
    world.index.checkpoint().unwrap();
    let mut world = world.crash();
    world.settle();
    for call in 5..10 {
        world.reply(1, call, r#""held""#);
        world.settle();
    }
    assert_eq!(world.view(1).state, view::State::Done);
}

#[test]
fn what_cannot_be_read_or_another_version_wrote_is_left_aside() {
    let world = seen_some();
    let written = snapshot(&world).bytes;
    let mut other = written.to_vec();
    other[0] ^= 1;
    for bytes in [
        &other[..],
        &[],
        &written[..3],
        &written[..written.len() / 2],
        &[1, 0, 0, 0, 7],
    ] {
        overwrite(&world, bytes);
        assert_eq!(comes_back_from(&world), 0);
    }
    overwrite(&world, &written);
    assert!(comes_back_from(&world) > 0);
}

#[test]
fn nothing_is_kept_of_the_machine_of_a_run_that_has_ended() {
    let mut world = seen_some();
    for call in 5..10 {
        world.reply(1, call, r#""held""#);
        world.settle();
    }
    world.pass(1);
    world.settle();
    assert_eq!(world.view(1).state, view::State::Done);
    assert_eq!(world.index.snapshot(RunId(1)).unwrap(), None);
}

#[test]
fn a_machine_that_is_too_long_is_not_written_down_and_its_run_comes_back_all_the_same() {
    let mut world = World::new();
    world.engine.reside(Residence {
        snapshot_after: 3,
        ..Residence::default()
    });
    let input = format!(r#"{{"id":"{}"}}"#, "x".repeat(5 << 20));
    world.start(1, "ten", &input, None);
    world.settle();
    for call in 0..5 {
        world.reply(1, call, r#""held""#);
        world.settle();
        world.pass(1);
    }
    assert_eq!(world.index.snapshot(RunId(1)).unwrap(), None);
    assert_eq!(comes_back_from(&world), 0);
}

/// If this fails, what is written of a machine is not what it was. Raise `LAYOUT` in `written.rs` before the new sum is
/// put here: a store that an older version wrote would be misread otherwise.
#[test]
fn the_layout_has_the_number_that_it_is_known_by() {
    let sum = Sha256::digest(&snapshot(&seen_some()).bytes);
    let sum: String = sum.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    assert_eq!((written::LAYOUT, sum.as_str()), (2, "332bea3b98cd886c"));
}
