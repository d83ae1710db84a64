//! Requests with keys of their own: done once, whatever happens in between.

use super::{super::*, world::World};
use crate::{
    engine::schedules::ScheduleCommand,
    store::{ActKey, Shelf},
};
use flowmesh_ir::Hash;
use jiff::SignedDuration;

fn asked(key: &str, print: u8) -> Asked {
    Asked {
        who: "ann".into(),
        key: key.into(),
        print: Hash([print; 32]),
        part: None,
    }
}

fn once(key: &str, command: Command) -> Command {
    Command::Once(asked(key, 1), Box::new(command))
}

fn start(run: u128) -> Command {
    Command::Start(Start {
        run: RunId(run),
        seed: 1,
        flow: "hear".into(),
        input: b"{}".as_slice().into(),
        key: None,
        lineage: None,
        terms: flowmesh_machine::Terms::default(),
    })
}

fn steer(run: u128, verb: Verb) -> Command {
    Command::Steer(RunId(run), verb)
}

fn pause() -> Verb {
    let reason = "x".to_owned();
    Verb::Pause { reason }
}

/// What is answered, when everything is written.
fn answer(world: &mut World, command: Command) -> Answer {
    let ticket = world.tell(command);
    let found = world.settle().into_iter().find_map(|output| match output {
        Output::Answer(of, answer) if of == ticket => Some(answer),
        Output::Search(of, search) if of == ticket => Some(search.answer(world.index.as_ref()).unwrap()),
        _ => None,
    });
    found.expect("an answer")
}

fn code(answer: &Answer) -> Option<String> {
    match answer {
        Answer::Refused(refusal) => Some(refusal.code().to_string()),
        _ => None,
    }
}

fn begun(answer: &Answer) -> Option<(u128, bool)> {
    match answer {
        Answer::Started(started) => Some((started.id.0, started.existing)),
        _ => None,
    }
}

fn before(world: &mut World, key: &str) -> Before {
    match answer(world, Command::Before(asked(key, 1))) {
        Answer::Before(before) => before,
        other => panic!("{other:?}"),
    }
}

fn keep(key: &str, answer: &[u8]) -> Command {
    Command::Keep {
        asked: asked(key, 1),
        answer: answer.into(),
        is_refusal: false,
    }
}

#[test]
fn the_same_request_is_done_once_over_crashes() {
    let mut world = World::new();
    assert_eq!(begun(&answer(&mut world, once("a", start(1)))), Some((1, false)));
    assert_eq!(begun(&answer(&mut world, once("a", start(2)))), Some((1, true)));
    let mut world = world.crash();
    world.settle();
    assert_eq!(begun(&answer(&mut world, once("a", start(3)))), Some((1, true)));
    assert_eq!(world.views().len(), 1);
    let other = Command::Once(asked("a", 2), Box::new(start(4)));
    assert_eq!(code(&answer(&mut world, other)).as_deref(), Some("F1074"));
    world.now = world.now.checked_add(SignedDuration::from_hours(25)).unwrap();
    assert_eq!(begun(&answer(&mut world, once("a", start(5)))), Some((5, false)));
}

#[test]
fn a_repeated_verb_does_not_act_on_what_came_between() {
    let mut world = World::new();
    answer(&mut world, start(1));
    answer(&mut world, once("p", steer(1, pause())));
    answer(&mut world, steer(1, Verb::Resume));
    let mut world = world.crash();
    world.settle();
    assert!(matches!(
        answer(&mut world, once("p", steer(1, pause()))),
        Answer::Accepted
    ));
    assert_eq!(world.views()[0].state, view::State::Waiting);
    // Nothing happened to it the first time; a repeat makes nothing happen either.
    answer(&mut world, once("q", steer(1, Verb::Resume)));
    answer(&mut world, steer(1, pause()));
    answer(&mut world, once("q", steer(1, Verb::Resume)));
    assert_eq!(world.views()[0].state, view::State::Paused);
}

