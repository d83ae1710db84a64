//! What runs beside the first fiber: tasks, handlers of signals, and waits for whichever comes first.

use super::{
    bench::Bench,
    build::{
        DECLINED, catch, charge, done, fail, field, int, ping, program, seconds, set, slot, state, text,
    },
};
use crate::EventKind;
use flowmesh_ir::{
    EventId, Program, SignalId, SlotId, StateId,
    expr::{Binary, Expr},
    flow::{Arm, End, Listen, On, State, Wait},
    ty::{EventDef, Type},
};
use std::sync::Arc;

fn spawn(task: u32, entry: u32, next: u32) -> State {
    state(End::Spawn {
        task: SlotId(task),
        own: Vec::new(),
        entry: StateId(entry),
        next: StateId(next),
    })
}

fn give(value: Expr) -> State {
    state(End::Give(value))
}

fn arm(on: On, bind: Option<u32>, next: u32) -> Arm {
    Arm {
        on,
        bind: bind.map(SlotId),
        next: StateId(next),
    }
}

fn wait(arms: Vec<Arm>) -> Wait {
    Wait {
        arms,
        catch: Vec::new(),
    }
}

fn waits(arms: Vec<Arm>) -> State {
    state(End::Wait(wait(arms)))
}

fn join() -> State {
    state(End::Join)
}

fn start(program: Program) -> (Bench, Vec<String>) {
    let (bench, effects) = Bench::start(program);
    same(&bench);
    (bench, effects)
}

fn same(bench: &Bench) {
    let (here, again) = bench.pending();
    assert_eq!(here, again);
}

