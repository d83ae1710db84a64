//! Runs that are not in memory: they come back for whatever happens to them, and nothing is lost of them.

use super::super::*;
use super::world::{World, started};
use crate::store::Shelf;
use jiff::SignedDuration;

/// A world in which runs leave as soon as they may.
fn forgetful() -> World {
    let mut world = World::new();
    world.engine.reside(residence());
    world
}

fn residence() -> Residence {
    Residence {
        runs_max: 0,
        idle: SignedDuration::ZERO,
        horizon: SignedDuration::ZERO,
        ..Residence::default()
    }
}

/// Everything is in the index, and whatever may leave has left.
fn rest(world: &mut World) {
    world.pass(1);
    world.pass(0);
}

#[test]
fn a_run_that_only_waits_leaves_and_a_signal_brings_it_back() {
    let mut world = forgetful();
    world.start(1, "hear", "{}", None);
    world.settle();
    rest(&mut world);
    assert_eq!(world.engine.live_runs(), [], "it has left");
    let (run, name) = (RunId(1), "approve".into());
    let payload = Arc::from(*br#"{"by":"ann"}"#);
    world.tell(Command::Signal { run, name, payload });
    world.settle();
    rest(&mut world);
    assert_eq!(world.view(1).state, view::State::Done);
    assert!(world.engine.came_back().0 > 0);
}

#[test]
fn a_timer_wakes_a_run_that_has_left_also_when_the_store_was_opened_again() {
    let mut world = forgetful();
    world.start(1, "nap", "{}", None);
    world.settle();
    rest(&mut world);
    assert_eq!(world.engine.live_runs(), []);
    world.index.checkpoint().unwrap();
    let mut world = world.crash();
    world.settle();
    assert_eq!(world.engine.live_runs(), [], "nothing is read of it");
    world.engine.reside(residence());
    let due = world.engine.next_tick().expect("it is due some time");
    assert!(due <= world.now + SignedDuration::from_secs(5));
    for _ in 0..6 {
        rest(&mut world);
    }
    assert_eq!(world.view(1).state, view::State::Done);
}

#[test]
fn a_key_is_known_when_its_run_has_left() {
    let mut world = forgetful();
    world.start(1, "hello", r#"{"name":"a"}"#, Some("key"));
    world.settle();
    rest(&mut world);
    assert_eq!(world.engine.views().len(), 0);
    let first = world.start(2, "hello", r#"{"name":"a"}"#, Some("key"));
    let second = world.start(3, "hello", r#"{"name":"b"}"#, Some("other"));
    let third = world.start(4, "hello", r#"{"name":"b"}"#, Some("other"));
    let outputs = world.settle();
    assert_eq!(started(&outputs, first).id, RunId(1));
    assert_eq!(started(&outputs, second).id, RunId(3));
    assert_eq!(started(&outputs, third).id, RunId(3));
}

#[test]
fn two_starts_that_look_for_the_same_key_at_once_are_one_run() {
    let mut world = forgetful();
    let start = |run: u128, key: &str| {
        Command::Start(Start {
            run: RunId(run),
            seed: 1,
            flow: "hello".into(),
            input: Arc::from(*br#"{"name":"a"}"#),
            key: Some(key.to_owned()),
            lineage: None,
            terms: flowmesh_machine::Terms::default(),
        })
    };
    // Both wait for the index.
    let (now, engine) = (world.now, &mut world.engine);
    engine.handle(now, Input::Command(Ticket(101), start(1, "key")));
    engine.handle(now, Input::Command(Ticket(102), start(2, "key")));
    world.look_up();
    let outputs = world.settle();
    assert_eq!(started(&outputs, Ticket(101)).id, RunId(1));
    let second = started(&outputs, Ticket(102));
    assert_eq!((second.id, second.existing), (RunId(1), true));
}

#[test]
fn what_is_open_when_a_store_is_opened_is_read_and_nothing_else() {
    let mut world = forgetful();
    for run in 1..=20 {
        world.start(run, "hear", "{}", None);
    }
    world.start(21, "ten", r#"{"id":"a"}"#, None);
    world.settle();
    rest(&mut world);
    world.index.checkpoint().unwrap();
    let world = world.crash();
    assert_eq!(world.engine.live_runs(), [RunId(21)]);
    assert_eq!(world.views().len(), 21);
}

#[test]
fn a_run_that_leaves_takes_no_key_of_another_namespace_with_it() {
    let mut world = forgetful();
    let hear = |run: u128| {
        Command::Start(Start {
            run: RunId(run),
            seed: 1,
            flow: "hear".into(),
            input: Arc::from(*b"{}"),
            key: Some("key".to_owned()),
            lineage: None,
            terms: flowmesh_machine::Terms::default(),
        })
    };
    world.handle(Input::Within(Ticket(101), "a".into(), hear(1)));
    world.tell(hear(2));
    // Whom somebody follows stays.
    world.tell(Command::Watch(RunId(2)));
    world.settle();
    rest(&mut world);
    assert_eq!(world.engine.live_runs(), [RunId(2)]);
    let keys: Vec<_> = world.engine.keys.iter().collect();
    assert_eq!(keys, [(&("hear".into(), "key".to_owned()), &RunId(2))]);
}
