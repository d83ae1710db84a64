//! A good flow, broken in every way that is looked for.

use super::broken;
use crate::{
    ErrorId, SlotId, StateId,
    expr::Pattern,
    flow::{Call, End, Flow, Instruction},
    sample::{int, slot, text},
    service::EffectKind,
};
use std::sync::Arc;

fn in_flow(change: impl FnOnce(&mut Flow)) -> String {
    broken(|program| change(Arc::make_mut(&mut program.flows[0])))
}

fn in_state(at: usize, end: End) -> String {
    in_flow(|flow| flow.states[at].end = end)
}

fn in_call(change: impl FnOnce(&mut Call)) -> String {
    in_flow(|flow| {
        let End::Call(call) = &mut flow.states[2].end else {
            panic!("state 2 calls")
        };
        change(call);
    })
}

#[test]
fn indices_of_flows_are_checked() {
    let to = StateId(13);
    let cases = [
        (
            in_flow(|f| f.entry = to),
            "flow checkout: state 13 does not exist, there are 13",
        ),
        (
            in_state(10, End::Jump(to)),
            "flow checkout, state 10: state 13 does not exist, there are 13",
        ),
        (
            in_flow(|f| f.signals.clear()),
            "flow checkout, state 1: signal 0 does not exist, there are 0",
        ),
        (
            in_flow(|f| f.steps.truncate(4)),
            "flow checkout, state 8: step 4 does not exist, there are 4",
        ),
        (
            in_flow(|f| f.slots.truncate(4)),
            "flow checkout, state 8: slot 4 does not exist, there are 4",
        ),
        (
            in_flow(|f| f.slots.clear()),
            "flow checkout: 1 parameters do not fit into 0 slots",
        ),
        (
            in_call(|c| c.target.service = crate::ServiceId(2)),
            "flow checkout, state 2: service 2 does not exist, there are 2",
        ),
        (
            in_call(|c| c.target.operation = crate::OperationId(1)),
            "flow checkout, state 2: operation 1 does not exist, there are 1",
        ),
        (
            in_call(|c| c.target.arguments.clear()),
            "flow checkout, state 2: `charge` takes 1 arguments, and gets 0",
        ),
        (
            in_call(|c| c.catch[0].error = ErrorId(10)),
            "flow checkout, state 2: error 10 does not exist, there are 10",
        ),
        (
            in_call(|c| c.bind = Some(SlotId(5))),
            "flow checkout, state 2: slot 5 does not exist, there are 5",
        ),
        (
            broken(|p| Arc::make_mut(&mut p.services[0]).operations[0].effect = EffectKind::Once),
            "flow checkout, state 2: it is undone by `release`, which may not be repeated",
        ),
        (
            in_state(
                9,
                End::Match {
                    subject: int(1),
                    arms: vec![],
                },
            ),
            "flow checkout, state 9: a `match` has no arms",
        ),
        (
            in_state(
                9,
                End::Match {
                    subject: int(1),
                    arms: vec![(Pattern::Bind(SlotId(5)), StateId(10))],
                },
            ),
            "flow checkout, state 9: slot 5 does not exist, there are 5",
        ),
    ];
    for (found, expected) in cases {
        assert_eq!(found, expected);
    }
}

#[test]
fn slots_are_written_before_they_are_read() {
    let unwritten =
        |state, slot| format!("flow checkout, state {state}: slot {slot} is read before it is written");
    // Behind the fork, what either branch has written is written; before it, and in the other branch, it is not.
    assert_eq!(
        in_flow(|f| f.states[5].code = vec![Instruction::Log(slot(4))]),
        unwritten(5, 4)
    );
    assert_eq!(
        in_flow(|f| f.states[6].code = vec![Instruction::Log(slot(4))]),
        unwritten(6, 4)
    );
    assert_eq!(in_flow(|f| f.states[8].code.clear()), unwritten(9, 4));
    // An approval is written only where one was awaited, and only if it came in time.
    assert_eq!(
        in_flow(|f| f.states[2].code = vec![Instruction::Log(slot(3))]),
        unwritten(2, 3)
    );
    assert_eq!(
        in_flow(|f| f.states[3].code = vec![Instruction::Log(slot(3))]),
        unwritten(3, 3)
    );
    // A caught call has no result, and its undo may use the result.
    assert_eq!(
        in_flow(|f| f.states[4].code = vec![Instruction::Log(slot(1))]),
        unwritten(4, 1)
    );
    assert_eq!(in_call(|c| c.bind = None), unwritten(2, 1));
}

#[test]
fn a_branch_that_only_returns_hides_what_follows_it() {
    assert_eq!(
        in_flow(|f| {
            f.states[12].end = End::Return(slot(1));
            f.states[9].code = vec![Instruction::Log(slot(2))];
        }),
        "valid"
    );
}

#[test]
fn what_a_loop_writes_is_not_written_before_its_first_round() {
    let found = in_flow(|f| {
        f.states[10].end = End::Branch {
            condition: slot(0),
            yes: StateId(9),
            no: StateId(11),
        };
        f.states[9].code = vec![
            Instruction::Log(slot(2)),
            Instruction::Set(SlotId(2), text("round")),
        ];
    });
    assert_eq!(
        found,
        "flow checkout, state 9: slot 2 is read before it is written"
    );
}
