//! Those who are counted together: the bucket that they begin from, how many are on their way, and who waits.

use super::Heard;
use crate::decide::adaptive::Adaptive;
use flowmesh_ir::traffic::Limit;
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::sync::Notify;

/// How many may wait for their turn where the limit does not say it.
const QUEUE: usize = 1_000;

/// What a limit says, as it is counted with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// The nanoseconds that one more needs to begin; `None` where any number may.
    interval: Option<u64>,
    /// How many may begin at once after a pause.
    burst: u64,
    /// How many may be on their way, at the most.
    concurrent: Option<u32>,
    /// Whether it is found out how many may be.
    adaptive: bool,
    /// How many may wait.
    queue: usize,
}

/// Those who are counted together.
///
/// INVARIANT: whoever comes joins the end of `waiting` unless nobody waits, and only the first of them begins.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// When the bucket is full again, in nanoseconds: the one number that a token bucket needs (GCRA).
    full_at: u64,
    on_their_way: u32,
    waiting: VecDeque<(u64, Arc<Notify>)>,
    next: u64,
    /// What was found out, once somebody came.
    adaptive: Option<Box<Adaptive>>,
}

impl Rules {
    pub(super) fn new(limit: &Limit) -> Self {
        let interval = limit.rate.map(|rate| {
            // Rounded up: never more than the rate says.
            let nanos = rate.per_ms.saturating_mul(1_000_000);
            nanos.div_ceil(u64::from(rate.count.max(1)))
        });
        let usual = limit.rate.map_or(1, |rate| rate.count);
        Self {
            interval,
            burst: u64::from(limit.burst.unwrap_or(usual).max(1)),
            concurrent: limit.concurrent,
            adaptive: limit.adaptive,
            queue: match limit.queue {
                Some(queue) => usize::try_from(queue).unwrap_or(usize::MAX),
                // Whoever waits makes those behind wait, which is what the limit is there against.
                None if limit.adaptive => 0,
                None => QUEUE,
            },
        }
    }

    /// Whether it is found out how many may be on their way.
    pub(super) fn is_adaptive(&self) -> bool {
        self.adaptive
    }

    /// Whether it matters how many are on their way.
    pub(super) fn counts(&self) -> bool {
        self.concurrent.is_some() || self.adaptive
    }
}

impl Line {
    /// Begins, if nobody waits and there is room.
    pub(super) fn enter(&mut self, rules: &Rules, now: Duration) -> bool {
        if rules.adaptive && self.adaptive.is_none() {
            self.adaptive = Some(Box::new(Adaptive::new(rules.concurrent)));
        }
        let room = self.waiting.is_empty() && self.is_room(rules, now);
        if room {
            self.begin(rules, now);
        }
        room
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Whether nobody else may wait.
    pub(super) fn is_full(&self, rules: &Rules) -> bool {
        self.waiting.len() >= rules.queue
    }

    /// When somebody who stands behind so many may begin, by the rate alone.
    pub(super) fn due(&self, rules: &Rules, ahead: usize) -> Duration {
        let Some(interval) = rules.interval else {
            return Duration::ZERO;
        };
        let tokens = u64::try_from(ahead).unwrap_or(u64::MAX).saturating_add(1);
        let used = self.full_at.saturating_add(interval.saturating_mul(tokens));
        Duration::from_nanos(used.saturating_sub(interval.saturating_mul(rules.burst)))
    }

    /// Joins the end; the bell rings when it may be the turn of this number.
    pub(super) fn join(&mut self) -> (u64, Arc<Notify>) {
        let (number, bell) = (self.next, Arc::new(Notify::new()));
        self.next = self.next.wrapping_add(1);
        self.waiting.push_back((number, bell.clone()));
        (number, bell)
    }

    /// Begins, if it is the turn of this number; otherwise when to look again, which is `None` if the bell says it.
    pub(super) fn turn(&mut self, rules: &Rules, number: u64, now: Duration) -> Result<(), Option<Duration>> {
        let first = self.waiting.front().is_some_and(|(first, _)| *first == number);
        if !first || !self.has_slot(rules) {
            return Err(None);
        }
        if !self.is_room(rules, now) {
            return Err(Some(self.due(rules, 0)));
        }
        self.begin(rules, now);
        self.leave(number);
        Ok(())
    }

    /// Somebody who waited waits no more.
    pub(super) fn leave(&mut self, number: u64) {
        self.waiting.retain(|(waiting, _)| *waiting != number);
        self.call_first();
    }

    /// Somebody who was on the way has come to an end.
    pub(super) fn end(&mut self) {
        self.on_their_way = self.on_their_way.saturating_sub(1);
        self.call_first();
    }

    /// Whether nothing is lost if it is forgotten.
    pub(super) fn is_at_rest(&self, now: Duration) -> bool {
        self.on_their_way == 0 && self.waiting.is_empty() && self.full_at <= nanos(now)
    }

    fn is_room(&self, rules: &Rules, now: Duration) -> bool {
        self.has_slot(rules) && self.due(rules, 0) <= now
    }

    fn has_slot(&self, rules: &Rules) -> bool {
        let found = self.adaptive.as_ref().map(|adaptive| adaptive.limit());
        let most = found.or(rules.concurrent);
        most.is_none_or(|most| self.on_their_way < most)
    }

    /// Whether it is refused since as many are on their way as may be, by what was found out.
    pub(super) fn is_shed(&self, rules: &Rules) -> bool {
        rules.adaptive && !self.has_slot(rules)
    }

    /// Whoever is on the way was answered after so long, or not at all.
    pub(super) fn heard(&mut self, heard: Heard, took: Duration, now: Duration) {
        let Some(adaptive) = &mut self.adaptive else {
            return;
        };
        match heard {
            Heard::Answer => adaptive.answered(now, took, self.on_their_way),
            Heard::Nothing => adaptive.lost(now, self.on_their_way),
            Heard::Else => {}
        }
    }

    fn begin(&mut self, rules: &Rules, now: Duration) {
        if let Some(interval) = rules.interval {
            self.full_at = self.full_at.max(nanos(now)).saturating_add(interval);
        }
        // Nobody says when one ends that takes no slot.
        if rules.counts() {
            self.on_their_way = self.on_their_way.saturating_add(1);
        }
    }

    fn call_first(&self) {
        if let Some((_, bell)) = self.waiting.front() {
            bell.notify_one();
        }
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
