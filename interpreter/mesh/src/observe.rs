//! Who watches a call: for progress on a terminal, for the decision trail, for metrics.

use crate::decide::{attempts::Why, outcome::Outcome};
use std::time::Duration;

/// Hears what happens to one call. Called from within the call: implementers return at once and do not block.
pub trait Observer: Send + Sync {
    /// An attempt begins. Attempts count from 1.
    fn started(&self, attempt: u32) {
        let _ = attempt;
    }

    /// An attempt has ended.
    fn ended(&self, report: &AttemptReport<'_>);
}

/// How an attempt went, and what comes next.
#[derive(Clone, Copy, Debug)]
pub struct AttemptReport<'a> {
    /// Which attempt, from 1.
    pub attempt: u32,
    /// The subset it went to; empty where a service has only one.
    pub subset: &'a str,
    /// The endpoint; `None` where there was none.
    pub endpoint: Option<&'a str>,
    /// Where that stands, if somebody says it.
    pub zone: Option<&'a str>,
    /// What came of it; its text is for people.
    pub outcome: &'a Outcome,
    /// How long it took.
    pub took: Duration,
    /// What comes next.
    pub next: Next,
}

/// What comes after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Another attempt, after this wait.
    Retry(Duration),
    /// Nothing, and why.
    End(Why),
}

/// Nobody watches.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn ended(&self, _: &AttemptReport<'_>) {}
}
