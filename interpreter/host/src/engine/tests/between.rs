//! What runs ask of each other through the engine, and what is left of it after a crash.

use super::super::*;
use super::world::{World, calls, refusal};
use crate::store::Filter;

/// The runs of a flow, oldest first.
fn of(world: &World, flow: &str) -> Vec<view::RunView> {
    let mut views = world.views();
    views.retain(|view| view.flow == flow);
    views
}

fn state(world: &World, flow: &str) -> Vec<view::State> {
    of(world, flow).iter().map(|view| view.state).collect()
}

fn result(world: &mut World, run: u128) -> serde_json::Value {
    serde_json::to_value(world.view(run)).unwrap()["result"].take()
}

/// Answers every call that is outstanding.
fn answer_all(world: &mut World, outputs: &[Output]) {
    for output in outputs {
        if let Output::Call(call) = output {
            world.reply(call.run.0, call.call.0, r#""held""#);
        }
    }
}

#[test]
fn a_child_ends_and_its_parent_hears_it() {
    let mut world = World::new();
    world.start(1, "parent", r#"{"id":"a"}"#, None);
    let outputs = world.settle();
    assert_eq!(calls(&outputs), ["stock.reserve"]);
    assert_eq!(of(&world, "child").len(), 1);
    assert_eq!(of(&world, "child")[0].tags["order"], "a");
    answer_all(&mut world, &outputs);
    world.settle();
    assert_eq!(result(&mut world, 1), "held");
}

#[test]
fn a_child_is_one_run_however_often_there_is_a_crash() {
    let mut world = World::new();
    world.start(1, "parent", r#"{"id":"a"}"#, None);
    world.settle();
    let child = of(&world, "child")[0].id;
    let mut world = world.crash().crash();
    let outputs = world.settle();
    assert_eq!(calls(&outputs), ["stock.reserve"]);
    assert_eq!(of(&world, "child")[0].id, child);
    answer_all(&mut world, &outputs);
    world.settle();
    assert_eq!(result(&mut world, 1), "held");
}

#[test]
fn a_child_that_was_not_yet_written_is_started_after_a_crash() {
    let mut world = World::new();
    world.start(1, "parent", r#"{"id":"a"}"#, None);
    let batch = world.engine.take_batch().unwrap();
    world.journal.append(&batch[..1]).unwrap();
    let mut world = world.crash();
    world.settle();
    assert_eq!(state(&world, "child"), [view::State::Running]);
}

#[test]
fn the_end_of_a_child_is_heard_although_the_crash_came_before_the_parent_heard_it() {
    let mut world = World::new();
    world.start(1, "parent", r#"{"id":"a"}"#, None);
    let outputs = world.settle();
    answer_all(&mut world, &outputs);
    let batch = world.engine.take_batch().unwrap();
    assert_eq!(batch.len(), 2, "the reply, and what the parent hears");
    world.journal.append(&batch[..1]).unwrap();
    let mut world = world.crash();
    world.settle();
    assert_eq!(result(&mut world, 1), "held");
}

#[test]
fn a_cancelled_parent_cancels_its_child() {
    let mut world = World::new();
    world.start(1, "parent", r#"{"id":"a"}"#, None);
    let outputs = world.settle();
    world.tell(Command::Steer(
        RunId(1),
        Verb::Cancel {
            reason: "enough".to_owned(),
        },
    ));
    world.settle();
    answer_all(&mut world, &outputs);
    world.settle();
    assert_eq!(state(&world, "child"), [view::State::Cancelled]);
    assert_eq!(state(&world, "parent"), [view::State::Cancelled]);
}

#[test]
fn a_run_that_is_apart_is_named_to_its_starter_who_goes_on() {
    let mut world = World::new();
    world.start(1, "apart", r#"{"id":"a"}"#, None);
    world.settle();
    let child = of(&world, "child")[0].id;
    assert_eq!(result(&mut world, 1), child.to_string());
}

#[test]
fn an_event_is_heard_by_all_who_wait_and_starts_what_it_starts_once() {
    let mut world = World::new();
    world.start(1, "listen", "{}", None);
    world.start(2, "listen", "{}", None);
    world.settle();
    world.start(3, "tell", r#"{"id":"o7"}"#, None);
    world.settle();
    for run in [1, 2] {
        assert_eq!(result(&mut world, run), "o7");
    }
    assert_eq!(result(&mut world, 3), "told");
    assert_eq!(state(&world, "on_paid"), [view::State::Done]);
    let world = world.crash();
    assert_eq!(state(&world, "on_paid").len(), 1);
}

#[test]
fn an_event_is_told_in_one_batch_with_what_its_teller_hears() {
    let mut world = World::new();
    world.start(1, "listen", "{}", None);
    world.settle();
    world.start(3, "tell", r#"{"id":"o7"}"#, None);
    let batch = world.engine.take_batch().unwrap();
    assert_eq!(batch.len(), 4, "the start, two who hear, and the teller");
    world.journal.append(&batch[..1]).unwrap();
    let mut world = world.crash();
    world.settle();
    assert_eq!(result(&mut world, 1), "o7");
    assert_eq!(state(&world, "on_paid").len(), 1);
}

#[test]
fn events_come_from_outside_and_what_does_not_fit_is_refused() {
    let mut world = World::new();
    world.start(1, "listen", "{}", None);
    world.settle();
    let emit = |event: &str, payload: &str| Command::Emit {
        id: RunId(77),
        event: event.into(),
        payload: payload.as_bytes().into(),
    };
    let wrong = world.tell(emit("payd", "{}"));
    let outputs = world.outputs();
    assert_eq!(refusal(&outputs, wrong).code().to_string(), "F1066");
    assert_eq!(refusal(&outputs, wrong).help().unwrap(), "did you mean `paid`?");
    world.tell(emit("paid", r#"{"order":"x"}"#));
    let told = world.settle().into_iter().find_map(|output| match output {
        Output::Answer(_, Answer::Told(told)) => Some(told),
        _ => None,
    });
    let told = told.unwrap();
    assert_eq!((told.heard, told.started.len()), (1, 1));
    assert_eq!(result(&mut world, 1), "x");
}

#[test]
fn a_lock_is_held_by_one_at_a_time_in_the_order_of_asking_also_after_a_crash() {
    let mut world = World::new();
    for run in 1..=3 {
        world.start(run, "guarded", &format!(r#"{{"id":"{run}"}}"#), None);
    }
    let outputs = world.settle();
    assert_eq!(calls(&outputs).len(), 1, "one of three is inside");
    let mut world = world.crash();
    let outputs = world.settle();
    assert_eq!(calls(&outputs).len(), 1);
    for run in 1..=3_u128 {
        let holders: Vec<RunId> = world
            .engine
            .holders()
            .flat_map(|(_, holders)| holders.into_iter().map(|(run, _)| run))
            .collect();
        assert_eq!(holders, [RunId(run)]);
        let call = world.views().len();
        assert_eq!(call, 3);
        world.reply(run, 1, r#""held""#);
        world.settle();
        world.pass(1);
        assert_eq!(result(&mut world, run), "alone");
    }
    assert_eq!(world.engine.holders().count(), 0);
}

#[test]
fn a_cancelled_run_leaves_the_queue_of_a_lock() {
    let mut world = World::new();
    for run in 1..=3 {
        world.start(run, "guarded", &format!(r#"{{"id":"{run}"}}"#), None);
    }
    world.settle();
    for run in [2, 1] {
        world.tell(Command::Steer(
            RunId(run),
            Verb::Cancel {
                reason: "enough".to_owned(),
            },
        ));
    }
    world.settle();
    world.reply(1, 1, r#""held""#);
    world.settle();
    let holders: Vec<_> = world
        .engine
        .holders()
        .flat_map(|(_, holders)| holders.to_vec())
        .collect();
    assert_eq!(
        holders.iter().map(|(run, _)| *run).collect::<Vec<_>>(),
        [RunId(3)]
    );
}

#[test]
fn traffic_is_moved_stays_moved_after_a_crash_and_goes_back_when_the_run_is_undone() {
    let shifts = |outputs: &[Output]| -> Vec<Weights> {
        let shift = |output: &Output| match output {
            Output::Shift { weights, .. } => Some(weights.clone()),
            _ => None,
        };
        outputs.iter().filter_map(shift).collect()
    };
    let mut world = World::new();
    world.start(1, "shifted", "{}", None);
    let moved: Weights = vec![("".into(), 100)];
    assert_eq!(shifts(&world.settle()), std::slice::from_ref(&moved));
    let mut world = world.crash();
    assert_eq!(
        world
            .engine
            .traffic()
            .map(|(_, weights)| weights.clone())
            .collect::<Vec<_>>(),
        [moved]
    );
    world.tell(Command::Steer(
        RunId(1),
        Verb::Cancel {
            reason: "enough".to_owned(),
        },
    ));
    assert_eq!(shifts(&world.settle()), [Weights::new()]);
    assert_eq!(world.engine.traffic().count(), 0);
}

#[test]
fn a_signal_with_a_result_is_answered_when_the_answer_is_written() {
    let mut world = World::new();
    world.start(1, "priced", "{}", None);
    world.settle();
    let ticket = world.tell(Command::Signal {
        run: RunId(1),
        name: "price".into(),
        payload: Arc::from(*br#"{"sku":"A"}"#),
    });
    assert!(world.outputs().is_empty(), "not before it is written");
    let said = world.settle().into_iter().find_map(|output| match output {
        Output::Answer(of, Answer::Said(answer)) if of == ticket => Some(answer),
        _ => None,
    });
    assert_eq!(said, Some(Ok(r#""10 A""#.to_owned())));
}

#[test]
fn views_are_read_and_an_unknown_one_is_refused() {
    let mut world = World::new();
    world.start(1, "listen", "{}", None);
    world.settle();
    world.tell(Command::View(RunId(1), None));
    let Some(Output::Answer(_, Answer::Views(views))) = world.settle().pop() else {
        panic!("expected views")
    };
    assert_eq!(views["waits"].as_ref().unwrap().get(), "true");
    let wrong = world.tell(Command::View(RunId(1), Some("wait".into())));
    let outputs = world.settle();
    assert_eq!(refusal(&outputs, wrong).code().to_string(), "F1068");
    assert_eq!(refusal(&outputs, wrong).help().unwrap(), "did you mean `waits`?");
}

#[test]
fn runs_are_found_by_their_tags() {
    let mut world = World::new();
    for (run, id) in [(1, "a"), (2, "b"), (3, "a")] {
        world.start(run, "child", &format!(r#"{{"id":"{id}"}}"#), None);
    }
    world.settle();
    let filter = Filter {
        tags: vec![("order".into(), "a".to_owned())],
        ..Filter::default()
    };
    world.tell(Command::Search(Search::Page(filter, 10)));
    let Some(Output::Answer(_, Answer::Runs(page))) = world.settle().pop() else {
        panic!("expected runs")
    };
    assert_eq!(
        page.runs.iter().map(|run| run.id).collect::<Vec<_>>(),
        [RunId(3), RunId(1)]
    );
}
