//! Regions: caught errors, deadlines, need and rest, leaving, cancelling by name, `finally`, what is done in order.

use super::{
    bench::Bench,
    build::{DECLINED, catch, charge, done, fail, int, ping, program, seconds, set, slot, state, text},
};
use crate::Status;
use flowmesh_ir::{
    SignalId, SlotId, StateId, StepId, Value,
    expr::Expr,
    flow::{Branch, Branches, Each, End, Gather, Need, Over, Region, Rest, State},
};

fn branch(entry: u32) -> Branch {
    Branch {
        when: None,
        after: Vec::new(),
        entry: StateId(entry),
    }
}

fn of(branches: Branches, next: u32) -> Region {
    Region {
        branches,
        need: Need::All,
        rest: Rest::Cancel,
        within: None,
        guard: None,
        catch: Vec::new(),
        finally: None,
        name: None,
        next: StateId(next),
    }
}

fn fixed(entries: &[u32], next: u32) -> Region {
    of(
        Branches::Fixed(entries.iter().copied().map(branch).collect()),
        next,
    )
}

fn begin(region: Region) -> State {
    state(End::Region(Box::new(region)))
}

fn join() -> State {
    state(End::Join)
}

fn leave(regions: u32, next: u32) -> State {
    state(End::Leave {
        regions,
        next: StateId(next),
    })
}

/// A flow that runs, with each of its crashes.
fn start(states: Vec<State>) -> (Bench, Vec<String>) {
    let (bench, effects) = Bench::start(program(states));
    same(&bench);
    (bench, effects)
}

fn same(bench: &Bench) {
    let (here, again) = bench.pending();
    assert_eq!(here, again);
}

const RECEIPT: &str = r#"{"id":"ra"}"#;

