//! When a schedule is due: from a moment the next one. Pure arithmetic over the calendar and the zone.
//!
//! The clocks of a zone go evenly between two of its transitions. In such a [`stretch`] a time on the clock is a moment
//! and back, so the next time of a pattern ([`days`], [`Clock`]) is found on the clock and is a moment at once. What the
//! clocks leave out or show twice lies at the ends of a stretch, and there the two settings decide.

mod days;
mod stretch;

#[cfg(test)]
mod tests;

use crate::{
    except::Except,
    schedule::{DoubledTime, Schedule, SkippedTime, When},
    zone,
};
use days::Clock;
use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::TimeZone};
use stretch::Stretch;

/// How far ahead is looked. The days of the calendar come again after 400 years; what is not due by then never is.
const YEARS_MAX: i64 = 401;

/// A schedule's times.
#[derive(Clone, Debug)]
pub struct Timetable {
    when: When,
    zone: TimeZone,
    except: Vec<Except>,
    skipped: SkippedTime,
    doubled: DoubledTime,
}

/// A moment at which a schedule is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// When.
    pub at: Timestamp,
    /// What the clocks of the zone have to do with it.
    pub edge: Option<Edge>,
}

/// What is odd about a moment, because the clocks were changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// The clocks jump over the time that the pattern means.
    Skipped {
        /// The first time on the clock that was meant.
        meant: DateTime,
    },
    /// The clocks show this time twice, and this is the first.
    FirstOfTwo,
    /// The clocks show this time twice, and this is the second.
    SecondOfTwo,
}

impl Timetable {
    /// The times of a schedule; nothing if no zone has its zone's name.
    #[must_use]
    pub fn new(schedule: &Schedule) -> Option<Self> {
        Some(Self {
            when: schedule.when.clone(),
            zone: zone::zone(schedule.when.zone())?,
            except: schedule.except.clone(),
            skipped: schedule.skipped_time,
            doubled: schedule.doubled_time,
        })
    }

    /// The zone of its clocks.
    #[must_use]
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// When it is due next after a moment; nothing if never.
    #[must_use]
    pub fn next(&self, after: Timestamp) -> Option<Due> {
        match &self.when {
            When::Every { every_ms, .. } => self.next_multiple(after, *every_ms),
            When::Cron { cron, .. } => self.next_on_clock(after, Clock::new(cron, &self.except)),
        }
    }

    /// All moments after one and up to another, in order.
    pub fn between(&self, after: Timestamp, to: Timestamp) -> impl Iterator<Item = Due> {
        let next = move |due: &Due| self.next(due.at);
        std::iter::successors(self.next(after), next).take_while(move |due| due.at <= to)
    }

    fn next_multiple(&self, after: Timestamp, every_ms: u64) -> Option<Due> {
        let every = i64::try_from(every_ms).ok().filter(|every| *every > 0)?;
        let end = ahead(after);
        let past = i64::from(after.subsec_nanosecond() % 1_000_000 >= 0);
        let mut least = after.as_millisecond().checked_add(past)?;
        loop {
            let ms = least.checked_add(every.checked_sub(1)?)?.div_euclid(every) * every;
            let at = Timestamp::from_millisecond(ms).ok().filter(|at| *at <= end)?;
            let date = at.to_zoned(self.zone.clone()).date();
            if !self.except.iter().any(|except| except.covers(date)) {
                return Some(Due { at, edge: None });
            }
            let free = days::next_free(&self.except, date, YEARS_MAX)?;
            let begin = free.to_zoned(self.zone.clone()).ok()?.timestamp();
            least = begin.as_millisecond().max(ms.checked_add(1)?);
        }
    }

    fn next_on_clock(&self, after: Timestamp, clock: Clock<'_>) -> Option<Due> {
        let past = i64::from(after.subsec_nanosecond() >= 0);
        let start = Timestamp::from_second(after.as_second().checked_add(past)?).ok()?;
        let end = ahead(after);
        let mut stretch = Stretch::at(&self.zone, start);
        loop {
            if let Some(due) = self.in_stretch(&stretch, start, end, &clock) {
                return Some(due);
            }
            stretch = stretch.following(&self.zone).filter(|next| next.from <= end)?;
        }
    }

    fn in_stretch(
        &self,
        stretch: &Stretch,
        start: Timestamp,
        end: Timestamp,
        clock: &Clock<'_>,
    ) -> Option<Due> {
        let begins = stretch.from >= start;
        if let Some((from, to)) = stretch
            .left_out()
            .filter(|_| begins && self.skipped == SkippedTime::AtJump)
            && let Some(meant) = clock.next(from, to)
        {
            let edge = Some(Edge::Skipped { meant });
            return Some(Due {
                at: stretch.from,
                edge,
            });
        }
        let (second, first) = stretch.doubled();
        let from = match self.doubled {
            DoubledTime::First => second.max(start),
            DoubledTime::Second | DoubledTime::Both => stretch.from.max(start),
        };
        let to = match self.doubled {
            DoubledTime::Second => first,
            DoubledTime::First | DoubledTime::Both => stretch.to,
        };
        let to = to.min(end);
        if from >= to {
            return None;
        }
        let meant = clock.next(stretch.on_clock(from), stretch.on_clock(to))?;
        let at = stretch.moment(meant)?;
        let edge = if at < second {
            Some(Edge::SecondOfTwo)
        } else {
            (at >= first).then_some(Edge::FirstOfTwo)
        };
        Some(Due { at, edge })
    }
}

fn ahead(after: Timestamp) -> Timestamp {
    let hours = YEARS_MAX.saturating_mul(366 * 24);
    after
        .checked_add(SignedDuration::from_hours(hours))
        .unwrap_or(Timestamp::MAX)
}
