//! Natives on days of the calendar.

use crate::signature::{
    Native, Param,
    Ty::{Date, Int, String, Time},
};

pub(crate) const NATIVES: &[Native] = &[
    Native::method("date.year", Date, &[], Int).doc("The year.", "now().date().year() >= 2020"),
    Native::method("date.month", Date, &[], Int).doc(
        "The month, from 1.",
        "(\"2026-01-31\".to_date() ?? now().date()).month() == 1",
    ),
    Native::method("date.day", Date, &[], Int).doc(
        "The day of the month, from 1.",
        "(\"2026-01-31\".to_date() ?? now().date()).day() == 31",
    ),
    Native::method("date.weekday", Date, &[], Int).doc(
        "The day of the week: 1 is Monday, 7 is Sunday.",
        "(\"2026-01-31\".to_date() ?? now().date()).weekday() == 6",
    ),
    Native::method("date.start", Date, &[], Time).doc(
        "The time at which the day begins in UTC.",
        "(\"2026-01-31\".to_date() ?? now().date()).start().hour() == 0",
    ),
    Native::method("date.format", Date, &[Param::new("pattern", String)], String).doc(
        "The date as text by a pattern of strftime.",
        "(\"2026-01-31\".to_date() ?? now().date()).format(\"%d.%m.%Y\") == \"31.01.2026\"",
    ),
];
