//! Sleeping, and waiting for signals.

use super::{
    bench::Bench,
    build::{done, ping, program, seconds, sleep, slot, text, wait},
};
use crate::Status;

#[test]
fn a_sleep_lasts_until_its_timer_fires() {
    let (mut bench, effects) = Bench::start(program(vec![sleep(seconds(60), 1), done(text("up"))]));
    assert_eq!(effects, ["timer 0 at 60"]);
    assert_eq!(bench.run.status(), Status::Waiting);
    bench.advance(60);
    assert_eq!(bench.fire(0), [r#"done "up""#]);
}

#[test]
fn a_sleep_of_nothing_goes_on_at_once() {
    for length in [0, -5] {
        let states = vec![sleep(seconds(length), 1), done(text("up"))];
        assert_eq!(Bench::start(program(states)).1, [r#"done "up""#]);
    }
}

#[test]
fn a_signal_in_time_disarms_the_limit() {
    let states = vec![
        wait(1, Some((seconds(10), 2)), 1),
        done(slot(1)),
        done(text("late")),
    ];
    let (mut bench, effects) = Bench::start(program(states));
    assert_eq!(effects, ["timer 0 at 10"]);
    assert_eq!(bench.signal("ann"), ["disarm 0", r#"done {"by":"ann"}"#]);
    assert!(bench.fire(0).is_empty());
}

#[test]
fn a_limit_that_passes_leads_elsewhere() {
    let states = vec![
        wait(1, Some((seconds(10), 2)), 1),
        done(slot(1)),
        done(text("late")),
    ];
    let (mut bench, _) = Bench::start(program(states));
    assert_eq!(bench.fire(0), [r#"done "late""#]);
}

#[test]
fn signals_are_kept_in_order_until_they_are_heard() {
    let states = vec![ping(1), wait(1, None, 2), wait(2, None, 3), done(slot(2))];
    let (mut bench, _) = Bench::start(program(states));
    assert!(bench.signal("first").is_empty());
    assert!(bench.signal("second").is_empty());
    assert_eq!(bench.run.kept_signals(&bench.program, "approve"), 2);
    assert_eq!(bench.reply(0, 200, ""), [r#"done {"by":"second"}"#]);
}

#[test]
fn a_cancelled_wait_ends_at_once() {
    let states = vec![wait(1, Some((seconds(10), 1)), 1), done(slot(1))];
    let (mut bench, _) = Bench::start(program(states));
    assert_eq!(bench.cancel(), ["disarm 0", "cancelled enough"]);
    assert_eq!(bench.run.status(), Status::Cancelled);
}