#[test]
fn a_task_is_awaited_for_its_value() {
    let (mut bench, effects) = start(program(vec![
        spawn(1, 2, 1),
        waits(vec![arm(On::Task(slot(1)), Some(2), 4)]),
        ping(3),
        give(text("value")),
        done(slot(2)),
    ]));
    assert_eq!(effects, ["call 0 POST /ping"]);
    assert_eq!(bench.reply(0, 200, ""), [r#"done "value""#]);
}

#[test]
fn the_end_of_the_body_waits_for_tasks_and_return_does_not() {
    let states = |end: State| {
        vec![
            spawn(1, 1, 3),
            charge(text("a"), 2, 2),
            give(slot(2)),
            ping(4),
            end,
        ]
    };
    let (mut bench, _) = start(program(states(join())));
    assert!(bench.reply(0, 200, "").is_empty());
    assert_eq!(bench.reply(1, 200, r#"{"id":"ra"}"#), ["done null"]);

    let (mut bench, _) = start(program(states(done(text("end")))));
    assert!(bench.reply(0, 200, "").is_empty());
    same(&bench);
    assert_eq!(
        bench.reply(1, 200, r#"{"id":"ra"}"#),
        ["undo call 2 DELETE /charges/ra"]
    );
    assert_eq!(bench.reply(2, 204, ""), [r#"done "end""#]);
}

#[test]
fn an_error_of_a_task_is_caught_where_it_is_awaited_or_fails_the_run() {
    let awaiting = Wait {
        catch: vec![catch(DECLINED, None, 4)],
        ..wait(vec![arm(On::Task(slot(1)), None, 5)])
    };
    let states = |then: State| {
        vec![
            spawn(1, 2, 1),
            then,
            ping(3),
            fail("no"),
            done(text("caught")),
            join(),
        ]
    };
    let (mut bench, _) = start(program(states(state(End::Wait(awaiting)))));
    assert_eq!(bench.reply(0, 200, ""), [r#"done "caught""#]);

    let (mut bench, _) = start(program(states(join())));
    assert_eq!(
        bench.reply(0, 200, ""),
        [r#"failed {"Declined":{"reason":"no"}}"#]
    );
}

#[test]
fn a_cancelled_task_is_undone_beside() {
    let cancel = state(End::CancelTask {
        task: slot(1),
        next: StateId(5),
    });
    let (mut bench, _) = start(program(vec![
        spawn(1, 1, 3),
        charge(text("a"), 2, 2),
        give(slot(2)),
        ping(4),
        cancel,
        done(text("end")),
    ]));
    assert!(bench.reply(0, 200, "").is_empty());
    same(&bench);
    assert_eq!(
        bench.reply(1, 200, r#"{"id":"ra"}"#),
        ["undo call 2 DELETE /charges/ra"]
    );
    assert_eq!(bench.reply(2, 204, ""), [r#"done "end""#]);
}

fn asked(bench: &mut Bench, by: &str, answer: u64) -> Vec<String> {
    bench.event(EventKind::Signalled {
        name: "approve".into(),
        payload: format!(r#"{{"by":"{by}"}}"#).into_bytes().into(),
        answer: Some(answer),
    })
}

#[test]
fn a_handler_answers_one_signal_after_the_other() {
    let listen = state(End::Listen(Listen {
        signal: SignalId(0),
        params: vec![SlotId(1)],
        own: vec![SlotId(1)],
        entry: StateId(2),
        next: StateId(1),
    }));
    let mut program = program(vec![listen, ping(4), ping(3), give(slot(1)), done(text("end"))]);
    Arc::make_mut(&mut program.flows[0]).signals[0].result = Some(Type::String);
    let (mut bench, effects) = start(program);
    assert_eq!(effects, ["call 0 POST /ping"]);
    assert_eq!(asked(&mut bench, "ann", 7), ["call 1 POST /ping"]);
    assert!(asked(&mut bench, "bob", 8).is_empty());
    assert!(asked(&mut bench, "eve", 9).is_empty());
    same(&bench);
    assert_eq!(
        bench.reply(1, 200, ""),
        [r#"answer 7 "ann""#, "call 2 POST /ping"]
    );
    // The end answers those that are still there.
    assert_eq!(
        bench.reply(0, 200, ""),
        ["answer 8 refused: the flow stopped before it had an answer"]
    );
    assert_eq!(
        bench.reply(2, 200, ""),
        ["answer 9 refused: the run has ended", r#"done "end""#]
    );
}

#[test]
fn a_transient_signal_is_lost_where_nobody_waits() {
    let mut program = program(vec![
        ping(1),
        waits(vec![arm(On::Signal(SignalId(0)), Some(1), 2)]),
        done(slot(1)),
    ]);
    Arc::make_mut(&mut program.flows[0]).signals[0].transient = true;
    let (mut bench, _) = start(program);
    assert_eq!(
        asked(&mut bench, "ann", 1),
        ["answer 1 refused: nobody waits for it now"]
    );
    assert!(bench.reply(0, 200, "").is_empty());
    assert_eq!(
        asked(&mut bench, "bob", 2),
        ["answer 2 null", r#"done {"by":"bob"}"#]
    );
}

#[test]
fn the_first_arm_that_is_ready_is_taken_and_timers_of_others_are_disarmed() {
    let arms = vec![
        arm(On::Signal(SignalId(0)), Some(1), 1),
        arm(On::After(seconds(5)), None, 2),
    ];
    let states = vec![waits(arms), done(slot(1)), done(text("late"))];
    let (mut bench, effects) = start(program(states.clone()));
    assert_eq!(effects, ["timer 0 at 5"]);
    assert_eq!(bench.signal("ann"), ["disarm 0", r#"done {"by":"ann"}"#]);
    let (mut bench, _) = start(program(states));
    assert_eq!(bench.fire(0), [r#"done "late""#]);
}

#[test]
fn a_condition_is_asked_again_when_something_has_happened() {
    let ready = super::build::binary(Binary::Equal, slot(2), int(1));
    let (mut bench, _) = start(program(vec![
        spawn(1, 2, 1),
        waits(vec![arm(On::Condition(ready), None, 4)]),
        ping(3),
        set(2, int(1), End::Give(text("set"))),
        done(text("seen")),
    ]));
    assert_eq!(bench.reply(0, 200, ""), [r#"done "seen""#]);
}

#[test]
fn an_event_is_heard_by_who_waits_for_it_now() {
    let wanted = super::build::binary(
        Binary::Equal,
        Expr::Field(Box::new(slot(1)), "id".into()),
        slot(0),
    );
    let on = On::Event {
        event: EventId(0),
        slot: SlotId(1),
        condition: Some(wanted),
    };
    let mut program = program(vec![waits(vec![arm(on, Some(2), 1)]), done(slot(2))]);
    program.events.push(EventDef {
        name: "Told".into(),
        doc: None,
        fields: vec![field("id", Type::String)],
    });
    let (mut bench, _) = start(program);
    let mut tell = |payload: &str| {
        bench.event(EventKind::Heard {
            event: "Told".into(),
            payload: payload.as_bytes().into(),
        })
    };
    assert!(tell(r#"{"id":"other"}"#).is_empty());
    assert_eq!(tell(r#"{"id":"o1"}"#), [r#"done {"id":"o1"}"#]);
}
