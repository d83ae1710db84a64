//! `2026-11-01..2026-11-07`: a range of time, in the zone of a schedule.

use crate::error::Error;
use flowmesh_ir::zone;
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};

/// The moment of an option.
pub(super) fn moment(option: &str, text: &str) -> Result<Timestamp, Error> {
    let no = |_| {
        no(
            &format!("{option} {text}"),
            "it is no time",
            "write it like `2026-01-31T12:00:00Z`",
        )
    };
    text.parse().map_err(no)
}

/// The first moment and the last.
pub(super) fn range(text: &str, zone: &str) -> Result<(Timestamp, Timestamp), Error> {
    let help = "write two dates or times, such as `2026-11-01..2026-11-07` or \
                `2026-11-01T06:00:00Z..2026-11-01T12:00:00Z`";
    let zone = zone::zone(zone).unwrap_or(TimeZone::UTC);
    let (from, to) = text
        .split_once("..")
        .ok_or_else(|| no(text, "it is no range of time", help))?;
    let first = |date: Date| Some(date.to_zoned(zone.clone()).ok()?.timestamp());
    // A day ends where the next one begins, and no schedule is due between two microseconds.
    let last = |date: Date| {
        let next = first(date.tomorrow().ok()?)?;
        next.checked_sub(SignedDuration::from_micros(1)).ok()
    };
    let from = day(from).map_or_else(|| from.parse().ok(), first);
    let to = day(to).map_or_else(|| to.parse().ok(), last);
    from.zip(to)
        .ok_or_else(|| no(text, "it is no range of time", help))
}

/// The parser of dates would also read what is longer.
fn day(text: &str) -> Option<Date> {
    text.parse().ok().filter(|_| text.len() == "2026-11-01".len())
}

fn no(text: &str, why: &str, help: &str) -> Error {
    Error::BadSetting {
        text: text.to_owned(),
        why: why.to_owned(),
        help: help.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::range;

    fn read(text: &str) -> Option<String> {
        let (from, to) = range(text, "Europe/Berlin").ok()?;
        Some(format!("{from} {to}"))
    }

    #[test]
    fn days_are_whole_and_those_of_the_zone() {
        let days = read("2026-03-28..2026-03-29").unwrap();
        assert_eq!(days, "2026-03-27T23:00:00Z 2026-03-29T21:59:59.999999Z");
        let times = read("2026-03-28T00:00:00Z..2026-03-28T01:00:00+01:00").unwrap();
        assert_eq!(times, "2026-03-28T00:00:00Z 2026-03-28T00:00:00Z");
        assert!(read("2026-03-28").is_none() && read("a..b").is_none() && read("..").is_none());
    }
}