#[test]
fn the_key_is_in_the_batch_with_what_was_done() {
    let mut world = World::new();
    world.tell(once("a", start(1)));
    let batch = world.engine.take_batch().unwrap();
    let keys = batch.iter().filter(|record| matches!(record, Record::Act(_)));
    let events = batch.iter().filter(|record| matches!(record, Record::Event(_)));
    assert_eq!((keys.count(), events.count()), (1, 1));
    assert!(world.engine.take_batch().is_none());
}

#[test]
fn what_is_refused_uses_up_no_key() {
    let mut world = World::new();
    let refused = answer(&mut world, once("a", steer(1, Verb::Resume)));
    assert_eq!(code(&refused).as_deref(), Some("F1053"));
    assert_eq!(before(&mut world, "a"), Before::New);
    answer(
        &mut world,
        Command::Keep {
            asked: asked("a", 1),
            answer: b"no".as_slice().into(),
            is_refusal: true,
        },
    );
    assert_eq!(before(&mut world, "a"), Before::New);
    let unknown = ScheduleCommand::Resume("none".into());
    answer(&mut world, once("a", Command::Schedule(unknown)));
    assert_eq!(begun(&answer(&mut world, once("a", start(1)))), Some((1, false)));
}

#[test]
fn an_answer_is_kept_until_its_time_is_over() {
    let mut world = World::new();
    answer(&mut world, once("a", start(1)));
    assert!(matches!(
        before(&mut world, "a"),
        Before::Done {
            run: Some(RunId(1)),
            ..
        }
    ));
    answer(&mut world, keep("a", b"yes"));
    answer(&mut world, keep("a", b"another"));
    for _ in 0..2 {
        assert_eq!(
            before(&mut world, "a"),
            Before::Answered(b"yes".as_slice().into())
        );
        world = world.crash();
        world.settle();
    }
    world.now = world.now.checked_add(SignedDuration::from_hours(24)).unwrap();
    assert_eq!(before(&mut world, "a"), Before::New);
    world.settle();
    let key = ActKey {
        namespace: Name::default(),
        who: "ann".into(),
        key: "a".into(),
        part: None,
    };
    world.engine.flush();
    world.settle();
    assert_eq!(world.index.act(&key).unwrap(), None);
}

#[test]
fn parts_of_a_request_are_done_one_by_one() {
    let mut world = World::new();
    (1..=3).for_each(|run| drop(answer(&mut world, start(run))));
    let part = |run: u128| {
        let part = Some(RunId(run));
        Command::Once(
            Asked {
                part,
                ..asked("b", 1)
            },
            Box::new(steer(run, pause())),
        )
    };
    answer(&mut world, part(1));
    answer(&mut world, part(2));
    answer(&mut world, steer(1, Verb::Resume));
    let mut world = world.crash();
    world.settle();
    for run in 1..=3 {
        assert!(matches!(answer(&mut world, part(run)), Answer::Accepted));
    }
    let paused = |view: &view::RunView| view.state == view::State::Paused;
    let paused: Vec<u128> = world
        .views()
        .into_iter()
        .filter(paused)
        .map(|view| view.id.0)
        .collect();
    assert_eq!(paused, [2, 3], "what was done is not done again, and the rest is");
    let other = Asked {
        print: Hash([2; 32]),
        ..asked("b", 1)
    };
    assert_eq!(
        code(&answer(&mut world, Command::Before(other))).as_deref(),
        Some("F1074")
    );
}

#[test]
fn where_there_is_no_room_a_start_that_is_taken_back_leaves_no_key() {
    let mut world = World::new();
    world.tell(once("a", start(1)));
    world.engine.take_batch().unwrap();
    world.handle(Input::Refused);
    world.now = world.now.checked_add(SignedDuration::from_secs(2)).unwrap();
    world.handle(Input::Tick);
    assert_eq!(before(&mut world, "a"), Before::New);
    assert_eq!(begun(&answer(&mut world, once("a", start(2)))), Some((2, false)));
}
