//! Runs that go on from the middle of what happened to one that has ended.

use super::world::*;
use crate::{
    RunId,
    engine::{Answer, Command, Output, Refusal, Ticket, Verb, view::State},
    host::continuation,
    store::Reader,
};
use flowmesh_ir::call::{Failure, Reply};
use flowmesh_machine::{CallId, Place};
use std::sync::Arc;

/// `of` goes on as `run`.
pub(super) fn go_on(world: &mut World, of: u128, run: u128, place: &Place) -> Result<Ticket, Refusal> {
    world.tell(Command::History(RunId(of)));
    let history = match world.settle().pop() {
        Some(Output::Answer(_, Answer::History(history))) => history,
        other => panic!("expected a history, found {other:?}"),
    };
    let reader = Reader::new(world.disk.shared());
    let events = history.events(world.index.as_ref(), &reader).unwrap();
    let events = events.into_iter().map(|record| record.event).collect();
    let continuation = continuation(
        RunId(run),
        (&history, vec![Arc::clone(&history.deployment)]),
        events,
        place,
    )?;
    Ok(world.tell(Command::Continue(Box::new(continuation))))
}

fn step(title: &str) -> Place {
    Place::Step {
        title: title.to_owned(),
        round: None,
    }
}

fn fail(world: &mut World, run: u128, call: u32) -> Vec<Output> {
    let input = crate::engine::Input::Replied {
        run: RunId(run),
        call: CallId(call),
        reply: Reply::Failed(Failure::Unavailable("down".to_owned())),
    };
    world.handle(input);
    world.settle()
}

/// `ten`, which has failed with its third call.
pub(super) fn failed() -> World {
    let mut world = World::new();
    world.start(1, "ten", r#"{"id":"a"}"#, Some("k"));
    world.settle();
    for call in 0..2 {
        world.reply(1, call, r#""held""#);
        world.settle();
    }
    fail(&mut world, 1, 2);
    assert_eq!(world.view(1).state, State::Failed);
    world
}

fn finish(world: &mut World, run: u128) {
    for call in 3..12 {
        world.reply(run, call, r#""held""#);
        world.settle();
    }
    assert_eq!(world.view(run).state, State::Done);
}

#[test]
fn a_retry_makes_the_failed_call_again_and_is_acknowledged_when_it_is_stable() {
    let mut world = failed();
    let ticket = go_on(&mut world, 1, 2, &Place::Failure).unwrap();
    assert!(world.outputs().is_empty());
    let outputs = world.settle();
    assert_eq!(started(&outputs, ticket).id, RunId(2));
    assert_eq!(calls(&outputs), ["stock.reserve"]);
    let view = world.view(2);
    assert_eq!((view.state, view.continues), (State::Running, Some(RunId(1))));
    assert_eq!(view.events, 4, "three are shared, and with the fourth it parts");
    assert_eq!(world.view(1).continued_by, Some(RunId(2)));
    finish(&mut world, 2);
    assert_eq!(world.view(1).state, State::Failed);
}

#[test]
fn a_crash_changes_nothing_of_a_run_that_goes_on() {
    let mut world = failed();
    go_on(&mut world, 1, 2, &Place::Failure).unwrap();
    world.settle();
    let before = world.view(2);
    let mut world = world.crash();
    assert_eq!(
        calls(&world.settle()),
        ["stock.reserve"],
        "it has a key, and is sent again"
    );
    let after = world.view(2);
    assert_eq!((before.started, before.events), (after.started, after.events));
    assert_eq!(after.continues, Some(RunId(1)));
    let again = world.start(3, "ten", r#"{"id":"b"}"#, Some("k"));
    assert_eq!(started(&world.settle(), again).id, RunId(2), "the key finds it");
    finish(&mut world, 2);
}

#[test]
fn a_crash_before_it_is_stable_leaves_the_old_run_as_it_was() {
    let mut world = failed();
    go_on(&mut world, 1, 2, &Place::Failure).unwrap();
    let mut world = world.crash();
    assert!(calls(&world.settle()).is_empty());
    assert_eq!(world.view(1).continued_by, None);
    go_on(&mut world, 1, 3, &Place::Failure).unwrap();
    assert_eq!(calls(&world.settle()), ["stock.reserve"]);
}

#[test]
fn where_there_is_no_room_the_old_run_stays_as_it_was() {
    let mut world = failed();
    let ticket = go_on(&mut world, 1, 2, &Place::Failure).unwrap();
    let batch = world.engine.take_batch().unwrap();
    assert!(batch.len() > 3, "all of it is in one batch");
    world.handle(crate::engine::Input::Refused);
    assert_eq!(*refusal(&world.outputs(), ticket), Refusal::Full);
    world.pass(5);
    assert_eq!(world.view(1).continued_by, None);
    let again = world.start(3, "ten", r#"{"id":"b"}"#, Some("k"));
    assert_eq!(started(&world.settle(), again).id, RunId(1));
}

#[test]
fn a_run_is_tried_again_once_and_not_before_it_has_ended() {
    let mut world = failed();
    go_on(&mut world, 1, 2, &Place::Failure).unwrap();
    world.settle();
    for place in [Place::Failure, step("s0")] {
        let ticket = go_on(&mut world, 1, 3, &place).unwrap();
        let outputs = world.settle();
        assert_eq!(refusal(&outputs, ticket).code().to_string(), "F1088");
    }
    let alive = go_on(&mut world, 2, 3, &step("s1")).unwrap();
    assert_eq!(refusal(&world.settle(), alive).code().to_string(), "F1086");
    fail(&mut world, 2, 3);
    let retried = go_on(&mut world, 1, 3, &Place::Failure).unwrap();
    assert_eq!(refusal(&world.settle(), retried).code().to_string(), "F1088");
    go_on(&mut world, 2, 4, &Place::Failure).unwrap();
    assert_eq!(calls(&world.settle()), ["stock.reserve"]);
    let from = go_on(&mut world, 1, 5, &step("s1")).unwrap();
    assert_eq!(
        started(&world.settle(), from).id,
        RunId(5),
        "the one in its place has ended"
    );
}

#[test]
fn a_terminated_run_is_done_again_from_a_step_and_its_own_sleep_and_signals_count() {
    let mut world = World::new();
    world.start(1, "checkout", r#"{"id":"a"}"#, None);
    world.settle();
    world.reply(1, 0, r#""hold""#);
    world.settle();
    world.pass(2);
    let reason = "look".to_owned();
    world.tell(Command::Steer(RunId(1), Verb::Terminate { reason }));
    world.settle();
    let title = world.view(1);
    assert_eq!(title.state, State::Terminated);
    world.pass(3600);
    go_on(&mut world, 1, 2, &step("await approve")).unwrap();
    world.settle();
    assert_eq!(world.view(2).state, State::Waiting);
    assert_eq!(world.pass(59).len(), 0, "it waits for its full time again");
    world.tell(Command::Signal {
        run: RunId(2),
        name: "approve".into(),
        payload: br#"{"by":"ann"}"#.as_slice().into(),
    });
    assert_eq!(calls(&world.settle()), ["payments.charge"]);
}
