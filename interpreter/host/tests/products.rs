//! Simulated worlds in which flows produce things and others begin after them: a body whose target is there never runs, and
//! what was made starts what follows, once, whatever crashes in between.

#![expect(
    clippy::expect_used,
    reason = "a test ends at the first thing that is not as it should be"
)]

#[path = "support/programs.rs"]
mod programs;
#[path = "support/worlds.rs"]
mod worlds;

use flowmesh_host::simulate::{Bug, Scenario, StartPlan, simulate};

/// How many worlds there are.
const SEEDS: u64 = 200;

fn scenario() -> Scenario {
    let start = |id: &str, key: Option<&str>| StartPlan {
        flow: "made".into(),
        input: format!(r#"{{"id":"{id}"}}"#),
        key: key.map(str::to_owned),
    };
    let starts = vec![
        start("a", None),
        start("a", None),
        start("a", Some("a")),
        start("b", Some("b")),
        start("b", None),
        start("c", None),
        start("d", Some("d")),
    ];
    Scenario::new(starts, Vec::new())
}

#[test]
fn what_is_there_is_not_made_again_in_any_world() {
    let (program, scenario) = (programs::program("http://127.0.0.1:1"), scenario());
    let reports = worlds::each(SEEDS, |seed| {
        let report = simulate(seed, &program, &scenario);
        assert!(report.failure.is_none(), "{report}");
        report
    });
    let crashes: u64 = reports.iter().map(|report| report.crashes).sum();
    let sent: u64 = reports.iter().map(|report| report.sent).sum();
    assert!(
        crashes > SEEDS && sent > SEEDS,
        "{crashes} crashes, {sent} requests"
    );
}

#[test]
fn a_target_that_is_not_found_again_is_seen() {
    let program = programs::program("http://127.0.0.1:1");
    let scenario = Scenario {
        bug: Some(Bug::LookAway),
        ..scenario()
    };
    let seen = (0..20).find_map(|seed| simulate(seed, &program, &scenario).failure);
    assert!(seen.is_some_and(|failure| failure.contains("was told that there is no")));
}
