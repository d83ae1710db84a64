//! A policy as the settings that would make it.

use super::{
    ty::error_name,
    value::{joined, millis},
};
use crate::{
    Program,
    policy::{Backoff, Balance, Jitter, Policy, Retry, RetryOn},
};

/// The settings of a policy, one line each.
pub(super) fn settings(program: &Program, policy: &Policy) -> Vec<String> {
    let timeout = &policy.timeout;
    let balance = match policy.balance {
        Balance::RoundRobin => "round_robin".to_owned(),
        Balance::Ewma => "ewma".to_owned(),
        Balance::Random => "random".to_owned(),
        Balance::LeastRequests => "least_requests".to_owned(),
        Balance::RingHash => format!("ring_hash({})", hash(program, policy)),
        Balance::Maglev => format!("maglev({})", hash(program, policy)),
        Balance::Weights => format!("weights({:?})", policy.weights),
    };
    let mut lines = vec![format!(
        "timeout: {{ attempt: {}, total: {}, idle: {} }}",
        millis(timeout.attempt_ms),
        millis(timeout.total_ms),
        millis(timeout.idle_ms)
    )];
    lines.push(
        policy
            .retry
            .as_ref()
            .map_or("retry: none".to_owned(), |retry| self::retry(program, retry)),
    );
    lines.push(format!("balance: {balance}"));
    lines.extend(super::traffic::settings(program, policy));
    lines
}

fn hash(program: &Program, policy: &Policy) -> String {
    let printer = super::expr::Printer::of_params(program, &[]);
    policy
        .hash
        .as_ref()
        .map_or(String::new(), |hash| printer.expr(hash))
}

/// The settings in which a policy differs from another.
pub(super) fn overrides(program: &Program, policy: &Policy, other: Option<&Policy>) -> Vec<String> {
    let known = other.map_or(Vec::new(), |other| settings(program, other));
    settings(program, policy)
        .into_iter()
        .filter(|line| !known.contains(line))
        .collect()
}

fn retry(program: &Program, retry: &Retry) -> String {
    let on = joined(retry.on.iter().map(|on| match on {
        RetryOn::Connect => "connect".to_owned(),
        RetryOn::Timeout => "timeout".to_owned(),
        RetryOn::Class(class) => format!("{class}xx"),
        RetryOn::Status(status) => status.to_string(),
        RetryOn::Error(error) => error_name(program, *error),
    }));
    let budget = retry.budget.map_or(String::new(), |budget| {
        format!(
            ", budget: {{ share: {}%, least: {}/s }}",
            budget.percent, budget.min_per_second
        )
    });
    let backoff = backoff(&retry.backoff);
    format!(
        "retry: {{ attempts: {}, on: [{on}], backoff: {backoff}{budget} }}",
        retry.attempts
    )
}

fn backoff(backoff: &Backoff) -> String {
    let jitter = match backoff.jitter {
        Jitter::Full => "full",
        Jitter::Equal => "equal",
        Jitter::None => "none",
    };
    let base = millis(backoff.base_ms);
    let max = millis(backoff.max_ms);
    format!(
        "exponential({base}, max: {max}, factor: {}, jitter: {jitter})",
        backoff.factor
    )
}
