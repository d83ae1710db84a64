//! Natives on days of the calendar.

use crate::{
    Arg, Fault, Interpreter, arguments,
    signature::{Native, Param, Ty},
};
use flowmesh_ir::Value;
use jiff::{fmt::strtime, tz::TimeZone};

pub(crate) const NATIVES: &[Native] = &[
    Native::method("date.year", Ty::Date, &[], Ty::Int, year).doc("The year.", "now().date().year() >= 2020"),
    Native::method("date.month", Ty::Date, &[], Ty::Int, month).doc(
        "The month, from 1.",
        "(\"2026-01-31\".to_date() ?? now().date()).month() == 1",
    ),
    Native::method("date.day", Ty::Date, &[], Ty::Int, day).doc(
        "The day of the month, from 1.",
        "(\"2026-01-31\".to_date() ?? now().date()).day() == 31",
    ),
    Native::method("date.weekday", Ty::Date, &[], Ty::Int, weekday).doc(
        "The day of the week: 1 is Monday, 7 is Sunday.",
        "(\"2026-01-31\".to_date() ?? now().date()).weekday() == 6",
    ),
    Native::method("date.start", Ty::Date, &[], Ty::Time, start).doc(
        "The time at which the day begins in UTC.",
        "(\"2026-01-31\".to_date() ?? now().date()).start().hour() == 0",
    ),
    Native::method(
        "date.format",
        Ty::Date,
        &[Param::new("pattern", Ty::String)],
        Ty::String,
        format,
    )
    .doc(
        "The date as text by a pattern of strftime.",
        "(\"2026-01-31\".to_date() ?? now().date()).format(\"%d.%m.%Y\") == \"31.01.2026\"",
    ),
];

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

fn start(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let date = arguments::date(args, 0)?;
    let start = date
        .to_zoned(TimeZone::UTC)
        .map_err(|_| Fault::Arithmetic(format!("the start of `{date}` does not fit")))?;
    Ok(Value::Time(start.timestamp()))
}

fn format(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let pattern = arguments::string(args, 1)?;
    let formatted = strtime::format(&**pattern, *arguments::date(args, 0)?);
    formatted
        .map(|text| Value::string(&text))
        .map_err(|error| Fault::BadValue(format!("the pattern `{pattern}` does not fit a date: {error}")))
}
