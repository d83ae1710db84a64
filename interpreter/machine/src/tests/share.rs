//! Runs that go on from the middle of what happened to one that has ended.

use super::{
    asks::guarded,
    bench::Bench,
    build::{charge, done, fail, fork, ping, program, seconds, sleep, slot, state, text},
};
use crate::{
    Answer, CallId, Event, EventKind, Place, Settings, Shared, Status, Unshared, share, upgrade::Home,
};
use flowmesh_ir::{
    Program,
    flow::{End, State},
};

const RECEIPT: &str = r#"{"id":"ra"}"#;

fn start(states: Vec<State>) -> Bench {
    Bench::start(program(states)).0
}

fn shared(bench: &Bench, place: &Place) -> Result<Shared, Unshared> {
    let fresh = Bench::new(bench.program.clone()).run;
    let settings = Settings::default();
    let home = Home {
        program: &bench.program,
        settings: &settings,
    };
    share(&[home], &fresh, &bench.events, place)
}

fn step(title: &str, round: Option<u32>) -> Place {
    let title = title.to_owned();
    Place::Step { title, round }
}

/// The new run, and what it asks for when it goes on an hour later.
fn go_on(old: &Bench, place: &Place) -> (Bench, Vec<String>) {
    let shared = shared(old, place).expect("it can go on from there");
    let mut bench = Bench::new(old.program.clone());
    for Event { at, kind } in &old.events[..shared.events] {
        bench.advance(at.duration_since(bench.now()).as_secs());
        bench.event(kind.clone());
    }
    bench.advance(3600);
    let mut effects = bench.event(EventKind::Continued { again: shared.again });
    same(&bench);
    for late in shared.late {
        effects.extend(bench.event(old.events[late].kind.clone()));
    }
    same(&bench);
    (bench, effects)
}

fn same(bench: &Bench) {
    let (here, again) = bench.pending();
    assert_eq!(here, again);
}

/// Two calls, the second of which has failed.
fn failed() -> Bench {
    let mut bench = start(vec![ping(1), ping(2), done(text("end"))]);
    bench.reply(0, 200, "");
    bench.reply(1, 500, "");
    assert_eq!(bench.run.status(), Status::Failed);
    bench
}

#[test]
fn the_failed_call_is_made_again_and_no_other() {
    let (mut bench, effects) = go_on(&failed(), &Place::Failure);
    assert_eq!(effects, ["call 2 POST /ping"]);
    bench.reply(1, 200, "");
    assert_eq!(
        bench.run.status(),
        Status::Running,
        "the old call is not waited for"
    );
    bench.reply(2, 200, "");
    assert_eq!(bench.run.status(), Status::Done);
}

#[test]
fn what_was_gone_on_with_can_be_gone_on_with_again() {
    let (mut bench, _) = go_on(&failed(), &Place::Failure);
    bench.reply(2, 500, "");
    let (mut bench, effects) = go_on(&bench, &Place::Failure);
    assert_eq!(effects, ["call 3 POST /ping"]);
    bench.reply(3, 200, "");
    assert_eq!(bench.run.status(), Status::Done);
}

#[test]
fn a_step_is_done_again_as_it_began_that_time() {
    let title = title(&failed().program, 0);
    for (round, effects) in [(None, "call 2 POST /ping"), (Some(1), "call 1 POST /ping")] {
        assert_eq!(go_on(&failed(), &step(&title, round)).1, [effects]);
    }
    for round in [0, 3] {
        let none = shared(&failed(), &step(&title, Some(round)));
        assert!(matches!(none, Err(Unshared::Step { known, .. }) if known == [title.clone()]));
    }
    assert!(matches!(
        shared(&failed(), &step("other", None)),
        Err(Unshared::Step { round: None, .. })
    ));
}

fn title(program: &Program, step: usize) -> String {
    program.flows[0].steps[step].title.clone()
}

#[test]
fn what_has_not_failed_or_failed_by_itself_is_not_tried_again() {
    let mut sound = start(vec![ping(1), done(text("end"))]);
    sound.reply(0, 200, "");
    assert_eq!(shared(&sound, &Place::Failure), Err(Unshared::Sound));
    let mut alone = start(vec![ping(1), fail("no")]);
    alone.reply(0, 200, "");
    assert_eq!(alone.run.status(), Status::Failed);
    assert_eq!(shared(&alone, &Place::Failure), Err(Unshared::Itself));
}

#[test]
fn a_run_that_was_terminated_goes_on_from_a_step() {
    let mut bench = start(vec![ping(1), ping(2), done(text("end"))]);
    bench.reply(0, 200, "");
    bench.event(EventKind::Terminated {
        reason: "now".to_owned(),
    });
    assert_eq!(shared(&bench, &Place::Failure), Err(Unshared::Sound));
    let (mut bench, effects) = go_on(&bench, &step(&title(&bench.program, 0), None));
    assert_eq!(effects, ["call 2 POST /ping"]);
    bench.reply(2, 200, "");
    assert_eq!(bench.run.status(), Status::Done);
}

