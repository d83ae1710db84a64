//! What is asked of the host: children, events, guards, traffic, probes, streams; new beginnings and views.

use super::{
    bench::Bench,
    build::{
        CHARGE, DECLINED, REFUND, catch, charge, done, fail, field, int, ping, program, slot, state, target,
        text,
    },
};
use crate::{Answer, CallId, Ended, EventKind, Settings, view};
use flowmesh_ir::{
    EventId, FlowId, Program, ServiceId, SlotId, StateId, StepId, SubsetId,
    call::Wire,
    expr::{Binary, Context, Expr},
    flow::{
        Branch, Branches, Emit, End, Guard, Need, Region, Rest, Shift, Start, State, Stream, Tie, Undo, View,
    },
    service::StreamKind,
    ty::{EventDef, Type},
};
use std::sync::Arc;

fn begin(program: Program) -> (Bench, Vec<String>) {
    let (bench, effects) = Bench::start(program);
    same(&bench);
    (bench, effects)
}

fn same(bench: &Bench) {
    let (here, again) = bench.pending();
    assert_eq!(here, again);
}

fn answer(bench: &mut Bench, call: u32, answer: Answer) -> Vec<String> {
    let call = CallId(call);
    let lines = bench.event(EventKind::Answered { call, answer });
    same(bench);
    lines
}

fn child(tie: Tie) -> State {
    state(End::Start(Box::new(Start {
        flow: FlowId(0),
        arguments: vec![text("c1")],
        tie,
        cache: None,
        bind: Some(SlotId(1)),
        undo: Some(Undo {
            target: target(REFUND, vec![text("child")]),
            step: StepId(1),
        }),
        catch: vec![catch(DECLINED, Some(1), 1)],
        next: StateId(1),
    })))
}

fn ended(ended: Ended) -> Answer {
    Answer::Ended(ended)
}

