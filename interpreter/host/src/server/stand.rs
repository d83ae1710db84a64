//! How a server does, in numbers: for whoever looks after it, over all namespaces.

use super::{
    door::{Asker, Here},
    error::RequestError,
    identity::Namespaces,
    problem::Problem,
};
use crate::{
    engine::view::State,
    metrics::{Histogram, get},
};
use axum::{Extension, Json};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// Queues are told of at most so many.
const QUEUES_MAX: usize = 200;

/// How a server does.
#[derive(Serialize, JsonSchema)]
pub(super) struct ServerView {
    /// The version that runs.
    version: &'static str,
    /// Since when, in seconds.
    up_seconds: u64,
    /// Whether there is no room for the journal.
    full: bool,
    /// How many runs there are, by state.
    runs: BTreeMap<State, u64>,
    /// Runs that were started, since the process began.
    started: u64,
    /// Events that were written, since the process began.
    events: u64,
    /// Calls that wait for their reply.
    calls_open: u64,
    /// How long calls took.
    calls: Spread,
    /// How long it took to write a batch and make it stable.
    commits: Spread,
    /// Armed timers of runs in memory.
    timers: usize,
    /// How long the next timer has been due, in seconds.
    timers_behind_seconds: f64,
    /// Changes that the index was given and has not taken.
    index_behind: usize,
    /// What the store takes on the disk.
    store_bytes: u64,
    /// Connections to the API.
    connections: u64,
    /// Tasks that no worker has, by queue.
    queues: BTreeMap<String, usize>,
}

/// How often something took how long, since the process began.
#[derive(Serialize, JsonSchema)]
pub(super) struct Spread {
    /// How often.
    count: u64,
    /// How long all of it took, in seconds.
    sum_seconds: f64,
    /// A time in seconds, and how often it took no longer.
    within: Vec<(f64, u64)>,
}

impl From<&Histogram> for Spread {
    fn from(histogram: &Histogram) -> Self {
        let all = histogram.cumulative();
        Self {
            count: all.last().map_or(0, |(_, count)| *count),
            sum_seconds: seconds(histogram.sum()),
            within: all
                .into_iter()
                .filter_map(|(bound, count)| Some((seconds(bound?), count)))
                .collect(),
        }
    }
}

fn seconds(us: u64) -> f64 {
    std::time::Duration::from_micros(us).as_secs_f64()
}

pub(super) async fn show(
    Here(shared): Here,
    Extension(asker): Extension<Asker>,
) -> Result<Json<ServerView>, Problem> {
    // What others do shows in these numbers.
    if asker.caller.namespaces != Namespaces::All {
        return Err(RequestError::Namespace.into());
    }
    let host = shared.host;
    let stand = host.stand().await?;
    let runs = host.totals().await;
    let sized = host.clone();
    let store_bytes = tokio::task::spawn_blocking(move || sized.store_bytes()).await;
    let metrics = host.metrics();
    Ok(Json(ServerView {
        version: env!("CARGO_PKG_VERSION"),
        up_seconds: metrics.began.elapsed().as_secs(),
        full: stand.full,
        runs,
        started: get(&metrics.started),
        events: get(&metrics.events),
        calls_open: get(&metrics.calls_open),
        calls: Spread::from(&metrics.calls),
        commits: Spread::from(&metrics.commits),
        timers: stand.timers,
        timers_behind_seconds: stand.behind.as_secs_f64(),
        index_behind: stand.unindexed,
        store_bytes: store_bytes.unwrap_or_default(),
        connections: get(&metrics.connections),
        queues: host.workers().waiting().into_iter().take(QUEUES_MAX).collect(),
    }))
}
