//! Runs that are parked until a person decides: at a call of which nobody knows, and at an undo that does not succeed.

use super::{
    bench::Bench,
    build::{DECLINED, catch, charge, done, fail, fork, ping, program, seconds, slot, state, text},
};
use crate::{CallId, Choice, Decision, EventKind, Status};
use flowmesh_ir::{
    ErrorId, StateId,
    flow::{End, Region, State},
};

fn start(states: Vec<State>) -> Bench {
    Bench::start(program(states)).0
}

fn decide(bench: &mut Bench, call: u32, decision: Decision) -> Vec<String> {
    let (call, events) = (CallId(call), bench.events.len());
    let effects = bench.event(EventKind::Decided { call, decision });
    assert_eq!(bench.events.len(), events + 1);
    same(bench);
    effects
}

fn result(json: &str) -> Decision {
    Decision::Done(json.as_bytes().into())
}

fn same(bench: &Bench) {
    let (here, again) = bench.pending();
    assert_eq!(here, again);
}

fn choices(bench: &Bench) -> Vec<&'static str> {
    let parked = bench.run.parked();
    let choices = parked.map_or(&[][..], |parked| parked.choices);
    choices.iter().map(|choice| choice.as_str()).collect()
}

/// A run that is parked at its first call.
fn lost() -> Bench {
    let mut bench = start(vec![charge(text("a"), 1, 1), ping(2), done(slot(1))]);
    assert!(bench.lose(0).is_empty());
    assert_eq!(bench.run.status(), Status::Paused);
    assert_eq!(choices(&bench), ["retry", "done", "fail"]);
    same(&bench);
    bench
}

const RECEIPT: &str = r#"{"id":"ra"}"#;

