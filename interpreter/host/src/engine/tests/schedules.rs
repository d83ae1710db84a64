//! What the clock starts: each time once, whatever happens to the process, and what people can tell a schedule.

mod backfill;

use super::{
    super::{
        schedules::{ScheduleCommand, ScheduleView},
        *,
    },
    programs,
    world::{World, refusal},
};
use flowmesh_ir::{
    FlowId, Value,
    call::{Failure, Reply},
    expr::{Context, Expr},
    schedule::{Overlap, Schedule, When},
};
use flowmesh_machine::Settings;
use jiff::SignedDuration;

const BEGIN: i64 = 1_700_000_000;

/// `nap` (five seconds), every so many seconds.
fn every(seconds: u64) -> Schedule {
    let when = When::Every {
        every_ms: seconds * 1000,
        zone: "UTC".to_owned(),
    };
    Schedule::new("often".into(), when, FlowId(1))
}

fn deploy(world: &mut World, schedule: &Schedule) {
    let mut program = programs::program("http://127.0.0.1:1");
    program.schedules = vec![schedule.clone()];
    flowmesh_ir::validate(&program).unwrap();
    let settings = Settings::new(&program, []).unwrap();
    world.tell(Command::Deploy(Arc::new(Deployment::new(program, settings))));
    world.tell(Command::Schedule(ScheduleCommand::Keep));
    world.settle();
}

fn world(schedule: &Schedule) -> World {
    let mut world = World::new();
    deploy(&mut world, schedule);
    world
}

fn crash(world: World, schedule: &Schedule) -> World {
    let mut world = world.crash();
    deploy(&mut world, schedule);
    world
}

fn tell(world: &mut World, command: ScheduleCommand) -> ScheduleView {
    world.tell(Command::Schedule(command));
    match world.settle().pop() {
        Some(Output::Answer(_, Answer::Schedule(view))) => *view,
        other => panic!("expected a schedule, found {other:?}"),
    }
}

fn get(world: &mut World) -> ScheduleView {
    tell(world, ScheduleCommand::Get("often".into(), 1))
}

/// When runs began and whether they have not ended, in seconds since the beginning.
fn runs(world: &World) -> Vec<(i64, view::State)> {
    let views = world.views();
    let mut runs: Vec<_> = views
        .iter()
        .map(|view| (view.started.as_second() - BEGIN, view.state))
        .collect();
    runs.sort_unstable();
    runs
}

fn begun(world: &World) -> Vec<i64> {
    runs(world).into_iter().map(|(at, _)| at).collect()
}

/// The clock goes on second by second.
fn pass(world: &mut World, seconds: i64) {
    for _ in 0..seconds {
        world.pass(1);
    }
}

#[test]
fn a_time_begins_one_run_in_time_whenever_the_process_ends() {
    let schedule = every(10);
    let mut world = world(&schedule);
    for second in 0..30 {
        pass(&mut world, 1);
        if second % 3 == 0 {
            world = crash(world, &schedule);
        }
    }
    assert_eq!(begun(&world), [10, 20, 30]);
}

#[test]
fn a_start_that_was_not_written_is_made_again_and_is_the_same_run() {
    let schedule = every(10);
    let mut world = world(&schedule);
    world.now = world.now.checked_add(SignedDuration::from_secs(10)).unwrap();
    world.handle(Input::Tick);
    let before = world.engine.live_runs();
    let batch = world.engine.take_batch().unwrap();
    assert_eq!(batch.len(), 2, "the start and what was decided are one batch");
    let world = crash(world, &schedule);
    assert_eq!(world.engine.live_runs(), before);
    assert_eq!(begun(&world), [10]);
}

#[test]
fn what_overlaps_does_as_it_is_told() {
    // A nap takes five seconds.
    let cases: [(Overlap, &[i64]); 6] = [
        (Overlap::Skip, &[2, 8, 14]),
        (Overlap::BufferOne, &[2, 7, 12]),
        (Overlap::BufferAll, &[2, 7, 12]),
        (Overlap::CancelOther, &[2, 4, 6, 8, 10, 12, 14]),
        (Overlap::TerminateOther, &[2, 4, 6, 8, 10, 12, 14]),
        (Overlap::Allow, &[2, 4, 6, 8, 10, 12, 14]),
    ];
    for (overlap, expected) in cases {
        let schedule = Schedule { overlap, ..every(2) };
        let mut steady = world(&schedule);
        pass(&mut steady, 14);
        assert_eq!(begun(&steady), expected, "{overlap:?}");
        let mut crashing = world(&schedule);
        for _ in 0..14 {
            pass(&mut crashing, 1);
            crashing = crash(crashing, &schedule);
        }
        assert_eq!(begun(&crashing), expected, "{overlap:?}");
    }
}

