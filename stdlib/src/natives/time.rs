//! Natives on points in time. The calendar is that of a zone, or of UTC where none is named.

use crate::{
    Arg, Fault, Interpreter, arguments,
    limit::check_text,
    signature::{Native, Param, Ty},
    zone::{self, Unit, beyond, zoned},
};
use flowmesh_ir::Value;
use jiff::{RoundMode, Span, Unit as Smallest, Zoned, ZonedRound};

const ZONE: Param = Param::optional_text("zone", zone::check);

/// A part of the calendar.
const fn part(name: &'static str, run: crate::Run) -> Native {
    Native::method(name, Ty::Time, &[ZONE], Ty::Int, run)
}

pub(crate) const NATIVES: &[Native] = &[
    Native::free("time", &[Param::text("text", zone::check_time)], Ty::Time, time).doc(
        "The time that a text writes by RFC 3339.",
        "time(\"2026-01-31T12:00:00+01:00\") == time(\"2026-01-31T11:00:00Z\")",
    ),
    Native::method("time.date", Ty::Time, &[ZONE], Ty::Date, date).doc(
        "The day in a zone, UTC if none is named.",
        "time(\"2026-01-31T23:30:00Z\").date(\"Europe/Berlin\") == date(\"2026-02-01\")",
    ),
    part("time.year", year).doc(
        "The year in a zone, UTC if none is named.",
        "time(\"2026-01-31T12:00:00Z\").year() == 2026",
    ),
    part("time.month", month).doc(
        "The month from 1, in a zone, UTC if none is named.",
        "time(\"2026-01-31T12:00:00Z\").month() == 1",
    ),
    part("time.day", day).doc(
        "The day of the month from 1, in a zone, UTC if none is named.",
        "time(\"2026-01-31T12:00:00Z\").day() == 31",
    ),
    part("time.hour", hour).doc(
        "The hour from 0, in a zone, UTC if none is named.",
        "time(\"2026-07-31T12:00:00Z\").hour(\"Europe/Berlin\") == 14",
    ),
    part("time.minute", minute).doc(
        "The minute from 0, in a zone, UTC if none is named.",
        "time(\"2026-01-31T12:30:00Z\").minute() == 30",
    ),
    part("time.second", second).doc(
        "The second from 0, in a zone, UTC if none is named.",
        "time(\"2026-01-31T12:30:05Z\").second() == 5",
    ),
    part("time.weekday", weekday).doc(
        "The day of the week in a zone, UTC if none is named: 1 is Monday, 7 is Sunday.",
        "time(\"2026-01-31T12:00:00Z\").weekday() == 6",
    ),
    Native::method(
        "time.start_of",
        Ty::Time,
        &[Param::text("unit", zone::check_unit), ZONE],
        Ty::Time,
        start_of,
    )
    .doc(
        "When the `year`, `month`, `week`, `day`, `hour` or `minute` began in a zone, UTC if none is named.",
        "time(\"2026-01-31T12:30:00Z\").start_of(\"day\", \"Europe/Berlin\") == time(\"2026-01-30T23:00:00Z\")",
    ),
    Native::method(
        "time.add_days",
        Ty::Time,
        &[Param::new("days", Ty::Int), ZONE],
        Ty::Time,
        add_days,
    )
    .doc(
        "The same time of the day so many days later in a zone; a day may have 23 or 25 hours there.",
        "time(\"2026-03-28T12:00:00Z\").add_days(1, \"Europe/Berlin\") == time(\"2026-03-29T11:00:00Z\")",
    ),
    Native::method(
        "time.add_months",
        Ty::Time,
        &[Param::new("months", Ty::Int), ZONE],
        Ty::Time,
        add_months,
    )
    .doc(
        "The same day and time so many months later in a zone, or the last day of that month.",
        "time(\"2026-01-31T12:00:00Z\").add_months(1) == time(\"2026-02-28T12:00:00Z\")",
    ),
    Native::method("time.unix", Ty::Time, &[], Ty::Int, unix).doc(
        "The whole seconds since the beginning of 1970 in UTC.",
        "time(\"1970-01-01T00:01:00Z\").unix() == 60",
    ),
    Native::method("time.unix_millis", Ty::Time, &[], Ty::Int, unix_millis).doc(
        "The whole milliseconds since the beginning of 1970 in UTC.",
        "time(\"1970-01-01T00:00:01Z\").unix_millis() == 1000",
    ),
    Native::method(
        "time.format",
        Ty::Time,
        &[Param::text("pattern", zone::check_time_pattern), ZONE],
        Ty::String,
        format,
    )
    .doc(
        "The time as text by a pattern of strftime, in a zone, UTC if none is named.",
        "time(\"2026-07-31T12:30:00Z\").format(\"%d.%m.%Y %H:%M\", \"Europe/Berlin\") == \"31.07.2026 14:30\"",
    ),
];

fn time(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    zone::read_time(arguments::string(args, 0)?).map(Value::Time)
}

fn date(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    zoned(args, 1).map(|time| Value::Date(time.date()))
}

fn year(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    zoned(args, 1).map(|time| Value::Int(time.year().into()))
}

fn month(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    zoned(args, 1).map(|time| Value::Int(time.month().into()))
}

fn day(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    zoned(args, 1).map(|time| Value::Int(time.day().into()))
}

fn hour(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    zoned(args, 1).map(|time| Value::Int(time.hour().into()))
}

fn minute(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    zoned(args, 1).map(|time| Value::Int(time.minute().into()))
}

fn second(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    zoned(args, 1).map(|time| Value::Int(time.second().into()))
}

fn weekday(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    zoned(args, 1).map(|time| Value::Int(time.weekday().to_monday_one_offset().into()))
}

fn start_of(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let time = zoned(args, 2)?;
    let unit = zone::unit(arguments::string(args, 1)?)?;
    let start = match unit {
        Unit::Hour => time.round(ZonedRound::new().smallest(Smallest::Hour).mode(RoundMode::Floor)),
        Unit::Minute => time.round(
            ZonedRound::new()
                .smallest(Smallest::Minute)
                .mode(RoundMode::Floor),
        ),
        // The day may begin at another hour than midnight, where a clock is put forward at midnight.
        _ => zone::first_day(time.date(), unit)?.to_zoned(time.time_zone().clone()),
    };
    start
        .map(|start| Value::Time(start.timestamp()))
        .map_err(|_| beyond())
}

fn later(time: &Zoned, span: Result<Span, jiff::Error>) -> Result<Value, Fault> {
    let moved = span.and_then(|span| time.checked_add(span));
    moved
        .map(|time| Value::Time(time.timestamp()))
        .map_err(|_| beyond())
}

fn add_days(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    later(&zoned(args, 2)?, Span::new().try_days(*arguments::int(args, 1)?))
}

fn add_months(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    later(
        &zoned(args, 2)?,
        Span::new().try_months(*arguments::int(args, 1)?),
    )
}

fn unix(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    arguments::time(args, 0).map(|time| Value::Int(time.as_second()))
}

fn unix_millis(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    arguments::time(args, 0).map(|time| Value::Int(time.as_millisecond()))
}

fn format(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let pattern = arguments::string(args, 1)?;
    machine.spend(pattern.len())?;
    let text = zone::format_time(pattern, &zoned(args, 2)?)?;
    check_text(text.len())?;
    Ok(Value::String(text.into()))
}
