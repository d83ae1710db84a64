//! Which runs something can be done with, as the index says it, also when that was made again.

use super::super::*;
use super::share::{failed, go_on};
use super::world::World;
use crate::{
    disk::Disk,
    store::{Count, Filter, Shelf},
};
use flowmesh_machine::Place;
use view::{Choosing, Chosen};

fn choose(world: &mut World, filter: Filter, choosing: Choosing, limit: usize) -> (u64, Vec<u128>) {
    let ticket = world.tell(Command::Search(Search::Choose(filter, choosing, limit)));
    let chosen = world.settle().into_iter().find_map(|output| match output {
        Output::Answer(of, Answer::Chosen(chosen)) if of == ticket => Some(chosen),
        _ => None,
    });
    let Chosen { count, runs } = chosen.expect("some are chosen");
    let Count::Exactly(count) = count else {
        panic!("there are few")
    };
    (count, runs.into_iter().map(|run| run.0).collect())
}

fn of_state(state: &str) -> Filter {
    Filter {
        state: Some(state.into()),
        ..Filter::default()
    }
}

/// Another process takes over, once with the index and once without.
fn again(world: World, with_index: bool) -> World {
    if !with_index {
        world.disk.remove("index.redb").unwrap();
    }
    let mut world = world.crash();
    world.settle();
    world
}

#[test]
fn a_run_that_another_goes_on_in_place_of_is_not_tried_again() {
    for with_index in [true, false] {
        let mut world = failed();
        let all = Filter::default();
        assert_eq!(choose(&mut world, all.clone(), Choosing::Failed, 9), (1, vec![1]));
        go_on(&mut world, 1, 2, &Place::Failure).unwrap();
        assert_eq!(choose(&mut world, all.clone(), Choosing::Failed, 9), (0, vec![]));
        let mut world = again(world, with_index);
        assert_eq!(choose(&mut world, all.clone(), Choosing::Failed, 9), (0, vec![]));
        assert_eq!(choose(&mut world, all, Choosing::Live, 9), (1, vec![2]));
    }
}

#[test]
fn a_row_that_was_cut_before_the_crash_hears_of_the_run_that_goes_on_afterwards() {
    let mut world = failed();
    world.pass(1);
    world.index.checkpoint().unwrap();
    go_on(&mut world, 1, 2, &Place::Failure).unwrap();
    world.settle();
    let mut world = again(world, true);
    assert_eq!(
        choose(&mut world, Filter::default(), Choosing::Failed, 9),
        (0, vec![])
    );
}

#[test]
fn those_are_chosen_that_it_can_be_done_with_the_newest_first() {
    let mut world = World::new();
    for run in 1..=5 {
        world.start(run, "ten", r#"{"id":"a"}"#, None);
    }
    world.start(6, "hello", r#"{"name":"b"}"#, None);
    for run in [2, 4] {
        let reason = "look".to_owned();
        world.tell(Command::Steer(RunId(run), Verb::Pause { reason }));
    }
    world.settle();
    let all = Filter::default();
    assert_eq!(
        choose(&mut world, all.clone(), Choosing::Live, 9),
        (5, vec![5, 4, 3, 2, 1])
    );
    assert_eq!(
        choose(&mut world, all.clone(), Choosing::Live, 2),
        (5, vec![5, 4])
    );
    assert_eq!(choose(&mut world, all, Choosing::Paused, 9), (2, vec![4, 2]));
    let paused = of_state("paused");
    assert_eq!(choose(&mut world, paused, Choosing::Live, 9), (2, vec![4, 2]));
    let done = of_state("done");
    assert_eq!(choose(&mut world, done, Choosing::Live, 9), (0, vec![]));
}
