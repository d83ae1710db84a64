//! The plan of one call: whether there is another attempt, when, and how long it may take.
//!
//! The order of the rules:
//!
//! 1. What was sent and must not be repeated is never sent again, whatever else is written.
//! 2. Only what `retry.on` names is worth another attempt, and only as many as `retry.attempts` says.
//! 3. The wait must end before the total does; a `Retry-After` makes it longer, never shorter.
//! 4. The budget is asked last, so that it pays only for retries that do happen, and before the wait,
//!    so that a thousand waiting calls cannot all find the same credit.

use super::{backoff, chance::Chance, outcome::Outcome};
use flowmesh_ir::{
    call::{Failure, Reply},
    policy::{Policy, Retry, RetryOn, Timeout},
    service::{EffectKind, OnStatus},
};
use std::{fmt, time::Duration};

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Send it.
    Attempt {
        /// Which attempt this is, from 1.
        number: u32,
        /// How long it may take.
        timeout: Duration,
    },
    /// Wait, then ask again.
    Wait {
        /// How long.
        delay: Duration,
    },
    /// The call has ended.
    Done {
        /// How.
        reply: Reply,
        /// Why there is no further attempt.
        why: Why,
    },
}

/// Why there is no further attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    /// It was answered, and the policy does not name this answer as worth another attempt.
    Answered,
    /// It was sent, or may have been, and may not be sent twice.
    Once,
    /// The policy does not name this failure as worth another attempt.
    NotNamed,
    /// The policy's attempts are used up.
    Attempts,
    /// The total would end before the wait does.
    Total,
    /// The retry budget of the service is used up.
    Budget,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Answered => "answered",
            Self::Once => "not sent twice: it may have been carried out, and it has no key",
            Self::NotNamed => "the policy names no retry for this",
            Self::Attempts => "the attempts are used up",
            Self::Total => "the total timeout leaves no time for another attempt",
            Self::Budget => "the retry budget of the service is used up",
        })
    }
}

/// One call on its way through its attempts.
#[derive(Clone, Debug)]
pub struct CallPlan<'p> {
    timeout: Timeout,
    retry: Option<&'p Retry>,
    on: &'p [OnStatus],
    effect: EffectKind,
    end: Duration,
    attempts: u32,
    last: Option<Outcome>,
}

impl<'p> CallPlan<'p> {
    /// A call that begins now. `on` says which status means which declared error.
    #[must_use]
    pub fn new(policy: &'p Policy, effect: EffectKind, on: &'p [OnStatus], now: Duration) -> Self {
        let end = now.saturating_add(Duration::from_millis(policy.timeout.total_ms));
        Self {
            timeout: policy.timeout,
            retry: policy.retry.as_ref(),
            on,
            effect,
            end,
            attempts: 0,
            last: None,
        }
    }

    /// The same without a second attempt, whatever the policy says: what is sent is there only once.
    #[must_use]
    pub fn single(self) -> Self {
        Self { retry: None, ..self }
    }

    /// What came of the attempt before.
    #[must_use]
    pub fn last(&self) -> Option<&Outcome> {
        self.last.as_ref()
    }

    /// How many attempts there were.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// What to do now: after an attempt with its outcome, at the beginning and after a wait with none.
    /// `pay` takes a retry out of the budget, or says that there is none.
    pub fn next(
        &mut self,
        now: Duration,
        outcome: Option<Outcome>,
        chance: &mut Chance<'_>,
        pay: &mut dyn FnMut() -> bool,
    ) -> Decision {
        let Some(outcome) = outcome else {
            return self.attempt(now);
        };
        let decided = self.retry_after(&outcome, now, chance, pay);
        self.last = Some(outcome);
        match decided {
            Ok(delay) => Decision::Wait { delay },
            Err(why) => self.done(why),
        }
    }

    fn attempt(&mut self, now: Duration) -> Decision {
        let left = self.end.saturating_sub(now);
        if left.is_zero() {
            return self.done(Why::Total);
        }
        self.attempts = self.attempts.saturating_add(1);
        let timeout = left.min(Duration::from_millis(self.timeout.attempt_ms));
        Decision::Attempt {
            number: self.attempts,
            timeout,
        }
    }

