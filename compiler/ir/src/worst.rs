//! The worst that can happen: how often each call is tried and how long it, and the flow around it, can take.
//!
//! Everything is counted as if each attempt took as long as it may. What has no end that can be known (a wait for ever, a
//! loop over a list) makes a time [`Time::open`]: it is then the least that the worst case takes.

mod region;
mod walk;

use crate::{
    FlowId, OperationId, PolicyId, Program, ServiceId, StateId,
    flow::{End, Target},
    policy::{Backoff, Policy},
};
use serde::Serialize;
use std::fmt;

/// A length of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Time {
    /// Milliseconds.
    pub ms: u64,
    /// Whether it may take longer.
    pub open: bool,
}

/// One call of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct CallWorst {
    /// The state that calls.
    pub state: StateId,
    /// The service.
    pub service: ServiceId,
    /// The operation.
    pub operation: OperationId,
    /// What holds for the call.
    pub policy: PolicyId,
    /// How often it is tried at the most.
    pub attempts: u32,
    /// How long all attempts and the waits between them take at the most, in milliseconds.
    pub ms: u64,
}

/// A flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FlowWorst {
    /// Which flow.
    pub flow: FlowId,
    /// How long a run of it takes at the most.
    pub time: Time,
    /// Its calls, in the order of their states.
    pub calls: Vec<CallWorst>,
}

/// The worst case of every flow.
#[must_use]
pub fn flows(program: &Program) -> Vec<FlowWorst> {
    let mut walk = walk::Walk::new(program);
    (0u32..)
        .map(FlowId)
        .zip(&program.flows)
        .map(|(id, flow)| FlowWorst {
            flow: id,
            time: walk.flow(id),
            calls: (0u32..)
                .map(StateId)
                .zip(&flow.states)
                .filter_map(|(at, state)| call(program, at, target(&state.end)?))
                .collect(),
        })
        .collect()
}

/// How long a run of a flow takes at the most.
#[must_use]
pub fn flow(program: &Program, id: FlowId) -> Time {
    walk::Walk::new(program).flow(id)
}

/// How long the calls of a region take at the most, without its deadline and without what sleeps or waits there on
/// purpose; nothing where the state begins no region.
#[must_use]
pub fn region(program: &Program, flow: FlowId, state: StateId) -> Option<Time> {
    walk::Walk::new(program).inside(flow, state)
}

/// What a state calls.
#[must_use]
pub fn target(end: &End) -> Option<&Target> {
    match end {
        End::Call(call) => Some(&call.target),
        End::Stream(stream) => Some(&stream.target),
        _ => None,
    }
}

fn call(program: &Program, state: StateId, target: &Target) -> Option<CallWorst> {
    let policy = program.policy(target.policy)?;
    Some(CallWorst {
        state,
        service: target.service,
        operation: target.operation,
        policy: target.policy,
        attempts: attempts(policy),
        ms: call_ms(policy),
    })
}

/// How often a call is tried at the most.
#[must_use]
pub fn attempts(policy: &Policy) -> u32 {
    policy.retry.as_ref().map_or(1, |retry| retry.attempts.max(1))
}

/// How long a call takes at the most: its attempts and waits, and never more than the whole call may take.
#[must_use]
pub fn call_ms(policy: &Policy) -> u64 {
    let attempts = attempts(policy);
    let waits = policy
        .retry
        .as_ref()
        .map_or(0, |retry| waits(&retry.backoff, attempts));
    let all = policy
        .timeout
        .attempt_ms
        .saturating_mul(u64::from(attempts))
        .saturating_add(waits);
    all.min(policy.timeout.total_ms)
}

/// The longest time that all waits between attempts take together.
#[must_use]
pub fn waits(backoff: &Backoff, attempts: u32) -> u64 {
    let mut sum = 0u64;
    let mut wait = backoff.base_ms;
    for _ in 1..attempts {
        sum = sum.saturating_add(wait.min(backoff.max_ms));
        wait = wait.saturating_mul(u64::from(backoff.factor));
    }
    sum
}

impl Time {
    /// So many milliseconds and no more.
    #[must_use]
    pub fn of(ms: u64) -> Self {
        Self { ms, open: false }
    }

    /// Longer than anybody can say.
    #[must_use]
    pub fn open() -> Self {
        Self { ms: 0, open: true }
    }

    /// One after the other.
    #[must_use]
    pub fn then(self, other: Self) -> Self {
        Self {
            ms: self.ms.saturating_add(other.ms),
            open: self.open || other.open,
        }
    }

    /// Whichever takes longer.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            ms: self.ms.max(other.ms),
            open: self.open || other.open,
        }
    }

    /// So many times one after the other.
    #[must_use]
    pub fn times(self, count: u64) -> Self {
        Self {
            ms: self.ms.saturating_mul(count),
            open: self.open,
        }
    }
}

/// As authors write it; what may take longer is at least that long.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = crate::print::millis(self.ms);
        match (self.open, self.ms) {
            (false, _) => f.write_str(&time),
            (true, 0) => f.write_str("as long as what it waits for"),
            (true, _) => write!(f, "{time} and what it waits for"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Time, attempts, call_ms, flows, waits};
    use crate::{
        policy::{Backoff, Policy, Retry, Timeout},
        sample,
    };

    #[test]
    fn waits_grow_up_to_the_longest() {
        let backoff = Backoff {
            base_ms: 100,
            max_ms: 300,
            factor: 2,
            ..Backoff::default()
        };
        assert_eq!(waits(&backoff, 1), 0);
        assert_eq!(waits(&backoff, 4), 100 + 200 + 300);
    }

    #[test]
    fn a_call_takes_its_attempts_and_no_more_than_its_total() {
        let mut policy = Policy {
            timeout: Timeout {
                attempt_ms: 1_000,
                total_ms: 10_000,
                idle_ms: 1,
            },
            retry: Some(Retry {
                attempts: 3,
                on: Vec::new(),
                backoff: Backoff::default(),
                budget: None,
            }),
            ..Policy::default()
        };
        assert_eq!((attempts(&policy), call_ms(&policy)), (3, 3_300));
        policy.timeout.total_ms = 2_000;
        assert_eq!(call_ms(&policy), 2_000);
    }

    #[test]
    fn the_shop_waits_for_people_and_two_services() {
        let program = sample::shop();
        let worst = flows(&program);
        assert_eq!(worst.len(), 1);
        assert!(worst[0].time > Time::of(0));
        assert!(!worst[0].calls.is_empty());
    }
}
