//! Calls: what is sent, and what each kind of answer means.

use super::{
    bench::Bench,
    build::{CHARGE, DECLINED, PING, call, catch, charge, done, fail, int, ping, program, slot, text},
};
use crate::{Effect, Status, pending};
use flowmesh_ir::{
    ErrorId, Value,
    expr::{Binary, Expr},
};

const TIMEOUT: ErrorId = ErrorId(0);
const UNKNOWN: ErrorId = ErrorId(3);

#[test]
fn the_result_of_a_call_goes_on_into_the_next() {
    let (mut bench, effects) = Bench::start(program(vec![charge(slot(0), 1, 1), done(slot(1))]));
    assert_eq!(effects, [r#"call 0 POST /charges "o1""#]);
    assert_eq!(bench.run.status(), Status::Running);
    assert_eq!(
        bench.reply(0, 201, r#"{"id":"r1","more":1}"#),
        [r#"done {"id":"r1"}"#]
    );
    assert_eq!(bench.run.status(), Status::Done);
    assert_eq!(
        bench.run.result_json(&bench.program).as_deref(),
        Some(r#"{"id":"r1"}"#)
    );
}

#[test]
fn a_key_is_the_same_however_often_it_is_asked_for() {
    let (bench, _) = Bench::start(program(vec![charge(slot(0), 1, 1), done(slot(1))]));
    for effect in pending(&bench.program, &bench.run) {
        let Effect::Call { request, .. } = effect else {
            panic!("a call is outstanding")
        };
        assert_eq!(
            request.key.as_deref(),
            Some("00000000-0000-0000-0000-000000000001/o1")
        );
    }
}

#[test]
fn a_status_can_mean_a_declared_error() {
    let states = vec![
        call(
            CHARGE,
            vec![slot(0)],
            None,
            None,
            vec![catch(TIMEOUT, None, 1), catch(DECLINED, Some(2), 2)],
            1,
        ),
        done(text("charged")),
        done(Expr::Field(Box::new(slot(2)), "reason".into())),
    ];
    let (mut bench, _) = Bench::start(program(states));
    assert_eq!(
        bench.reply(0, 402, r#"{"reason":"no funds"}"#),
        [r#"done "no funds""#]
    );
}

#[test]
fn an_error_that_nobody_catches_fails_the_run() {
    let (mut bench, _) = Bench::start(program(vec![charge(slot(0), 1, 1), done(slot(1))]));
    assert_eq!(
        bench.reply(0, 402, r#"{"reason":"no"}"#),
        [r#"failed {"Declined":{"reason":"no"}}"#]
    );
    assert_eq!(bench.run.status(), Status::Failed);
}

#[test]
fn an_answer_that_does_not_fit_is_a_bad_reply() {
    let start = || Bench::start(program(vec![charge(slot(0), 1, 1), done(slot(1))])).0;
    let wrong = start().reply(0, 200, r#"{"id":1}"#);
    assert_eq!(
        wrong,
        [r#"failed {"BadReply":{"reason":"expected string, found `1` at `id`"}}"#]
    );
    let without = start().reply(0, 402, "{}");
    assert!(
        without.first().is_some_and(|line| line.contains("BadReply")),
        "{without:?}"
    );
    let status = start().reply(0, 500, "oops");
    assert_eq!(
        status,
        [r#"failed {"UnexpectedStatus":{"status":500,"body":"oops"}}"#]
    );
}

#[test]
fn a_call_that_nobody_heard_of_ends_with_unknown_where_that_is_caught() {
    let unknown = catch(UNKNOWN, Some(1), 1);
    let states = vec![
        call(PING, vec![], None, None, vec![unknown], 2),
        done(slot(1)),
        fail("no"),
    ];
    let (mut bench, _) = Bench::start(program(states));
    assert_eq!(bench.lose(0), [r#"done {"Unknown":{"reason":"nobody heard"}}"#]);
}

#[test]
fn what_no_longer_fits_changes_nothing() {
    let (mut bench, _) = Bench::start(program(vec![ping(1), ping(2), done(int(1))]));
    assert_eq!(bench.reply(0, 200, ""), ["call 1 POST /ping"]);
    assert!(bench.reply(0, 200, "").is_empty());
    assert!(bench.fire(3).is_empty());
    assert!(bench.reply(9, 200, "").is_empty());
    assert_eq!(bench.reply(1, 204, ""), ["done 1"]);
    assert!(bench.signal("a").is_empty());
    assert!(bench.cancel().is_empty());
    assert!(bench.reply(1, 204, "").is_empty());
}

#[test]
fn an_argument_without_a_value_can_be_caught_at_its_call() {
    let zero = super::build::binary(Binary::Divide, int(1), int(0));
    let arithmetic = ErrorId(7);
    let states = vec![
        call(
            CHARGE,
            vec![zero],
            None,
            None,
            vec![catch(arithmetic, Some(1), 1)],
            1,
        ),
        done(Expr::Field(Box::new(slot(1)), "reason".into())),
    ];
    let (_, effects) = Bench::start(program(states));
    assert_eq!(effects, [r#"done "`1 / 0` divides by zero""#]);
}

#[test]
fn an_input_that_does_not_fit_ends_the_run() {
    let mut bench = Bench::new(program(vec![done(Expr::Constant(Value::None))]));
    let input = b"{}".as_slice().into();
    let effects = bench.event(crate::EventKind::Started {
        input,
        seed: 0,
        key: None,
        terms: crate::Terms::default(),
    });
    assert!(
        effects
            .first()
            .is_some_and(|line| line.starts_with(r#"failed {"BadValue""#)),
        "{effects:?}"
    );
}
