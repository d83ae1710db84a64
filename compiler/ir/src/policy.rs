//! The one definition of timeout, retry and balance, whoever carries it out. Plain data without behaviour.

use crate::{
    ErrorId, Name,
    expr::Expr,
    traffic::{
        Breaker, Cache, Cors, Fault, Health, Hedge, Limit, Mirror, Onward, Priority, Rewrite, Sticky, Tls,
        Trace,
    },
};
use serde::{Deserialize, Serialize};

/// Everything that holds for one call, after all overrides.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// How long things may take.
    pub timeout: Timeout,
    /// Whether and how a failed attempt is repeated; `None` is one attempt.
    pub retry: Option<Retry>,
    /// How an endpoint is picked.
    pub balance: Balance,
    /// What `ring_hash` and `maglev` look at: a text over the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<Expr>,
    /// The weights of `weights`, one for each address, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weights: Vec<u32>,
    /// How visitors stay with an endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sticky: Option<Sticky>,
    /// When what is read is asked for a second time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hedge: Option<Hedge>,
    /// When an endpoint is left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breaker: Option<Breaker>,
    /// How much is let through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
    /// Who is let through first by a limit that finds out how much can be done; normal where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// How endpoints are asked whether they are well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<Health>,
    /// How connections are made safe.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// Where requests go while nobody is there who could take them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failover: Option<Onward>,
    /// Where copies go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mirror: Option<Mirror>,
    /// Trouble made on purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
    /// Headers of every request: texts over configs and constants.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(Name, Expr)>,
    /// What is changed of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rewrite: Option<Rewrite>,
    /// Which pages of browsers may ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cors: Option<Cors>,
    /// Which answers are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<Cache>,
    /// What is kept of traces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<Trace>,
}

/// How long things may take, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeout {
    /// One attempt, from the choice of an endpoint to the last byte of the answer.
    pub attempt_ms: u64,
    /// The whole call with all attempts and the waiting between them.
    pub total_ms: u64,
    /// How long an unused connection is kept.
    pub idle_ms: u64,
}

/// How a failed attempt is repeated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Retry {
    /// The most attempts, the first included; at least 1.
    pub attempts: u32,
    /// What is worth another attempt.
    pub on: Vec<RetryOn>,
    /// How long to wait between attempts.
    pub backoff: Backoff,
    /// How many retries may be added to the calls of a service; `None` is without limit.
    pub budget: Option<Budget>,
}

/// What is worth another attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryOn {
    /// No connection came about; nothing was sent.
    Connect,
    /// The attempt took longer than it may.
    Timeout,
    /// A status of one class: 5 is 500 to 599.
    Class(u8),
    /// One status.
    Status(u16),
    /// The answer means this declared error.
    Error(ErrorId),
}

/// How long to wait before attempt `n + 1`: `base * factor^(n-1)`, at most `max`, then the jitter.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Backoff {
    /// The first wait, in milliseconds.
    pub base_ms: u64,
    /// The longest wait, in milliseconds.
    pub max_ms: u64,
    /// What each wait is multiplied by; 1 is a constant wait.
    pub factor: u32,
    /// How chance spreads the wait.
    pub jitter: Jitter,
}

/// How chance spreads a wait. Names as in "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Jitter {
    /// Anything from nothing to the whole wait.
    #[default]
    Full,
    /// Half the wait, and anything up to the other half.
    Equal,
    /// The wait as it is.
    None,
}

/// Retries are paid for by calls: each call puts `percent` of a retry into the budget of its service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// How many retries a hundred calls allow.
    pub percent: u32,
    /// How many retries are allowed per second at least, however few calls there are.
    pub min_per_second: u32,
}

/// How an endpoint is picked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Balance {
    /// One after the other.
    RoundRobin,
    /// The better of two drawn by chance, by peak EWMA latency times load.
    #[default]
    Ewma,
    /// By chance.
    Random,
    /// The one with the fewest requests on their way, of two drawn by chance.
    LeastRequests,
    /// The same endpoint for the same text of [`Policy::hash`], by a ring of hashes.
    RingHash,
    /// The same, by a Maglev table.
    Maglev,
    /// By chance, as often as [`Policy::weights`] says.
    Weights,
}

impl Default for Timeout {
    /// 5 s an attempt, 30 s a call, 60 s an idle connection.
    fn default() -> Self {
        Self {
            attempt_ms: 5_000,
            total_ms: 30_000,
            idle_ms: 60_000,
        }
    }
}

impl Default for Backoff {
    /// 100 ms, doubled up to 2 s, full jitter.
    fn default() -> Self {
        Self {
            base_ms: 100,
            max_ms: 2_000,
            factor: 2,
            jitter: Jitter::Full,
        }
    }
}

impl Default for Budget {
    /// A fifth of the calls and 10 a second, as Linkerd does.
    fn default() -> Self {
        Self {
            percent: 20,
            min_per_second: 10,
        }
    }
}
