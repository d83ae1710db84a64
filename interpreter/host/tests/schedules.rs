//! Worlds in which the clock starts runs: processes die, disks fill and the clock is set while it does.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends at the first thing that is not as it should be"
)]

#[path = "support/programs.rs"]
mod programs;

#[path = "support/worlds.rs"]
mod worlds;

use flowmesh_host::simulate::{Bug, Faults, Report, Scenario, StartPlan, simulate};
use flowmesh_ir::{
    FlowId, Program,
    expr::{Context, Expr},
    schedule::{Overlap, Schedule, When},
};

const SEEDS: u64 = 200;

/// Every few seconds of the first minute of the year, in which these worlds are; and a window that is longer than
/// anything that goes wrong.
fn schedule(name: &str, overlap: Overlap, seconds: &str) -> Schedule {
    let when = When::Cron {
        cron: format!("{seconds} 0 0 1 1 *").parse().expect("a pattern"),
        zone: "UTC".to_owned(),
    };
    Schedule {
        overlap,
        catch_up_ms: 3_600_000,
        ..Schedule::new(name.into(), when, FlowId(1))
    }
}

/// `nap` takes five seconds; `ten` makes ten calls, of which any may fail.
fn program() -> Program {
    let mut program = programs::program("http://127.0.0.1:1");
    let due = Expr::Field(Box::new(Expr::Context(Context::Scheduled)), "time".into());
    program.schedules = vec![
        schedule("skipping", Overlap::Skip, "*/4"),
        schedule("one", Overlap::BufferOne, "*/3"),
        schedule("all", Overlap::BufferAll, "*/6"),
        schedule("cancelling", Overlap::CancelOther, "*/7"),
        schedule("terminating", Overlap::TerminateOther, "1/3"),
        Schedule {
            flow: FlowId(3),
            arguments: vec![Expr::Text(vec![due])],
            jitter_ms: 2000,
            ..schedule("beside", Overlap::Allow, "*/5")
        },
    ];
    flowmesh_ir::validate(&program).expect("a program");
    program
}

fn scenario() -> Scenario {
    let start = StartPlan {
        flow: "nap".into(),
        input: "{}".to_owned(),
        key: None,
    };
    Scenario {
        faults: Faults {
            clocks_set: 500,
            ..Faults::default()
        },
        ..Scenario::new(vec![start], Vec::new())
    }
}

fn sound(report: &Report) {
    if report.failure.is_some() {
        panic!(
            "{report}\nagain with: FLOWMESH_SEED={} cargo test -p flowmesh-host --test schedules",
            report.seed
        );
    }
}

#[test]
fn every_time_has_one_run_in_every_world() {
    let (program, scenario) = (program(), scenario());
    let alone = std::env::var("FLOWMESH_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let (from, seeds) = alone.map_or((0, SEEDS), |seed: u64| (seed, 1));
    let reports: Vec<Report> = worlds::each(seeds, |seed| simulate(from + seed, &program, &scenario));
    if alone.is_some() {
        println!("{}", reports[0]);
    }
    reports.iter().for_each(sound);
    let runs: u64 = reports.iter().flat_map(|report| report.runs.values()).sum();
    let crashes: u64 = reports.iter().map(|report| report.crashes).sum();
    println!("{} worlds: {runs} runs, {crashes} crashes", reports.len());
    if alone.is_none() {
        assert!(
            crashes > SEEDS && runs > 20 * SEEDS,
            "much begins, and things go wrong"
        );
    }
}

#[test]
fn a_process_may_end_after_any_batch() {
    let program = program();
    let whole = simulate(7, &program, &scenario().calm());
    sound(&whole);
    for crash_after in 1..=whole.written {
        let crashing = Scenario {
            crash_after: Some(crash_after),
            ..scenario().calm()
        };
        sound(&simulate(7, &program, &crashing));
    }
}

#[test]
fn a_disk_and_a_compaction_that_forget_what_was_decided_are_seen() {
    let program = program();
    for bug in [Bug::ForgetSchedules, Bug::CompactWithoutBetween] {
        let scenario = Scenario {
            bug: Some(bug),
            ..scenario()
        };
        let found = (0..SEEDS).find(|seed| simulate(*seed, &program, &scenario).failure.is_some());
        println!("{bug:?} is seen by seed {found:?}");
        assert!(found.is_some(), "{bug:?}");
    }
}
