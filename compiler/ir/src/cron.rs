//! Patterns of the calendar: `0 2 * * *`, with seconds before them where there are six fields, and `L`, `W`, `#`.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};

/// A pattern that was read. Its JSON form is its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    text: String,
    /// Seconds, minutes, hours, months (from 1): a bit for each that fits.
    pub seconds: u64,
    /// The minutes.
    pub minutes: u64,
    /// The hours.
    pub hours: u64,
    /// The days of the month.
    pub days: Days,
    /// The months, from bit 1.
    pub months: u64,
    /// The days of the week.
    pub weekdays: Weekdays,
}

/// The days of a month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Days {
    /// A bit for each, from 1.
    pub days: u64,
    /// `L`: the last.
    pub last: bool,
    /// `LW`: the last from Monday to Friday.
    pub last_working: bool,
    /// `15W`: a bit for each day whose nearest from Monday to Friday is meant.
    pub nearest_working: u64,
    /// Whether nothing was said: `*`. Where both this and the weekdays say something, either suffices.
    pub any: bool,
}

/// The days of a week, Sunday is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weekdays {
    /// A bit for each.
    pub days: u64,
    /// `5L`: a bit for each that is meant only where it is the last of its month.
    pub last: u64,
    /// `1#2`: bit `8 * (n - 1) + day` for the n-th of its month.
    pub nth: u64,
    /// Whether nothing was said: `*`.
    pub any: bool,
}

/// What is wrong with a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CronError {
    /// Where, in bytes from its beginning: from, to.
    pub at: (usize, usize),
    /// What was expected and found.
    pub why: String,
}

struct Field {
    name: &'static str,
    least: u32,
    most: u32,
    names: &'static [&'static str],
}

