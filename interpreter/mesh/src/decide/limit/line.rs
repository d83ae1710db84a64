//! Those who are counted together: the bucket that they begin from, how many are on their way, and who waits.

use super::{Heard, Reason, purse::Purse, ranks::Ranks, said::SOON};
use crate::decide::adaptive::Adaptive;
use flowmesh_ir::traffic::{Lent, Limit, Priority};
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::sync::Notify;

/// How many may wait for their turn where the limit does not say it.
const QUEUE: usize = 1_000;

/// What a limit says, as it is counted with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// How often one may begin.
    pub(super) pace: Pace,
    /// How many may be on their way, at the most.
    concurrent: Option<u32>,
    /// Whether it is found out how many may be.
    adaptive: bool,
    /// How many may wait.
    queue: usize,
    /// The rank of whoever comes; that of all is the same where it is not found out how many may be on their way.
    priority: Priority,
}

/// How often one may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// As often as anybody wants.
    Any,
    /// As a rate says that nobody else holds.
    Own {
        /// The nanoseconds that one more needs.
        interval: u64,
        /// How many may begin at once after a pause.
        burst: u64,
        /// The bucket is not full before this time, in nanoseconds.
        from: u64,
    },
    /// As often as something is lent.
    Lent(Lent),
    /// Never.
    Closed,
}

/// Why it is not somebody's turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotYet {
    /// It may be at this time.
    At(Duration),
    /// The bell says when it is.
    Called,
    /// It will not be.
    Never(Reason),
}

/// Those who are counted together.
///
/// INVARIANT: whoever comes joins the end of `waiting` unless nobody of its rank or a higher one waits, and only the first
/// of these begins.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// When the bucket is full again, in nanoseconds: the one number that a token bucket needs (GCRA).
    full_at: u64,
    /// The nanoseconds that one needed when one began last by a rate of our own.
    interval: u64,
    /// What it is called among those who share the limit; `None` is what there is when there are too many.
    pub(super) name: Option<u128>,
    /// What was lent of a rate that is shared.
    pub(super) purse: Purse,
    on_their_way: u32,
    waiting: VecDeque<(u64, Priority, Arc<Notify>)>,
    ranks: Ranks,
    next: u64,
    /// What was found out, once somebody came.
    adaptive: Option<Box<Adaptive>>,
}

impl Rules {
    pub(super) fn new(limit: &Limit) -> Self {
        Self {
            pace: limit.rate.map_or(Pace::Any, |rate| Pace::Own {
                interval: rate.interval(),
                burst: rate.burst(limit.burst),
                from: 0,
            }),
            concurrent: limit.concurrent,
            adaptive: limit.adaptive,
            queue: match limit.queue {
                Some(queue) => usize::try_from(queue).unwrap_or(usize::MAX),
                // Whoever waits makes those behind wait, which is what the limit is there against.
                None if limit.adaptive => 0,
                None => QUEUE,
            },
            priority: Priority::Normal,
        }
    }

