//! Fibers: all joined, one that fails, one that returns.

use super::{
    bench::Bench,
    build::{charge, done, fail, fork, ping, program, seconds, sleep, slot, state, text},
};
use crate::Status;
use flowmesh_ir::{expr::Expr, flow::End};

fn join() -> flowmesh_ir::flow::State {
    state(End::Join)
}

#[test]
fn all_branches_begin_in_order_and_are_waited_for() {
    let both = Expr::List(vec![slot(1), slot(2)]);
    let states = vec![
        fork(&[1, 2, 3], 5),
        charge(text("a"), 1, 4),
        charge(text("b"), 2, 4),
        sleep(seconds(5), 4),
        join(),
        done(both),
    ];
    let (mut bench, effects) = Bench::start(program(states));
    assert_eq!(
        effects,
        [
            r#"call 0 POST /charges "a""#,
            r#"call 1 POST /charges "b""#,
            "timer 0 at 5"
        ]
    );
    assert!(bench.reply(1, 200, r#"{"id":"rb"}"#).is_empty());
    assert!(bench.fire(0).is_empty());
    assert_eq!(
        bench.reply(0, 200, r#"{"id":"ra"}"#),
        [r#"done [{"id":"ra"},{"id":"rb"}]"#]
    );
}

#[test]
fn a_branch_that_fails_waits_for_calls_and_ends_sleeps() {
    let states = vec![
        fork(&[1, 2, 3], 5),
        charge(text("a"), 1, 4),
        ping(6),
        sleep(seconds(5), 4),
        join(),
        done(slot(1)),
        fail("no"),
    ];
    let (mut bench, _) = Bench::start(program(states));
    assert_eq!(bench.reply(1, 200, ""), ["disarm 0"]);
    assert_eq!(bench.run.status(), Status::Undoing);
    assert_eq!(
        bench.reply(0, 200, r#"{"id":"ra"}"#),
        ["undoing", "undo call 2 DELETE /charges/ra"]
    );
    assert_eq!(
        bench.reply(2, 204, ""),
        [r#"failed {"Declined":{"reason":"no"}}"#]
    );
}

#[test]
fn a_second_failure_does_not_replace_the_first() {
    let states = vec![
        fork(&[1, 2], 4),
        ping(5),
        ping(5),
        join(),
        done(slot(1)),
        fail("no"),
    ];
    let (mut bench, _) = Bench::start(program(states));
    assert!(bench.reply(0, 200, "").is_empty());
    assert_eq!(
        bench.reply(1, 500, ""),
        [r#"failed {"Declined":{"reason":"no"}}"#]
    );
}

#[test]
fn a_return_in_a_branch_undoes_what_the_other_branches_do() {
    let states = vec![
        fork(&[1, 2, 3], 5),
        ping(6),
        charge(text("a"), 1, 4),
        sleep(seconds(5), 4),
        join(),
        done(slot(1)),
        done(text("early")),
    ];
    let (mut bench, _) = Bench::start(program(states));
    assert_eq!(bench.reply(0, 200, ""), ["disarm 0"]);
    assert_eq!(bench.run.status(), Status::Running);
    assert!(bench.cancel().is_empty());
    assert_eq!(
        bench.reply(1, 200, r#"{"id":"ra"}"#),
        ["undo call 2 DELETE /charges/ra"]
    );
    assert_eq!(bench.reply(2, 204, ""), [r#"done "early""#]);
}
