//! What is measured while a host works, and how Prometheus reads it.
//!
//! Measuring is an addition to a number: no lock, nothing allocated, and nothing at all while a run takes a step. Runs and
//! events are counted when their rows are cut for the index, commits in the thread that writes.

mod doors;
mod golden;
mod histogram;
mod text;

pub(crate) use doors::Doors;
pub(crate) use histogram::Histogram;
pub(crate) use text::{Alone, Looked, alone, text};

use crate::{
    engine::view::State,
    store::{Change, Changes},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

/// Up to ten seconds, for what a machine or a service does; in microseconds.
const SHORT_US: &[u64] = &[
    500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
    5_000_000, 10_000_000,
];
/// Up to a week, for what people wait for; in microseconds.
const LONG_US: &[u64] = &[
    10_000,
    100_000,
    1_000_000,
    10_000_000,
    60_000_000,
    600_000_000,
    3_600_000_000,
    21_600_000_000,
    86_400_000_000,
    604_800_000_000,
];
/// Records of one commit.
const SIZES: &[u64] = &[1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000];

/// How often a state is met that is an end.
const ENDS: [State; 4] = [State::Done, State::Failed, State::Cancelled, State::Terminated];

/// What is measured.
pub(crate) struct Metrics {
    pub(crate) began: Instant,
    pub(crate) started: AtomicU64,
    ended: [AtomicU64; ENDS.len()],
    pub(crate) events: AtomicU64,
    /// From the start of a run to its end.
    pub(crate) runs: Histogram,
    /// From a call to its reply.
    pub(crate) calls: Histogram,
    pub(crate) calls_open: AtomicU64,
    /// Writing a batch and making it stable.
    pub(crate) commits: Histogram,
    pub(crate) commit_records: Histogram,
    pub(crate) requests: Histogram,
    /// By the first digit of their status, from 1.
    pub(crate) answered: [AtomicU64; 5],
    pub(crate) connections: AtomicU64,
    /// Segments of the journal that compaction let go of, and runs that ended long ago and were let go of.
    pub(crate) freed: AtomicU64,
    pub(crate) retired: AtomicU64,
    /// Events and attempts that were to be told as spans and were let go of.
    pub(crate) untraced: AtomicU64,
    /// The gateways of the program that is served.
    pub(crate) doors: Arc<Doors>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        Self {
            began: Instant::now(),
            started: AtomicU64::new(0),
            ended: Default::default(),
            events: AtomicU64::new(0),
            runs: Histogram::new(LONG_US),
            calls: Histogram::new(SHORT_US),
            calls_open: AtomicU64::new(0),
            commits: Histogram::new(SHORT_US),
            commit_records: Histogram::new(SIZES),
            requests: Histogram::new(SHORT_US),
            answered: Default::default(),
            connections: AtomicU64::new(0),
            freed: AtomicU64::new(0),
            retired: AtomicU64::new(0),
            untraced: AtomicU64::new(0),
            doors: Arc::default(),
        }
    }

    /// Rows were cut: what is new in them is counted.
    pub(crate) fn cut(&self, changes: &Changes) {
        for change in &changes.runs {
            let Change::Put(put) = change else { continue };
            let new = put.row.next.saturating_sub(put.first);
            add(&self.events, new);
            if put.first == 0 && new > 0 {
                add(&self.started, 1);
            }
            // The row of a run that has ended is cut again when another one goes on in its place.
            if put.row.ended && new > 0 {
                let state = put.row.state.parse::<State>().ok();
                let end = ENDS.iter().position(|end| Some(*end) == state);
                if let Some(count) = end.and_then(|end| self.ended.get(end)) {
                    add(count, 1);
                }
                let took = put.row.updated.duration_since(put.row.started);
                self.runs
                    .observe(u64::try_from(took.as_micros()).unwrap_or_default());
            }
        }
    }

    pub(crate) fn ended(&self) -> impl Iterator<Item = (State, u64)> {
        ENDS.into_iter().zip(self.ended.iter().map(get))
    }
}

pub(crate) fn add(number: &AtomicU64, by: u64) {
    number.fetch_add(by, Ordering::Relaxed);
}

pub(crate) fn take(number: &AtomicU64) {
    number.fetch_sub(1, Ordering::Relaxed);
}

pub(crate) fn get(number: &AtomicU64) -> u64 {
    number.load(Ordering::Relaxed)
}

/// One more of something for as long as this lives.
pub(crate) struct Open<'a>(&'a AtomicU64);

impl<'a> Open<'a> {
    pub(crate) fn new(number: &'a AtomicU64) -> Self {
        add(number, 1);
        Self(number)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        take(self.0);
    }
}
