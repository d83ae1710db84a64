//! Two thousand worlds, each decided by its seed. `FLOWMESH_SEED=7` lets one of them happen alone and shows it,
//! `FLOWMESH_SEEDS=100000` many, best with `cargo test --release`; `FLOWMESH_SEEDS_FROM` is where they begin.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test ends at the first thing that is not as it should be"
)]

#[path = "support/desk.rs"]
mod desk;
#[path = "support/programs.rs"]
mod programs;
#[path = "support/worlds.rs"]
mod worlds;

use flowmesh_host::simulate::{
    Bug, EventPlan, Report, RequestPlan, Scenario, SignalPlan, StartPlan, simulate,
};
use flowmesh_ir::{
    Program, StateId, Value,
    expr::Expr,
    flow::{End, Instruction, State},
};
use std::sync::Arc;

/// How many worlds there are, unless somebody wants more.
const SEEDS: u64 = 2000;
/// In so many worlds a bug must show.
const BUG_SEEDS: u64 = 200;

fn program() -> Program {
    let mut program = programs::program("http://127.0.0.1:1");
    desk::add(&mut program);
    program
}

/// The same program with logs everywhere, and all states under other numbers.
fn newer(program: &Program) -> Program {
    let mut newer = program.clone();
    let log = |text| Instruction::Log(Expr::Constant(Value::string(text)));
    for flow in newer.flows.iter_mut().map(Arc::make_mut) {
        for state in &mut flow.states {
            state.code.insert(0, log("here"));
            state.end.each_next(|next| next.0 += 1);
        }
        let first = State {
            code: vec![log("first")],
            end: End::Jump(StateId(flow.entry.0 + 1)),
            step: None,
        };
        flow.states.insert(0, first);
        flow.entry = StateId(0);
    }
    newer
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
    let request = RequestPlan {
        start: start("hear", "{}", None),
        signal: "approve".into(),
        payload: r##"{"by":"request #"}"##.to_owned(),
    };
    Scenario {
        events: vec![told; 3],
        requests: vec![request; 3],
        ..Scenario::new(starts, signals)
    }
}

