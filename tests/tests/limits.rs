//! Locks, pools, rates and the limits of flows in simulated worlds, with crashes, and with promises broken on purpose.
//!
//! `FLOWMESH_SEEDS=10000 cargo test --release -p flowmesh-tests --test limits` is the campaign; `FLOWMESH_SEED=7` lets
//! one world of each happen alone.

use flowmesh_diagnostics::{Diagnostics, Sources};
use flowmesh_host::simulate::{Bug, Faults, Report, Scenario, StartPlan, simulate};
use flowmesh_ir::Program;
use flowmesh_tests::files;
use std::{env, ops::Range};

const SEEDS: u64 = 60;

fn number(name: &str) -> Option<u64> {
    env::var(name).ok()?.parse().ok()
}

fn seeds() -> Range<u64> {
    match number("FLOWMESH_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("FLOWMESH_SEEDS").unwrap_or(SEEDS),
    }
}

fn program(file: &str) -> Program {
    let world = files::Folder {
        root: files::top().join("tests/tests/limits"),
        instead: None,
    };
    let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
    let program = flowmesh_frontend::compile(&world, file, &mut sources, &mut found);
    assert!(found.is_empty(), "{file}: {:?}", found.sorted());
    program.unwrap()
}

/// These starts in worlds where also the clock is set.
fn scenario(starts: impl IntoIterator<Item = (&'static str, String)>) -> Scenario {
    let start = |(flow, input): (&str, String)| StartPlan {
        flow: flow.into(),
        input,
        key: None,
    };
    Scenario {
        faults: Faults {
            clocks_set: 400,
            ..Faults::default()
        },
        ..Scenario::new(starts.into_iter().map(start).collect(), Vec::new())
    }
}

/// Every promise is kept in every world, and these are worlds in which things go wrong.
fn sound(program: &Program, scenario: &Scenario) {
    let reports: Vec<Report> = seeds().map(|seed| simulate(seed, program, scenario)).collect();
    for report in &reports {
        assert!(report.failure.is_none(), "{report}");
    }
    let crashes: u64 = reports.iter().map(|report| report.crashes).sum();
    println!("{} worlds, {crashes} crashes", reports.len());
    assert!(crashes > seeds().count() as u64 || seeds().count() == 1);
}

/// A promise that is broken on purpose is seen, within as many worlds as the others have: by what it breaks, in those in
/// which that is not only seen from how guards stand after a replay.
fn seen(program: &Program, scenario: &Scenario, bug: Bug, as_what: &str) {
    let scenario = Scenario {
        bug: Some(bug),
        ..scenario.clone()
    };
    let found = (0..SEEDS).find_map(|seed| {
        let failure = simulate(seed, program, &scenario).failure?;
        (!failure.contains("guards stand at")).then_some((seed, failure))
    });
    let (seed, failure) = found.expect("it is seen");
    println!("{bug:?} is seen by seed {seed}");
    assert!(failure.contains(as_what), "{failure}");
}

fn fenced() -> Scenario {
    let restock = |id: u32| {
        (
            "restock",
            format!(r#"{{"id": "r{id}", "sku": "{}"}}"#, ["a", "b"][id as usize % 2]),
        )
    };
    let count = |id: u32| ("count", format!(r#"{{"id": "c{id}"}}"#));
    scenario((0..6).map(restock).chain((0..3).map(count)))
}

#[test]
fn one_holds_a_lock_at_a_time_and_its_token_grows() {
    sound(&program("fenced.flow"), &fenced());
}

#[test]
fn a_process_that_forgets_tokens_is_seen() {
    seen(
        &program("fenced.flow"),
        &fenced(),
        Bug::ReuseTokens,
        "the last token was",
    );
}

fn paced() -> Scenario {
    let letter = |id: u32| {
        (
            "letter",
            format!(
                r#"{{"id": "l{id}", "to": "{}"}}"#,
                ["ann", "ben", "cay"][id as usize % 3]
            ),
        )
    };
    scenario((0..18).map(letter))
}

#[test]
fn a_rate_is_kept_to_in_every_window() {
    sound(&program("paced.flow"), &paced());
}

#[test]
fn a_rate_that_is_counted_from_the_restart_is_seen() {
    seen(
        &program("paced.flow"),
        &paced(),
        Bug::RateFromRestart,
        "in within",
    );
}

fn crowded() -> Scenario {
    let flows = ["report", "preview", "backup", "print", "sketch"];
    let one = |id: u32| {
        let (flow, team) = (flows[id as usize % 5], ["a", "a", "b"][id as usize / 5 % 3]);
        (flow, format!(r#"{{"id": "{flow}{id}", "team": "{team}"}}"#))
    };
    scenario((0..50).map(one))
}

#[test]
fn a_flow_runs_only_so_often_at_once() {
    sound(&program("crowded.flow"), &crowded());
}

#[test]
fn a_place_that_is_given_up_by_a_crash_is_seen() {
    seen(
        &program("crowded.flow"),
        &crowded(),
        Bug::ForgetHolders,
        "is held by",
    );
}

fn urgent() -> Scenario {
    let one = |id: u32| {
        let flow = ["plain", "urgent"][usize::from(!id.is_multiple_of(3))];
        (flow, format!(r#"{{"id": "{flow}{id}"}}"#))
    };
    scenario((0..24).map(one))
}

#[test]
fn who_is_urgent_goes_first_and_nobody_starves() {
    sound(&program("urgent.flow"), &urgent());
}

#[test]
fn a_priority_that_counts_for_more_than_any_wait_is_seen() {
    seen(
        &program("urgent.flow"),
        &urgent(),
        Bug::ForgetAgeing,
        "was let in before",
    );
}