#[test]
fn a_child_is_waited_for_and_its_errors_are_caught() {
    let states = vec![child(Tie::Child), done(slot(1))];
    let (mut bench, effects) = begin(program(states.clone()));
    assert_eq!(effects.len(), 1);
    assert!(effects[0].starts_with("ask 0 Start"), "{effects:?}");
    let result = ended(Ended::Done(b"[1]".as_slice().into()));
    assert_eq!(answer(&mut bench, 0, result), ["done [1]"]);

    let (mut bench, _) = begin(program(states.clone()));
    let failed = Ended::Failed("Declined".into(), br#"{"reason":"x"}"#.as_slice().into());
    assert_eq!(
        answer(&mut bench, 0, ended(failed)),
        [r#"done {"Declined":{"reason":"x"}}"#]
    );

    let (mut bench, _) = begin(program(states));
    let cancelled = ended(Ended::Cancelled("enough".to_owned()));
    assert_eq!(
        answer(&mut bench, 0, cancelled),
        [r#"failed {"Cancelled":{"reason":"enough"}}"#]
    );
}

#[test]
fn a_child_that_ends_well_after_it_was_withdrawn_is_undone() {
    let (mut bench, _) = begin(program(vec![child(Tie::Child), done(slot(1))]));
    assert_eq!(bench.cancel(), ["withdraw 0"]);
    same(&bench);
    let result = ended(Ended::Done(b"1".as_slice().into()));
    assert_eq!(
        answer(&mut bench, 0, result),
        ["undoing", "undo call 1 DELETE /charges/child"]
    );
    assert_eq!(bench.reply(1, 204, ""), ["cancelled enough"]);
}

#[test]
fn a_run_apart_gives_its_identifier() {
    let (mut bench, _) = begin(program(vec![child(Tie::Apart), done(slot(1))]));
    assert_eq!(
        answer(&mut bench, 0, Answer::Run("r-7".to_owned())),
        [r#"done "r-7""#]
    );
}

#[test]
fn an_event_is_told_and_a_refusal_is_an_error() {
    let emit = state(End::Emit(Emit {
        event: EventId(0),
        value: Expr::Record(vec![("id".into(), slot(0))]),
        next: StateId(1),
    }));
    let mut program = program(vec![emit, done(text("told"))]);
    program.events.push(EventDef {
        name: "Told".into(),
        doc: None,
        fields: vec![field("id", Type::String)],
    });
    let (mut bench, _) = begin(program.clone());
    assert_eq!(
        answer(&mut bench, 0, Answer::Done(Vec::new())),
        [r#"done "told""#]
    );
    let (mut bench, _) = begin(program);
    assert_eq!(
        answer(&mut bench, 0, Answer::Refused("full".to_owned())),
        [r#"failed {"Unavailable":{"reason":"full"}}"#]
    );
}

pub(super) fn guarded(entry: u32, next: u32) -> State {
    let branch = Branch {
        when: None,
        after: Vec::new(),
        entry: StateId(entry),
    };
    state(End::Region(Box::new(Region {
        branches: Branches::Fixed(vec![branch]),
        need: Need::All,
        rest: Rest::Cancel,
        within: None,
        guard: Some(Guard {
            name: slot(0),
            permits: Some(int(2)),
            rate: None,
            token: None,
        }),
        catch: Vec::new(),
        finally: None,
        name: None,
        next: StateId(next),
    })))
}

#[test]
fn a_guard_is_held_until_what_it_guards_is_over() {
    let states = vec![
        guarded(1, 3),
        charge(text("a"), 1, 2),
        fail("no"),
        done(text("end")),
    ];
    let (mut bench, _) = begin(program(states));
    assert_eq!(bench.run.guards().count(), 0);
    assert_eq!(
        answer(&mut bench, 0, Answer::Done(Vec::new())),
        [r#"call 1 POST /charges "a""#]
    );
    let held: Vec<_> = bench.run.guards().collect();
    assert_eq!(held, [(CallId(0), "o1", Some(2))]);
    assert_eq!(
        bench.reply(1, 200, r#"{"id":"ra"}"#),
        ["undoing", "undo call 2 DELETE /charges/ra"]
    );
    assert_eq!(
        bench.reply(2, 204, ""),
        ["release 0", r#"failed {"Declined":{"reason":"no"}}"#]
    );
}

#[test]
fn a_guard_that_is_waited_for_is_withdrawn() {
    let (mut bench, _) = begin(program(vec![guarded(1, 2), ping(2), done(text("end"))]));
    assert_eq!(bench.cancel(), ["withdraw 0", "cancelled enough"]);
}

#[test]
fn traffic_is_moved_back_when_the_flow_fails() {
    let shift = |weight| {
        state(End::Shift(Shift {
            service: ServiceId(0),
            weights: vec![(SubsetId(0), int(weight))],
            undo: StepId(1),
            next: StateId(1),
        }))
    };
    let (mut bench, _) = begin(program(vec![shift(100), fail("no")]));
    let lines = answer(&mut bench, 0, Answer::Done(vec![(SubsetId(0), 40)]));
    assert!(lines[1].contains("weights: [(SubsetId(0), 40)]"), "{lines:?}");
    assert_eq!(
        answer(&mut bench, 1, Answer::Refused("busy".to_owned())),
        ["timer 0 at 1"]
    );
    assert_eq!(bench.fire(0).len(), 1);
    assert_eq!(
        answer(&mut bench, 2, Answer::Done(Vec::new())),
        [r#"failed {"Declined":{"reason":"no"}}"#]
    );
    let (_, lines) = begin(program(vec![shift(60), fail("no")]));
    assert_eq!(
        lines,
        [r#"failed {"BadValue":{"reason":"the weights add up to 60, and not to 100"}}"#]
    );
}

#[test]
fn a_probe_leads_one_way_or_the_other() {
    let probe = state(End::Probe {
        target: text("file:x"),
        after: false,
        found: StateId(1),
        missing: StateId(2),
    });
    let states = vec![probe, done(text("found")), done(text("missing"))];
    for (found, end) in [(true, r#"done "found""#), (false, r#"done "missing""#)] {
        let (mut bench, _) = begin(program(states.clone()));
        assert_eq!(answer(&mut bench, 0, Answer::Found(found)), [end]);
    }
}

fn item(bench: &mut Bench, id: &str) -> Vec<String> {
    let lines = bench.event(EventKind::Streamed {
        call: CallId(0),
        item: format!(r#"{{"id":"{id}"}}"#).into_bytes().into(),
    });
    same(bench);
    lines
}

#[test]
fn a_stream_is_taken_up_behind_its_last_item() {
    let stream = state(End::Stream(Box::new(Stream {
        target: target(CHARGE, vec![slot(0)]),
        item: SlotId(1),
        body: StateId(1),
        catch: Vec::new(),
        next: StateId(2),
    })));
    let body = Expr::Field(Box::new(Expr::Context(Context::Reply)), "body".into());
    let resume = Expr::Field(Box::new(body), "id".into());
    let mut program = program(vec![stream, ping(0), done(slot(1))]);
    Arc::make_mut(&mut program.services[0]).operations[CHARGE as usize].stream = Some(StreamKind {
        resume: Some(resume),
        params: Vec::new(),
    });
    let (mut bench, effects) = begin(program);
    assert_eq!(effects, [r#"call 0 POST /charges "o1""#, "more 0"]);
    assert_eq!(item(&mut bench, "i1"), ["call 1 POST /ping"]);
    assert_eq!(bench.reply(1, 200, ""), ["more 0"]);
    assert_eq!(item(&mut bench, "i2"), ["call 2 POST /ping"]);
    let (pending, _) = bench.pending();
    let cursor = pending.iter().find_map(|effect| match effect {
        crate::Effect::Call {
            call: CallId(0),
            request,
            ..
        } => Some(request.wire.clone()),
        _ => None,
    });
    assert_eq!(cursor, Some(Wire::Stream(Some("i2".to_owned()))));
    // The end comes while the item is worked on, and is found afterwards.
    assert!(bench.reply(0, 200, "").is_empty());
    same(&bench);
    assert_eq!(bench.reply(2, 200, ""), [r#"done {"id":"i2"}"#]);
}

#[test]
fn a_stream_is_asked_for_anew_with_what_its_last_item_says() {
    let stream = state(End::Stream(Box::new(Stream {
        target: target(CHARGE, vec![slot(0)]),
        item: SlotId(1),
        body: StateId(1),
        catch: Vec::new(),
        next: StateId(2),
    })));
    let body = Expr::Field(Box::new(Expr::Context(Context::Reply)), "body".into());
    let after = Expr::Field(Box::new(body), "id".into());
    let mut program = program(vec![stream, ping(0), done(slot(1))]);
    Arc::make_mut(&mut program.services[0]).operations[CHARGE as usize].stream = Some(StreamKind {
        resume: None,
        params: vec![(SlotId(0), after)],
    });
    let (mut bench, _) = begin(program);
    item(&mut bench, "i1");
    bench.reply(1, 200, "");
    item(&mut bench, "i2");
    let (pending, _) = bench.pending();
    let bodies = pending.iter().filter_map(|effect| match effect {
        crate::Effect::Call {
            call: CallId(0),
            request,
            ..
        } => Some(String::from_utf8_lossy(&request.body).into_owned()),
        _ => None,
    });
    assert_eq!(bodies.collect::<Vec<_>>(), [r#""i2""#]);
    same(&bench);
}

#[test]
fn a_new_beginning_has_new_parameters_and_undoes_nothing() {
    let anew = state(End::Branch {
        condition: super::build::binary(Binary::Equal, slot(0), text("o1")),
        yes: StateId(2),
        no: StateId(3),
    });
    let (mut bench, _) = begin(program(vec![
        charge(slot(0), 1, 1),
        anew,
        state(End::Restart(vec![text("o2")])),
        fail("no"),
    ]));
    assert_eq!(
        bench.reply(0, 200, r#"{"id":"ra"}"#),
        [r#"call 1 POST /charges "o2""#]
    );
    same(&bench);
    assert_eq!(
        bench.reply(1, 200, r#"{"id":"rb"}"#),
        ["undoing", "undo call 2 DELETE /charges/rb"]
    );
}

#[test]
fn a_view_is_over_the_frame_and_tags_are_kept() {
    let mut program = program(vec![charge(slot(0), 1, 1), done(text("end"))]);
    Arc::make_mut(&mut program.flows[0]).views.push(View {
        name: "receipt".into(),
        ty: Type::Json,
        value: slot(1),
    });
    Arc::make_mut(&mut program.flows[0])
        .conduct
        .tags
        .push(("order".into(), slot(0)));
    let (mut bench, _) = begin(program);
    let seen = |bench: &Bench| view(&bench.program, &Settings::default(), &bench.run, "receipt");
    assert_eq!(seen(&bench), Some(Ok("null".to_owned())));
    bench.reply(0, 200, r#"{"id":"ra"}"#);
    assert_eq!(seen(&bench), Some(Ok(r#"{"id":"ra"}"#.to_owned())));
    assert_eq!(
        view(&bench.program, &Settings::default(), &bench.run, "other"),
        None
    );
    assert_eq!(bench.run.tags().get("order").map(String::as_str), Some("o1"));
}
