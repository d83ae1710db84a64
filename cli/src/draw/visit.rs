//! A visit of a gateway for people: as a line, and with why it went as it did.

use serde_json::Value;
use std::fmt::Write;

/// A visit as a line.
pub(crate) fn line(visit: &Value) -> String {
    if let Some(left_out) = visit.get("left_out") {
        return format!("... {left_out} visits were left out");
    }
    let mut line = format!(
        "{} {} {} {} {}{}",
        time(visit),
        number(visit, "status"),
        text(visit, "gateway"),
        text(visit, "method"),
        text(visit, "host"),
        text(visit, "path"),
    );
    let took = visit.get("took_us").and_then(Value::as_u64).unwrap_or_default();
    let _ = write!(line, " {}", micros(took));
    for (name, value) in [("as", "identity"), ("->", "target"), ("refused:", "refused")] {
        if let Some(value) = visit.get(value).and_then(Value::as_str) {
            let _ = write!(line, " {name} {value}");
        }
    }
    let _ = write!(line, " [{}]", text(visit, "request"));
    line
}

/// Why a visit went as it did. `place` says where a rule stands, if that is known.
pub(crate) fn why(visit: &Value, place: &dyn Fn(u64) -> Option<String>) -> String {
    let mut all = String::new();
    // Writing into a text cannot fail; so below.
    let _ = writeln!(all, "{}", line(visit));
    let identity = visit.get("identity").and_then(Value::as_str).unwrap_or("nobody");
    let proof = match text(visit, "proof").as_str() {
        "certificate" => " by a certificate",
        "credentials" => " by what was shown",
        _ => "",
    };
    let _ = writeln!(all, "from {}, as {identity}{proof}", text(visit, "address"));
    for route in list(visit, "looked") {
        let fit = match text(route, "fit").as_str() {
            "taken" => "took it",
            "method" => "is for another method",
            "pattern" => "wants another path",
            _ => "has a condition that does not hold",
        };
        let _ = writeln!(
            all,
            "  route {} `{}` {fit}",
            number(route, "number"),
            text(route, "name")
        );
    }
    if let Some(other) = visit.get("runner_up") {
        let (number, name) = (number(other, "number"), text(other, "name"));
        let _ = writeln!(all, "  else route {number} `{name}` would have");
    }
    for rule in list(visit, "rules") {
        let _ = writeln!(all, "  {}", said(rule, place));
    }
    for attempt in list(visit, "attempts") {
        let endpoint = attempt
            .get("endpoint")
            .and_then(Value::as_str)
            .unwrap_or("no endpoint");
        let zone = attempt.get("zone").and_then(Value::as_str);
        let zone = zone.map(|zone| format!(" in {zone}")).unwrap_or_default();
        let took = attempt.get("took_us").and_then(Value::as_u64).unwrap_or_default();
        let next = text(attempt, "next");
        let next = if next.is_empty() {
            next
        } else {
            format!(", {next}")
        };
        let outcome = text(attempt, "outcome");
        let failover = attempt.get("failover").and_then(Value::as_str);
        let failover = failover.map_or_else(String::new, |failover| format!(" ({failover})"));
        let number = number(attempt, "attempt");
        let _ = writeln!(
            all,
            "  attempt {number} at {endpoint}{zone}{failover}: {outcome} after {}{next}",
            micros(took)
        );
    }
    if let Some(run) = visit.get("run").and_then(Value::as_str) {
        let _ = writeln!(all, "  led to run {run}");
    }
    all
}

fn said(rule: &Value, place: &dyn Fn(u64) -> Option<String>) -> String {
    let at = rule.get("rule").and_then(Value::as_u64).unwrap_or_default();
    let name = place(at).unwrap_or_else(|| format!("rule {at}"));
    let applies = rule.get("applies").and_then(Value::as_bool).unwrap_or_default();
    let holds = rule.get("holds").and_then(Value::as_bool);
    let says = match (applies, holds) {
        (false, _) => "is about others",
        (true, Some(true)) => "applies",
        (true, Some(false)) => "has a condition that does not hold",
        (true, None) => "has a condition without a value",
    };
    let decided = rule.get("decided").and_then(Value::as_bool).unwrap_or_default();
    format!("{name} {says}{}", if decided { ", and decided" } else { "" })
}

fn list<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn text(value: &Value, name: &str) -> String {
    value
        .get(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

fn number(value: &Value, name: &str) -> String {
    value.get(name).map(Value::to_string).unwrap_or_default()
}

fn time(visit: &Value) -> String {
    let time: String = text(visit, "time").chars().take(23).collect();
    time.replace('T', " ")
}

/// As people read it.
pub(super) fn micros(us: u64) -> String {
    match us {
        0..=999 => format!("{us}us"),
        1_000..=999_999 => format!("{}.{}ms", us / 1_000, us % 1_000 / 100),
        _ => format!("{}.{}s", us / 1_000_000, us % 1_000_000 / 100_000),
    }
}
