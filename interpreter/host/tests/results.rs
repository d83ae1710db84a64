//! Simulated worlds in which runs reuse what others have recorded: only of the same call, no longer than its time, and
//! whenever it is there, whatever crashes in between.

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
/// In so many worlds a bug must show.
const BUG_SEEDS: u64 = 50;

fn scenario() -> Scenario {
    let start = |id: &str| StartPlan {
        flow: "reused".into(),
        input: format!(r#"{{"id":"{id}"}}"#),
        key: None,
    };
    let ids = ["a", "a", "b", "a", "b", "a", "c", "a", "b", "a", "a", "c"];
    Scenario::new(ids.into_iter().map(start).collect(), Vec::new())
}

#[test]
fn only_the_result_of_the_same_call_is_reused_and_not_for_longer_than_its_time_in_any_world() {
    let (program, scenario) = (programs::program("http://127.0.0.1:1"), scenario());
    let reports = worlds::each(SEEDS, |seed| {
        let report = simulate(seed, &program, &scenario);
        assert!(report.failure.is_none(), "{report}");
        report
    });
    let sum = |of: fn(&flowmesh_host::simulate::Report) -> u64| reports.iter().map(of).sum::<u64>();
    let (crashes, sent, reused) = (sum(|it| it.crashes), sum(|it| it.sent), sum(|it| it.reused));
    assert!(
        crashes > SEEDS && sent > SEEDS && reused > SEEDS,
        "{crashes} crashes, {sent} requests, {reused} results reused"
    );
}

#[test]
fn every_way_to_reuse_wrongly_is_seen() {
    let program = programs::program("http://127.0.0.1:1");
    let bugs = [
        (Bug::ReuseForEver, ["older than its time"].as_slice()),
        (Bug::ReuseOfAnyKey, &["that was not recorded"]),
        (
            Bug::LeaveOutResults,
            &["that there is no result", "the index has the results"],
        ),
    ];
    for (bug, why) in bugs {
        let scenario = Scenario {
            bug: Some(bug),
            ..scenario()
        };
        let seen = (0..BUG_SEEDS).find_map(|seed| simulate(seed, &program, &scenario).failure);
        let seen = seen.expect("somebody sees it");
        assert!(why.iter().any(|why| seen.contains(why)), "{bug:?}: {seen}");
    }
}
