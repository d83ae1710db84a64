//! Undoing: in reverse order, one at a time, again and again until it is done.

use super::{
    bench::Bench,
    build::{REFUND, charge, done, fail, ping, program, region, slot, state, target, text},
};
use crate::Status;
use flowmesh_ir::{
    SlotId, StateId, StepId,
    expr::Expr,
    flow::{Branches, Each, End, Over, Undo},
};

fn two_charges() -> Bench {
    let states = vec![
        charge(text("a"), 1, 1),
        charge(text("b"), 2, 2),
        ping(3),
        fail("no"),
    ];
    let (mut bench, _) = Bench::start(program(states));
    bench.reply(0, 200, r#"{"id":"ra"}"#);
    bench.reply(1, 200, r#"{"id":"rb"}"#);
    bench
}

#[test]
fn the_last_is_undone_first() {
    let mut bench = two_charges();
    assert_eq!(
        bench.reply(2, 200, ""),
        ["undoing", "undo call 3 DELETE /charges/rb"]
    );
    assert_eq!(bench.run.status(), Status::Undoing);
    assert_eq!(bench.reply(3, 200, ""), ["undo call 4 DELETE /charges/ra"]);
    assert_eq!(
        bench.reply(4, 200, ""),
        [r#"failed {"Declined":{"reason":"no"}}"#]
    );
}

#[test]
fn an_undo_is_tried_until_it_succeeds() {
    let mut bench = two_charges();
    bench.reply(2, 200, "");
    assert_eq!(bench.reply(3, 500, ""), ["timer 0 at 1"]);
    bench.advance(1);
    assert_eq!(bench.fire(0), ["undo call 4 DELETE /charges/rb"]);
    assert_eq!(bench.lose(4), ["timer 1 at 3"]);
    assert!(bench.fire(0).is_empty());
    bench.advance(2);
    assert_eq!(bench.fire(1), ["undo call 5 DELETE /charges/rb"]);
    assert_eq!(bench.reply(5, 204, ""), ["undo call 6 DELETE /charges/ra"]);
}

#[test]
fn a_cancelled_run_hears_its_call_and_undoes_it_too() {
    let (mut bench, _) = Bench::start(program(vec![charge(text("a"), 1, 1), fail("no")]));
    assert!(bench.cancel().is_empty());
    assert_eq!(bench.run.status(), Status::Undoing);
    assert!(bench.cancel().is_empty());
    assert!(bench.signal("late").is_empty());
    assert_eq!(
        bench.reply(0, 200, r#"{"id":"ra"}"#),
        ["undoing", "undo call 1 DELETE /charges/ra"]
    );
    assert_eq!(bench.reply(1, 200, ""), ["cancelled enough"]);
}

#[test]
fn a_round_that_is_given_up_hears_its_call_and_undoes_it_with_its_own_values() {
    let mut own = charge(slot(1), 2, 2);
    if let End::Call(call) = &mut own.end {
        call.undo = Some(Undo {
            target: target(REFUND, vec![slot(1)]),
            step: StepId(1),
        });
    }
    let each = Each {
        over: Over::List(Expr::List(vec![text("a"), text("b")])),
        item: SlotId(1),
        own: vec![SlotId(1), SlotId(2)],
        limit: None,
        entry: StateId(1),
        gather: None,
    };
    let region = region(Branches::Each(each), 3);
    let (mut bench, _) = Bench::start(program(vec![region, own, state(End::Join), done(text("end"))]));
    assert!(bench.reply(0, 402, r#"{"reason":"x"}"#).is_empty());
    assert_eq!(
        bench.reply(1, 200, r#"{"id":"rb"}"#),
        ["undoing", "undo call 2 DELETE /charges/b"]
    );
}

#[test]
fn what_failed_needs_no_undo() {
    let (mut bench, _) = Bench::start(program(vec![charge(text("a"), 1, 1), fail("no")]));
    bench.cancel();
    assert_eq!(bench.reply(0, 402, r#"{"reason":"x"}"#), ["cancelled enough"]);
}
