//! Runs that are let go of while the host works: none that is needed, and none that comes back.

use super::super::*;
use super::world::{World, started};
use crate::store::{Change, Shelf};

const HELLO: &str = r#"{"name":"a"}"#;

/// A world in which a run with a key has ended and left memory.
fn long_after() -> World {
    let mut world = World::new();
    world.start(1, "hello", HELLO, Some("key"));
    world.settle();
    world.pass(1);
    world.pass(0);
    assert_eq!(world.engine.views().len(), 0, "it has left");
    world
}

/// Asks the engine to let a run go, and says which go.
fn retire(world: &mut World, run: u128) -> Vec<RunId> {
    world.handle(Input::Retire(vec![RunId(run)]));
    let outputs = world.settle();
    let said = outputs.into_iter().find_map(|output| match output {
        Output::Retired(runs) => Some(runs),
        _ => None,
    });
    said.expect("the engine says which")
}

fn is_known(world: &mut World, run: u128) -> bool {
    let ticket = world.tell(Command::Get(RunId(run)));
    let outputs = world.settle();
    let unknown = |output: &Output| matches!(output, Output::Answer(to, Answer::Refused(Refusal::UnknownRun { .. })) if *to == ticket);
    !outputs.iter().any(unknown)
}

#[test]
fn a_run_that_has_ended_goes_and_its_key_is_free() {
    let mut world = long_after();
    assert!(is_known(&mut world, 1));
    world.pass(1);
    assert_eq!(retire(&mut world, 1), [RunId(1)]);
    assert!(!is_known(&mut world, 1), "also before the index knows");
    world.pass(1);
    assert!(!is_known(&mut world, 1));
    assert_eq!(world.index.row(RunId(1)).unwrap(), None);
    let ticket = world.start(2, "hello", HELLO, Some("key"));
    let outputs = world.settle();
    assert!(!started(&outputs, ticket).existing);
}

#[test]
fn it_is_gone_after_a_crash_whether_the_index_knew_it_or_not() {
    for told in [false, true] {
        let mut world = long_after();
        world.index.checkpoint().unwrap();
        assert_eq!(retire(&mut world, 1), [RunId(1)]);
        if told {
            world.pass(1);
            world.index.checkpoint().unwrap();
        }
        let mut world = world.crash();
        world.settle();
        assert!(!is_known(&mut world, 1), "told: {told}");
        let ticket = world.start(2, "hello", HELLO, Some("key"));
        let outputs = world.settle();
        assert!(!started(&outputs, ticket).existing);
    }
}

#[test]
fn nothing_goes_that_is_not_on_stable_storage() {
    let mut world = long_after();
    world.index.checkpoint().unwrap();
    world.handle(Input::Retire(vec![RunId(1)]));
    let said = |outputs: Vec<Output>| outputs.iter().any(|output| matches!(output, Output::Retired(_)));
    assert!(!said(world.outputs()), "it is not written yet");
    let mut world = world.crash();
    world.settle();
    assert!(is_known(&mut world, 1));
}

#[test]
fn a_run_that_lives_stays() {
    let mut world = long_after();
    world.start(2, "hear", "{}", None);
    world.settle();
    assert_eq!(retire(&mut world, 2), [], "it has not ended");
    assert!(is_known(&mut world, 2));
}

#[test]
fn a_key_that_was_looked_up_before_does_not_bring_it_back() {
    let mut world = long_after();
    // The key is looked up, and what is found comes late.
    let start = Start {
        run: RunId(2),
        seed: 1,
        flow: "hello".into(),
        input: HELLO.as_bytes().into(),
        key: Some("key".to_owned()),
        lineage: None,
        terms: flowmesh_machine::Terms::default(),
    };
    world
        .engine
        .handle(world.now, Input::Command(Ticket(900), Command::Start(start)));
    let wants = world.engine.take_outputs().find_map(|output| match output {
        Output::Fetch(wants) => Some(wants),
        _ => None,
    });
    let look = |want: Want| {
        want.look_up(world.index.as_ref(), &mut Programs::default())
            .unwrap()
    };
    let found: Vec<Found> = wants
        .expect("the key is looked up")
        .into_iter()
        .map(look)
        .collect();
    assert_eq!(retire(&mut world, 1), [RunId(1)]);
    world.pass(1);
    world.handle(Input::Fetched(found));
    let outputs = world.settle();
    let started = started(&outputs, Ticket(900));
    assert_eq!((started.id, started.existing), (RunId(2), false));
}

#[test]
fn the_index_forgets_a_run_before_it_takes_another_with_its_key() {
    let mut world = long_after();
    world.handle(Input::Retire(vec![RunId(1)]));
    world.start(2, "hello", HELLO, Some("key"));
    let mut outputs = world.settle();
    outputs.extend(world.pass(1));
    let runs = outputs.iter().find_map(|output| match output {
        Output::Index(changes) => Some(&changes.runs),
        _ => None,
    });
    if let Some([first, ..]) = runs.map(Vec::as_slice) {
        assert_eq!(*first, Change::Forget(RunId(1)));
    }
    let found = world.index.by_key("", "hello", "key").unwrap();
    assert_eq!(found, Some(RunId(2)));
}
