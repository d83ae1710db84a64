//! Results as a table, and what became of them.

use crate::draw::{self, many, table};
use jiff::{SignedDuration, Timestamp, Unit};
use serde_json::Value;

/// A page.
pub(super) fn page(page: &Value, now: Timestamp) {
    let results = page.get("results").and_then(Value::as_array);
    let results = results.map(Vec::as_slice).unwrap_or_default();
    if results.is_empty() {
        return draw::say("no results");
    }
    let rows = results.iter().map(|result| row(result, now));
    draw::raw(&table::lay(
        &["OF", "KEY", "AGE", "EXPIRES IN", "BYTES", "RUN"],
        rows,
    ));
    if let Some(cursor) = page.get("cursor").and_then(Value::as_str) {
        draw::say(format!("there are more; `--cursor '{cursor}'` goes on"));
    }
}

/// What would be forgotten.
pub(super) fn preview(page: &Value, now: Timestamp) {
    let count = number(page, "count");
    if count == 0 {
        return draw::say("there is nothing to forget");
    }
    let results = page.get("results").and_then(Value::as_array);
    let results = results.map(Vec::as_slice).unwrap_or_default();
    let rows = results.iter().map(|result| row(result, now));
    draw::raw(&table::lay(
        &["OF", "KEY", "AGE", "EXPIRES IN", "BYTES", "RUN"],
        rows,
    ));
    let more = count.saturating_sub(u64::try_from(results.len()).unwrap_or_default());
    if more > 0 {
        draw::say(format!("and {more} more"));
    }
    draw::say(format!(
        "{} would be forgotten; `--yes` does it",
        many(count, "result", "results")
    ));
}

/// What was forgotten.
pub(super) fn forgotten(answer: &Value) {
    let count = number(answer, "forgotten");
    draw::say(format!("{} forgotten", many(count, "result is", "results are")));
}

fn row(result: &Value, now: Timestamp) -> Vec<String> {
    let text = |name: &str| {
        result
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let time = |name: &str| text(name).parse::<Timestamp>().unwrap_or(now);
    vec![
        text("of"),
        text("key"),
        short(now.duration_since(time("at"))),
        short(time("until").duration_since(now)),
        number(result, "bytes").to_string(),
        text("run"),
    ]
}

/// A length of time in its largest unit or two.
fn short(time: SignedDuration) -> String {
    let seconds = time.round(Unit::Second).unwrap_or(time).as_secs().max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m{}s", seconds % 60),
        (0, ..) => format!("{hours}h{minutes}m"),
        _ => format!("{days}d{hours}h"),
    }
}

fn number(of: &Value, name: &str) -> u64 {
    of.get(name).and_then(Value::as_u64).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_two_units_at_the_most() {
        let shown = [0, 59, 60, 3_599, 3_600, 86_399, 90_000, -5]
            .map(|seconds| short(SignedDuration::from_secs(seconds)));
        assert_eq!(
            shown,
            ["0s", "59s", "1m0s", "59m59s", "1h0m", "23h59m", "1d1h", "0s"]
        );
    }
}