    /// How long to wait for another attempt, or why there is none.
    fn retry_after(
        &self,
        outcome: &Outcome,
        now: Duration,
        chance: &mut Chance<'_>,
        pay: &mut dyn FnMut() -> bool,
    ) -> Result<Duration, Why> {
        if matches!(outcome, Outcome::Answer { .. }) && !self.named(outcome) {
            return Err(Why::Answered);
        }
        if outcome.sent() && !self.effect.repeatable() {
            return Err(Why::Once);
        }
        let retry = self.retry.filter(|_| self.named(outcome)).ok_or(Why::NotNamed)?;
        if self.attempts >= retry.attempts {
            return Err(Why::Attempts);
        }
        let wait = backoff::wait(&retry.backoff, self.attempts, chance);
        let wait = wait.max(outcome.retry_after().unwrap_or_default());
        if now.saturating_add(wait) >= self.end {
            return Err(Why::Total);
        }
        if retry.budget.is_some() && !pay() {
            return Err(Why::Budget);
        }
        Ok(wait)
    }

    /// Whether the policy names this as worth another attempt. A connection that broke is what a proxy on the way
    /// would have answered 502 to, and counts as that.
    fn named(&self, outcome: &Outcome) -> bool {
        let on = self.retry.map(|retry| retry.on.as_slice()).unwrap_or_default();
        match outcome {
            Outcome::Answer { status, .. } => on.iter().any(|on| self.covers(*on, *status)),
            Outcome::Broken(_) => on.iter().any(|on| self.covers(*on, 502)),
            Outcome::Unsent(_) => on.contains(&RetryOn::Connect),
            Outcome::TimedOut { sent, .. } => {
                on.contains(&RetryOn::Timeout) || (!sent && on.contains(&RetryOn::Connect))
            }
            Outcome::Malformed(_) => false,
        }
    }

    fn covers(&self, on: RetryOn, status: u16) -> bool {
        match on {
            RetryOn::Connect | RetryOn::Timeout => false,
            RetryOn::Class(class) => status / 100 == u16::from(class),
            RetryOn::Status(one) => status == one,
            RetryOn::Error(error) => self
                .on
                .iter()
                .any(|on| on.status == status && on.raise.error == error),
        }
    }

    fn done(&self, why: Why) -> Decision {
        let reply = match &self.last {
            Some(outcome) => self.reply(outcome, why),
            None => Reply::Failed(Failure::Timeout(
                "the total timeout leaves no time for an attempt".to_owned(),
            )),
        };
        Decision::Done { reply, why }
    }

    fn reply(&self, outcome: &Outcome, why: Why) -> Reply {
        let once = !self.effect.repeatable();
        let told = |words: &str| self.told(words, why);
        Reply::Failed(match outcome {
            Outcome::Answer { status, body, .. } => {
                return Reply::Answer {
                    status: *status,
                    body: body.clone(),
                };
            }
            Outcome::Unsent(words) => Failure::Unavailable(told(words)),
            Outcome::TimedOut { sent: true, why } | Outcome::Broken(why) if once => {
                Failure::Unknown(told(why))
            }
            Outcome::TimedOut { why, .. } => Failure::Timeout(told(why)),
            Outcome::Broken(words) => Failure::Unavailable(told(words)),
            Outcome::Malformed(words) => Failure::BadReply(told(words)),
        })
    }

    /// The words of the last outcome, and what else the reader would ask: how often, and why not once more.
    fn told(&self, words: &str, why: Why) -> String {
        let mut told = words.to_owned();
        if self.attempts > 1 {
            told.push_str(&format!(" (the last of {} attempts)", self.attempts));
        }
        match why {
            Why::Once => {
                told.push_str("; it may have been carried out, and without a `key` it is not sent twice");
            }
            Why::Budget => told.push_str("; the retry budget of the service is used up"),
            Why::Total if self.attempts > 0 => {
                told.push_str("; the total timeout leaves no time for another attempt");
            }
            _ => {}
        }
        told
    }
}

#[cfg(test)]
mod tests;
