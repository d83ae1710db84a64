//! How the runs of a flow are kept: which go first, how many work at once, when they begin, by what they are found.

use crate::{Name, expr::Expr};
use serde::{Deserialize, Serialize};

/// What the host knows of the runs of a flow. `timeout` and `retry` are states of the flow, not settings of the host.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Conduct {
    /// Runs of more go first; 0 where nothing is said.
    pub priority: i32,
    /// How long a wait counts for as much as one of priority, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ageing_ms: Option<u64>,
    /// How many of its runs do their work at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<Concurrency>,
    /// How long its runs wait before anything else: a duration over the parameters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<Expr>,
    /// How long its runs wait for a newer one that takes their place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debounce: Option<Debounce>,
    /// How long its runs are kept after their end, in milliseconds, whatever the host says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_ms: Option<u64>,
    /// Texts by which its runs are found, over the parameters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<(Name, Expr)>,
}

/// How many runs of a flow do their work at once: `concurrency: { most: 5, per: customer, full: queue }`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Concurrency {
    /// How many, an int over the parameters; at least 1.
    pub most: Expr,
    /// What is counted apart, a text over the parameters; with [`Full::RoundRobin`] what takes turns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per: Option<Expr>,
    /// What happens where there are as many already.
    #[serde(default)]
    pub full: Full,
}

/// How a run waits for a newer one that takes its place: `debounce: { wait: 2s, per: page, most: 10s }`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Debounce {
    /// How long, a duration over the parameters.
    pub wait: Expr,
    /// Among which runs, a text over the parameters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per: Option<Expr>,
    /// Runs that take each other's place do so for no longer, a duration over the parameters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<Expr>,
}

/// What happens to a run of a flow that has as many as it may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Full {
    /// It waits for its turn.
    #[default]
    Queue,
    /// The oldest of the others is cancelled, and it begins when that one is undone.
    CancelRunning,
    /// It is cancelled.
    CancelNewest,
    /// It waits, and texts that are counted apart take turns; how many there may be counts for all of them.
    RoundRobin,
}

impl Full {
    /// All of them, as they are written.
    pub const WORDS: [&'static str; 4] = ["queue", "cancel_running", "cancel_newest", "round_robin"];

    /// By its word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        let all = [
            Self::Queue,
            Self::CancelRunning,
            Self::CancelNewest,
            Self::RoundRobin,
        ];
        all.into_iter().find(|full| full.as_str() == word)
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::CancelRunning => "cancel_running",
            Self::CancelNewest => "cancel_newest",
            Self::RoundRobin => "round_robin",
        }
    }
}

impl Conduct {
    /// How long a wait counts for as much as one of priority, where nothing is said: a minute.
    pub const AGEING_MS: u64 = 60_000;

    /// By how many microseconds its runs are ahead of those that began to wait at the same time and have no priority.
    #[must_use]
    pub fn ahead_us(&self, priority: i32) -> i128 {
        let ageing = i128::from(self.ageing_ms.unwrap_or(Self::AGEING_MS));
        i128::from(priority).saturating_mul(ageing).saturating_mul(1_000)
    }

    /// Every expression in it, over the parameters.
    pub fn each_expr(&self, mut what: impl FnMut(&Expr)) {
        self.tags.iter().for_each(|(_, tag)| what(tag));
        self.delay.iter().for_each(&mut what);
        if let Some(concurrency) = &self.concurrency {
            what(&concurrency.most);
            concurrency.per.iter().for_each(&mut what);
        }
        if let Some(debounce) = &self.debounce {
            what(&debounce.wait);
            debounce.per.iter().chain(&debounce.most).for_each(what);
        }
    }

    /// Whether nothing was said.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
