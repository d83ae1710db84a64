//! Numbers of policies: waits that end, attempts that happen, statuses that exist.

use super::{
    At as _, Invalid, ensure,
    expr::{Scope, Surroundings},
    in_range,
};
use crate::{
    Program,
    expr::Expr,
    policy::{Policy, Retry, RetryOn},
    traffic::{Onward, Sticky},
};

/// The longest time a policy may speak of, about 31 years: sums of such times fit any clock.
const MAX_MS: u64 = 1_000_000_000_000;

pub(super) fn check(program: &Program) -> Result<(), Invalid> {
    for (at, policy) in program.policies.iter().enumerate() {
        self::policy(program, policy).at(|| format!("policy {at}"))?;
    }
    Ok(())
}

/// What policies compute.
pub(super) fn check_texts(program: &Program, heights: &[usize]) -> Result<(), Invalid> {
    for (at, policy) in program.policies.iter().enumerate() {
        let place = || format!("policy {at}");
        super::mesh::limit(program, heights, policy.limit.as_ref()).at(place)?;
        let mut request = Scope::of_params(program, heights, Surroundings::Request, 0);
        let mut nothing = Scope::of_params(program, heights, Surroundings::Nothing, 0);
        policy
            .hash
            .iter()
            .try_for_each(|expr| request.check(expr).map(drop))
            .at(place)?;
        let tags = policy.trace.iter().flat_map(|trace| &trace.tags);
        let mut tags = tags;
        tags.try_for_each(|(_, expr)| nothing.check(expr).map(drop))
            .at(place)?;
        // They are computed when the program starts, where no run is known.
        let mut sent = Scope::of_params(program, heights, Surroundings::Sent, 0);
        for (_, expr) in &policy.headers {
            sent.check(expr).at(place)?;
            let mut of_run = false;
            expr.each(&mut |part| of_run |= matches!(part, Expr::Context(_)));
            ensure(!of_run, || "a header reads a run".to_owned()).at(place)?;
        }
    }
    Ok(())
}

fn policy(program: &Program, policy: &Policy) -> Result<(), Invalid> {
    let timeout = &policy.timeout;
    for (name, ms) in [
        ("attempt", timeout.attempt_ms),
        ("total", timeout.total_ms),
        ("idle", timeout.idle_ms),
    ] {
        ensure(ms > 0, || format!("the timeout `{name}` is 0"))?;
        ensure(ms <= MAX_MS, || {
            format!("the timeout `{name}` is longer than {MAX_MS} ms")
        })?;
    }
    let copies = policy.mirror.map(|mirror| mirror.to);
    for to in [copies, policy.failover].into_iter().flatten() {
        if let Onward::Service(service) = to {
            in_range("service", service.index(), program.services.len())?;
        }
    }
    if let Some(Sticky { key: Some(key), .. }) = &policy.sticky {
        in_range("secret", key.index(), program.secrets.len())?;
    }
    if let Some(hedge) = policy.hedge {
        ensure((2..=10).contains(&hedge.most) && hedge.after_ms > 0, || {
            "a hedge has from 2 to 10 attempts, and waits before each".to_owned()
        })?;
    }
    policy
        .retry
        .as_ref()
        .map_or(Ok(()), |retry| self::retry(program, retry))
}

fn retry(program: &Program, retry: &Retry) -> Result<(), Invalid> {
    ensure(retry.attempts >= 1, || {
        "a retry has 0 attempts; the first one counts".to_owned()
    })?;
    let backoff = &retry.backoff;
    ensure(backoff.factor >= 1, || "the factor of a backoff is 0".to_owned())?;
    ensure(backoff.base_ms <= backoff.max_ms, || {
        "the first wait is longer than the longest".to_owned()
    })?;
    ensure(backoff.max_ms <= MAX_MS, || {
        format!("a wait is longer than {MAX_MS} ms")
    })?;
    retry.on.iter().try_for_each(|on| match on {
        RetryOn::Connect | RetryOn::Timeout => Ok(()),
        RetryOn::Class(class) => ensure((1..=5).contains(class), || {
            format!("there is no class of statuses {class}xx")
        }),
        RetryOn::Status(status) => self::status(*status),
        RetryOn::Error(error) => in_range("error", error.index(), program.errors.len()),
    })
}

/// Checks that a number is a status of HTTP.
pub(super) fn status(status: u16) -> Result<(), Invalid> {
    ensure((100..=599).contains(&status), || {
        format!("there is no status {status}")
    })
}