#[test]
fn all_that_waits_begins_one_after_the_other() {
    let schedule = Schedule {
        overlap: Overlap::BufferAll,
        ..every(2)
    };
    let mut world = world(&schedule);
    pass(&mut world, 8);
    let view = get(&mut world);
    assert_eq!(view.waiting.len(), 2);
    let mut world = crash(world, &every(3600));
    pass(&mut world, 20);
    assert_eq!(begun(&world), [2, 7, 12, 17]);
}

#[test]
fn the_other_is_ended_and_the_next_begins_then() {
    let mut schedule = Schedule {
        overlap: Overlap::CancelOther,
        ..every(4)
    };
    let mut cancelling = world(&schedule);
    pass(&mut cancelling, 8);
    assert_eq!(
        runs(&cancelling),
        [(4, view::State::Cancelled), (8, view::State::Waiting)]
    );
    schedule.overlap = Overlap::TerminateOther;
    let mut terminating = world(&schedule);
    pass(&mut terminating, 8);
    assert_eq!(
        runs(&terminating),
        [(4, view::State::Terminated), (8, view::State::Waiting)]
    );
}

#[test]
fn missed_times_are_made_up_for_as_far_back_as_is_said() {
    let mut schedule = Schedule {
        overlap: Overlap::Allow,
        ..every(30)
    };
    let mut missed = world(&schedule);
    missed.now = missed.now.checked_add(SignedDuration::from_mins(10)).unwrap();
    let world_after = crash(missed, &schedule);
    assert_eq!(begun(&world_after).len(), 2, "a minute is always made up for");
    schedule.catch_up_ms = 4 * 60_000;
    let mut missed = world(&schedule);
    missed.now = missed.now.checked_add(SignedDuration::from_mins(10)).unwrap();
    let world_after = crash(missed, &schedule);
    assert_eq!(begun(&world_after).len(), 8);
}

#[test]
fn what_was_due_before_a_schedule_was_there_is_not_missed() {
    let schedule = Schedule {
        catch_up_ms: 7 * 86_400_000,
        ..every(10)
    };
    assert_eq!(begun(&world(&schedule)).len(), 0);
    // Nor while no program had it.
    let mut world = world(&schedule);
    let other = Schedule {
        name: "other".into(),
        ..every(3600)
    };
    deploy(&mut world, &other);
    world.now = world.now.checked_add(SignedDuration::from_mins(10)).unwrap();
    deploy(&mut world, &schedule);
    assert_eq!(begun(&world), [0i64; 0]);
    pass(&mut world, 10);
    assert_eq!(begun(&world), [610]);
}

#[test]
fn a_clock_that_goes_back_begins_nothing_again() {
    let schedule = every(10);
    let mut world = world(&schedule);
    pass(&mut world, 20);
    world.now = world.now.checked_sub(SignedDuration::from_secs(15)).unwrap();
    let mut world = crash(world, &schedule);
    pass(&mut world, 15);
    assert_eq!(world.views().len(), 2);
    pass(&mut world, 10);
    assert_eq!(world.views().len(), 3);
}

#[test]
fn a_clock_that_was_far_ahead_once_does_not_stop_the_schedule() {
    let schedule = Schedule {
        overlap: Overlap::Allow,
        ..every(10)
    };
    let mut world = world(&schedule);
    let right = world.now;
    world.now = right.checked_add(SignedDuration::from_hours(9000)).unwrap();
    pass(&mut world, 10);
    world.now = right;
    let mut world = crash(world, &schedule);
    let ahead = world.views().len();
    pass(&mut world, 10);
    assert_eq!(world.views().len(), ahead + 1);
    assert_eq!(begun(&world)[0], 10);
}

