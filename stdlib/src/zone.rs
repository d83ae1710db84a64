//! Times in the zones of the world: the zone of a name, what a text says of a time, and how a time is written.

use crate::{Arg, Fault, arguments};
use flowmesh_ir::{Value, zone as zones};
use jiff::{
    Timestamp, Zoned,
    civil::{Date, Time},
    fmt::strtime,
    tz::TimeZone,
};

/// The zone of a name.
///
/// # Errors
/// There is none, with the nearest name that there is.
pub(crate) fn zone(name: &str) -> Result<TimeZone, Fault> {
    zones::zone(name).ok_or_else(|| {
        let help = zones::nearest(name).map_or_else(
            || "a zone is named like `Europe/Berlin` or `UTC`".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        Fault::BadValue(format!("there is no time zone `{name}`; {help}"))
    })
}

/// Whether a text names a zone.
pub(crate) fn check(name: &str) -> Result<(), Fault> {
    zone(name).map(drop)
}

/// The zone at a place of the arguments; UTC where it was left out.
pub(crate) fn zone_at(args: &[Arg<'_>], at: usize) -> Result<TimeZone, Fault> {
    match arguments::value(args, at) {
        Value::None => Ok(TimeZone::UTC),
        _ => zone(arguments::string(args, at)?),
    }
}

/// The receiver in the calendar of the zone at a place of the arguments.
pub(crate) fn zoned(args: &[Arg<'_>], at: usize) -> Result<Zoned, Fault> {
    Ok(arguments::time(args, 0)?.to_zoned(zone_at(args, at)?))
}

/// A fault for a result that lies outside the years that there are.
pub(crate) fn beyond() -> Fault {
    Fault::Arithmetic("the result lies outside the years from -9999 to 9999".to_owned())
}

/// What `start_of` knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Year,
    Month,
    Week,
    Day,
    Hour,
    Minute,
}

/// The unit that a text names.
pub(crate) fn unit(text: &str) -> Result<Unit, Fault> {
    Ok(match text {
        "year" => Unit::Year,
        "month" => Unit::Month,
        "week" => Unit::Week,
        "day" => Unit::Day,
        "hour" => Unit::Hour,
        "minute" => Unit::Minute,
        _ => {
            return Err(Fault::BadValue(format!(
                "expected `year`, `month`, `week`, `day`, `hour` or `minute`, found `{text}`"
            )));
        }
    })
}

/// Whether a text names a unit of a time.
pub(crate) fn check_unit(text: &str) -> Result<(), Fault> {
    unit(text).map(drop)
}

/// Whether a text names a unit of a date.
pub(crate) fn check_date_unit(text: &str) -> Result<(), Fault> {
    match unit(text)? {
        Unit::Hour | Unit::Minute => Err(Fault::BadValue(format!(
            "expected `year`, `month`, `week` or `day` of a date, found `{text}`"
        ))),
        _ => Ok(()),
    }
}

/// The first day of the year, month or week that a date lies in. A week begins on Monday.
pub(crate) fn first_day(date: Date, unit: Unit) -> Result<Date, Fault> {
    let back = match unit {
        Unit::Year => date.day_of_year() - 1,
        Unit::Month => i16::from(date.day()) - 1,
        Unit::Week => i16::from(date.weekday().to_monday_zero_offset()),
        Unit::Day | Unit::Hour | Unit::Minute => 0,
    };
    date.checked_sub(jiff::Span::new().days(back))
        .map_err(|_| beyond())
}

/// Whether a text is a pattern of strftime that fits a time.
pub(crate) fn check_time_pattern(pattern: &str) -> Result<(), Fault> {
    format_time(pattern, &Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC)).map(drop)
}

/// Whether a text is a pattern of strftime that fits a date.
pub(crate) fn check_date_pattern(pattern: &str) -> Result<(), Fault> {
    format_date(pattern, Date::constant(1970, 1, 1)).map(drop)
}

/// Whether a text writes a time by RFC 3339.
pub(crate) fn check_time(text: &str) -> Result<(), Fault> {
    read_time(text).map(drop)
}

/// Whether a text writes a date.
pub(crate) fn check_date(text: &str) -> Result<(), Fault> {
    read_date(text).map(drop)
}

/// Whether a text writes a time of the day.
pub(crate) fn check_clock(text: &str) -> Result<(), Fault> {
    read_clock(text).map(drop)
}

/// The time that a text writes by RFC 3339.
pub(crate) fn read_time(text: &str) -> Result<Timestamp, Fault> {
    let read = text.parse();
    read.map_err(|_| {
        Fault::BadValue(format!(
            "`{text}` is no time; write it like `2026-01-31T12:00:00Z`"
        ))
    })
}

/// The date that a text writes.
pub(crate) fn read_date(text: &str) -> Result<Date, Fault> {
    // The parser of dates would also read what is longer.
    let read = text.parse().ok().filter(|_| text.len() == "2026-01-31".len());
    read.ok_or_else(|| Fault::BadValue(format!("`{text}` is no date; write it like `2026-01-31`")))
}

/// The time of the day that a text writes.
pub(crate) fn read_clock(text: &str) -> Result<Time, Fault> {
    let digits = text.chars().all(|c| c.is_ascii_digit() || c == ':');
    let read = text
        .parse()
        .ok()
        .filter(|_| digits && matches!(text.len(), 5 | 8));
    read.ok_or_else(|| Fault::BadValue(format!("`{text}` is no time of the day; write it like `14:30`")))
}

/// A time as a pattern says.
pub(crate) fn format_time(pattern: &str, time: &Zoned) -> Result<String, Fault> {
    strtime::format(pattern, time).map_err(|why| misfit(pattern, "a time", &why))
}

/// A date as a pattern says.
pub(crate) fn format_date(pattern: &str, date: Date) -> Result<String, Fault> {
    strtime::format(pattern, date).map_err(|why| misfit(pattern, "a date", &why))
}

fn misfit(pattern: &str, what: &str, why: &jiff::Error) -> Fault {
    Fault::BadValue(format!("the pattern `{pattern}` does not fit {what}: {why}"))
}
