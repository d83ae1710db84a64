//! Runs that stand still: nothing new is begun, what comes is kept, and acted upon in order afterwards.

use super::{
    bench::Bench,
    build::{charge, done, fail, fork, ping, program, seconds, sleep, slot, state, text, wait},
};
use crate::{EventKind, Status};
use flowmesh_ir::flow::End;

fn pause(bench: &mut Bench) -> Vec<String> {
    bench.event(EventKind::Paused {
        reason: "look".to_owned(),
    })
}

fn resume(bench: &mut Bench) -> Vec<String> {
    bench.event(EventKind::Resumed)
}

fn start(states: Vec<flowmesh_ir::flow::State>) -> Bench {
    Bench::start(program(states)).0
}

fn same(bench: &Bench) {
    let (here, again) = bench.pending();
    assert_eq!(here, again);
}

#[test]
fn a_reply_is_kept_until_the_run_goes_on() {
    let mut bench = start(vec![ping(1), ping(2), done(text("end"))]);
    assert!(pause(&mut bench).is_empty());
    assert_eq!(bench.run.status(), Status::Paused);
    assert_eq!(
        bench.run.paused().map(|pause| pause.reason.as_str()),
        Some("look")
    );
    assert!(bench.reply(0, 200, "").is_empty());
    let (here, again) = bench.pending();
    assert!(
        here.is_empty(),
        "what was answered is not asked for again: {here:?}"
    );
    assert_eq!(here, again);
    assert_eq!(resume(&mut bench), ["call 1 POST /ping"]);
    assert_eq!(bench.run.status(), Status::Running);
    assert_eq!(bench.reply(1, 200, ""), [r#"done "end""#]);
}

#[test]
fn a_sleep_that_begins_late_lasts_from_then() {
    let mut bench = start(vec![ping(1), sleep(seconds(10), 2), done(text("end"))]);
    pause(&mut bench);
    bench.reply(0, 200, "");
    bench.advance(100);
    assert_eq!(resume(&mut bench), ["timer 0 at 110"]);
}

#[test]
fn what_came_is_acted_upon_in_order() {
    // Two signals and the limit of the wait between them: the first is heard, the second kept for the next wait.
    let mut bench = start(vec![
        wait(1, Some((seconds(5), 3)), 1),
        wait(2, None, 2),
        done(slot(2)),
        fail("late"),
    ]);
    pause(&mut bench);
    assert!(bench.signal("ann").is_empty());
    bench.advance(5);
    assert!(bench.fire(0).is_empty());
    assert!(bench.signal("bob").is_empty());
    assert_eq!(bench.run.kept_signals(&bench.program, "approve"), 2);
    same(&bench);
    assert_eq!(resume(&mut bench), ["disarm 0", r#"done {"by":"bob"}"#]);
}

#[test]
fn a_paused_run_can_be_cancelled_and_undoes_what_came_meanwhile() {
    let mut bench = start(vec![
        fork(&[1, 3], 5),
        charge(text("a"), 1, 2),
        ping(4),
        ping(4),
        state(End::Join),
        fail("no"),
    ]);
    pause(&mut bench);
    assert!(bench.reply(0, 200, r#"{"id":"ra"}"#).is_empty());
    assert_eq!(bench.run.status(), Status::Paused);
    assert!(bench.cancel().is_empty(), "the other call is heard first");
    assert_eq!(bench.run.status(), Status::Undoing);
    same(&bench);
    assert_eq!(
        bench.reply(1, 200, ""),
        ["undoing", "undo call 2 DELETE /charges/ra"]
    );
    assert_eq!(bench.reply(2, 200, ""), ["cancelled enough"]);
}

#[test]
fn undoing_can_be_paused() {
    let mut bench = start(vec![charge(text("a"), 1, 1), ping(2), fail("no")]);
    bench.reply(0, 200, r#"{"id":"ra"}"#);
    bench.reply(1, 200, "");
    assert_eq!(bench.run.status(), Status::Undoing);
    pause(&mut bench);
    assert_eq!(bench.run.status(), Status::Paused);
    assert!(
        bench.reply(2, 500, "").is_empty(),
        "not even the time to try again"
    );
    assert_eq!(resume(&mut bench), ["timer 0 at 1"]);
}

#[test]
fn pausing_twice_or_after_the_end_changes_nothing() {
    let mut bench = start(vec![ping(1), done(text("end"))]);
    pause(&mut bench);
    bench.advance(7);
    pause(&mut bench);
    assert_eq!(bench.run.paused().map(|pause| pause.since.as_second()), Some(0));
    bench.reply(0, 200, "");
    assert_eq!(resume(&mut bench), [r#"done "end""#]);
    assert!(pause(&mut bench).is_empty());
    assert!(resume(&mut bench).is_empty());
    assert_eq!(bench.run.status(), Status::Done);
}

#[test]
fn more_signals_than_are_kept_are_refused() {
    let mut bench = start(vec![wait(1, None, 1), done(text("end"))]);
    pause(&mut bench);
    for _ in 0..crate::border::SIGNALS_KEPT_MAX {
        bench.signal("ann");
    }
    let payload: std::sync::Arc<[u8]> = br#"{"by":"bob"}"#.as_slice().into();
    let refused = bench.event(EventKind::Signalled {
        name: "approve".into(),
        payload,
        answer: Some(9),
    });
    assert_eq!(
        refused,
        ["answer 9 refused: too many signals of this name wait already"]
    );
}

#[test]
fn a_terminated_run_ends_at_once_and_undoes_nothing() {
    let mut bench = start(vec![
        charge(text("a"), 1, 1),
        fork(&[2, 3], 4),
        ping(4),
        sleep(seconds(9), 4),
        state(End::Join),
    ]);
    bench.reply(0, 200, r#"{"id":"ra"}"#);
    pause(&mut bench);
    assert!(bench.reply(1, 200, "").is_empty());
    let ended = bench.event(EventKind::Terminated {
        reason: "at once".to_owned(),
    });
    assert_eq!(ended, ["disarm 0", "terminated at once"]);
    assert_eq!(bench.run.status(), Status::Terminated);
    let (here, again) = bench.pending();
    assert!(here.is_empty() && again.is_empty());
    assert!(bench.fire(0).is_empty() && resume(&mut bench).is_empty() && bench.cancel().is_empty());
}
