//! Natives on days of the calendar.

use crate::{
    Arg, Fault, Interpreter, arguments,
    limit::check_text,
    signature::{Native, Param, Ty},
    zone::{self, beyond, zone_at},
};
use flowmesh_ir::Value;
use jiff::{Span, civil::Date};

const ZONE: Param = Param::optional_text("zone", zone::check);

/// A part of the calendar.
const fn part(name: &'static str, run: crate::Run) -> Native {
    Native::method(name, Ty::Date, &[], Ty::Int, run)
}

/// Another day.
const fn moved(name: &'static str, params: &'static [Param], run: crate::Run) -> Native {
    Native::method(name, Ty::Date, params, Ty::Date, run)
}

pub(crate) const NATIVES: &[Native] = &[
    Native::free("date", &[Param::text("text", zone::check_date)], Ty::Date, date).doc(
        "The date that a text writes.",
        "date(\"2026-01-31\").day() == 31",
    ),
    part("date.year", year).doc("The year.", "date(\"2026-01-31\").year() == 2026"),
    part("date.month", month).doc("The month, from 1.", "date(\"2026-01-31\").month() == 1"),
    part("date.day", day).doc(
        "The day of the month, from 1.",
        "date(\"2026-01-31\").day() == 31",
    ),
    part("date.weekday", weekday).doc(
        "The day of the week: 1 is Monday, 7 is Sunday.",
        "date(\"2026-01-31\").weekday() == 6",
    ),
    part("date.week", week).doc(
        "The week of the year by ISO 8601, from 1.",
        "date(\"2026-01-31\").week() == 5",
    ),
    part("date.day_of_year", day_of_year).doc(
        "The day of the year, from 1.",
        "date(\"2026-02-01\").day_of_year() == 32",
    ),
    part("date.days_in_month", days_in_month).doc(
        "How many days the month has.",
        "date(\"2028-02-01\").days_in_month() == 29",
    ),
    Native::method("date.start", Ty::Date, &[ZONE], Ty::Time, start).doc(
        "When the day begins in a zone, UTC if none is named.",
        "date(\"2026-01-31\").start(\"Europe/Berlin\") == time(\"2026-01-30T23:00:00Z\")",
    ),
    Native::method(
        "date.at",
        Ty::Date,
        &[Param::text("clock", zone::check_clock), ZONE],
        Ty::Time,
        at,
    )
    .doc(
        "When a clock in a zone shows this time on the day, UTC if none is named; what a change of the clocks skips comes at its end.",
        "date(\"2026-07-31\").at(\"14:30\", \"Europe/Berlin\") == time(\"2026-07-31T12:30:00Z\")",
    ),
    moved(
        "date.start_of",
        &[Param::text("unit", zone::check_date_unit)],
        start_of,
    )
    .doc(
        "The first day of the `year`, `month` or `week` that the date lies in; a week begins on Monday.",
        "date(\"2026-01-31\").start_of(\"week\") == date(\"2026-01-26\")",
    ),
    moved("date.add_days", &[Param::new("days", Ty::Int)], add_days).doc(
        "The date so many days later.",
        "date(\"2026-01-31\").add_days(1) == date(\"2026-02-01\")",
    ),
    moved("date.add_months", &[Param::new("months", Ty::Int)], add_months).doc(
        "The same day so many months later, or the last day of that month.",
        "date(\"2026-01-31\").add_months(1) == date(\"2026-02-28\")",
    ),
    moved("date.add_years", &[Param::new("years", Ty::Int)], add_years).doc(
        "The same day so many years later, or the last day of that month.",
        "date(\"2028-02-29\").add_years(1) == date(\"2029-02-28\")",
    ),
    Native::method(
        "date.days_until",
        Ty::Date,
        &[Param::new("other", Ty::Date)],
        Ty::Int,
        days_until,
    )
    .doc(
        "How many days later another date is; less than 0 where it is earlier.",
        "date(\"2026-01-31\").days_until(date(\"2026-02-02\")) == 2",
    ),
    Native::method(
        "date.format",
        Ty::Date,
        &[Param::text("pattern", zone::check_date_pattern)],
        Ty::String,
        format,
    )
    .doc(
        "The date as text by a pattern of strftime.",
        "date(\"2026-01-31\").format(\"%d.%m.%Y\") == \"31.01.2026\"",
    ),
];

fn date(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    zone::read_date(arguments::string(args, 0)?).map(Value::Date)
}

fn year(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    arguments::date(args, 0).map(|date| Value::Int(date.year().into()))
}

fn month(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    arguments::date(args, 0).map(|date| Value::Int(date.month().into()))
}

fn day(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    arguments::date(args, 0).map(|date| Value::Int(date.day().into()))
}

fn weekday(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    arguments::date(args, 0).map(|date| Value::Int(date.weekday().to_monday_one_offset().into()))
}

fn week(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    arguments::date(args, 0).map(|date| Value::Int(date.iso_week_date().week().into()))
}

fn day_of_year(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    arguments::date(args, 0).map(|date| Value::Int(date.day_of_year().into()))
}

fn days_in_month(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    arguments::date(args, 0).map(|date| Value::Int(date.days_in_month().into()))
}

fn start(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let start = arguments::date(args, 0)?.to_zoned(zone_at(args, 1)?);
    start
        .map(|start| Value::Time(start.timestamp()))
        .map_err(|_| beyond())
}

fn at(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let clock = zone::read_clock(arguments::string(args, 1)?)?;
    let at = arguments::date(args, 0)?
        .to_datetime(clock)
        .to_zoned(zone_at(args, 2)?);
    at.map(|at| Value::Time(at.timestamp())).map_err(|_| beyond())
}

fn start_of(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let unit = arguments::string(args, 1)?;
    zone::check_date_unit(unit)?;
    zone::first_day(*arguments::date(args, 0)?, zone::unit(unit)?).map(Value::Date)
}

fn later(date: &Date, span: Result<Span, jiff::Error>) -> Result<Value, Fault> {
    let moved = span.and_then(|span| date.checked_add(span));
    moved.map(Value::Date).map_err(|_| beyond())
}

fn add_days(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    later(
        arguments::date(args, 0)?,
        Span::new().try_days(*arguments::int(args, 1)?),
    )
}

fn add_months(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    later(
        arguments::date(args, 0)?,
        Span::new().try_months(*arguments::int(args, 1)?),
    )
}

fn add_years(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    later(
        arguments::date(args, 0)?,
        Span::new().try_years(*arguments::int(args, 1)?),
    )
}

fn days_until(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let span = arguments::date(args, 0)?.until(*arguments::date(args, 1)?);
    span.map(|span| Value::Int(span.get_days().into()))
        .map_err(|_| beyond())
}

fn format(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let pattern = arguments::string(args, 1)?;
    machine.spend(pattern.len())?;
    let text = zone::format_date(pattern, *arguments::date(args, 0)?)?;
    check_text(text.len())?;
    Ok(Value::String(text.into()))
}
