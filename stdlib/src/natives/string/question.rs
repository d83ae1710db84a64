//! What can be asked of a text, and what it writes in the form of other types.

use super::whole;
use crate::{
    Arg, Fault, Interpreter, Native, Param, Ty, arguments, json, natives::length, read_duration, zone,
};
use flowmesh_ir::Value;
use jiff::{Timestamp, civil, fmt::strtime, tz::TimeZone};
use serde::de::IgnoredAny;

pub(crate) const NATIVES: &[Native] = &[
    Native::method("string.len", Ty::String, &[], Ty::Int, len)
        .doc("How many characters there are.", "\"abc\".len() == 3"),
    Native::method("string.is_empty", Ty::String, &[], Ty::Bool, is_empty)
        .doc("Whether there are none.", "\"\".is_empty()"),
    Native::method(
        "string.contains",
        Ty::String,
        &[Param::new("part", Ty::String)],
        Ty::Bool,
        contains,
    )
    .doc("Whether another text stands in it.", "\"abc\".contains(\"b\")"),
    Native::method(
        "string.starts_with",
        Ty::String,
        &[Param::new("part", Ty::String)],
        Ty::Bool,
        starts_with,
    )
    .doc(
        "Whether it begins with another text.",
        "\"abc\".starts_with(\"ab\")",
    ),
    Native::method(
        "string.ends_with",
        Ty::String,
        &[Param::new("part", Ty::String)],
        Ty::Bool,
        ends_with,
    )
    .doc("Whether it ends with another text.", "\"abc\".ends_with(\"bc\")"),
    Native::method(
        "string.index_of",
        Ty::String,
        &[Param::new("part", Ty::String)],
        Ty::Optional(&Ty::Int),
        index_of,
    )
    .doc(
        "The first place at which another text stands, from 0.",
        "\"abc\".index_of(\"c\") == 2",
    ),
    Native::method("string.to_int", Ty::String, &[], Ty::Optional(&Ty::Int), to_int).doc(
        "The number that the text writes, or `none`.",
        "\"12\".to_int() == 12",
    ),
    Native::method(
        "string.to_decimal",
        Ty::String,
        &[],
        Ty::Optional(&Ty::Decimal),
        to_decimal,
    )
    .doc(
        "The number that the text writes, or `none`.",
        "\"1.50\".to_decimal() == 1.5",
    ),
    Native::method(
        "string.to_float",
        Ty::String,
        &[],
        Ty::Optional(&Ty::Float),
        to_float,
    )
    .doc(
        "The number that the text writes, or `none`.",
        "\"x\".to_float().is_none()",
    ),
    Native::method(
        "string.to_time",
        Ty::String,
        &[
            Param::optional_text("pattern", zone::check_time_pattern),
            Param::optional_text("zone", zone::check),
        ],
        Ty::Optional(&Ty::Time),
        to_time,
    )
    .doc(
        "The time that the text writes by RFC 3339, or by a pattern of strftime in a zone; `none` where it does not.",
        "\"31.07.2026 14:30\".to_time(\"%d.%m.%Y %H:%M\", \"Europe/Berlin\") == time(\"2026-07-31T12:30:00Z\")",
    ),
    Native::method(
        "string.to_date",
        Ty::String,
        &[Param::optional_text("pattern", zone::check_date_pattern)],
        Ty::Optional(&Ty::Date),
        to_date,
    )
    .doc(
        "The date that the text writes like `2026-01-31`, or by a pattern of strftime; `none` where it does not.",
        "\"2026-02-30\".to_date().is_none() and \"31.01.2026\".to_date(\"%d.%m.%Y\") == date(\"2026-01-31\")",
    ),
    Native::method("string.to_bool", Ty::String, &[], Ty::Optional(&Ty::Bool), to_bool).doc(
        "Whether the text is `true` or `false`; `none` where it is neither.",
        "\"true\".to_bool() == true",
    ),
    Native::method(
        "string.to_duration",
        Ty::String,
        &[],
        Ty::Optional(&Ty::Duration),
        to_duration,
    )
    .doc(
        "The length of time that the text writes, or `none`.",
        "\"1h30m\".to_duration() == 90m",
    ),
    Native::method("string.to_bytes", Ty::String, &[], Ty::Bytes, to_bytes)
        .doc("The text in UTF-8.", "\"abc\".to_bytes().len() == 3"),
    Native::method(
        "string.parse_json",
        Ty::String,
        &[],
        Ty::Optional(&Ty::Json),
        parse_json,
    )
    .doc(
        "The JSON that the text writes, or `none`.",
        "\"[1]\".parse_json().is_some()",
    ),
];

