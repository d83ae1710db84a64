//! Five hundred worlds, each decided by its seed. `FLOWMESH_SEED=7` lets one of them happen alone and shows it.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test ends at the first thing that is not as it should be"
)]

#[path = "support/desk.rs"]
mod desk;
#[path = "support/programs.rs"]
mod programs;

use flowmesh_host::simulate::{Bug, EventPlan, Report, Scenario, SignalPlan, StartPlan, simulate};
use flowmesh_ir::Program;

const SEEDS: u64 = 500;

fn program() -> Program {
    let mut program = programs::program("http://127.0.0.1:1");
    desk::add(&mut program);
    program
}

fn start(flow: &str, input: &str, key: Option<&str>) -> StartPlan {
    StartPlan {
        flow: flow.into(),
        input: input.to_owned(),
        key: key.map(str::to_owned),
    }
}

fn scenario() -> Scenario {
    let starts = vec![
        start("checkout", r#"{"id":"a"}"#, None),
        start("checkout", r#"{"id":"b"}"#, None),
        start("checkout", r#"{"id":"c"}"#, None),
        start("ten", r#"{"id":"d"}"#, None),
        start("ten", r#"{"id":"e"}"#, Some("e")),
        start("nap", "{}", None),
        start("hear", "{}", None),
        start("hello", r#"{"name":"f"}"#, Some("f")),
        start("parent", r#"{"id":"g"}"#, None),
        start("parent", r#"{"id":"h"}"#, Some("h")),
        start("apart", r#"{"id":"i"}"#, None),
        start("guarded", r#"{"id":"j"}"#, None),
        start("guarded", r#"{"id":"k"}"#, None),
        start("guarded", r#"{"id":"l"}"#, Some("l")),
        start("listen", "{}", None),
        start("listen", "{}", None),
        start("tell", r#"{"id":"m"}"#, None),
        start("tell", r#"{"id":"n"}"#, Some("n")),
        start("shifted", "{}", None),
        start("desk", r#"{"id":"o"}"#, None),
        start("desk", r#"{"id":"p"}"#, None),
        start("desk", r#"{"id":"q"}"#, None),
        start("letter", r#"{"id":"r"}"#, None),
        start("letter", r#"{"id":"s"}"#, None),
        start("letter", r#"{"id":"t"}"#, Some("t")),
    ];
    let payload = r#"{"by":"ann"}"#.to_owned();
    let signal = |flow: &str| SignalPlan {
        flow: flow.into(),
        signal: "approve".into(),
        payload: payload.clone(),
    };
    let told = EventPlan {
        event: "paid".into(),
        payload: r##"{"order":"#"}"##.to_owned(),
    };
    let signals = vec![signal("checkout"), signal("hear"), signal("desk")];
    Scenario {
        events: vec![told; 3],
        ..Scenario::new(starts, signals)
    }
}

fn sound(report: &Report) {
    if report.failure.is_some() {
        panic!(
            "{report}\nagain with: FLOWMESH_SEED={} cargo test -p flowmesh-host --test simulator",
            report.seed
        );
    }
}

#[test]
fn every_promise_is_kept_in_every_world() {
    let (program, scenario) = (program(), scenario());
    if let Some(seed) = std::env::var("FLOWMESH_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
    {
        let report = simulate(seed, &program, &scenario);
        println!("{report}");
        sound(&report);
        return;
    }
    let reports: Vec<Report> = (0..SEEDS)
        .map(|seed| simulate(seed, &program, &scenario))
        .collect();
    reports.iter().for_each(sound);
    let sum = |of: fn(&Report) -> u64| reports.iter().map(of).sum::<u64>();
    let (steps, crashes, sent) = (sum(|it| it.steps), sum(|it| it.crashes), sum(|it| it.sent));
    let (settled, heard) = (sum(|it| it.settled), sum(|it| it.heard));
    let (steered, decided) = (sum(|it| it.steered), sum(|it| it.decided));
    let continued = sum(|it| it.continued);
    println!(
        "{SEEDS} worlds: {steps} steps, {crashes} crashes, {sent} requests, {settled} tasks done, {heard} times heard, {steered} times steered, {decided} times decided, {continued} continued"
    );
    assert!(
        crashes > SEEDS && sent > 10 * SEEDS && settled > SEEDS && heard > SEEDS / 2,
        "things do go wrong in these worlds, and workers and events are heard"
    );
    assert!(
        steered > SEEDS && decided > SEEDS / 2 && continued > SEEDS / 2,
        "people steer runs in these worlds"
    );
}

#[test]
fn one_seed_is_one_world_to_the_last_byte() {
    let (program, scenario) = (program(), scenario());
    for seed in [0, 1, 7, 499] {
        assert_eq!(
            simulate(seed, &program, &scenario),
            simulate(seed, &program, &scenario)
        );
    }
    assert_ne!(
        simulate(0, &program, &scenario).hash,
        simulate(1, &program, &scenario).hash
    );
}

/// How many worlds it takes to see a bug.
fn found(bug: Bug) -> Option<u64> {
    let program = program();
    let scenario = Scenario {
        bug: Some(bug),
        ..scenario()
    };
    let found = (0..SEEDS).find(|seed| simulate(*seed, &program, &scenario).failure.is_some());
    println!("{bug:?} is seen by seed {found:?}");
    found
}

#[test]
fn an_acknowledgement_before_the_sync_is_seen() {
    assert!(found(Bug::AcknowledgeBeforeSync).is_some());
}

#[test]
fn a_call_sent_before_the_sync_is_seen() {
    assert!(found(Bug::SendBeforeSync).is_some());
}
