//! The times on the clock that a pattern means: its days, and its hours, minutes and seconds in each.

use crate::{cron::Cron, except::Except};
use jiff::civil::{Date, DateTime, Time, Weekday};

/// A pattern, with the days that are left out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock<'a> {
    cron: &'a Cron,
    except: &'a [Except],
}

impl<'a> Clock<'a> {
    pub(super) fn new(cron: &'a Cron, except: &'a [Except]) -> Self {
        Self { cron, except }
    }

    /// The first time from one on, which is of whole seconds, before another.
    pub(super) fn next(&self, from: DateTime, to: DateTime) -> Option<DateTime> {
        let mut date = from.date();
        let mut least = from.time();
        while date <= to.date() {
            if !has(self.cron.months, date.month()) {
                date = date.last_of_month();
            } else if self.day(date)
                && let Some(time) = self.time(least)
            {
                let found = date.to_datetime(time);
                return (found < to).then_some(found);
            }
            date = date.tomorrow().ok()?;
            least = Time::MIN;
        }
        None
    }

    fn day(&self, date: Date) -> bool {
        let days = (&self.cron.days, &self.cron.weekdays);
        let fits = match (days.0.any, days.1.any) {
            (true, true) => true,
            (false, true) => self.day_of_month(date),
            (true, false) => self.day_of_week(date),
            (false, false) => self.day_of_month(date) || self.day_of_week(date),
        };
        fits && !self.except.iter().any(|except| except.covers(date))
    }

    fn day_of_month(&self, date: Date) -> bool {
        let days = &self.cron.days;
        let last = date.days_in_month();
        if has(days.days, date.day()) || days.last && date.day() == last {
            return true;
        }
        let near = |day| nearest_working(date, day) == Some(date.day());
        days.last_working && last_working(date) == date.day()
            || days.nearest_working != 0 && (1..=last).any(|day| has(days.nearest_working, day) && near(day))
    }

    fn day_of_week(&self, date: Date) -> bool {
        let weekdays = &self.cron.weekdays;
        let day = date.weekday().to_sunday_zero_offset();
        let last = date.day().saturating_add(7) > date.days_in_month();
        let nth = date.day().saturating_sub(1) / 7;
        has(weekdays.days, day)
            || last && has(weekdays.last, day)
            || has(weekdays.nth, nth.saturating_mul(8).saturating_add(day))
    }

    /// The first time of a day from one on.
    fn time(&self, least: Time) -> Option<Time> {
        let cron = self.cron;
        let make = |hour, minute, second| Time::new(hour, minute, second, 0).ok();
        let (first_minute, first_second) = (from(cron.minutes, 0)?, from(cron.seconds, 0)?);
        let hour = from(cron.hours, least.hour())?;
        if hour > least.hour() {
            return make(hour, first_minute, first_second);
        }
        if let Some(minute) = from(cron.minutes, least.minute()) {
            if minute > least.minute() {
                return make(hour, minute, first_second);
            }
            if let Some(second) = from(cron.seconds, least.second()) {
                return make(hour, minute, second);
            }
            if let Some(minute) = from(cron.minutes, minute.saturating_add(1)) {
                return make(hour, minute, first_second);
            }
        }
        make(
            from(cron.hours, hour.saturating_add(1))?,
            first_minute,
            first_second,
        )
    }
}

/// The first day after one that is not left out.
pub(super) fn next_free(except: &[Except], after: Date, years: i64) -> Option<Date> {
    let days = usize::try_from(years.saturating_mul(366)).ok()?;
    let dates = std::iter::successors(after.tomorrow().ok(), |date| date.tomorrow().ok());
    let mut dates = dates.take(days);
    dates.find(|date| !except.iter().any(|except| except.covers(*date)))
}

fn has(set: u64, number: i8) -> bool {
    let number = u32::try_from(number).ok();
    number.is_some_and(|number| set.checked_shr(number).is_some_and(|rest| rest & 1 == 1))
}

/// The least number of a set from one on.
fn from(set: u64, least: i8) -> Option<i8> {
    let above = u64::MAX.checked_shl(u32::try_from(least).ok()?)?;
    let rest = set & above;
    if rest == 0 {
        return None;
    }
    i8::try_from(rest.trailing_zeros()).ok()
}

/// The day from Monday to Friday that is nearest to a day, in the same month.
fn nearest_working(month: Date, day: i8) -> Option<i8> {
    let last = month.days_in_month();
    let date = month.with().day(day).build().ok()?;
    Some(match date.weekday() {
        Weekday::Saturday if day == 1 => 3,
        Weekday::Saturday => day.saturating_sub(1),
        Weekday::Sunday if day == last => day.saturating_sub(2),
        Weekday::Sunday => day.saturating_add(1),
        _ => day,
    })
}

fn last_working(month: Date) -> i8 {
    let last = month.last_of_month();
    let back = match last.weekday() {
        Weekday::Saturday => 1,
        Weekday::Sunday => 2,
        _ => 0,
    };
    last.day().saturating_sub(back)
}
