//! Who makes a call, and who watches it: for progress on a terminal, for the decision trail, for metrics.

use crate::decide::{attempts::Why, outcome::Outcome};
use flowmesh_ir::{FlowId, Name, ServiceId};
use std::{fmt, time::Duration};

/// Hears what happens to one call. Called from within the call: implementers return at once and do not block.
pub trait Observer: Send + Sync {
    /// An attempt begins. Attempts count from 1.
    fn started(&self, attempt: u32) {
        let _ = attempt;
    }

    /// An attempt has ended.
    fn ended(&self, report: &AttemptReport<'_>);

    /// Who makes the call, where rules are asked whether it may go to another service too.
    fn asker(&self) -> Asker<'_> {
        Asker::Nobody
    }
}

/// Who makes a call, as rules see it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Asker<'a> {
    /// Nobody whom a rule names.
    #[default]
    Nobody,
    /// A run of a flow.
    Flow(FlowId),
    /// A visitor, who may go to these services beside the one that is asked for.
    Visitor(&'a [ServiceId]),
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
    /// Where it went instead, if it did not go where its policy sends it first.
    pub detour: Option<&'a Detour>,
    /// What came of it; its text is for people.
    pub outcome: &'a Outcome,
    /// How long it took.
    pub took: Duration,
    /// What comes next.
    pub next: Next,
}

/// Where an attempt went instead of where its policy sends it first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detour {
    /// The service or the subset, as the policy has it.
    pub to: Name,
    /// Which subset of the service it was; empty where it has only one.
    pub subset: Name,
    /// Why nobody could take it where it goes first.
    pub why: String,
}

impl fmt::Display for Detour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "failover to `{}`: {}", self.to, self.why)
    }
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
