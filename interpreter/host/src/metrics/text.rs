//! The text that Prometheus reads (exposition format 0.0.4).

use super::{Histogram, Metrics, get, golden::golden};
use crate::engine::{Stand, view::State};
use flowmesh_mesh::{Measures, VisitMeasures};
use std::{collections::BTreeMap, fmt::Write};

/// Names that others give are told of at most so many; what is beyond is told as one.
const NAMES_MAX: usize = 200;

/// What is not counted but looked up.
pub(crate) struct Looked {
    pub(crate) stand: Stand,
    /// How many runs there are in each state.
    pub(crate) runs: BTreeMap<State, u64>,
    /// How many tasks each queue has that no worker has.
    pub(crate) queues: BTreeMap<String, usize>,
    pub(crate) store_bytes: u64,
    /// What was measured of visits, of calls, and spans that were let go of by whoever takes them.
    pub(crate) visits: Vec<VisitMeasures>,
    pub(crate) measures: Measures,
    pub(crate) undelivered: u64,
}

/// What is looked up in a process that keeps no runs.
pub(crate) struct Alone {
    /// What was measured of visits, of calls, and spans that were let go of by whoever takes them.
    pub(crate) visits: Vec<VisitMeasures>,
    pub(crate) measures: Measures,
    pub(crate) undelivered: u64,
    /// Whether its gateways are open, and it is not about to stop.
    pub(crate) ready: bool,
}

#[derive(Default)]
pub(super) struct Page(String);

/// What is measured in a process that has gateways, and keeps no runs.
pub(crate) fn alone(looked: &Alone) -> String {
    let mut page = Page::default();
    page.build();
    page.one(
        "flowmesh_ready",
        "gauge",
        "Whether visitors may be sent here",
        u8::from(looked.ready),
    );
    page.one(
        "flowmesh_untraced_total",
        "counter",
        "Spans that were not sent, because more came than could be taken or nobody took them",
        looked.undelivered,
    );
    golden(&mut page, &looked.visits, &looked.measures);
    page.text()
}

