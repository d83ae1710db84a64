//! Variables of runs that stand still, read and given new values.

use super::{
    bench::Bench,
    build::{ITEM, charge, done, field, fork, int, ping, program, set, slot, state},
};
use crate::{CallId, Decision, EventKind, check_edit, variables};
use flowmesh_ir::{
    Program, SlotId, StateId, Value,
    flow::{Branches, Each, End, Over, Slot},
    ty::Type,
};
use std::sync::Arc;

/// The program with named variables: `id`, an item, a list of items, and two of one name.
fn named(states: Vec<flowmesh_ir::flow::State>) -> Program {
    let mut program = program(states);
    let items = Type::List(Box::new(Type::Named(ITEM)));
    let slots = [
        ("id", Some(Type::String)),
        ("item", Some(Type::Named(ITEM))),
        ("items", Some(items)),
        ("twice", Some(Type::Int)),
        ("twice", Some(Type::Int)),
        ("_hidden", Some(Type::Int)),
    ];
    std::sync::Arc::make_mut(&mut program.flows[0]).slots = slots
        .into_iter()
        .map(|(name, ty)| Slot {
            name: name.into(),
            ty,
        })
        .collect();
    std::sync::Arc::make_mut(&mut program.flows[0]).params = vec![field("id", Type::String)];
    program
}

fn paused(states: Vec<flowmesh_ir::flow::State>) -> Bench {
    let mut bench = Bench::start(named(states)).0;
    bench.event(EventKind::Paused {
        reason: "look".to_owned(),
    });
    let item = |sku: &str| {
        let fields = [
            ("sku".into(), Value::string(sku)),
            ("count".into(), Value::Int(2)),
        ];
        Value::record(fields.into_iter().collect())
    };
    bench.run.frame[1] = item("A");
    bench.run.frame[2] = Value::list(vec![item("B"), item("C")]);
    bench
}

fn edit(bench: &mut Bench, edits: &[(&str, &str)]) -> Result<(), String> {
    let edits = edits.iter().map(|(name, json)| (*name, json.as_bytes()));
    let changes = check_edit(&bench.program, &bench.run, edits).map_err(|misfit| misfit.to_string())?;
    bench.event(EventKind::Edited { changes });
    Ok(())
}

fn shown(bench: &Bench) -> Vec<String> {
    let all = variables(&bench.program, &bench.run);
    all.into_iter()
        .map(|(name, json)| format!("{name} = {json}"))
        .collect()
}

fn still() -> Bench {
    paused(vec![
        set(3, int(3), End::Jump(StateId(1))),
        set(4, int(4), End::Jump(StateId(2))),
        ping(3),
        charge(slot(0), 1, 4),
        done(slot(3)),
    ])
}

#[test]
fn variables_are_shown_by_the_names_of_the_author() {
    assert_eq!(
        shown(&still()),
        [
            r#"id = "o1""#,
            r#"item = {"sku":"A","count":2}"#,
            r#"items = [{"sku":"B","count":2},{"sku":"C","count":2}]"#,
            "twice#3 = 3",
            "twice#4 = 4",
        ]
    );
}

#[test]
fn wholes_and_parts_get_new_values() {
    let mut bench = still();
    let edits = [
        ("item.count", "7"),
        ("item.sku", r#""Z""#),
        ("items[1].price", "1.50"),
        ("twice", "30"),
        ("twice#4", "40"),
    ];
    assert_eq!(edit(&mut bench, &edits), Ok(()));
    assert_eq!(
        shown(&bench)[1..],
        [
            r#"item = {"sku":"Z","count":7}"#,
            r#"items = [{"sku":"B","count":2},{"sku":"C","count":2,"price":"1.50"}]"#,
            // `twice` is the one that is still read.
            "twice#3 = 30",
            "twice#4 = 40",
        ]
    );
}

#[test]
fn what_does_not_fit_is_refused_with_its_place() {
    let mut bench = still();
    for (name, json, why) in [
        ("item.count", "0", "`item.count`"),
        ("item.count", r#""two""#, "expected"),
        ("item.weight", "1", "found `weight` at `item.weight`"),
        ("item", r#"{"sku":"A"}"#, "`item"),
        (
            "items[2]",
            "{}",
            "expected an index below 2, found 2 at `items[2]`",
        ),
        ("id.part", "1", "expected a part of a record or a list"),
        ("itm", "1", "did you mean `item`?"),
        ("_hidden", "1", "expected a variable of the flow"),
        ("item.", "1", "such as `order.items[0].count`"),
        ("twice#9", "1", "expected one of `twice#3`, `twice#4`"),
        ("", "1", "such as"),
    ] {
        let refused = edit(&mut bench, &[(name, json)]).unwrap_err();
        assert!(refused.contains(why), "{name}={json}: {refused}");
    }
    assert_eq!(shown(&bench), shown(&still()));
}

#[test]
fn a_parked_call_is_made_again_with_new_arguments_after_an_edit() {
    for (edited, sent) in [(false, "o1"), (true, "o2")] {
        let mut bench = Bench::start(named(vec![charge(slot(0), 1, 1), done(slot(0))])).0;
        bench.lose(0);
        if edited {
            assert_eq!(edit(&mut bench, &[("id", r#""o2""#)]), Ok(()));
        }
        let (call, decision) = (CallId(0), Decision::Retry);
        let again = bench.event(EventKind::Decided { call, decision });
        assert_eq!(again, [format!(r#"call 1 POST /charges "{sent}""#)]);
        let (here, then) = bench.pending();
        assert_eq!(here, then);
    }
}

#[test]
fn a_run_that_takes_steps_is_not_edited() {
    let mut bench = Bench::start(named(vec![ping(1), done(slot(0))])).0;
    assert_eq!(edit(&mut bench, &[("id", r#""o2""#)]), Ok(()));
    assert_eq!(shown(&bench), [r#"id = "o1""#]);
}

#[test]
fn each_round_has_its_own() {
    let mut states = vec![state(End::Join), ping(0), done(slot(0))];
    let End::Region(mut region) = fork(&[1], 2).end else {
        unreachable!()
    };
    region.branches = Branches::Each(Each {
        over: Over::Range(int(1), int(3)),
        item: SlotId(3),
        own: vec![SlotId(3)],
        limit: None,
        entry: StateId(1),
        gather: None,
    });
    states.push(state(End::Region(region)));
    let mut program = named(states);
    std::sync::Arc::make_mut(&mut program.flows[0]).entry = StateId(3);
    let mut bench = Bench::start(program).0;
    bench.lose(1);
    assert!(
        shown(&bench).contains(&"twice#3 = 2".to_owned()),
        "that of the round which is parked"
    );
    assert_eq!(edit(&mut bench, &[("twice#3", "9")]), Ok(()));
    assert!(shown(&bench).contains(&"twice#3 = 9".to_owned()));
    let (call, result) = (CallId(1), Decision::Done(Arc::from(*b"")));
    bench.event(EventKind::Decided {
        call,
        decision: result,
    });
    bench.event(EventKind::Paused {
        reason: "look".to_owned(),
    });
    assert!(
        shown(&bench).contains(&"twice#3 = 1".to_owned()),
        "that of the only round that is left"
    );
}
