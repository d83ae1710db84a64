//! The engine alone: what it says, and when.

mod between;
mod dormant;
mod forgotten;
mod namespaces;
mod once;
#[path = "../../tests/support/programs.rs"]
mod programs;
mod results;
mod retire;
mod rows;
mod schedules;
mod select;
mod share;
mod steer;
mod upgrade;
mod world;
mod written;

use super::*;
use crate::store::EventRecord;
use jiff::SignedDuration;
use world::{World, calls, refusal, started, take};

#[test]
fn nothing_is_said_before_it_is_written() {
    let mut world = World::new();
    let ticket = world.start(1, "ten", r#"{"id":"a"}"#, None);
    assert!(world.outputs().is_empty());
    let batch = world.engine.take_batch().unwrap();
    assert_eq!(batch.len(), 1);
    assert!(world.outputs().is_empty());
    let places = world.journal.append(&batch).unwrap();
    world.handle(Input::Committed(places));
    let outputs = world.outputs();
    assert_eq!(calls(&outputs), ["stock.reserve"]);
    assert_eq!(
        started(&outputs, ticket),
        Started {
            id: RunId(1),
            existing: false
        }
    );
}

#[test]
fn what_happens_while_a_batch_is_written_goes_into_the_next_one_together() {
    let mut world = World::new();
    world.start(1, "hello", r#"{"name":"a"}"#, None);
    let first = world.engine.take_batch().unwrap();
    for run in 2..=9 {
        world.start(run, "hello", r#"{"name":"b"}"#, None);
    }
    assert!(world.engine.take_batch().is_none(), "one at a time");
    let places = world.journal.append(&first).unwrap();
    world.handle(Input::Committed(places));
    assert_eq!(world.engine.take_batch().unwrap().len(), 8);
}

#[test]
fn a_flow_without_steps_ends_with_its_start() {
    let mut world = World::new();
    world.start(1, "hello", r#"{"name":"world"}"#, None);
    world.settle();
    let view = world.view(1);
    assert_eq!(view.state, view::State::Done);
    let json = serde_json::to_value(&view).unwrap();
    assert_eq!(json["result"], "hello, world");
    assert_eq!(json["events"], 1);
}

#[test]
fn a_key_makes_two_starts_one_run_also_after_a_crash() {
    let mut world = World::new();
    let first = world.start(1, "checkout", r#"{"id":"order"}"#, None);
    let second = world.start(2, "checkout", r#"{"id":"order"}"#, None);
    let outputs = world.settle();
    assert_eq!(
        started(&outputs, first),
        Started {
            id: RunId(1),
            existing: false
        }
    );
    assert_eq!(
        started(&outputs, second),
        Started {
            id: RunId(1),
            existing: true
        }
    );
    assert_eq!(calls(&outputs).len(), 1);
    let mut world = world.crash();
    let third = world.start(3, "checkout", r#"{"id":"other"}"#, Some("order"));
    assert_eq!(
        started(&world.settle(), third),
        Started {
            id: RunId(1),
            existing: true
        }
    );
}

#[test]
fn what_does_not_fit_is_refused_and_leaves_nothing_behind() {
    let mut world = World::new();
    let wrong = world.start(1, "ten", r#"{"id":7}"#, None);
    let unknown = world.start(2, "tenn", "{}", None);
    let key = world.start(3, "hello", r#"{"name":"a"}"#, Some(""));
    let outputs = world.outputs();
    assert_eq!(refusal(&outputs, wrong).code().to_string(), "F1051");
    assert_eq!(refusal(&outputs, wrong).path(), Some("id"));
    assert_eq!(refusal(&outputs, unknown).to_string(), "unknown flow `tenn`");
    assert_eq!(refusal(&outputs, unknown).code().to_string(), "F1050");
    assert_eq!(refusal(&outputs, unknown).help().unwrap(), "did you mean `ten`?");
    assert_eq!(refusal(&outputs, key).code().to_string(), "F1052");
    let (run, signal) = (RunId(9), "approve".into());
    let nobody = world.tell(Command::Signal {
        run,
        name: signal,
        payload: Arc::from(*b"{}"),
    });
    assert_eq!(refusal(&world.outputs(), nobody).code().to_string(), "F1053");
    assert!(world.engine.take_batch().is_none());
}

#[test]
fn a_signal_is_checked_and_heard() {
    let mut world = World::new();
    world.start(1, "hear", "{}", None);
    world.settle();
    assert_eq!(world.view(1).state, view::State::Waiting);
    assert_eq!(world.view(1).steps, ["await approve"]);
    let signal = |payload: &str| Command::Signal {
        run: RunId(1),
        name: "approve".into(),
        payload: payload.as_bytes().into(),
    };
    let misfit = world.tell(signal(r#"{"by":1}"#));
    assert_eq!(refusal(&world.outputs(), misfit).code().to_string(), "F1054");
    world.tell(signal(r#"{"by":"ann"}"#));
    world.settle();
    assert_eq!(world.view(1).state, view::State::Done);
    let late = world.tell(signal(r#"{"by":"bob"}"#));
    assert_eq!(refusal(&world.outputs(), late).code().to_string(), "F1055");
}

#[test]
fn timers_come_due_in_time_also_after_a_crash() {
    let mut world = World::new();
    world.start(1, "nap", "{}", None);
    world.settle();
    world.pass(4);
    assert_eq!(world.view(1).state, view::State::Waiting);
    let mut world = world.crash();
    assert_eq!(
        world.engine.timers().next().map(|(at, ..)| at),
        Some(world.now.checked_add(SignedDuration::from_secs(1)).unwrap())
    );
    world.pass(1);
    assert_eq!(world.view(1).state, view::State::Done);
}

#[test]
fn a_keyed_call_is_made_again_after_a_crash_and_a_reply_counts_once() {
    let mut world = World::new();
    world.start(1, "ten", r#"{"id":"a"}"#, None);
    world.settle();
    let mut world = world.crash();
    assert_eq!(calls(&world.settle()), ["stock.reserve"]);
    world.reply(1, 0, r#""one""#);
    world.reply(1, 0, r#""one, again""#);
    assert_eq!(calls(&world.settle()), ["stock.reserve"]);
    assert_eq!(world.view(1).events, 2);
}

#[test]
fn a_once_call_is_never_made_again_and_ends_unknown() {
    let mut world = World::new();
    world.start(1, "checkout", r#"{"id":"a"}"#, None);
    world.settle();
    world.reply(1, 0, r#""hold""#);
    world.settle();
    world.pass(2);
    let payload = Arc::from(*br#"{"by":"ann"}"#);
    world.tell(Command::Signal {
        run: RunId(1),
        name: "approve".into(),
        payload,
    });
    assert_eq!(calls(&world.settle()), ["payments.charge"]);
    world.reply(1, 1, r#""receipt""#);
    assert_eq!(calls(&world.settle()), ["shipping.book", "mail.send"]);
    let mut world = world.crash();
    assert_eq!(calls(&world.settle()), ["shipping.book"]);
    world.reply(1, 2, r#""booked""#);
    world.settle();
    assert_eq!(world.view(1).state, view::State::Done, "the flow catches Unknown");
}

#[test]
fn a_cancelled_run_undoes_what_it_did() {
    let mut world = World::new();
    world.start(1, "checkout", r#"{"id":"a"}"#, None);
    world.settle();
    world.reply(1, 0, r#""hold""#);
    world.settle();
    for reason in ["enough", "enough, I said"] {
        let reason = reason.to_owned();
        world.tell(Command::Steer(RunId(1), Verb::Cancel { reason }));
    }
    assert_eq!(calls(&world.settle()), ["stock.release"]);
    assert_eq!(world.view(1).state, view::State::Undoing);
    world.reply(1, 1, r#""released""#);
    world.settle();
    let view = world.view(1);
    assert_eq!((view.state, view.events), (view::State::Cancelled, 4));
    assert_eq!(world.engine.timers().count(), 0, "no timer is left behind");
}

#[test]
fn on_a_full_disk_starts_are_refused_and_acknowledged_runs_go_on_when_there_is_room() {
    let mut world = World::new();
    world.start(1, "ten", r#"{"id":"a"}"#, None);
    world.settle();
    world.disk.set_capacity(Some(world.disk.used() + 20));
    world.reply(1, 0, r#""one""#);
    let start = world.start(2, "ten", r#"{"id":"b"}"#, Some("key"));
    let outputs = world.settle();
    assert_eq!(refusal(&outputs, start).code().to_string(), "F1034");
    assert!(calls(&outputs).is_empty());
    let start = world.start(3, "ten", r#"{"id":"c"}"#, None);
    assert_eq!(refusal(&world.outputs(), start), &Refusal::Full);
    world.disk.set_capacity(None);
    assert_eq!(
        calls(&world.pass(1)),
        ["stock.reserve"],
        "the reply is written now, and the next call made"
    );
    let start = world.start(4, "ten", r#"{"id":"b"}"#, Some("key"));
    assert_eq!(
        started(&world.settle(), start),
        Started {
            id: RunId(4),
            existing: false
        }
    );
    let mut world = world.crash();
    assert_eq!(world.view(1).events, 2);
    assert_eq!(world.engine.live_runs(), [RunId(1), RunId(4)]);
}

#[test]
fn who_waits_hears_the_end_and_who_gave_up_does_not() {
    let mut world = World::new();
    world.start(1, "nap", "{}", None);
    let waiting = world.tell(Command::Wait(RunId(1)));
    let bored = world.tell(Command::Wait(RunId(1)));
    world.settle();
    world.handle(Input::Forget(RunId(1), bored));
    let outputs = world.pass(5);
    let heard: Vec<Ticket> = outputs
        .iter()
        .filter_map(|output| match output {
            Output::Answer(ticket, Answer::Ended(_)) => Some(*ticket),
            _ => None,
        })
        .collect();
    assert_eq!(heard, [waiting]);
}

#[test]
fn only_followed_runs_tell_what_happens() {
    let mut world = World::new();
    world.start(1, "nap", "{}", None);
    world.start(2, "nap", "{}", None);
    world.settle();
    world.tell(Command::Watch(RunId(2)));
    world.settle();
    let outputs = world.pass(5);
    let told: Vec<(RunId, u64, bool)> = outputs
        .iter()
        .filter_map(|output| match output {
            Output::Happened(it) => Some((it.run, it.sequence, it.ending.is_some())),
            _ => None,
        })
        .collect();
    assert_eq!(told, [(RunId(2), 1, true)]);
}

#[test]
fn records_that_do_not_fit_together_are_refused() {
    let mut world = World::new();
    world.start(1, "ten", r#"{"id":"a"}"#, None);
    let start = world.engine.take_batch().unwrap();
    let without_program = take(&mut Restoring::default(), start[0].clone()).expect_err("no program");
    assert_eq!(without_program.code().to_string(), "F1037");
    let Record::Event(event) = start[0].clone() else {
        panic!("a start is an event")
    };
    let late = Record::Event(EventRecord {
        sequence: 3,
        origin: None,
        ..event
    });
    let without_start = take(&mut Restoring::default(), late).expect_err("no beginning");
    assert!(
        without_start.to_string().contains("it has no beginning"),
        "{without_start}"
    );
}

#[test]
fn a_program_of_another_version_is_refused() {
    let mut world = World::new();
    world.start(1, "ten", r#"{"id":"a"}"#, None);
    let start = world.engine.take_batch().unwrap();
    let Record::Event(EventRecord {
        origin: Some(origin), ..
    }) = &start[0]
    else {
        panic!("it names its program")
    };
    let json = serde_json::to_string(&programs::program("http://127.0.0.1:1")).unwrap();
    let json = json
        .replacen(r#""version":1"#, r#""version":9"#, 1)
        .into_bytes()
        .into();
    let mut restoring = Restoring::default();
    let hash = origin.program;
    take(&mut restoring, Record::Program { hash, json }).unwrap();
    let bytes = Arc::from(*b"{}");
    let hash = origin.settings;
    take(&mut restoring, Record::Settings { hash, bytes }).unwrap();
    let error = take(&mut restoring, start[0].clone()).expect_err("it is of another version");
    assert_eq!(error.code().to_string(), "F1036");
    assert!(
        error
            .to_string()
            .contains("expected version 1 of the representation, found 9"),
        "{error}"
    );
}