#[test]
fn chance_makes_a_run_later_by_the_same_time_each_time() {
    let schedule = Schedule {
        jitter_ms: 8000,
        overlap: Overlap::Allow,
        ..every(10)
    };
    let mut world = world(&schedule);
    let mut next = get(&mut world).next;
    let next = next.remove(0);
    let begins = next.begins.unwrap_or(next.at);
    assert!(begins >= next.at && begins.duration_since(next.at) <= SignedDuration::from_secs(8));
    let mut world = crash(world, &schedule);
    assert_eq!(world.engine.next_tick(), Some(begins));
    pass(&mut world, 1000);
    let late: Vec<i64> = begun(&world).into_iter().map(|at| at % 10).collect();
    assert!(late.len() >= 99 && late.iter().all(|late| *late <= 8), "{late:?}");
    assert!(late.iter().any(|one| *one != late[0]), "{late:?}");
}

#[test]
fn a_pause_has_a_note_and_survives_the_process() {
    let schedule = every(10);
    let mut world = world(&schedule);
    tell(
        &mut world,
        ScheduleCommand::Pause("often".into(), "the bank is shut".to_owned()),
    );
    let mut world = crash(world, &schedule);
    pass(&mut world, 30);
    assert_eq!(get(&mut world).paused.unwrap().note, "the bank is shut");
    assert_eq!(begun(&world), [0i64; 0]);
    tell(&mut world, ScheduleCommand::Resume("often".into()));
    let mut world = crash(world, &schedule);
    assert!(get(&mut world).paused.is_none());
    pass(&mut world, 10);
    assert_eq!(
        begun(&world),
        [40],
        "what was due while it was paused is left out"
    );
}

#[test]
fn a_failure_stops_the_schedule_if_it_is_to() {
    let argument = Expr::Constant(Value::string("a"));
    let mut schedule = Schedule {
        flow: FlowId(3),
        arguments: vec![argument],
        ..every(10)
    };
    for (stops, expected) in [(false, 2), (true, 1)] {
        schedule.pause_on_failure = stops;
        let mut world = world(&schedule);
        pass(&mut world, 10);
        let run = world.engine.live_runs()[0];
        let reply = Reply::Failed(Failure::Unavailable("down".to_owned()));
        let call = flowmesh_machine::CallId(0);
        world.handle(Input::Replied { run, call, reply });
        world.settle();
        let mut world = crash(world, &schedule);
        pass(&mut world, 10);
        assert_eq!(begun(&world).len(), expected);
        let paused = get(&mut world).paused;
        assert_eq!(paused.is_some_and(|paused| paused.failed), stops);
    }
}

#[test]
fn arguments_know_when_it_was_due() {
    let field = |name: &str| Expr::Field(Box::new(Expr::Context(Context::Scheduled)), name.into());
    let zone = "Pacific/Auckland".to_owned();
    let schedule = Schedule {
        flow: FlowId(0),
        arguments: vec![Expr::Text(vec![
            field("time"),
            Expr::Constant(Value::string(" ")),
            field("date"),
        ])],
        when: When::Every {
            every_ms: 10_000,
            zone,
        },
        ..every(10)
    };
    let mut world = world(&schedule);
    pass(&mut world, 10);
    let json = serde_json::to_value(&world.views()[0]).unwrap();
    assert_eq!(json["result"], "hello, 2023-11-14T22:13:30Z 2023-11-15");
    assert_eq!(json["key"], "often at 2023-11-14T22:13:30Z");
    pass(&mut world, 10);
    assert_eq!(
        begun(&world),
        [10, 20],
        "what ends as it begins does not stand in the way"
    );
}

#[test]
fn while_there_is_no_room_nothing_begins_and_then_what_is_due_does_once() {
    let schedule = every(10);
    let mut world = world(&schedule);
    world.disk.set_capacity(Some(world.disk.used() + 20));
    pass(&mut world, 12);
    world.disk.set_capacity(None);
    pass(&mut world, 3);
    assert_eq!(world.views().len(), 1);
    let world = crash(world, &schedule);
    assert_eq!(world.views().len(), 1);
}

#[test]
fn an_unknown_schedule_is_refused_with_the_nearest() {
    let mut world = world(&every(10));
    let get = ScheduleCommand::Pause("oftn".into(), String::new());
    let ticket = world.tell(Command::Schedule(get));
    let outputs = world.settle();
    assert_eq!(refusal(&outputs, ticket).code().to_string(), "F1094");
    assert_eq!(refusal(&outputs, ticket).help().unwrap(), "did you mean `often`?");
}

#[test]
fn only_a_process_that_is_told_to_carries_them_out() {
    let schedule = every(10);
    let world = world(&schedule);
    let mut world = world.crash();
    pass(&mut world, 20);
    assert!(world.views().is_empty());
}
