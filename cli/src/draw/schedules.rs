//! Schedules as tables: what there are, when one is due, what is made up for.

use super::table::lay;
use flowmesh_ir::zone;
use jiff::{Timestamp, tz::TimeZone};
use serde_json::Value;

/// Schedules, one per line.
pub(crate) fn all(schedules: &[Value]) -> String {
    let rows = schedules.iter().map(|schedule| {
        let next = schedule.pointer("/next/0/local").and_then(Value::as_str);
        let next = next.unwrap_or("never").to_owned();
        vec![
            text(schedule, "name"),
            text(schedule, "flow"),
            text(schedule, "when"),
            next,
            note(schedule),
        ]
    });
    lay(&["SCHEDULE", "FLOW", "WHEN", "NEXT", "NOTE"], rows)
}

/// What keeps a schedule from going on, or what it does beside.
fn note(schedule: &Value) -> String {
    if let Some(paused) = schedule.get("paused") {
        return match text(paused, "note") {
            note if note.is_empty() => "paused".to_owned(),
            note => format!("paused: {note}"),
        };
    }
    if let Some(problem) = schedule.get("problem").and_then(Value::as_str) {
        return format!("its last run could not begin: {problem}");
    }
    let many = |name: &str, words: &str| {
        let count = schedule.get(name).and_then(Value::as_array).map_or(0, Vec::len);
        (count > 0).then(|| format!("{count} {words}"))
    };
    let backfill = schedule.get("backfill").map(|_| "made up for".to_owned());
    let notes = [many("running", "running"), many("waiting", "waiting"), backfill];
    notes.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// When a schedule is due next: what the clocks of its zone show, and what is odd about it.
pub(crate) fn next(schedule: &Value) -> String {
    let times = schedule.get("next").and_then(Value::as_array);
    let times = times.map_or(&[][..], Vec::as_slice);
    if times.is_empty() {
        return format!("`{}` is never due\n", text(schedule, "name"));
    }
    let zone = text(schedule, "zone");
    let late = times.iter().any(|time| time.get("begins").is_some());
    let noted = times.iter().any(|time| time.get("note").is_some());
    let local = format!("NEXT ({zone})");
    let mut head = vec![local.as_str(), "UTC"];
    head.extend(late.then_some("BEGINS"));
    head.extend(noted.then_some("NOTE"));
    let rows = times.iter().map(|time| {
        let mut row = vec![text(time, "local"), text(time, "at")];
        row.extend(late.then(|| {
            time.get("begins")
                .map_or_else(|| text(time, "at"), |_| text(time, "begins"))
        }));
        row.extend(noted.then(|| text(time, "note")));
        row
    });
    let table = lay(&head, rows);
    match schedule.get("paused") {
        Some(_) => format!("{table}{}\n", note(schedule)),
        None => table,
    }
}

/// What becomes of the times of a range.
pub(crate) fn plan(plan: &Value, zone: &str) -> String {
    let times = plan.get("times").and_then(Value::as_array);
    let times = times.map_or(&[][..], Vec::as_slice);
    if times.is_empty() {
        return "nothing is due in this range\n".to_owned();
    }
    let clock = zone::zone(zone).unwrap_or(TimeZone::UTC);
    let rows = times.iter().map(|time| {
        let at: Option<Timestamp> = text(time, "at").parse().ok();
        let shown = at.map(|at| {
            at.to_zoned(clock.clone())
                .strftime("%a %Y-%m-%d %H:%M:%S %:z")
                .to_string()
        });
        let begins = time.get("begins").and_then(Value::as_bool).unwrap_or_default();
        let before = match text(time, "run") {
            run if run.is_empty() => String::new(),
            run => format!("{run} is {}", text(time, "state")),
        };
        let does = if begins { "begins" } else { "left out" };
        vec![shown.unwrap_or_default(), does.to_owned(), before]
    });
    lay(&[format!("TIME ({zone})").as_str(), "DOES", "BEFORE"], rows)
}

fn text(of: &Value, name: &str) -> String {
    of.get(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}
