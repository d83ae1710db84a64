//! What one process was lent of a limit that it shares, and has not spent yet.

use crate::decide::ledger::Grant;
use flowmesh_ir::traffic::{LEASE_MS, Lent};
use std::{collections::VecDeque, time::Duration};

/// For how long what is lent may be spent, from when it was asked for.
const LEASE: Duration = Duration::from_millis(LEASE_MS);

/// What was lent of one key.
#[derive(Debug, Default)]
pub(super) struct Purse {
    /// How many, and until when; what ends first is spent first.
    lent: VecDeque<(u32, Duration)>,
    /// How many were asked for, while the answer is awaited.
    asked: Option<u32>,
    /// Before this there is nothing to be had.
    due: Duration,
    /// How many were spent since more was lent, and when that was.
    spent: u32,
    told: Duration,
    /// How many those will be who come next, as far as can be known.
    ahead: u32,
}

impl Purse {
    /// How many may begin.
    pub(super) fn has(&self, now: Duration) -> usize {
        let good = self.lent.iter().filter(|(_, until)| *until > now);
        let all: u32 = good.fold(0, |all, (count, _)| all.saturating_add(*count));
        usize::try_from(all).unwrap_or(usize::MAX)
    }

    /// Spends one.
    pub(super) fn spend(&mut self, now: Duration) {
        self.lent.retain(|(count, until)| *count > 0 && *until > now);
        if let Some((count, _)) = self.lent.front_mut() {
            *count = count.saturating_sub(1);
        }
        self.spent = self.spent.saturating_add(1);
    }

    /// When there is something to be had again, where it is known that there is nothing now.
    pub(super) fn due(&self, now: Duration) -> Option<Duration> {
        (self.due > now).then_some(self.due)
    }

    /// How many to ask for while so many wait, if it is time to ask.
    pub(super) fn want(&self, waiting: usize, terms: Lent, now: Duration) -> Option<u32> {
        if self.asked.is_some() || self.due(now).is_some() {
            return None;
        }
        let has = self.has(now);
        let short = u32::try_from(waiting.saturating_sub(has)).unwrap_or(u32::MAX);
        let ahead = self.ahead.min(portion(terms));
        // Who comes often is not kept waiting for an answer. One alone is: what is lent in vain, others lack.
        let is_low = ahead > 1 && has < usize::try_from(ahead / 2).unwrap_or(usize::MAX).max(1);
        (short > 0 || is_low).then(|| short.saturating_add(ahead))
    }

    /// So many were asked for.
    pub(super) fn asks(&mut self, want: u32) {
        self.asked = Some(want);
    }

    /// What was asked for at a time was answered.
    pub(super) fn told(&mut self, grant: Grant, asked: Duration, now: Duration) {
        let is_long_ago = asked > self.told.saturating_add(LEASE);
        let was_enough = self.has(now) > 0;
        self.ahead = match (is_long_ago, was_enough) {
            (true, _) => 0,
            (false, true) => self.spent,
            (false, false) => self.spent.max(1).saturating_mul(2),
        };
        let is_all = self.asked.take().is_some_and(|want| grant.granted >= want);
        (self.spent, self.told) = (0, now);
        self.due = if is_all {
            Duration::ZERO
        } else {
            now.saturating_add(grant.after)
        };
        self.lent.retain(|(count, until)| *count > 0 && *until > now);
        if grant.granted > 0 {
            // It was lent after it was asked for, so that it ends for us no later than for who lent it.
            self.lent.push_back((grant.granted, asked.saturating_add(LEASE)));
        }
    }

    /// Nobody answered.
    pub(super) fn untold(&mut self) {
        self.asked = None;
    }

    /// Whether nothing is lost if it is forgotten.
    pub(super) fn is_at_rest(&self, now: Duration) -> bool {
        self.asked.is_none() && self.due <= now && self.has(now) == 0
    }
}

/// The most that is asked for in advance: what comes in while it may be spent. Lost to others if it is not.
fn portion(terms: Lent) -> u32 {
    let lease = LEASE_MS.saturating_mul(1_000_000);
    u32::try_from(lease.checked_div(terms.interval).unwrap_or(0)).unwrap_or(u32::MAX)
}
