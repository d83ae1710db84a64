//! Regions, waits and what runs beside, broken in every way that is looked for.

use super::broken;
use crate::{
    ErrorId, EventId, SignalId, SlotId, StateId, StepId,
    flow::{
        Arm, Branch, Branches, Catch, Each, End, Flow, Gather, Instruction, Listen, Need, On, Over, Region,
        Rest, State, Wait,
    },
    sample::{int, slot},
};
use std::sync::Arc;

const STRAYS: &str = "it belongs to two branches, or is inside and outside of one";

fn in_flow(change: impl FnOnce(&mut Flow)) -> String {
    broken(|program| change(Arc::make_mut(&mut program.flows[0])))
}

fn in_state(at: usize, end: End) -> String {
    in_flow(|flow| flow.states[at].end = end)
}

/// Changes the region of the sample: it begins at state 5, with branches at 6 (joins at 7) and 8 (joins at 12), and
/// goes on at 9.
fn in_region(change: impl FnOnce(&mut Region)) -> String {
    in_flow(|flow| change(region(flow)))
}

fn region(flow: &mut Flow) -> &mut Region {
    let End::Region(region) = &mut flow.states[5].end else {
        panic!("state 5 begins a region")
    };
    region
}

fn branch(entry: u32, after: &[u32]) -> Branch {
    Branch {
        when: None,
        after: after.to_vec(),
        entry: StateId(entry),
    }
}

fn only(entry: u32) -> Branches {
    Branches::Fixed(vec![branch(entry, &[])])
}

/// A round for each number, whose item is slot 4.
fn each(own: &[u32]) -> Each {
    Each {
        over: Over::Range(int(0), int(3)),
        item: SlotId(4),
        own: own.iter().copied().map(SlotId).collect(),
        limit: None,
        entry: StateId(6),
        gather: None,
    }
}

fn add(flow: &mut Flow, end: End) -> StateId {
    let code = vec![];
    flow.states.push(State {
        code,
        end,
        step: None,
    });
    StateId(u32::try_from(flow.states.len() - 1).unwrap())
}

fn leave(regions: u32, next: u32) -> End {
    End::Leave {
        regions,
        next: StateId(next),
    }
}

fn wait(arms: Vec<Arm>) -> End {
    let catch = vec![];
    End::Wait(Wait { arms, catch })
}

fn arm(on: On, bind: Option<u32>) -> Arm {
    Arm {
        on,
        bind: bind.map(SlotId),
        next: StateId(11),
    }
}

#[test]
fn a_branch_stays_within_its_region() {
    let cases = [
        (
            in_state(7, End::Jump(StateId(9))),
            format!("flow checkout, state 9: {STRAYS}"),
        ),
        (
            in_state(10, End::Jump(StateId(6))),
            format!("flow checkout, state 6: {STRAYS}"),
        ),
        (
            in_state(12, End::Jump(StateId(7))),
            format!("flow checkout, state 7: {STRAYS}"),
        ),
        (
            in_region(|region| region.branches = Branches::Fixed(vec![branch(6, &[]), branch(6, &[])])),
            format!("flow checkout, state 6: {STRAYS}"),
        ),
        (
            in_state(7, End::Jump(StateId(5))),
            format!("flow checkout, state 5: {STRAYS}"),
        ),
        (
            in_region(|region| region.finally = Some(StateId(9))),
            format!("flow checkout, state 9: {STRAYS}"),
        ),
    ];
    for (found, expected) in cases {
        assert_eq!(found, expected);
    }
}

#[test]
fn fibers_end_as_they_were_begun() {
    assert_eq!(
        in_state(7, End::Give(int(1))),
        "flow checkout, state 7: it gives a value, and is neither a task nor a handler"
    );
    let task = |entry: StateId| End::Spawn {
        task: SlotId(4),
        own: vec![],
        entry,
        next: StateId(11),
    };
    assert_eq!(
        in_flow(|flow| {
            let entry = add(flow, End::Join);
            flow.states[10].end = task(entry);
        }),
        "flow checkout, state 13: it joins, and is a task or a handler"
    );
    assert_eq!(
        in_flow(|flow| {
            let entry = add(flow, End::Give(slot(0)));
            flow.states[10].end = task(entry);
        }),
        "valid"
    );
}

#[test]
fn no_more_regions_are_left_than_there_are() {
    let more = "it leaves more regions than are around it";
    assert_eq!(in_state(12, leave(1, 9)), "valid");
    assert_eq!(
        in_state(7, leave(2, 9)),
        format!("flow checkout, state 7: {more}")
    );
    assert_eq!(
        in_state(10, leave(1, 11)),
        format!("flow checkout, state 10: {more}")
    );
    assert_eq!(
        in_state(7, leave(0, 9)),
        "flow checkout, state 7: it leaves no region"
    );
    // Out of a region leads to where the region stands, and not into another branch.
    assert_eq!(
        in_state(7, leave(1, 8)),
        format!("flow checkout, state 8: {STRAYS}")
    );
}

