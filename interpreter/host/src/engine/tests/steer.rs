//! Runs that people steer.

use super::world::*;
use crate::{
    RunId,
    engine::{Answer, Command, Output, Refusal, Ticket, Verb, view::State},
};
use flowmesh_ir::call::Reply;
use flowmesh_machine::{CallId, Decision};

fn steer(world: &mut World, run: u128, verb: Verb) -> Ticket {
    world.tell(Command::Steer(RunId(run), verb))
}

fn pause() -> Verb {
    Verb::Pause {
        reason: "look".to_owned(),
    }
}

fn accepted(outputs: &[Output], of: Ticket) -> bool {
    outputs
        .iter()
        .any(|output| matches!(output, Output::Answer(ticket, Answer::Accepted) if *ticket == of))
}

/// `checkout` waits for the first of its calls.
fn checkout() -> World {
    let mut world = World::new();
    world.start(1, "checkout", r#"{"id":"a"}"#, None);
    world.settle();
    world
}

#[test]
fn a_pause_is_acknowledged_when_it_is_stable_and_outlives_a_crash() {
    let mut world = checkout();
    let paused = steer(&mut world, 1, pause());
    assert!(!accepted(&world.outputs(), paused));
    assert!(accepted(&world.settle(), paused));
    world.reply(1, 0, r#""hold""#);
    assert!(calls(&world.settle()).is_empty(), "a paused run makes no call");
    let mut world = world.crash();
    assert!(
        calls(&world.settle()).is_empty(),
        "what was answered is not called again"
    );
    let view = world.view(1);
    assert_eq!((view.state, view.events), (State::Paused, 3));
    assert_eq!(view.paused.map(|paused| paused.reason).as_deref(), Some("look"));
    let resumed = steer(&mut world, 1, Verb::Resume);
    let outputs = world.settle();
    assert!(accepted(&outputs, resumed));
    assert_eq!(world.view(1).state, State::Waiting);
}

#[test]
fn pausing_and_resuming_twice_is_one_event_each() {
    let mut world = checkout();
    for verb in [pause(), pause(), Verb::Resume, Verb::Resume] {
        let ticket = steer(&mut world, 1, verb);
        assert!(accepted(&world.settle(), ticket));
    }
    assert_eq!(world.view(1).events, 3);
}

#[test]
fn what_has_ended_cannot_be_steered() {
    let mut world = World::new();
    world.start(1, "hello", r#"{"name":"ann"}"#, None);
    world.settle();
    for verb in [pause(), Verb::Resume] {
        let ticket = steer(&mut world, 1, verb);
        assert!(matches!(refusal(&world.settle(), ticket), Refusal::Ended { .. }));
    }
}

#[test]
fn a_signal_and_a_reply_to_a_paused_run_are_acknowledged_and_acted_upon_later() {
    let mut world = checkout();
    steer(&mut world, 1, pause());
    world.settle();
    let signal = world.tell(Command::Signal {
        run: RunId(1),
        name: "approve".into(),
        payload: br#"{"by":"ann"}"#.as_slice().into(),
    });
    assert!(accepted(&world.settle(), signal));
    world.reply(1, 0, r#""hold""#);
    world.settle();
    steer(&mut world, 1, Verb::Resume);
    world.settle();
    assert_eq!(
        calls(&world.pass(2)),
        ["payments.charge"],
        "it was held and approved"
    );
    // A reply that comes again, of another process perhaps, changes nothing.
    world.engine.handle(
        world.now,
        crate::engine::Input::Replied {
            run: RunId(1),
            call: CallId(0),
            reply: Reply::Answer {
                status: 200,
                body: (*b"").into(),
            },
        },
    );
    assert!(world.settle().is_empty());
}

fn terminate() -> Verb {
    Verb::Terminate {
        reason: "at once".to_owned(),
    }
}

#[test]
fn terminate_is_final_and_undoes_nothing() {
    let mut world = checkout();
    world.reply(1, 0, r#""hold""#);
    world.settle();
    let waits = world.tell(Command::Wait(RunId(1)));
    let ended = steer(&mut world, 1, terminate());
    let outputs = world.settle();
    assert!(accepted(&outputs, ended) && calls(&outputs).is_empty());
    let heard = |output: &Output| matches!(output, Output::Answer(ticket, Answer::Ended(view)) if *ticket == waits && view.state == State::Terminated);
    assert!(outputs.iter().any(heard), "{outputs:?}");
    let mut world = world.crash();
    assert!(calls(&world.settle()).is_empty());
    assert_eq!(world.view(1).state, State::Terminated);
    assert_eq!(world.engine.next_tick(), None);
    let again = steer(&mut world, 1, terminate());
    assert!(matches!(refusal(&world.settle(), again), Refusal::Ended { .. }));
}

#[test]
fn children_are_terminated_too_also_when_the_process_dies_between() {
    for crash in [false, true] {
        let mut world = World::new();
        world.start(1, "parent", r#"{"id":"g"}"#, None);
        world.settle();
        let child = world
            .engine
            .views()
            .into_iter()
            .find(|view| view.flow == "child")
            .unwrap();
        steer(&mut world, 1, terminate());
        if crash {
            // Only the first batch is written: the end of the parent.
            let batch = world.engine.take_batch().unwrap();
            world.journal.append(&batch[..1]).unwrap();
            world = world.crash();
        }
        // What the child had asked for with a key may be asked for once more; nothing else.
        let outputs = world.settle();
        assert_eq!(calls(&outputs).len(), usize::from(crash), "{outputs:?}");
        let ended = world.view(child.id.0);
        assert_eq!(ended.state, State::Terminated);
        assert_eq!(world.view(1).state, State::Terminated);
    }
}

#[test]
fn a_parent_hears_that_its_child_was_terminated() {
    let mut world = World::new();
    world.start(1, "parent", r#"{"id":"g"}"#, None);
    world.settle();
    let child = world
        .engine
        .views()
        .into_iter()
        .find(|view| view.flow == "child")
        .unwrap();
    steer(&mut world, child.id.0, terminate());
    world.settle();
    let parent = world.view(1);
    let ending = format!("{:?}", parent.ending);
    assert_eq!(parent.state, State::Failed, "{ending}");
    assert!(
        ending.contains("Cancelled") && ending.contains("it was terminated: at once"),
        "{ending}"
    );
}

fn decide(call: Option<u32>, decision: Decision) -> Verb {
    let call = call.map(CallId);
    Verb::Decide { call, decision }
}

/// A `letter` whose mail nobody knows of: the process died while it was on its way.
fn parked() -> World {
    let mut world = World::new();
    world.start(1, "letter", r#"{"id":"a"}"#, None);
    world.settle();
    world.reply(1, 0, r#""hold""#);
    assert_eq!(calls(&world.settle()), ["mail.send"]);
    let mut world = world.crash();
    assert!(calls(&world.settle()).is_empty());
    world
}

#[test]
fn a_call_without_a_key_is_not_made_twice_and_waits_for_a_person() {
    let mut world = parked();
    let view = world.view(1);
    let shown = view.parked.unwrap();
    assert_eq!(
        (view.state, shown.step.as_str(), shown.call),
        (State::Paused, "mail.send", 1)
    );
    assert_eq!(shown.choices, ["retry", "done", "fail"]);
    assert_eq!(shown.code.to_string(), "F1083");
    let mut world = world.crash();
    world.settle();
    assert!(world.view(1).parked.is_some(), "a crash does not change that");
    steer(&mut world, 1, decide(Some(1), Decision::Retry));
    assert_eq!(calls(&world.settle()), ["mail.send"]);
    world.reply(1, 2, r#""sent""#);
    world.settle();
    world.pass(3);
    assert_eq!(world.view(1).state, State::Done);
}

#[test]
fn what_is_decided_must_fit() {
    let mut world = parked();
    let code = |world: &mut World, verb| {
        let ticket = steer(world, 1, verb);
        refusal(&world.settle(), ticket).code().to_string()
    };
    assert_eq!(code(&mut world, decide(None, Decision::Skip)), "F1081");
    assert_eq!(code(&mut world, decide(Some(0), Decision::Fail)), "F1080");
    assert_eq!(
        code(&mut world, decide(None, Decision::Done((*b"7").into()))),
        "F1082"
    );
    assert_eq!(code(&mut world, Verb::Resume), "F1083");
    steer(
        &mut world,
        1,
        decide(None, Decision::Done((*br#""by hand""#).into())),
    );
    assert!(calls(&world.settle()).is_empty());
    assert_eq!(code(&mut world, decide(None, Decision::Fail)), "F1080");
    world.pass(3);
    let ending = format!("{:?}", world.view(1).ending);
    assert!(ending.contains("sent by hand"), "{ending}");
}

#[test]
fn an_undo_that_is_refused_waits_for_a_person_and_can_be_skipped() {
    let mut world = parked();
    steer(&mut world, 1, decide(None, Decision::Fail));
    assert_eq!(calls(&world.settle()), ["stock.release"]);
    world.engine.handle(
        world.now,
        crate::engine::Input::Replied {
            run: RunId(1),
            call: CallId(2),
            reply: Reply::Answer {
                status: 404,
                body: (*b"").into(),
            },
        },
    );
    world.settle();
    let shown = world.view(1).parked.unwrap();
    assert_eq!(
        (shown.step.as_str(), shown.choices.as_slice()),
        ("undo stock.release", &["retry".into(), "skip".into()][..])
    );
    steer(&mut world, 1, decide(Some(2), Decision::Skip));
    world.settle();
    assert_eq!(world.view(1).state, State::Failed);
}

fn edit(name: &str, json: &str) -> Verb {
    Verb::Edit(vec![(name.to_owned(), json.as_bytes().into())])
}

#[test]
fn a_run_that_stands_still_is_edited_where_the_types_allow() {
    let mut world = checkout();
    let moving = steer(&mut world, 1, edit("id", r#""b""#));
    assert_eq!(refusal(&world.settle(), moving).code().to_string(), "F1084");
    steer(&mut world, 1, pause());
    for (name, json, path) in [("id", "7", "id"), ("nothing", "7", "nothing")] {
        let unfit = steer(&mut world, 1, edit(name, json));
        let outputs = world.settle();
        let refusal = refusal(&outputs, unfit);
        assert_eq!(
            (refusal.code().to_string().as_str(), refusal.path()),
            ("F1085", Some(path))
        );
    }
    steer(&mut world, 1, edit("id", r#""b""#));
    world.settle();
    let mut world = world.crash();
    world.tell(Command::Variables(RunId(1)));
    let outputs = world.settle();
    let shown = outputs.iter().find_map(|output| match output {
        Output::Answer(_, Answer::Variables(all)) => Some(format!("{all:?}")),
        _ => None,
    });
    let shown = shown.unwrap();
    assert!(shown.contains("id") && shown.contains('b'), "{shown}");
}
