//! `day=2026-01-01..2026-01-31`: the values of a parameter, both ends within.

use crate::error::Error;
use jiff::{ToSpan, civil::Date};
use serde_json::Value;

/// How many there may be.
const VALUES_MAX: usize = 10_000;

/// A parameter and its values, in order.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Values {
    pub(super) name: String,
    pub(super) all: Vec<Value>,
}

pub(super) fn read(text: &str) -> Result<Values, Error> {
    let (name, range) = text
        .split_once('=')
        .ok_or_else(|| no(text, "it names no parameter"))?;
    let (from, to) = range.split_once("..").unwrap_or((range, range));
    let values = match (from.parse(), to.parse()) {
        (Ok(from), Ok(to)) => numbers(from, to),
        _ => match (day(from), day(to)) {
            (Some(from), Some(to)) => days(from, to),
            _ => return Err(no(range, "it is no range of days or whole numbers")),
        },
    };
    if values.is_empty() {
        return Err(no(range, "its end comes before its beginning"));
    }
    if values.len() > VALUES_MAX {
        return Err(no(range, &format!("it has more than {VALUES_MAX} values")));
    }
    Ok(Values {
        name: name.to_owned(),
        all: values,
    })
}

/// One more than there may be, at the most.
fn numbers(from: i64, to: i64) -> Vec<Value> {
    (from..=to).take(VALUES_MAX + 1).map(Value::from).collect()
}

fn days(from: Date, to: Date) -> Vec<Value> {
    let all = from
        .series(1.day())
        .take_while(|day| *day <= to)
        .take(VALUES_MAX + 1);
    all.map(|day| Value::from(day.to_string())).collect()
}

/// The parser of dates would also read what is longer.
fn day(text: &str) -> Option<Date> {
    text.parse().ok().filter(|_| text.len() == "2026-11-01".len())
}

fn no(text: &str, why: &str) -> Error {
    Error::BadSetting {
        text: text.to_owned(),
        why: why.to_owned(),
        help: "write days or whole numbers, such as `--day 2026-01-01..2026-01-31` or `--number 0..99`"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    fn shown(text: &str) -> Option<String> {
        let all = read(text).ok()?.all;
        Some(serde_json::to_string(&all).unwrap())
    }

    #[test]
    fn both_ends_are_within() {
        assert_eq!(
            shown("day=2026-02-27..2026-03-01").unwrap(),
            r#"["2026-02-27","2026-02-28","2026-03-01"]"#
        );
        assert_eq!(shown("day=2026-02-27").unwrap(), r#"["2026-02-27"]"#);
        assert_eq!(shown("at=-1..1").unwrap(), "[-1,0,1]");
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in [
            "day",
            "day=",
            "day=a..b",
            "day=2026-02-27..3",
            "day=3..1",
            "day=0..10000",
        ] {
            assert_eq!(shown(text), None, "{text}");
        }
    }
}
