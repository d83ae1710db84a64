//! What exploring came to, for programs.

use super::{Way, report};
use flowmesh_diagnostics::Sources;
use flowmesh_host::trial::{Explored, Limit};
use flowmesh_ir::test::Test;
use serde_json::{Value, json};
use std::time::Duration;

/// What was looked at, what ended the look if it was not the last state, and what goes wrong.
pub(super) fn data(
    test: &Test,
    explored: &Explored,
    took: Duration,
    way: Option<&Way>,
    sources: &Sources,
) -> Value {
    let limit = explored.limit.map(|limit| match limit {
        Limit::States => "states",
        Limit::Time => "time",
    });
    let bad = explored.bad.as_ref().zip(way).map(|(bad, way)| {
        json!({
            "otherwise": bad.otherwise,
            "failure": report::failure_data(&bad.failure, sources),
            "trail": report::trail_data(&bad.trail),
            "test": way.again.test,
            "same": way.same,
        })
    });
    json!({
        "title": test.title,
        "states": explored.states,
        "moves": explored.transitions,
        "unanswered": explored.unanswered,
        "limit": limit,
        "took_ms": took.as_secs_f64() * 1000.0,
        "bad": bad,
    })
}