    /// The same for somebody of a rank.
    pub(super) fn of(mut self, priority: Priority) -> Self {
        if self.adaptive {
            self.priority = priority;
        }
        self
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
        self.ranks.comes(rules.priority, now);
        let mut before = self.waiting.iter().map(|(_, rank, _)| *rank);
        let room = !before.any(|rank| rank >= rules.priority) && self.is_room(rules, now);
        if room {
            self.begin(rules, now);
        }
        room
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Whether nobody else may wait. Who waits to hear whether there is something to be had needs no place for that.
    pub(super) fn is_full(&self, rules: &Rules, now: Duration) -> bool {
        let unknown = matches!(rules.pace, Pace::Lent(_)) && self.purse.due(now).is_none();
        self.waiting.len()
            >= if unknown {
                rules.queue.max(QUEUE)
            } else {
                rules.queue
            }
    }

    /// When somebody who stands behind so many may begin, by the rate alone, as far as it is known.
    pub(super) fn due(&self, rules: &Rules, ahead: usize, now: Duration) -> Duration {
        let ahead = u64::try_from(ahead).unwrap_or(u64::MAX);
        match rules.pace {
            Pace::Any => Duration::ZERO,
            Pace::Own {
                interval,
                burst,
                from,
            } => {
                let used = interval.saturating_mul(ahead.saturating_add(1));
                let used = self.full_at.max(from).saturating_add(used);
                Duration::from_nanos(used.saturating_sub(interval.saturating_mul(burst)))
            }
            Pace::Lent(terms) if self.purse.has(now) == 0 => {
                let behind = Duration::from_nanos(terms.interval.saturating_mul(ahead));
                let due = self.purse.due(now);
                due.map_or(Duration::ZERO, |due| due.saturating_add(behind))
            }
            Pace::Lent(_) => Duration::ZERO,
            Pace::Closed => now.saturating_add(SOON),
        }
    }

    /// How many to ask for where the rate is shared, for those who wait and so many more; `None` if none now.
    pub(super) fn want(&self, rules: &Rules, more: usize, now: Duration) -> Option<u32> {
        let Pace::Lent(terms) = rules.pace else {
            return None;
        };
        // Who waits for a slot cannot spend anything.
        let waiting = match self.has_slot(rules) {
            true => self.waiting.len().saturating_add(more),
            false => 0,
        };
        self.purse.want(waiting, terms, now)
    }

    /// How many began while it was counted alone, and have not come in since: told once.
    pub(super) fn owed(&mut self, now: Duration) -> u32 {
        let left = std::mem::take(&mut self.full_at).saturating_sub(nanos(now));
        u32::try_from(left.div_ceil(self.interval.max(1))).unwrap_or(u32::MAX)
    }

    /// Joins the end; the bell rings when it may be the turn of this number.
    pub(super) fn join(&mut self, rules: &Rules) -> (u64, Arc<Notify>) {
        let (number, bell) = (self.next, Arc::new(Notify::new()));
        self.next = self.next.wrapping_add(1);
        self.waiting.push_back((number, rules.priority, bell.clone()));
        (number, bell)
    }

    /// Begins, if it is the turn of this number.
    pub(super) fn turn(&mut self, rules: &Rules, number: u64, now: Duration) -> Result<(), NotYet> {
        if let Some(why) = self.is_hopeless(rules, number, now) {
            return Err(NotYet::Never(why));
        }
        // Only those of its rank or a higher one who came earlier go before it.
        let mut before = self.waiting.iter().filter(|(_, rank, _)| *rank >= rules.priority);
        let first = before.next().is_some_and(|(first, ..)| *first == number);
        if !first || !self.has_slot(rules) {
            return Err(NotYet::Called);
        }
        if !self.is_room(rules, now) {
            let is_asked = matches!(rules.pace, Pace::Lent(_)) && self.purse.due(now).is_none();
            return Err(if is_asked {
                NotYet::Called
            } else {
                NotYet::At(self.due(rules, 0, now))
            });
        }
        self.begin(rules, now);
        self.leave(number);
        Ok(())
    }

    /// Whether a rate that is shared turned out to have nothing for this number for longer than it may wait.
    fn is_hopeless(&self, rules: &Rules, number: u64, now: Duration) -> Option<Reason> {
        match rules.pace {
            Pace::Closed => Some(Reason::Away),
            Pace::Lent(_) => {
                self.purse.due(now)?;
                let place = self.waiting.iter().position(|(waiting, ..)| *waiting == number)?;
                let has_place = place < rules.queue.saturating_add(self.purse.has(now));
                (!has_place).then_some(Reason::Full(rules.queue))
            }
            _ => None,
        }
    }

    /// Somebody who waited waits no more.
    pub(super) fn leave(&mut self, number: u64) {
        self.waiting.retain(|(waiting, ..)| *waiting != number);
        self.call_first();
    }

    /// Somebody who was on the way has come to an end.
    pub(super) fn end(&mut self) {
        self.on_their_way = self.on_their_way.saturating_sub(1);
        self.call_first();
    }

    /// Whether nothing is lost if it is forgotten.
    pub(super) fn is_at_rest(&self, now: Duration) -> bool {
        let is_idle = self.on_their_way == 0 && self.waiting.is_empty();
        is_idle && self.full_at <= nanos(now) && self.purse.is_at_rest(now)
    }

    fn is_room(&self, rules: &Rules, now: Duration) -> bool {
        let is_due = match rules.pace {
            Pace::Lent(_) => self.purse.has(now) > 0,
            Pace::Any | Pace::Own { .. } | Pace::Closed => self.due(rules, 0, now) <= now,
        };
        self.has_slot(rules) && is_due
    }

    fn has_slot(&self, rules: &Rules) -> bool {
        let found = self.adaptive.as_ref().map(|adaptive| adaptive.limit());
        let ranked = found.map(|found| self.ranks.most(rules.priority, found));
        let most = ranked.or(rules.concurrent);
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
        match rules.pace {
            Pace::Own { interval, from, .. } => {
                let full_at = self.full_at.max(from).max(nanos(now));
                self.full_at = full_at.saturating_add(interval);
                self.interval = interval;
            }
            Pace::Lent(_) => self.purse.spend(now),
            Pace::Any | Pace::Closed => {}
        }
        // Nobody says when one ends that takes no slot.
        if rules.counts() {
            self.on_their_way = self.on_their_way.saturating_add(1);
        }
    }

    /// Everybody who waits looks again.
    pub(super) fn call_all(&self) {
        self.waiting.iter().for_each(|(.., bell)| bell.notify_one());
    }

    fn call_first(&self) {
        if self.adaptive.is_none() {
            // All are of one rank.
            self.waiting
                .front()
                .into_iter()
                .for_each(|(.., bell)| bell.notify_one());
            return;
        }
        // The first of each rank: whether there is room differs.
        for rank in [Priority::Critical, Priority::Normal, Priority::Low] {
            if let Some((.., bell)) = self.waiting.iter().find(|(_, of, _)| *of == rank) {
                bell.notify_one();
            }
        }
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
