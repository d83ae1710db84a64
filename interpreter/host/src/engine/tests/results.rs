//! Results of one run that another takes: in its own namespace alone, also after a crash, and not when they are gone.

use super::super::*;
use super::world::{World, calls};
use crate::store::Shelf;

pub(super) fn start_in(world: &mut World, namespace: &str, run: u128, id: &str) -> Vec<String> {
    let start = Command::Start(Start {
        run: RunId(run),
        seed: 1,
        flow: "reused".into(),
        input: format!(r#"{{"id":"{id}"}}"#).into_bytes().into(),
        key: None,
        lineage: None,
        terms: flowmesh_machine::Terms::default(),
    });
    world.handle(Input::Within(Ticket(1000), namespace.into(), start));
    calls(&world.settle())
}

/// A world in which run 1 has recorded what it was answered.
pub(super) fn recorded() -> World {
    let mut world = World::new();
    assert_eq!(start_in(&mut world, "", 1, "u"), ["stock.reserve"]);
    world.reply(1, 1, r#""held""#);
    world.settle();
    world
}

#[test]
fn a_result_is_reused_in_its_own_namespace_alone() {
    let mut world = recorded();
    assert!(start_in(&mut world, "", 2, "u").is_empty());
    assert_eq!(start_in(&mut world, "", 3, "v"), ["stock.reserve"]);
    assert_eq!(start_in(&mut world, "a", 4, "u"), ["stock.reserve"]);
    world.reply(4, 1, r#""other""#);
    world.settle();
    assert!(start_in(&mut world, "a", 5, "u").is_empty());
}

#[test]
fn a_result_is_there_after_a_crash_and_until_it_is_too_old() {
    // Whether the index was told before, or only the journal says so.
    for seconds in [0, 1] {
        let mut world = recorded();
        world.pass(seconds);
        let mut world = world.crash();
        world.settle();
        assert!(start_in(&mut world, "", 2, "u").is_empty(), "after {seconds} s");
        world.pass(6 - seconds);
        assert_eq!(start_in(&mut world, "", 3, "u"), ["stock.reserve"]);
    }
}

#[test]
fn what_is_too_old_leaves_the_index_with_the_next_that_comes() {
    let mut world = recorded();
    world.pass(1);
    assert_eq!(world.index.results().unwrap().len(), 1);
    world.pass(6);
    assert_eq!(start_in(&mut world, "", 2, "v"), ["stock.reserve"]);
    world.reply(2, 1, r#""held""#);
    world.pass(1);
    let known = world.index.results().unwrap();
    let keys: Vec<_> = known.iter().map(|(key, _)| key.cached.key.as_str()).collect();
    assert_eq!(keys, ["v"]);
}

#[test]
fn what_a_run_recorded_goes_with_it() {
    let mut world = recorded();
    world.pass(1);
    let gone = world.engine.results_of(&[RunId(1), RunId(2)]);
    assert_eq!(gone.len(), 1);
    world.engine.forget_run(RunId(1));
    assert_eq!(start_in(&mut world, "", 2, "u"), ["stock.reserve"]);
}