fn len(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    Ok(length(whole(machine, args)?.chars().count()))
}

fn is_empty(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    Ok(Value::Bool(arguments::string(args, 0)?.is_empty()))
}

fn contains(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    Ok(Value::Bool(
        whole(machine, args)?.contains(&**arguments::string(args, 1)?),
    ))
}

fn starts_with(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    Ok(Value::Bool(
        whole(machine, args)?.starts_with(&**arguments::string(args, 1)?),
    ))
}

fn ends_with(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    Ok(Value::Bool(
        whole(machine, args)?.ends_with(&**arguments::string(args, 1)?),
    ))
}

fn index_of(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let text = whole(machine, args)?;
    let before = text
        .split_once(&**arguments::string(args, 1)?)
        .map(|(before, _)| before.chars().count());
    Ok(before.map_or(Value::None, length))
}

fn to_int(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let text = arguments::string(args, 0)?;
    Ok(text.parse().ok().map(Value::Int).unwrap_or_default())
}

fn to_decimal(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let text = arguments::string(args, 0)?;
    Ok(json::read_decimal(text).map(Value::Decimal).unwrap_or_default())
}

fn to_float(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let text = arguments::string(args, 0)?;
    Ok(text
        .parse()
        .ok()
        .filter(|float: &f64| float.is_finite())
        .map(Value::Float)
        .unwrap_or_default())
}

fn to_time(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let text = arguments::string(args, 0)?;
    let time = match arguments::value(args, 1) {
        Value::None => text.parse::<Timestamp>().ok(),
        _ => by_pattern(text, arguments::string(args, 1)?, zone::zone_at(args, 2)?),
    };
    Ok(time.map(Value::Time).unwrap_or_default())
}

/// What says its own offset from UTC does not need the zone.
fn by_pattern(text: &str, pattern: &str, zone: TimeZone) -> Option<Timestamp> {
    let parsed = strtime::parse(pattern, text).ok()?;
    if parsed.offset().is_some() {
        return parsed.to_timestamp().ok();
    }
    let clock = parsed.to_time().unwrap_or(civil::Time::midnight());
    let day = parsed.to_date().ok()?;
    Some(day.to_datetime(clock).to_zoned(zone).ok()?.timestamp())
}

fn to_date(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let text = arguments::string(args, 0)?;
    let date = match arguments::value(args, 1) {
        Value::None => zone::read_date(text).ok(),
        _ => strtime::parse(&**arguments::string(args, 1)?, &**text)
            .and_then(|parsed| parsed.to_date())
            .ok(),
    };
    Ok(date.map(Value::Date).unwrap_or_default())
}

fn to_bool(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let text = arguments::string(args, 0)?;
    Ok(text.parse().ok().map(Value::Bool).unwrap_or_default())
}

fn to_duration(_: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let text = arguments::string(args, 0)?;
    Ok(read_duration(text).map(Value::Duration).unwrap_or_default())
}

fn to_bytes(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    Ok(Value::Bytes(whole(machine, args)?.as_bytes().into()))
}

fn parse_json(machine: &mut dyn Interpreter, args: &[Arg<'_>]) -> Result<Value, Fault> {
    let text = whole(machine, args)?;
    let valid = serde_json::from_str::<IgnoredAny>(&text).is_ok();
    Ok(if valid { json::wrap(&text) } else { Value::None })
}
