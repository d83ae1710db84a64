//! A trace as a tree.

use super::visit::micros;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;

/// A tree is drawn so deep.
const DEPTH_MAX: usize = 64;

/// A trace, a span each line, below that above it.
pub(crate) fn tree(trace: &Value) -> String {
    let spans = trace
        .get("spans")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let name = trace.get("trace").and_then(Value::as_str).unwrap_or_default();
    let mut text = format!("trace {name}, {} spans\n", spans.len());
    let ids: BTreeMap<&str, &Value> = spans.iter().map(|span| (said(span, "id"), span)).collect();
    let mut below: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    let mut tops = Vec::new();
    for span in spans {
        // What lies below something that is not known here is at the top.
        match span
            .get("parent")
            .and_then(Value::as_str)
            .filter(|parent| ids.contains_key(parent))
        {
            Some(parent) => below.entry(parent).or_default().push(span),
            None => tops.push(span),
        }
    }
    for top in tops {
        draw(&mut text, top, &below, &mut Vec::new());
    }
    text
}

fn draw<'s>(
    text: &mut String,
    span: &'s Value,
    below: &BTreeMap<&str, Vec<&'s Value>>,
    last: &mut Vec<bool>,
) {
    for (at, last_of) in last.iter().enumerate() {
        text.push_str(match (at + 1 == last.len(), last_of) {
            (true, true) => "`- ",
            (true, false) => "|- ",
            (false, true) => "   ",
            (false, false) => "|  ",
        });
    }
    text.push_str(&line(span));
    text.push('\n');
    if last.len() >= DEPTH_MAX {
        return;
    }
    let children = below.get(said(span, "id")).map(Vec::as_slice).unwrap_or_default();
    for (at, child) in children.iter().enumerate() {
        last.push(at + 1 == children.len());
        draw(text, child, below, last);
        last.pop();
    }
}

fn line(span: &Value) -> String {
    let mut line = format!("{} {}", said(span, "kind"), said(span, "name"));
    let attribute = |name: &str| span.get("attributes").and_then(|all| all.get(name)?.as_str());
    let endpoint = attribute("server.address").or_else(|| attribute("endpoint"));
    for (before, value) in [(" at ", endpoint), (" ", attribute("http.response.status_code"))] {
        if let Some(value) = value.filter(|_| said(span, "kind") == "attempt") {
            line.push_str(before);
            line.push_str(value);
        }
    }
    match took(span) {
        Some(us) => line.push_str(&format!(" {}", micros(us))),
        None => line.push_str(" ..."),
    }
    match said(span, "status") {
        "error" => line.push_str(&format!(" failed: {}", said(span, "error"))),
        "stopped" => line.push_str(" stopped"),
        _ => {}
    }
    line
}

fn took(span: &Value) -> Option<u64> {
    let at = |name: &str| span.get(name)?.as_str()?.parse::<Timestamp>().ok();
    let took = at("ended")?.duration_since(at("began")?);
    u64::try_from(took.as_micros()).ok()
}

fn said<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::tree;
    use serde_json::json;

    #[test]
    fn spans_lie_below_each_other() {
        let span = |id: &str, parent: Option<&str>, kind: &str, name: &str, status: &str| {
            json!({
                "id": id, "parent": parent, "kind": kind, "name": name, "status": status, "error": "it broke",
                "began": "2026-01-01T00:00:00Z",
                "ended": (status != "open").then_some("2026-01-01T00:00:00.0015Z"),
                "attributes": { "server.address": "10.0.0.1:80", "http.response.status_code": "500" },
            })
        };
        let trace = json!({ "trace": "7", "spans": [
            span("1", Some("0"), "visit", "POST order", "ok"),
            span("2", Some("1"), "run", "order", "open"),
            span("3", Some("2"), "call", "desk.pack", "error"),
            span("4", Some("3"), "attempt", "desk.pack", "error"),
            span("5", Some("2"), "step", "await go", "stopped"),
        ]});
        let expected = "\
trace 7, 5 spans
visit POST order 1.5ms
`- run order ...
   |- call desk.pack 1.5ms failed: it broke
   |  `- attempt desk.pack at 10.0.0.1:80 500 1.5ms failed: it broke
   `- step await go 1.5ms stopped
";
        assert_eq!(tree(&trace), expected);
    }
}