const MONTHS: &[&str] = &[
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
const WEEKDAYS: &[&str] = &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const FIELDS: [Field; 6] = [
    field("second", 0, 59, &[]),
    field("minute", 0, 59, &[]),
    field("hour", 0, 23, &[]),
    field("day", 1, 31, &[]),
    field("month", 1, 12, MONTHS),
    field("weekday", 0, 7, WEEKDAYS),
];

const fn field(name: &'static str, least: u32, most: u32, names: &'static [&'static str]) -> Field {
    Field {
        name,
        least,
        most,
        names,
    }
}

/// The pattern, and where each field stands in it.
fn split(text: &str) -> Vec<(usize, &str)> {
    let start = |part: &str| (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
    text.split_ascii_whitespace()
        .map(|part| (start(part), part))
        .collect()
}

impl FromStr for Cron {
    type Err = CronError;

    fn from_str(text: &str) -> Result<Self, CronError> {
        let parts = split(text);
        let wrong = |parts: usize| CronError {
            at: (0, text.len()),
            why: format!("expected 5 fields, or 6 with seconds, found {parts}"),
        };
        let parts: [(usize, &str); 6] = match parts.as_slice() {
            [a, b, c, d, e] => [(0, "0"), *a, *b, *c, *d, *e],
            [a, b, c, d, e, f] => [*a, *b, *c, *d, *e, *f],
            other => return Err(wrong(other.len())),
        };
        let [seconds, minutes, hours, days, months, weekdays] = parts;
        let [f0, f1, f2, f3, f4, f5] = &FIELDS;
        Ok(Self {
            text: text.split_ascii_whitespace().collect::<Vec<_>>().join(" "),
            seconds: set(f0, seconds)?,
            minutes: set(f1, minutes)?,
            hours: set(f2, hours)?,
            days: month_days(f3, days)?,
            months: set(f4, months)?,
            weekdays: week_days(f5, weekdays)?,
        })
    }
}

/// A list of ranges with steps.
fn set(field: &Field, (at, text): (usize, &str)) -> Result<u64, CronError> {
    entries(at, text).try_fold(0, |set, entry| Ok(set | range(field, entry)?))
}

fn entries(at: usize, text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut next = at;
    text.split(',').map(move |entry| {
        let here = next;
        next = next.saturating_add(entry.len()).saturating_add(1);
        (here, entry)
    })
}

/// `*`, `5`, `1-5`, `*/15`, `10-40/10`, `MON-FRI`
fn range(field: &Field, (at, text): (usize, &str)) -> Result<u64, CronError> {
    let wrong = |why: String| CronError {
        at: (at, at.saturating_add(text.len().max(1))),
        why,
    };
    let (span, step) = match text.split_once('/') {
        Some((span, step)) => (span, Some(step)),
        None => (text, None),
    };
    let step = step.map_or(Ok(1), |step| {
        let number = step
            .parse::<u32>()
            .ok()
            .filter(|step| (1..=field.most).contains(step));
        number.ok_or_else(|| {
            wrong(format!(
                "expected a step from 1 to {}, found `{step}`",
                field.most
            ))
        })
    })?;
    let (from, to) = match span.split_once('-') {
        _ if span == "*" || span == "?" => (field.least, field.most),
        Some((from, to)) => (number(field, from, at, text)?, number(field, to, at, text)?),
        None => {
            let one = number(field, span, at, text)?;
            (one, if text.contains('/') { field.most } else { one })
        }
    };
    if from > to {
        return Err(wrong(format!("the {} range `{span}` runs backwards", field.name)));
    }
    let step = usize::try_from(step).unwrap_or(1);
    Ok((from..=to)
        .step_by(step)
        .fold(0, |set, one| set | bit(field, one)))
}

fn bit(field: &Field, number: u32) -> u64 {
    // Sunday is 0 and 7.
    let number = if field.most == 7 && number == 7 { 0 } else { number };
    1u64.checked_shl(number).unwrap_or_default()
}

fn number(field: &Field, text: &str, at: usize, whole: &str) -> Result<u32, CronError> {
    let named = field
        .names
        .iter()
        .zip(field.least..)
        .find(|(name, _)| name.eq_ignore_ascii_case(text));
    let number = named
        .map(|(_, number)| number)
        .or_else(|| text.parse().ok())
        .filter(|number| (field.least..=field.most).contains(number));
    number.ok_or_else(|| CronError {
        at: (at, at.saturating_add(whole.len().max(1))),
        why: format!(
            "expected {} {} from {} to {}, found `{text}`",
            if field.name == "hour" { "an" } else { "a" },
            field.name,
            field.least,
            field.most
        ),
    })
}

fn month_days(field: &Field, (at, text): (usize, &str)) -> Result<Days, CronError> {
    let mut days = Days {
        any: matches!(text, "*" | "?"),
        ..Days::default()
    };
    for (at, entry) in entries(at, text) {
        match entry {
            "L" => days.last = true,
            "LW" | "WL" => days.last_working = true,
            _ => match entry.strip_suffix('W') {
                Some(day) => days.nearest_working |= bit(field, number(field, day, at, entry)?),
                None => days.days |= range(field, (at, entry))?,
            },
        }
    }
    Ok(days)
}

fn week_days(field: &Field, (at, text): (usize, &str)) -> Result<Weekdays, CronError> {
    let mut days = Weekdays {
        any: matches!(text, "*" | "?"),
        ..Weekdays::default()
    };
    for (at, entry) in entries(at, text) {
        if let Some((day, nth)) = entry.split_once('#') {
            let day = number(field, day, at, entry)? % 7;
            let nth = nth.parse::<u32>().ok().filter(|nth| (1..=5).contains(nth));
            let nth = nth.ok_or_else(|| CronError {
                at: (at, at.saturating_add(entry.len())),
                why: format!("expected a number from 1 to 5 behind `#`, found `{entry}`"),
            })?;
            days.nth |= 1u64.checked_shl(8 * (nth - 1) + day).unwrap_or_default();
        } else if let Some(day) = entry.strip_suffix('L').filter(|day| !day.is_empty()) {
            days.last |= bit(field, number(field, day, at, entry)?);
        } else {
            days.days |= range(field, (at, entry))?;
        }
    }
    Ok(days)
}

impl Cron {
    /// Whether it counts hours as they pass, rather than naming times of a day: `*/10 * * * *`.
    #[must_use]
    pub fn hourly(&self) -> bool {
        self.hours == (1 << 24) - 1
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Cron {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Cron {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse()
            .map_err(|error: CronError| serde::de::Error::custom(error.why))
    }
}

#[cfg(test)]
mod tests {
    use super::Cron;

    fn read(text: &str) -> Cron {
        text.parse().unwrap()
    }

    fn why(text: &str) -> String {
        text.parse::<Cron>().unwrap_err().why
    }

    #[test]
    fn fields_are_sets() {
        let cron = read("*/15 9-17 1,15 * MON-FRI");
        assert_eq!(cron.seconds, 1);
        assert_eq!(cron.minutes, 1 | 1 << 15 | 1 << 30 | 1 << 45);
        assert_eq!(cron.hours, 0x3fe00);
        assert_eq!(cron.weekdays.days, 0b11_1110);
        assert_eq!(read("0 0 0 * * 7").weekdays.days, 1);
    }

    #[test]
    fn last_nearest_and_nth_days_are_known() {
        assert!(read("0 0 L * *").days.last);
        assert!(read("0 0 LW * *").days.last_working);
        assert_eq!(read("0 0 15W * *").days.nearest_working, 1 << 15);
        assert_eq!(read("0 0 * * 5L").weekdays.last, 1 << 5);
        assert_eq!(read("0 0 * * 1#2").weekdays.nth, 1 << 9);
    }

    #[test]
    fn what_is_wrong_says_where() {
        assert_eq!(why("61 * * * *"), "expected a minute from 0 to 59, found `61`");
        assert_eq!(why("* * *"), "expected 5 fields, or 6 with seconds, found 3");
        assert_eq!(why("5-1 * * * *"), "the minute range `5-1` runs backwards");
        assert_eq!("0 0,99 * * *".parse::<Cron>().unwrap_err().at, (4, 6));
    }
}