/// The same, while one version of the program and another take turns.
fn upgrading(program: &Program) -> Scenario {
    Scenario {
        newer: Some(Arc::new(newer(program))),
        deploys: 6,
        ..scenario()
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

/// A number from the environment.
fn number(name: &str, otherwise: u64) -> u64 {
    let said = std::env::var(name).ok();
    said.map_or(otherwise, |said| said.parse().expect("a number"))
}

#[test]
fn every_promise_is_kept_in_every_world() {
    let (program, scenario) = (program(), scenario());
    if std::env::var("FLOWMESH_SEED").is_ok() {
        let seed = number("FLOWMESH_SEED", 0);
        let report = simulate(seed, &program, &scenario);
        println!("{report}");
        sound(&report);
        return;
    }
    let (from, seeds) = (number("FLOWMESH_SEEDS_FROM", 0), number("FLOWMESH_SEEDS", SEEDS));
    let reports = worlds::each(seeds, |seed| {
        let report = simulate(from + seed, &program, &scenario);
        sound(&report);
        report
    });
    let sum = |of: fn(&Report) -> u64| reports.iter().map(of).sum::<u64>();
    let (steps, crashes, sent) = (sum(|it| it.steps), sum(|it| it.crashes), sum(|it| it.sent));
    let (settled, heard) = (sum(|it| it.settled), sum(|it| it.heard));
    let (steered, decided) = (sum(|it| it.steered), sum(|it| it.decided));
    let (continued, came_back) = (sum(|it| it.continued), sum(|it| it.came_back));
    let (freed, repeated) = (sum(|it| it.freed), sum(|it| it.repeated));
    println!(
        "{seeds} worlds: {steps} steps, {crashes} crashes, {sent} requests, {settled} tasks done, {heard} times heard, {steered} times steered, {decided} times decided, {continued} continued, {came_back} came back, {freed} segments let go of, {repeated} requests answered again"
    );
    assert!(
        crashes > seeds && sent > 10 * seeds && settled > seeds && heard > seeds / 2,
        "things do go wrong in these worlds, and workers and events are heard"
    );
    assert!(freed > seeds, "segments go in these worlds");
    assert!(repeated > seeds, "requests come again in these worlds");
    assert!(
        came_back > seeds,
        "runs leave memory and come back in these worlds"
    );
    assert!(
        steered > seeds && decided > seeds / 2 && continued > seeds / 2,
        "people steer runs in these worlds"
    );
}

#[test]
fn runs_move_between_programs_in_every_world() {
    let program = program();
    let scenario = upgrading(&program);
    let from = number("FLOWMESH_SEEDS_FROM", 0);
    let seeds = number("FLOWMESH_SEEDS", SEEDS / 4);
    let reports = worlds::each(seeds, |seed| {
        let report = simulate(from + seed, &program, &scenario);
        sound(&report);
        report
    });
    let sum = |of: fn(&Report) -> u64| reports.iter().map(of).sum::<u64>();
    let (moved, crashes, continued) = (sum(|it| it.moved), sum(|it| it.crashes), sum(|it| it.continued));
    println!("{seeds} worlds: {moved} moves, {crashes} crashes, {continued} continued");
    assert!(moved > 10 * seeds && crashes > seeds && continued > seeds / 2);
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

/// Those bugs of which the worlds of this file hold nothing that they would spoil: `schedules.rs`, `products.rs` and
/// `results.rs` see to them, and the worlds of the workspace's own tests.
const ELSEWHERE: [Bug; 9] = [
    Bug::ForgetSchedules,
    Bug::ReuseTokens,
    Bug::RateFromRestart,
    Bug::ForgetAgeing,
    Bug::CompactWithoutBetween,
    Bug::LookAway,
    Bug::ReuseForEver,
    Bug::ReuseOfAnyKey,
    Bug::LeaveOutResults,
];

/// What the report of a bug says, one of these, so that none is found for another reason.
fn broken_by(bug: Bug) -> &'static [&'static str] {
    match bug {
        Bug::AcknowledgeBeforeSync => &["UnknownRun", "was acknowledged and is lost"],
        Bug::IgnoreFullDisk => &[
            "UnknownRun",
            "expected a record here, found the end",
            "one was told that it is done",
        ],
        Bug::CutWholeBatch => &["UnknownRun", "found the end behind batch"],
        Bug::SendBeforeSync => &["does not follow from the journal", "must not be sent twice"],
        Bug::OtherKeyAfterRestart => &["does not follow from the journal"],
        Bug::ForgetSchedules => &["schedule"],
        Bug::RetryFailedSync => &[
            "the journal is damaged",
            "UnknownRun",
            "one was told that it is done",
        ],
        Bug::WriteAllButOne => &["was said to come to", "is not in the journal, and runs need it"],
        Bug::LeaveOutOfIndex => &[
            "expected the place of event 0",
            "it has events and no beginning",
            "UnknownRun",
        ],
        Bug::LeaveOutTimers | Bug::ForgetTimers | Bug::SnapshotWithoutTimers => {
            &["and nobody will bring it", "stands still"]
        }
        Bug::IndexLate => &["came back otherwise", "UnknownRun"],
        Bug::IndexAhead => &["found the end behind batch", "one was told that it is done"],
        Bug::ForgetHolders => &["is held by", "guards stand at"],
        Bug::ForgetKeys => &["and is run"],
        Bug::ForgetRequestKeys => &["and began 2 runs", "and heard 2 times", "and then"],
        Bug::FireEarly => &["dated later"],
        Bug::RepeatOnce => &["must not be sent twice"],
        Bug::LoseReply => &["stands still"],
        Bug::ForgetUndoInMove => &["came back otherwise", "should have undone", "after a replay as"],
        Bug::ForgetValuesOfMove => &[
            "came back otherwise",
            "after a replay as",
            "does not follow",
            "cannot go on",
            "should have undone",
        ],
        Bug::PretendUndone => &["was answered, and was never sent"],
        Bug::ReuseTokens => &["the last token was"],
        Bug::RateFromRestart => &["in within"],
        Bug::ForgetAgeing => &["was let in before"],
        Bug::CompactWithoutKeys => &[
            "after a replay as",
            "and is run",
            "came back otherwise",
            "not written down as it was",
        ],
        Bug::CompactWithoutOrder => &["after a replay", "was let in before", "and asked nothing"],
        Bug::CompactWithoutBetween => &["schedule"],
        Bug::LookAway => &["there is no"],
        Bug::ReuseNonces => &["encrypted with a nonce that something else"],
        Bug::ReuseForEver => &["older than its time"],
        Bug::ReuseOfAnyKey => &["that was not recorded"],
        Bug::LeaveOutResults => &["that there is no result", "the index has the results"],
    }
}

#[test]
fn every_promise_that_is_broken_is_seen() {
    let program = program();
    let bugs: Vec<Bug> = Bug::ALL
        .into_iter()
        .filter(|bug| !ELSEWHERE.contains(bug))
        .collect();
    let seen = worlds::each(bugs.len() as u64, |at| {
        let bug = bugs[usize::try_from(at).expect("there are few bugs")];
        let moves = matches!(bug, Bug::ForgetUndoInMove | Bug::ForgetValuesOfMove);
        let scenario = Scenario {
            bug: Some(bug),
            ..if moves { upgrading(&program) } else { scenario() }
        };
        let seen = (0..BUG_SEEDS).find_map(|seed| {
            let failure = simulate(seed, &program, &scenario).failure?;
            Some((seed, failure))
        });
        (bug, seen)
    });
    for (bug, seen) in &seen {
        let (seed, failure) = seen.as_ref().map_or((None, "nothing"), |(seed, failure)| {
            (Some(*seed), failure.lines().next().unwrap_or_default())
        });
        println!("{bug:?}: {seed:?}, {failure}");
    }
    let as_expected = |(bug, seen): &(Bug, Option<(u64, String)>)| {
        seen.as_ref()
            .is_some_and(|(_, failure)| broken_by(*bug).iter().any(|why| failure.contains(why)))
    };
    let unseen = seen.iter().filter(|seen| !as_expected(seen));
    let unseen: Vec<Bug> = unseen.map(|(bug, _)| *bug).collect();
    assert!(
        unseen.is_empty(),
        "in {BUG_SEEDS} worlds nobody saw {unseen:?}, or saw something else"
    );
}