#[test]
fn what_was_undone_is_not_shared() {
    let mut bench = start(vec![charge(text("a"), 1, 1), ping(2), done(slot(1))]);
    bench.reply(0, 200, RECEIPT);
    bench.reply(1, 500, "");
    bench.reply(2, 200, "");
    assert_eq!(bench.run.status(), Status::Failed);
    let title = title(&bench.program, 0);
    let undone = Err(Unshared::Undone(Some(title.clone())));
    assert_eq!(shared(&bench, &Place::Failure), undone);
    let (_, effects) = go_on(&bench, &step(&title, Some(1)));
    assert_eq!(effects, [r#"call 1 POST /charges "a""#]);
}

/// One of two calls at the same time fails, and the other succeeds afterwards.
fn beside(succeeds: State) -> Bench {
    let mut bench = start(vec![
        fork(&[1, 2], 4),
        succeeds,
        ping(3),
        state(End::Join),
        done(text("end")),
    ]);
    bench.reply(1, 500, "");
    bench.reply(0, 200, RECEIPT);
    bench
}

#[test]
fn what_came_later_and_stands_is_not_asked_for_again() {
    let bench = beside(ping(3));
    assert_eq!(bench.run.status(), Status::Failed);
    let found = shared(&bench, &Place::Failure).unwrap();
    assert_eq!(found.late, [2]);
    let (mut bench, effects) = go_on(&bench, &Place::Failure);
    assert_eq!(effects, ["call 2 POST /ping"]);
    bench.reply(2, 200, "");
    assert_eq!(bench.run.status(), Status::Done);
}

#[test]
fn what_came_later_and_was_undone_is_asked_for_again() {
    let mut bench = beside(charge(text("a"), 1, 3));
    bench.reply(2, 200, "");
    assert_eq!(bench.run.status(), Status::Failed);
    let (_, effects) = go_on(&bench, &Place::Failure);
    assert_eq!(effects, [r#"call 2 POST /charges "a""#, "call 3 POST /ping"]);
}

#[test]
fn a_lock_is_asked_for_anew_and_one_that_is_held_is_not_shared() {
    let mut bench = start(vec![
        fork(&[1, 3], 6),
        ping(2),
        state(End::Join),
        guarded(4, 5),
        ping(2),
        state(End::Join),
        done(text("end")),
    ]);
    let answer = Answer::Done(Vec::new());
    bench.event(EventKind::Answered {
        call: CallId(1),
        answer,
    });
    bench.reply(0, 500, "");
    let from = step(&title(&bench.program, 0), Some(1));
    let found = shared(&bench, &from).unwrap();
    assert!(found.late.is_empty(), "others may hold it by now");
    assert_eq!(
        shared(&bench, &Place::Failure),
        Err(Unshared::Guard("o1".to_owned()))
    );
}

#[test]
fn what_a_person_let_fail_is_tried_again() {
    let mut bench = start(vec![charge(text("a"), 1, 1), done(slot(1))]);
    bench.lose(0);
    bench.event(EventKind::Decided {
        call: CallId(0),
        decision: crate::Decision::Fail,
    });
    assert_eq!(bench.run.status(), Status::Failed);
    let (mut bench, effects) = go_on(&bench, &Place::Failure);
    assert_eq!(effects, [r#"call 1 POST /charges "a""#]);
    assert_eq!(bench.run.status(), Status::Running);
    bench.reply(1, 200, RECEIPT);
    assert_eq!(bench.run.status(), Status::Done);
}

#[test]
fn the_time_between_does_not_count() {
    let mut bench = start(vec![
        fork(&[1, 3], 5),
        sleep(seconds(100), 2),
        state(End::Join),
        ping(4),
        state(End::Join),
        done(text("end")),
    ]);
    bench.advance(40);
    bench.reply(0, 500, "");
    let (bench, effects) = go_on(&bench, &Place::Failure);
    assert_eq!(bench.now().as_second(), 3600);
    assert_eq!(effects, ["timer 0 at 3700", "call 1 POST /ping"]);
}

#[test]
fn a_sleep_that_is_chosen_lasts_its_time_again() {
    let mut bench = start(vec![sleep(seconds(100), 1), done(text("end"))]);
    bench.advance(100);
    bench.fire(0);
    let (_, effects) = go_on(&bench, &step(&title(&bench.program, 2), None));
    assert!(effects.contains(&"timer 1 at 3700".to_owned()), "{effects:?}");
}
