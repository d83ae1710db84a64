//! Natives on points in time. Fields of the calendar are in UTC.

use crate::signature::{
    Native, Param,
    Ty::{Date, Int, String, Time},
};

pub(crate) const NATIVES: &[Native] = &[
    Native::method("time.date", Time, &[], Date).doc("The day in UTC.", "now().date() == now().date()"),
    Native::method("time.year", Time, &[], Int).doc("The year in UTC.", "now().year() >= 2020"),
    Native::method("time.month", Time, &[], Int).doc("The month in UTC, from 1.", "now().month() <= 12"),
    Native::method("time.day", Time, &[], Int)
        .doc("The day of the month in UTC, from 1.", "now().day() <= 31"),
    Native::method("time.hour", Time, &[], Int).doc("The hour in UTC, from 0.", "now().hour() < 24"),
    Native::method("time.minute", Time, &[], Int).doc("The minute in UTC, from 0.", "now().minute() < 60"),
    Native::method("time.second", Time, &[], Int).doc("The second in UTC, from 0.", "now().second() < 60"),
    Native::method("time.weekday", Time, &[], Int).doc(
        "The day of the week in UTC: 1 is Monday, 7 is Sunday.",
        "now().weekday() <= 7",
    ),
    Native::method("time.unix", Time, &[], Int).doc(
        "The whole seconds since the beginning of 1970 in UTC.",
        "now().unix() > 0",
    ),
    Native::method("time.unix_millis", Time, &[], Int).doc(
        "The whole milliseconds since the beginning of 1970 in UTC.",
        "now().unix_millis() > 0",
    ),
    Native::method("time.format", Time, &[Param::new("pattern", String)], String).doc(
        "The time in UTC as text by a pattern of strftime.",
        "now().format(\"%Y\").len() == 4",
    ),
];