pub(crate) fn text(metrics: &Metrics, looked: &Looked) -> String {
    let mut page = Page::default();
    let stand = &looked.stand;
    page.build();
    page.head("flowmesh_runs", "gauge", "Runs, by state");
    for (state, count) in &looked.runs {
        page.line("flowmesh_runs", &[("state", state.as_str())], count);
    }
    page.one(
        "flowmesh_runs_started_total",
        "counter",
        "Runs that were started",
        get(&metrics.started),
    );
    page.head(
        "flowmesh_runs_ended_total",
        "counter",
        "Runs that ended, by the state they ended in",
    );
    for (state, count) in metrics.ended() {
        page.line("flowmesh_runs_ended_total", &[("state", state.as_str())], count);
    }
    page.one(
        "flowmesh_events_total",
        "counter",
        "Events of runs",
        get(&metrics.events),
    );
    let runs = "From the start of a run to its end";
    page.seconds("flowmesh_run_duration_seconds", runs, &metrics.runs);
    page.seconds(
        "flowmesh_call_duration_seconds",
        "From a call of a step to its reply",
        &metrics.calls,
    );
    page.one(
        "flowmesh_calls_open",
        "gauge",
        "Calls on their way",
        get(&metrics.calls_open),
    );
    let commits = "Writing a batch to the journal and making it stable";
    page.seconds("flowmesh_commit_duration_seconds", commits, &metrics.commits);
    page.histogram(
        "flowmesh_commit_records",
        "Records of one commit",
        &metrics.commit_records,
        1.0,
    );
    page.one(
        "flowmesh_timers",
        "gauge",
        "Timers of the runs in memory that are armed",
        stand.timers,
    );
    let behind = "How long the next timer has been due";
    page.one(
        "flowmesh_timers_behind_seconds",
        "gauge",
        behind,
        stand.behind.as_secs_f64(),
    );
    let unindexed = "Changes that the index was given and has not taken";
    page.one("flowmesh_index_behind", "gauge", unindexed, stand.unindexed);
    page.one(
        "flowmesh_journal_full",
        "gauge",
        "Whether there is no room for the journal",
        u8::from(stand.full),
    );
    page.one(
        "flowmesh_store_bytes",
        "gauge",
        "What the store takes on the disk",
        looked.store_bytes,
    );
    page.head(
        "flowmesh_queue_tasks",
        "gauge",
        "Tasks that wait for a worker, by queue",
    );
    for (queue, tasks) in looked.queues.iter().take(NAMES_MAX) {
        page.line("flowmesh_queue_tasks", &[("queue", queue)], tasks);
    }
    page.head(
        "flowmesh_http_requests_total",
        "counter",
        "Requests to the API, by status",
    );
    for (class, count) in ["1xx", "2xx", "3xx", "4xx", "5xx"].iter().zip(&metrics.answered) {
        page.line("flowmesh_http_requests_total", &[("status", class)], get(count));
    }
    let requests = "From a request to the head of its answer; those that wait take as long as they asked for";
    page.seconds(
        "flowmesh_http_request_duration_seconds",
        requests,
        &metrics.requests,
    );
    page.one(
        "flowmesh_segments_freed_total",
        "counter",
        "Segments of the journal that compaction let go of",
        get(&metrics.freed),
    );
    page.one(
        "flowmesh_runs_retired_total",
        "counter",
        "Runs that ended long ago and were let go of",
        get(&metrics.retired),
    );
    page.one(
        "flowmesh_untraced_total",
        "counter",
        "Events and attempts of which no span was made, and spans that were not sent, because more came than could be taken or nobody took them",
        get(&metrics.untraced).saturating_add(looked.undelivered),
    );
    page.one(
        "flowmesh_http_connections",
        "gauge",
        "Open connections to the API",
        get(&metrics.connections),
    );
    golden(&mut page, &looked.visits, &looked.measures);
    page.text()
}

impl Page {
    pub(super) fn text(self) -> String {
        self.0
    }

    fn build(&mut self) {
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        self.head("flowmesh_build_info", "gauge", "The version that runs");
        self.line("flowmesh_build_info", &version, 1);
    }

    pub(super) fn head(&mut self, name: &str, kind: &str, help: &str) {
        // Writing into a String cannot fail; so below.
        let _ = write!(self.0, "# HELP {name} {help}.\n# TYPE {name} {kind}\n");
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, value: impl std::fmt::Display) {
        self.head(name, kind, help);
        self.line(name, &[], value);
    }

    pub(super) fn line(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        self.0.push_str(name);
        let labels: Vec<String> = labels
            .iter()
            .map(|(name, value)| format!("{name}=\"{}\"", escape(value)))
            .collect();
        if !labels.is_empty() {
            let _ = write!(self.0, "{{{}}}", labels.join(","));
        }
        let _ = writeln!(self.0, " {value}");
    }

    fn seconds(&mut self, name: &str, help: &str, histogram: &Histogram) {
        self.histogram(name, help, histogram, 1e6);
    }

    fn histogram(&mut self, name: &str, help: &str, histogram: &Histogram, unit: f64) {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a sum of microseconds is exact for centuries"
        )]
        let scaled = |value: u64| value as f64 / unit;
        self.head(name, "histogram", help);
        let mut all = 0;
        let bucket = format!("{name}_bucket");
        for (bound, count) in histogram.cumulative() {
            let bound = bound.map_or_else(|| "+Inf".to_owned(), |bound| scaled(bound).to_string());
            self.line(&bucket, &[("le", &bound)], count);
            all = count;
        }
        self.line(&format!("{name}_sum"), &[], scaled(histogram.sum()));
        self.line(&format!("{name}_count"), &[], all);
    }
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
