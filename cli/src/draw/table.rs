//! Runs as a table, and one run in detail.

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value;

/// Runs, one per line.
pub(crate) fn runs(all: &[Value]) -> String {
    let tagged = all.iter().any(|run| run.get("tags").is_some());
    let mut head = vec!["RUN", "FLOW", "STATE", "STARTED", "AT"];
    head.extend(tagged.then_some("TAGS"));
    let rows = all.iter().map(|run| {
        let mut row = vec![
            text(run, "id"),
            text(run, "flow"),
            text(run, "state"),
            when(run, "started"),
            at(run),
        ];
        row.extend(tagged.then(|| run.get("tags").map(pairs).unwrap_or_default()));
        row
    });
    lay(&head, rows)
}

/// Rows under their heads, as wide as they are.
pub(crate) fn lay(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(head.to_vec());
    for row in rows {
        table.add_row(row);
    }
    // The preset leaves a space before each cell and spaces at the ends of lines.
    table
        .lines()
        .map(|line| line.strip_prefix(' ').unwrap_or(&line).trim_end().to_owned() + "\n")
        .collect()
}

/// One run, one fact per line.
pub(crate) fn run(run: &Value) -> String {
    let mut lines = Vec::new();
    for (name, value) in run.as_object().into_iter().flatten() {
        let shown = match value {
            Value::String(text) => text.clone(),
            Value::Null => continue,
            Value::Object(_) if name == "tags" => pairs(value),
            Value::Object(_) if name == "parked" => parked(value, &text(run, "id")),
            Value::Object(_) if name == "paused" => {
                format!("{} (since {})", text(value, "reason"), when(value, "since"))
            }
            Value::Array(all) if name == "turns" => {
                let turn = |turn: &Value| {
                    format!(
                        "{} in the queue for {}",
                        turn.get("turn").unwrap_or(&Value::Null),
                        text(turn, "of")
                    )
                };
                all.iter().map(turn).collect::<Vec<_>>().join(", ")
            }
            Value::Array(all) if all.iter().all(Value::is_string) => all
                .iter()
                .filter_map(Value::as_str)
                .collect::<Vec<_>>()
                .join(", "),
            other => other.to_string(),
        };
        lines.push(format!("{name:<8} {shown}\n"));
    }
    lines.concat()
}

/// Tags as `key=value key=value`.
fn pairs(tags: &Value) -> String {
    let pairs = tags.as_object().into_iter().flatten();
    let pairs = pairs.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()));
    pairs.collect::<Vec<_>>().join(" ")
}

/// What a run is at, or how it ended.
fn at(run: &Value) -> String {
    if let Some(error) = run.get("error") {
        return text(error, "name");
    }
    if let Some(parked) = run.get("parked") {
        return format!("{}: parked", text(parked, "step"));
    }
    let steps = run.get("steps").and_then(Value::as_array).into_iter().flatten();
    steps.filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
}

/// Where a run is parked, and what to do.
fn parked(parked: &Value, id: &str) -> String {
    let choices = parked
        .get("choices")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let choices: Vec<&str> = choices.filter_map(Value::as_str).collect();
    format!(
        "{}: {}: {} (since {})\n{:<8} flowmesh runs decide {id} {}\n{:<8} flowmesh explain {}",
        text(parked, "step"),
        text(parked, "why"),
        ended(parked),
        when(parked, "since"),
        "decide",
        choices.join("|"),
        "",
        text(parked, "code"),
    )
}

/// What the call ended with: the reason in its words, or what else is known of the error.
fn ended(parked: &Value) -> String {
    let name = parked.pointer("/error/name").and_then(Value::as_str);
    let name = name.unwrap_or_default();
    let fields = parked.pointer("/error/fields").unwrap_or(&Value::Null);
    match fields.get("reason").and_then(Value::as_str) {
        Some(reason) => format!("{name}: {reason}"),
        None => format!("{name} {fields}"),
    }
}

/// A time to the second.
fn when(run: &Value, name: &str) -> String {
    let text = text(run, name);
    match text.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => text,
    }
}

fn text(of: &Value, name: &str) -> String {
    match of.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn tags_stand_at_the_end_where_there_are_any() {
        let run =
            json!({ "id": "r1", "flow": "f", "state": "done", "tags": { "team": "a", "urgent": "yes" } });
        assert!(
            super::runs(std::slice::from_ref(&run))
                .trim_end()
                .ends_with("team=a urgent=yes")
        );
        assert!(super::run(&run).contains("tags     team=a urgent=yes"));
    }

    #[test]
    fn a_run_is_one_line() {
        let run = json!({ "id": "r1", "flow": "checkout", "state": "waiting", "started": "2026-01-31T12:00:00.5Z", "steps": ["await approve"] });
        let table = super::runs(&[run]);
        let line = table.lines().nth(1).expect("a line");
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(
            words,
            [
                "r1",
                "checkout",
                "waiting",
                "2026-01-31T12:00:00Z",
                "await",
                "approve"
            ]
        );
    }
}