#[test]
fn branches_of_a_region_are_there() {
    let cases = [
        (
            in_region(|region| region.branches = Branches::Fixed(vec![])),
            "flow checkout, state 5: a region has no branches",
        ),
        (
            in_region(|region| {
                region.branches = Branches::Fixed(vec![branch(6, &[]), branch(8, &[2])]);
            }),
            "flow checkout, state 5: branch 2 does not exist, there are 2",
        ),
        (
            in_region(|region| region.branches = only(13)),
            "flow checkout, state 5: state 13 does not exist, there are 13",
        ),
        (
            in_region(|region| region.name = Some(StepId(5))),
            "flow checkout, state 5: step 5 does not exist, there are 5",
        ),
        (
            in_region(|region| {
                region.catch = vec![Catch {
                    error: ErrorId(10),
                    bind: None,
                    next: StateId(9),
                }];
            }),
            "flow checkout, state 5: error 10 does not exist, there are 10",
        ),
    ];
    for (found, expected) in cases {
        assert_eq!(found, expected);
    }
}

#[test]
fn what_a_round_writes_for_itself_is_its_own() {
    let foreign =
        |slot| format!("flow checkout, state 5: slot {slot} belongs to a round, and is not its own");
    let rounds = |own: &[u32], gather: Option<Gather>| {
        let each = Each { gather, ..each(own) };
        in_flow(|flow| {
            region(flow).branches = Branches::Each(each);
            flow.states[9].code.clear();
        })
    };
    let gather = Gather {
        value: SlotId(2),
        given: SlotId(3),
        list: SlotId(4),
    };
    assert_eq!(rounds(&[4], None), "valid");
    assert_eq!(rounds(&[], None), foreign(4));
    assert_eq!(rounds(&[4, 3], Some(gather)), foreign(2));
    assert_eq!(rounds(&[4, 2], Some(gather)), foreign(3));
    assert_eq!(
        rounds(&[4, 5], None),
        "flow checkout, state 5: slot 5 does not exist, there are 5"
    );
}

#[test]
fn what_is_a_round_s_own_is_not_written_behind_it() {
    let found = in_flow(|flow| {
        region(flow).branches = Branches::Each(each(&[4]));
        flow.states[9].code = vec![Instruction::Log(slot(4))];
    });
    assert_eq!(
        found,
        "flow checkout, state 9: slot 4 is read before it is written"
    );
}

#[test]
fn only_what_must_have_joined_is_written() {
    let unwritten = "flow checkout, state 9: slot 4 is read before it is written";
    // The second branch writes slot 4, which state 9 reads.
    let cases = [
        in_region(|region| region.need = Need::Count(int(1))),
        in_region(|region| region.name = Some(StepId(0))),
        in_region(|region| {
            if let Branches::Fixed(branches) = &mut region.branches {
                branches[1].when = Some(slot(0));
            }
        }),
        in_region(|region| region.within = Some((int(1), StateId(9)))),
    ];
    for found in cases {
        assert_eq!(found, unwritten);
    }
    // What becomes of the rest makes no difference where all are waited for.
    assert_eq!(in_region(|region| region.rest = Rest::Finish), "valid");
}

#[test]
fn what_a_branch_waits_for_is_written_in_it() {
    let reads = |after: &[u32]| {
        in_flow(|flow| {
            region(flow).branches = Branches::Fixed(vec![branch(6, after), branch(8, &[])]);
            flow.states[6].code = vec![Instruction::Log(slot(4))];
        })
    };
    assert_eq!(reads(&[1]), "valid");
    assert_eq!(
        reads(&[]),
        "flow checkout, state 6: slot 4 is read before it is written"
    );
}

#[test]
fn branches_that_wait_for_each_other_never_join() {
    let found = in_flow(|flow| {
        region(flow).branches = Branches::Fixed(vec![branch(6, &[1]), branch(8, &[0])]);
    });
    assert_eq!(
        found,
        "flow checkout, state 5: the branches wait for each other in a circle"
    );
}

#[test]
fn waits_wait_for_something_that_is_there() {
    let cases = [
        (wait(vec![]), "a wait has no arms"),
        (
            wait(vec![arm(On::Signal(SignalId(1)), None)]),
            "signal 1 does not exist, there are 1",
        ),
        (
            wait(vec![arm(On::Signal(SignalId(0)), Some(5))]),
            "slot 5 does not exist, there are 5",
        ),
        (
            wait(vec![arm(
                On::Event {
                    event: EventId(9),
                    slot: SlotId(4),
                    condition: None,
                },
                None,
            )]),
            "event 9 does not exist, there are 0",
        ),
        (
            wait(vec![arm(On::Condition(slot(2)), None)]),
            "slot 2 is read before it is written",
        ),
    ];
    for (end, expected) in cases {
        assert_eq!(in_state(10, end), format!("flow checkout, state 10: {expected}"));
    }
}

#[test]
fn a_handler_hears_a_signal_of_its_flow() {
    let listen = |signal, params: &[u32]| {
        let params = params.iter().copied().map(SlotId).collect();
        in_flow(|flow| {
            let entry = add(flow, End::Give(slot(3)));
            flow.states[10].end = End::Listen(Listen {
                signal: SignalId(signal),
                params,
                own: vec![SlotId(3)],
                entry,
                next: StateId(11),
            });
        })
    };
    assert_eq!(listen(0, &[3]), "valid");
    assert_eq!(
        listen(1, &[3]),
        "flow checkout, state 10: signal 1 does not exist, there are 1"
    );
    assert_eq!(
        listen(0, &[4]),
        "flow checkout, state 10: slot 4 belongs to a round, and is not its own"
    );
    // Its own slots are empty where a round of it begins.
    assert_eq!(
        listen(0, &[]),
        "flow checkout, state 13: slot 3 is read before it is written"
    );
}
