//! What holds for a call or a service once everything that is said of it is put together.

use crate::check::Globals;
use flowmesh_ir::{
    policy::{Backoff, Balance, Jitter, Policy, Retry, RetryOn},
    worst,
};

/// What holds, as a sentence.
pub(super) fn policy_text(globals: &Globals, policy: &Policy) -> String {
    let timeout = &policy.timeout;
    let time = crate::check::time;
    let mut text = format!(
        "each attempt {}, in all {}",
        time(timeout.attempt_ms),
        time(timeout.total_ms)
    );
    match &policy.retry {
        None => text.push_str("; one attempt"),
        Some(retry) => text.push_str(&retry_text(globals, retry)),
    }
    text.push_str(match policy.balance {
        Balance::RoundRobin => "; endpoints in turn",
        Balance::Ewma => "; the faster of two endpoints",
        Balance::Random => "; endpoints by chance",
        Balance::LeastRequests => "; the less busy of two endpoints",
        Balance::RingHash | Balance::Maglev => "; the same endpoint for the same text",
        Balance::Weights => "; endpoints by their weights",
    });
    text + &rest_text(policy) + &worst_text(policy)
}

/// At the worst: all attempts, and the waits between them.
fn worst_text(policy: &Policy) -> String {
    let time = crate::check::time(worst::call_ms(policy));
    match worst::attempts(policy) {
        1 => format!("\n\nat the worst {time}"),
        attempts => format!("\n\nat the worst {attempts} attempts within {time}"),
    }
}

/// What else was said: of most calls nothing is.
fn rest_text(policy: &Policy) -> String {
    let time = crate::check::time;
    let mut text = String::new();
    if let Some(hedge) = &policy.hedge {
        text += &format!("; asked again elsewhere after {}", time(hedge.after_ms));
    }
    if let Some(breaker) = &policy.breaker {
        let failures = breaker.failures.map(|failures| format!("{failures} failures"));
        let rate = breaker
            .rate
            .as_ref()
            .map(|rate| format!("{}% of {} calls failing", rate.percent, rate.of));
        let when: Vec<String> = failures.into_iter().chain(rate).collect();
        text += &format!(
            "; left alone for {} after {}",
            time(breaker.open_ms),
            when.join(" or ")
        );
    }
    if let Some(limit) = &policy.limit {
        let concurrent = limit.concurrent.map(|most| format!("{most} at once"));
        let found = limit
            .adaptive
            .then(|| "as many at once as it can take".to_owned());
        let rate = limit.rate.is_some().then(|| "a rate".to_owned());
        let most: Vec<String> = rate.into_iter().chain(concurrent).chain(found).collect();
        text += &format!("; limited to {}", most.join(" and "));
    }
    for (said, what) in [
        (policy.failover.is_some(), "led elsewhere while nobody is there"),
        (policy.mirror.is_some(), "copied elsewhere"),
        (policy.fault.is_some(), "with trouble made on purpose"),
        (policy.cache.is_some(), "kept as HTTP has it"),
        (policy.tls.is_some(), "over TLS"),
    ] {
        if said {
            text += &format!("; {what}");
        }
    }
    text
}

fn retry_text(globals: &Globals, retry: &Retry) -> String {
    let on: Vec<String> = retry
        .on
        .iter()
        .map(|on| match on {
            RetryOn::Connect => "connect".into(),
            RetryOn::Timeout => "timeout".into(),
            RetryOn::Class(class) => format!("{class}xx"),
            RetryOn::Status(status) => status.to_string(),
            RetryOn::Error(id) => globals
                .error(*id)
                .map_or_else(String::new, |error| error.name.to_string()),
        })
        .collect();
    let budget = retry
        .budget
        .map_or_else(String::new, |budget| format!(", budget {}%", budget.percent));
    let wait = backoff_text(&retry.backoff);
    format!(
        "; up to {} attempts on {}, {wait}{budget}",
        retry.attempts,
        on.join(", ")
    )
}

fn backoff_text(backoff: &Backoff) -> String {
    let time = crate::check::time;
    let jitter = match backoff.jitter {
        Jitter::Full => "full jitter",
        Jitter::Equal => "equal jitter",
        Jitter::None => "no jitter",
    };
    match backoff.factor {
        1 => format!("waiting {} ({jitter})", time(backoff.base_ms)),
        factor => {
            format!(
                "waiting {} times {factor} up to {} ({jitter})",
                time(backoff.base_ms),
                time(backoff.max_ms)
            )
        }
    }
}