#[test]
fn an_error_is_caught_after_what_the_region_did_is_undone() {
    let region = Region {
        catch: vec![catch(DECLINED, Some(2), 3)],
        ..fixed(&[1], 4)
    };
    let (mut bench, _) = start(vec![
        begin(region),
        charge(text("a"), 1, 2),
        fail("no"),
        done(slot(2)),
        done(text("well")),
    ]);
    assert_eq!(bench.reply(0, 200, RECEIPT), ["undo call 1 DELETE /charges/ra"]);
    assert_eq!(bench.run.status(), Status::Running);
    same(&bench);
    assert_eq!(bench.reply(1, 204, ""), [r#"done {"Declined":{"reason":"no"}}"#]);
}

#[test]
fn a_deadline_lets_the_flow_go_on_while_a_call_is_heard_and_undone() {
    let region = Region {
        within: Some((seconds(5), StateId(3))),
        ..fixed(&[1], 4)
    };
    let (mut bench, effects) = start(vec![
        begin(region),
        charge(text("a"), 1, 2),
        join(),
        done(text("late")),
        done(slot(1)),
    ]);
    assert_eq!(effects, ["timer 0 at 5", r#"call 0 POST /charges "a""#]);
    assert!(bench.fire(0).is_empty());
    same(&bench);
    assert_eq!(bench.reply(0, 200, RECEIPT), ["undo call 1 DELETE /charges/ra"]);
    assert_eq!(bench.reply(1, 204, ""), [r#"done "late""#]);
}

#[test]
fn the_first_of_a_race_wins_and_the_other_is_undone() {
    let region = Region {
        need: Need::Count(int(1)),
        ..fixed(&[1, 2], 4)
    };
    let (mut bench, _) = start(vec![
        begin(region),
        charge(text("a"), 1, 3),
        ping(3),
        join(),
        ping(5),
        done(text("won")),
    ]);
    assert_eq!(bench.reply(1, 200, ""), ["call 2 POST /ping"]);
    assert_eq!(bench.reply(0, 200, RECEIPT), ["undo call 3 DELETE /charges/ra"]);
    assert!(bench.reply(2, 200, "").is_empty());
    same(&bench);
    assert_eq!(bench.reply(3, 204, ""), [r#"done "won""#]);
}

#[test]
fn what_is_left_to_finish_keeps_the_run_open() {
    let region = Region {
        need: Need::Count(int(1)),
        rest: Rest::Finish,
        ..fixed(&[1, 2], 4)
    };
    let states = vec![
        begin(region),
        charge(text("a"), 1, 3),
        ping(3),
        join(),
        done(text("won")),
    ];
    let (mut bench, _) = start(states.clone());
    assert!(bench.reply(1, 200, "").is_empty());
    same(&bench);
    assert_eq!(bench.reply(0, 200, RECEIPT), [r#"done "won""#]);

    let (mut bench, _) = start(states);
    bench.reply(1, 200, "");
    assert_eq!(
        bench.reply(0, 500, "?"),
        [
            r#"log a branch that was not needed any more failed: {"UnexpectedStatus":{"status":500,"body":"?"}}"#,
            r#"done "won""#
        ]
    );
}

#[test]
fn a_branch_begins_after_those_that_it_needs() {
    let branches = vec![
        branch(1),
        Branch {
            after: vec![0],
            ..branch(2)
        },
        Branch {
            when: Some(Expr::Constant(Value::Bool(false))),
            ..branch(1)
        },
        Branch {
            after: vec![2],
            ..branch(2)
        },
    ];
    let (mut bench, effects) = start(vec![
        begin(of(Branches::Fixed(branches), 4)),
        charge(text("a"), 1, 3),
        ping(3),
        join(),
        done(text("end")),
    ]);
    // The last waited for one that does not run at all.
    assert_eq!(effects, [r#"call 0 POST /charges "a""#, "call 1 POST /ping"]);
    assert_eq!(bench.reply(0, 200, RECEIPT), ["call 2 POST /ping"]);
    bench.reply(1, 200, "");
    same(&bench);
    assert_eq!(bench.reply(2, 200, ""), [r#"done "end""#]);
}

#[test]
fn a_finally_runs_whichever_way_the_region_ends() {
    let region = |catches: bool| Region {
        finally: Some(StateId(4)),
        catch: catches.then(|| catch(DECLINED, None, 5)).into_iter().collect(),
        ..fixed(&[1], 6)
    };
    let states = |catches| {
        vec![
            begin(region(catches)),
            charge(text("a"), 1, 2),
            ping(3),
            fail("no"),
            ping(7),
            done(text("caught")),
            done(text("well")),
            join(),
        ]
    };
    let (mut bench, _) = start(states(true));
    bench.reply(0, 200, RECEIPT);
    assert_eq!(bench.reply(1, 200, ""), ["call 2 POST /ping"]);
    same(&bench);
    assert_eq!(bench.reply(2, 200, ""), ["undo call 3 DELETE /charges/ra"]);
    assert_eq!(bench.reply(3, 204, ""), [r#"done "caught""#]);

    let (mut bench, _) = start(states(false));
    bench.reply(0, 200, RECEIPT);
    assert_eq!(bench.reply(1, 200, ""), ["call 2 POST /ping"]);
    assert_eq!(
        bench.reply(2, 200, ""),
        ["undoing", "undo call 3 DELETE /charges/ra"]
    );
    assert_eq!(
        bench.reply(3, 204, ""),
        [r#"failed {"Declined":{"reason":"no"}}"#]
    );
}

#[test]
fn who_leaves_keeps_what_it_did_and_siblings_are_undone() {
    let (mut bench, _) = start(vec![
        begin(fixed(&[1, 3], 5)),
        charge(text("a"), 1, 2),
        leave(1, 6),
        charge(text("b"), 2, 4),
        join(),
        done(text("never")),
        fail("after"),
    ]);
    assert!(bench.reply(0, 200, RECEIPT).is_empty());
    same(&bench);
    // The run fails afterwards: what the leaver did is undone once the sibling is.
    assert_eq!(
        bench.reply(1, 200, r#"{"id":"rb"}"#),
        ["undo call 2 DELETE /charges/rb"]
    );
    assert_eq!(
        bench.reply(2, 204, ""),
        ["undoing", "undo call 3 DELETE /charges/ra"]
    );
    assert_eq!(
        bench.reply(3, 204, ""),
        [r#"failed {"Declined":{"reason":"after"}}"#]
    );
}

#[test]
fn a_region_is_cancelled_by_its_name() {
    let named = Region {
        name: Some(StepId(2)),
        ..fixed(&[3], 6)
    };
    let cancel = state(End::CancelStep {
        step: StepId(2),
        next: StateId(7),
    });
    let (mut bench, _) = start(vec![
        begin(fixed(&[1, 2], 5)),
        begin(named),
        ping(4),
        charge(text("a"), 1, 7),
        cancel,
        done(text("end")),
        ping(7),
        join(),
    ]);
    assert_eq!(bench.reply(0, 200, ""), ["call 2 POST /ping"]);
    assert_eq!(bench.reply(1, 200, RECEIPT), ["undo call 3 DELETE /charges/ra"]);
    bench.reply(2, 200, "");
    same(&bench);
    assert_eq!(bench.reply(3, 204, ""), [r#"done "end""#]);
}

#[test]
fn rounds_have_slots_of_their_own_and_gather_a_list() {
    let each = Each {
        over: Over::List(Expr::List(vec![text("a"), text("b"), text("c")])),
        item: SlotId(1),
        own: vec![SlotId(1), SlotId(2), SlotId(3)],
        limit: Some(int(2)),
        entry: StateId(1),
        gather: Some(Gather {
            value: SlotId(2),
            given: SlotId(3),
            list: SlotId(4),
        }),
    };
    let given = Expr::Constant(Value::Bool(true));
    let mut keep = set(2, slot(1), End::Join);
    keep.code
        .push(flowmesh_ir::flow::Instruction::Set(SlotId(3), given));
    let (mut bench, effects) = start(vec![
        begin(of(Branches::Each(each), 3)),
        ping(2),
        keep,
        done(slot(4)),
    ]);
    assert_eq!(effects.len(), 2);
    assert_eq!(bench.reply(1, 200, ""), ["call 2 POST /ping"]);
    same(&bench);
    bench.reply(2, 200, "");
    assert_eq!(bench.reply(0, 200, ""), [r#"done ["a","b","c"]"#]);
}

#[test]
fn a_loop_over_signals_has_a_round_for_each() {
    let each = Each {
        over: Over::Signals(SignalId(0)),
        item: SlotId(1),
        own: vec![SlotId(1)],
        limit: None,
        entry: StateId(1),
        gather: None,
    };
    let region = Region {
        need: Need::Count(int(2)),
        ..of(Branches::Each(each), 3)
    };
    let (mut bench, _) = start(vec![begin(region), ping(2), join(), done(text("two"))]);
    assert_eq!(bench.signal("ann"), ["call 0 POST /ping"]);
    assert_eq!(bench.signal("bob"), ["call 1 POST /ping"]);
    bench.reply(1, 200, "");
    same(&bench);
    assert_eq!(bench.reply(0, 200, ""), [r#"done "two""#]);
}
