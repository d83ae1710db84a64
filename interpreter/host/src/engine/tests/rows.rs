//! What the index is told: never more than what is written, and everything that was acknowledged before a question.

use super::super::*;
use super::world::World;
use crate::store::{Filter, Reader, Shelf};

fn page(outputs: Vec<Output>, of: Ticket) -> view::Page {
    let page = outputs.into_iter().find_map(|output| match output {
        Output::Answer(ticket, Answer::Runs(page)) if ticket == of => Some(page),
        _ => None,
    });
    page.expect("a page")
}

fn all() -> Command {
    Command::Search(Search::Page(Filter::default(), 10))
}

#[test]
fn a_list_has_what_was_acknowledged_before_it_also_while_a_batch_is_written() {
    let mut world = World::new();
    world.start(1, "ten", r#"{"id":"a"}"#, None);
    let first = world.engine.take_batch().unwrap();
    world.start(2, "hello", r#"{"name":"b"}"#, None);
    let ticket = world.tell(all());
    let appended = world.journal.append(&first).unwrap();
    world.handle(Input::Committed(appended));
    assert!(
        world.index.row(RunId(2)).unwrap().is_none(),
        "it is not written yet"
    );
    let page = page(world.settle(), ticket);
    let states: Vec<_> = page.runs.iter().map(|run| (run.id.0, run.state)).collect();
    assert_eq!(states, [(2, view::State::Done), (1, view::State::Running)]);
    let engine = world.views();
    for run in page.runs {
        let held = engine.iter().find(|view| view.id == run.id).unwrap();
        assert_eq!(format!("{run:?}"), format!("{held:?}"));
    }
}

#[test]
fn rows_are_gathered_for_a_while_and_are_then_in_the_index() {
    let mut world = World::new();
    world.start(1, "ten", r#"{"id":"a"}"#, None);
    world.settle();
    world.reply(1, 0, r#"{"id":"h"}"#);
    world.settle();
    assert!(world.index.row(RunId(1)).unwrap().is_none());
    world.pass(1);
    let row = world.index.row(RunId(1)).unwrap().unwrap();
    assert_eq!((row.state.as_str(), row.next), ("failed", 2));
    assert_eq!(world.engine.row(RunId(1)), None, "it has ended, and left memory");
    assert_eq!(world.view(1).state, view::State::Failed);
    assert_eq!(world.index.events(RunId(1), 0).unwrap().len(), 2);
}

#[test]
fn the_history_of_a_run_is_whole_wherever_its_events_are_known() {
    let mut world = World::new();
    world.start(1, "ten", r#"{"id":"a"}"#, None);
    world.settle();
    world.pass(1);
    for call in 0..4 {
        world.reply(1, call, r#"{"id":"h"}"#);
        world.settle();
        let ticket = world.tell(Command::Watch(RunId(1)));
        let history = world.settle().into_iter().find_map(|output| match output {
            Output::Answer(of, Answer::History(history)) if of == ticket => Some(history),
            _ => None,
        });
        let history = history.expect("a history");
        assert!(history.known > 0);
        let reader = Reader::new(world.disk.shared());
        let numbers = |world: &World| {
            let events = history.events(world.index.as_ref(), &reader).unwrap();
            events.iter().map(|event| event.sequence).collect::<Vec<_>>()
        };
        let events = world.views().first().map_or(0, |view| view.events);
        let expected: Vec<u64> = (0..events).collect();
        assert_eq!(numbers(&world), expected);
        if call == 2 {
            world.pass(1);
            assert_eq!(numbers(&world), expected, "by now the index knows them too");
            world.start(2 + u128::from(call), "hello", r#"{"name":"b"}"#, None);
            world.settle();
        }
    }
}

#[test]
fn what_the_index_lacked_when_the_power_failed_is_in_it_when_it_is_opened() {
    let mut world = World::new();
    for run in 1..=20 {
        world.start(run, "hello", r#"{"name":"b"}"#, Some(&format!("key {run}")));
    }
    world.settle();
    world.pass(1);
    world.index.checkpoint().unwrap();
    world.start(21, "ten", r#"{"id":"a"}"#, None);
    world.settle();
    let mut world = world.crash();
    for run in 1..=20 {
        assert!(world.index.row(RunId(run)).unwrap().unwrap().ended);
        assert_eq!(world.engine.row(RunId(run)), None, "nobody needs it in memory");
    }
    assert_eq!(world.index.row(RunId(21)).unwrap(), world.engine.row(RunId(21)));
    world.reply(21, 0, r#"{"id":"h"}"#);
    world.settle();
    world.pass(1);
    let row = world.index.row(RunId(21)).unwrap().unwrap();
    assert_eq!((row.state.as_str(), row.next), ("failed", 2));
    assert_eq!(world.index.events(RunId(21), 0).unwrap().len(), 2);
}

#[test]
fn what_the_index_cannot_take_is_gathered_and_not_heaped_up() {
    let mut world = World::new();
    let mut given = 0;
    for run in 1..=30 {
        world.start(run, "hello", r#"{"name":"a"}"#, None);
        while let Some(batch) = world.engine.take_batch() {
            let appended = world.journal.append(&batch).unwrap();
            world.handle(Input::Committed(appended));
        }
        world.now += jiff::SignedDuration::from_secs(1);
        world.handle(Input::Tick);
        given += changes(&mut world).len();
    }
    assert_eq!(given, 8);
    world.handle(Input::Indexed);
    let rest = changes(&mut world);
    let runs: usize = rest.iter().map(|changes| changes.runs.len()).sum();
    assert_eq!((rest.len(), runs), (1, 22), "all the others at once");
}

/// What the index is given, and does not take.
fn changes(world: &mut World) -> Vec<crate::store::Changes> {
    let outputs = std::mem::take(&mut world.said);
    let changes = outputs.into_iter().filter_map(|output| match output {
        Output::Index(changes) => Some(*changes),
        _ => None,
    });
    changes.collect()
}

#[test]
fn rows_that_are_due_while_a_batch_is_written_are_given_when_it_is() {
    let mut world = World::new();
    world.start(1, "ten", r#"{"id":"a"}"#, None);
    let batch = world.engine.take_batch().unwrap();
    world.now += jiff::SignedDuration::from_secs(1);
    world.handle(Input::Tick);
    assert!(changes(&mut world).is_empty(), "it is not written yet");
    let appended = world.journal.append(&batch).unwrap();
    world.handle(Input::Committed(appended));
    assert_eq!(changes(&mut world).len(), 1);
}

#[test]
fn while_there_is_no_room_runs_are_listed_as_the_index_has_them() {
    let mut world = World::new();
    world.start(1, "nap", "{}", None);
    world.settle();
    world.pass(1);
    let reason = "x".to_owned();
    world.tell(Command::Steer(RunId(1), Verb::Pause { reason }));
    world.engine.take_batch().unwrap();
    let list = |number| {
        let search = Search::Page(Filter::default(), 10);
        Input::Command(Ticket(number), Command::Search(search))
    };
    let mut listed = |input| {
        world.engine.handle(world.now, input);
        let outputs = world.engine.take_outputs();
        let search = |output| match output {
            Output::Search(Ticket(number), _) => Some(number),
            _ => None,
        };
        outputs.filter_map(search).collect::<Vec<u64>>()
    };
    assert!(
        listed(list(101)).is_empty(),
        "it is not known yet whether there is room"
    );
    assert_eq!(listed(Input::Refused), [101]);
    assert_eq!(listed(list(102)), [102]);
}

#[test]
fn how_everything_stands_is_said_at_once_whatever_waits_to_be_written() {
    let mut world = World::new();
    world.start(1, "nap", "{}", None);
    let ticket = Ticket(101);
    world
        .engine
        .handle(world.now, Input::Command(ticket, Command::Stand));
    // Not by the index either: it may wait for room on the disk.
    let outputs: Vec<Output> = world.engine.take_outputs().collect();
    let said = |output: &Output| matches!(output, Output::Answer(of, Answer::Stand(_)) if *of == ticket);
    assert!(outputs.iter().any(said), "{outputs:?}");
}