#[test]
fn a_call_of_which_nobody_knows_can_be_made_again() {
    let mut bench = lost();
    assert_eq!(
        decide(&mut bench, 0, Decision::Retry),
        [r#"call 1 POST /charges "a""#]
    );
    assert_eq!(bench.reply(1, 200, RECEIPT), ["call 2 POST /ping"]);
}

#[test]
fn a_call_of_which_nobody_knows_can_be_said_to_be_done_and_is_undone_like_any_other() {
    let mut bench = lost();
    assert_eq!(decide(&mut bench, 0, result(RECEIPT)), ["call 1 POST /ping"]);
    bench.cancel();
    assert_eq!(
        bench.reply(1, 500, ""),
        ["undoing", "undo call 2 DELETE /charges/ra"]
    );
}

#[test]
fn a_call_of_which_nobody_knows_can_be_said_to_have_failed() {
    let mut bench = lost();
    let failed = decide(&mut bench, 0, Decision::Fail);
    assert_eq!(failed, [r#"failed {"Unknown":{"reason":"nobody heard"}}"#]);
}

#[test]
fn what_cannot_be_chosen_or_was_decided_changes_nothing() {
    let mut bench = lost();
    assert!(decide(&mut bench, 0, Decision::Skip).is_empty());
    assert!(decide(&mut bench, 7, Decision::Fail).is_empty());
    assert_eq!(choices(&bench).len(), 3);
    assert!(!decide(&mut bench, 0, Decision::Retry).is_empty());
    assert!(decide(&mut bench, 0, Decision::Fail).is_empty());
    assert_eq!(bench.run.status(), Status::Running);
}

#[test]
fn the_whole_run_rests_and_hears_everything_afterwards() {
    let mut bench = start(vec![
        fork(&[1, 3], 5),
        ping(2),
        ping(4),
        ping(4),
        state(End::Join),
        done(text("end")),
    ]);
    bench.lose(1);
    assert!(bench.reply(0, 200, "").is_empty(), "the other branch rests too");
    let effects = decide(&mut bench, 1, result(""));
    assert_eq!(effects, ["call 2 POST /ping"]);
    // A second one that is lost is a matter of its own.
    assert!(bench.lose(2).is_empty());
    assert_eq!(bench.run.parked().map(|parked| parked.call), Some(CallId(2)));
    assert_eq!(decide(&mut bench, 2, result("")), [r#"done "end""#]);
}

#[test]
fn a_pause_holds_a_decision_back() {
    let mut bench = lost();
    bench.event(EventKind::Paused {
        reason: "look".to_owned(),
    });
    assert!(decide(&mut bench, 0, Decision::Retry).is_empty());
    assert_eq!(bench.run.status(), Status::Paused);
    assert!(choices(&bench).is_empty(), "it is decided");
    assert_eq!(bench.event(EventKind::Resumed), [r#"call 1 POST /charges "a""#]);
}

#[test]
fn a_region_around_that_catches_it_is_not_parked_in() {
    let region = |error: ErrorId| Region {
        catch: vec![catch(error, Some(2), 2)],
        within: Some((seconds(60), StateId(2))),
        ..one(1)
    };
    let states = |error| {
        vec![
            state(End::Region(Box::new(region(error)))),
            charge(text("a"), 1, 3),
            done(text("caught")),
            state(End::Join),
        ]
    };
    let mut bench = start(states(ErrorId(3)));
    assert_eq!(bench.lose(0), ["disarm 0", r#"done "caught""#]);
    let mut bench = start(states(DECLINED));
    assert!(bench.lose(0).is_empty());
    bench.advance(61);
    assert!(
        bench.fire(0).is_empty(),
        "the deadline is acted upon when somebody has decided"
    );
    assert_eq!(
        decide(&mut bench, 0, Decision::Retry),
        [r#"call 1 POST /charges "a""#]
    );
    assert!(
        bench
            .reply(1, 200, RECEIPT)
            .contains(&"undo call 2 DELETE /charges/ra".to_owned())
    );
}

/// A region of one branch.
fn one(entry: u32) -> Region {
    match fork(&[entry], 2).end {
        End::Region(region) => *region,
        _ => unreachable!(),
    }
}

#[test]
fn a_parked_run_that_is_cancelled_asks_whether_there_is_something_to_undo() {
    for (decision, then) in [
        (result(RECEIPT), vec!["undoing", "undo call 1 DELETE /charges/ra"]),
        (Decision::Fail, vec!["cancelled enough"]),
    ] {
        let mut bench = lost();
        assert!(bench.cancel().is_empty());
        assert_eq!(choices(&bench), ["done", "fail"]);
        same(&bench);
        assert_eq!(decide(&mut bench, 0, decision), then);
    }
    let mut bench = start(vec![ping(1), done(text("end"))]);
    bench.lose(0);
    assert_eq!(
        bench.cancel(),
        ["cancelled enough"],
        "there is nothing that could be undone"
    );
}

#[test]
fn a_call_that_is_lost_after_the_cancel_is_asked_about_too() {
    let mut bench = start(vec![charge(text("a"), 1, 1), done(slot(1))]);
    bench.cancel();
    assert!(bench.lose(0).is_empty());
    assert_eq!(
        (bench.run.status(), choices(&bench)),
        (Status::Paused, vec!["done", "fail"])
    );
    assert_eq!(
        decide(&mut bench, 0, result(RECEIPT)),
        ["undoing", "undo call 1 DELETE /charges/ra"]
    );
}

#[test]
fn an_undo_that_is_refused_waits_for_a_person() {
    let mut bench = start(vec![charge(text("a"), 1, 1), charge(text("b"), 2, 2), fail("no")]);
    bench.reply(0, 200, RECEIPT);
    bench.reply(1, 200, r#"{"id":"rb"}"#);
    for passing in [408, 425, 429, 500, 503] {
        let timer = bench.reply(bench_call(&bench), passing, "");
        assert!(timer[0].starts_with("timer"), "{passing}: {timer:?}");
        bench.advance(300);
        bench.fire(last_timer(&timer));
    }
    assert!(bench.reply(bench_call(&bench), 404, "").is_empty());
    assert_eq!(
        (bench.run.status(), choices(&bench)),
        (Status::Paused, vec!["retry", "skip"])
    );
    let call = bench.run.parked().unwrap().call.0;
    let again = decide(&mut bench, call, Decision::Retry);
    assert_eq!(again, [format!("undo call {} DELETE /charges/rb", call + 1)]);
    bench.reply(call + 1, 404, "");
    let next = decide(&mut bench, call + 1, Decision::Skip);
    assert_eq!(next, [format!("undo call {} DELETE /charges/ra", call + 2)]);
    assert_eq!(
        bench.reply(call + 2, 200, ""),
        [r#"failed {"Declined":{"reason":"no"}}"#]
    );
}

#[test]
fn an_undo_that_fails_for_an_hour_waits_for_a_person() {
    let mut bench = start(vec![charge(text("a"), 1, 1), fail("no")]);
    bench.reply(0, 200, RECEIPT);
    for _ in 0..19 {
        let timer = bench.reply(bench_call(&bench), 503, "");
        bench.advance(300);
        bench.fire(last_timer(&timer));
    }
    assert!(bench.reply(bench_call(&bench), 503, "").is_empty());
    assert_eq!(bench.run.parked().unwrap().choices, [Choice::Retry, Choice::Skip]);
    let call = bench.run.parked().unwrap().call.0;
    decide(&mut bench, call, Decision::Retry);
    let timer = bench.reply(call + 1, 503, "");
    assert!(
        timer[0].starts_with("timer"),
        "it is tried for an hour again: {timer:?}"
    );
}

/// The one call that is on its way.
fn bench_call(bench: &Bench) -> u32 {
    bench.run.calls.keys().next().unwrap().0
}

/// The number in `timer 3 at 9`.
fn last_timer(effects: &[String]) -> u32 {
    effects[0].split(' ').nth(1).unwrap().parse().unwrap()
}
