//! Making up for a range of the past.

use super::{super::super::schedules::Order, *};
use crate::store::Again;

fn order(from: i64, to: i64) -> Order {
    let at = |second: i64| Timestamp::from_second(BEGIN + second).unwrap();
    Order {
        from: at(from),
        to: at(to),
        again: Again::None,
        newest_first: false,
        concurrency: 2,
        dry_run: false,
    }
}

/// A world in which nothing else begins.
fn paused(schedule: &Schedule) -> World {
    let mut world = world(schedule);
    let pause = ScheduleCommand::Pause("often".into(), String::new());
    tell(&mut world, pause);
    world
}

/// The times of a range, and whether each begins.
fn plan(world: &mut World, order: Order) -> Vec<(i64, bool)> {
    world.tell(Command::Schedule(ScheduleCommand::Backfill(
        "often".into(),
        order,
    )));
    match world.settle().pop() {
        Some(Output::Answer(_, Answer::Plan(plan))) => {
            let times = plan.times.iter();
            times
                .map(|time| (time.at.as_second() - BEGIN, time.begins))
                .collect()
        }
        other => panic!("expected a plan, found {other:?}"),
    }
}

/// The time that each run was due, by its key, in the order of their starts.
fn due(world: &World) -> Vec<(i64, String)> {
    let mut views = world.views();
    views.sort_by_key(|view| (view.started, view.id));
    let key = |view: view::RunView| view.key.unwrap().replace("often at 2023-11-14T22:", "");
    views
        .into_iter()
        .map(|view| (view.started.as_second() - BEGIN, key(view)))
        .collect()
}

#[test]
fn a_range_is_made_up_for_with_so_many_at_once_also_after_a_crash() {
    let schedule = every(10);
    let mut world = paused(&schedule);
    assert_eq!(
        plan(
            &mut world,
            Order {
                dry_run: true,
                ..order(-40, 0)
            }
        )
        .len(),
        5
    );
    assert!(world.views().is_empty(), "nothing is done");
    let times = plan(&mut world, order(-40, 0));
    assert_eq!(
        times,
        [(-40, true), (-30, true), (-20, true), (-10, true), (0, true)]
    );
    assert_eq!(world.views().len(), 2);
    for _ in 0..20 {
        pass(&mut world, 1);
        world = crash(world, &schedule);
    }
    let keys: Vec<(i64, String)> = due(&world);
    let times: Vec<i64> = keys.iter().map(|(at, _)| *at).collect();
    assert_eq!(times, [0, 0, 5, 5, 10]);
    assert_eq!(keys[0].1, "12:40Z");
    assert!(get(&mut crash(world, &schedule)).backfill.is_none());
}

#[test]
fn the_newest_may_come_first() {
    let schedule = every(10);
    let mut world = paused(&schedule);
    let newest = Order {
        newest_first: true,
        concurrency: 1,
        ..order(-20, 0)
    };
    assert_eq!(plan(&mut world, newest), [(0, true), (-10, true), (-20, true)]);
    for _ in 0..16 {
        pass(&mut world, 1);
        world = crash(world, &schedule);
    }
    let keys: Vec<String> = due(&world).into_iter().map(|(_, key)| key).collect();
    assert_eq!(keys, ["13:20Z", "13:10Z", "13:00Z"]);
}

#[test]
fn what_had_a_run_has_another_only_if_it_is_to() {
    let schedule = every(10);
    let mut world = world(&schedule);
    pass(&mut world, 22);
    let run = world.engine.live_runs()[0];
    let reason = "no".to_owned();
    world.tell(Command::Steer(run, Verb::Cancel { reason }));
    world.settle();
    pass(&mut world, 1);
    let plan_of = |again| Order {
        again,
        dry_run: true,
        ..order(0, 20)
    };
    assert_eq!(
        plan(&mut world, plan_of(Again::None)),
        [(0, true), (10, false), (20, false)]
    );
    assert_eq!(
        plan(&mut world, plan_of(Again::Failed)),
        [(0, true), (10, false), (20, true)]
    );
    assert_eq!(
        plan(&mut world, plan_of(Again::Completed)),
        [(0, true), (10, true), (20, true)]
    );
    plan(
        &mut world,
        Order {
            again: Again::Failed,
            ..order(0, 20)
        },
    );
    let keys: Vec<String> = due(&world).into_iter().skip(2).map(|(_, key)| key).collect();
    assert_eq!(keys, ["13:20Z", "13:40Z, again 1"]);
    let twice = ScheduleCommand::Backfill("often".into(), order(0, 20));
    let ticket = world.tell(Command::Schedule(twice));
    assert_eq!(refusal(&world.settle(), ticket).code().to_string(), "F1095");
}

#[test]
fn a_range_that_is_not_past_or_too_long_is_refused() {
    let schedule = every(10);
    let mut world = world(&schedule);
    for order in [
        order(0, 10),
        order(0, -10),
        order(-1_000_000, 0),
        Order {
            concurrency: 0,
            ..order(-10, 0)
        },
    ] {
        let ticket = world.tell(Command::Schedule(ScheduleCommand::Backfill(
            "often".into(),
            order,
        )));
        assert_eq!(refusal(&world.settle(), ticket).code().to_string(), "F1095");
    }
}

#[test]
fn a_backfill_can_be_stopped() {
    let schedule = every(10);
    let mut world = paused(&schedule);
    plan(&mut world, order(-1000, 0));
    let view = tell(&mut world, ScheduleCommand::StopBackfill("often".into()));
    assert!(view.backfill.is_none());
    let mut world = crash(world, &schedule);
    pass(&mut world, 30);
    assert_eq!(world.views().len(), 2);
}
