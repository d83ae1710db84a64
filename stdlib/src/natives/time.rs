//! Natives on points in time. Fields of the calendar are in UTC.

use crate::{
    Arg, Fault, Interpreter, arguments,
    signature::{Native, Param, Ty},
};
use flowmesh_ir::Value;
use jiff::{Zoned, tz::TimeZone};

pub(crate) const NATIVES: &[Native] = &[
    Native::method("time.date", Ty::Time, &[], Ty::Date, date)
        .doc("The day in UTC.", "now().date() == now().date()"),
    Native::method("time.year", Ty::Time, &[], Ty::Int, year).doc("The year in UTC.", "now().year() >= 2020"),
    Native::method("time.month", Ty::Time, &[], Ty::Int, month)
        .doc("The month in UTC, from 1.", "now().month() <= 12"),
    Native::method("time.day", Ty::Time, &[], Ty::Int, day)
        .doc("The day of the month in UTC, from 1.", "now().day() <= 31"),
    Native::method("time.hour", Ty::Time, &[], Ty::Int, hour)
        .doc("The hour in UTC, from 0.", "now().hour() < 24"),
    Native::method("time.minute", Ty::Time, &[], Ty::Int, minute)
        .doc("The minute in UTC, from 0.", "now().minute() < 60"),
    Native::method("time.second", Ty::Time, &[], Ty::Int, second)
        .doc("The second in UTC, from 0.", "now().second() < 60"),
    Native::method("time.weekday", Ty::Time, &[], Ty::Int, weekday).doc(
        "The day of the week in UTC: 1 is Monday, 7 is Sunday.",
        "now().weekday() <= 7",
    ),
    Native::method("time.unix", Ty::Time, &[], Ty::Int, unix).doc(
        "The whole seconds since the beginning of 1970 in UTC.",
        "now().unix() > 0",
    ),
    Native::method("time.unix_millis", Ty::Time, &[], Ty::Int, unix_millis).doc(
        "The whole milliseconds since the beginning of 1970 in UTC.",
        "now().unix_millis() > 0",
    ),
    Native::method(
        "time.format",
        Ty::Time,
        &[Param::new("pattern", Ty::String)],
        Ty::String,
        format,
    )
    .doc(
        "The time in UTC as text by a pattern of strftime.",
        "now().format(\"%Y\").len() == 4",
    ),
];

/// The receiver in the calendar of UTC.
fn utc(args: &[Arg<'_>]) -> Result<Zoned, Fault> {
    arguments::time(args, 0).map(|time| time.to_zoned(TimeZone::UTC))
}

fn date(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    utc(args).map(|time| Value::Date(time.date()))
}

fn year(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    utc(args).map(|time| Value::Int(time.year().into()))
}

fn month(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    utc(args).map(|time| Value::Int(time.month().into()))
}

fn day(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    utc(args).map(|time| Value::Int(time.day().into()))
}

fn hour(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    utc(args).map(|time| Value::Int(time.hour().into()))
}

fn minute(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    utc(args).map(|time| Value::Int(time.minute().into()))
}

fn second(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    utc(args).map(|time| Value::Int(time.second().into()))
}

fn weekday(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    utc(args).map(|time| Value::Int(time.weekday().to_monday_one_offset().into()))
}

fn unix(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    arguments::time(args, 0).map(|time| Value::Int(time.as_second()))
}

fn unix_millis(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    arguments::time(args, 0).map(|time| Value::Int(time.as_millisecond()))
}

fn format(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let pattern = arguments::string(args, 1)?;
    let formatted = jiff::fmt::strtime::format(&**pattern, &utc(args)?);
    formatted
        .map(|text| Value::string(&text))
        .map_err(|error| Fault::BadValue(format!("the pattern `{pattern}` does not fit a time: {error}")))
}
