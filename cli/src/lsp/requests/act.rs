//! What can be done at a place: actions, what stands above declarations, and commands.

use super::Answer;
use crate::lsp::{
    from_protocol::{offsets, uri},
    state::{Seen, State},
    to_protocol::Paper,
};
use flowmesh_diagnostics::Span;
use flowmesh_frontend::ide::{self, Action, ActionKind, Deed};
use serde_json::{Map, Value, json};

/// What can be done with what is selected. The names of others are those of the project as it is.
pub(super) fn actions(state: &mut State, params: &Value) -> Answer {
    let uri = uri(params)?.to_owned();
    let client = state.client.clone();
    let Some((seen, index)) = state.beside(&uri) else {
        return Ok(Value::Null);
    };
    let Seen {
        desk,
        snapshot,
        source,
    } = seen;
    let text = snapshot
        .sources
        .get(source)
        .map_or("", |source| source.text.as_ref());
    let range = params.get("range").ok_or("expected `range`")?;
    let Some((start, end)) = offsets(range, text, client.encoding) else {
        return Err("expected `range` with `start` and `end`".to_owned());
    };
    let wanted: Vec<&str> = params
        .pointer("/context/only")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let found = ide::actions(&snapshot, index, source, Span::new(source, start, end));
    let mut paper = Paper::new(&snapshot.sources, &client);
    let shown = found
        .iter()
        .filter(|action| is_wanted(action, &wanted))
        .filter_map(|action| {
            let mut shown = Map::new();
            shown.insert("title".to_owned(), json!(action.title));
            shown.insert("kind".to_owned(), json!(kind(action.kind)));
            shown.insert("edit".to_owned(), paper.edits(&desk, &client, &action.edits)?);
            if action.is_preferred {
                shown.insert("isPreferred".to_owned(), json!(true));
            }
            let mended = action.mends.map(|code| mended(params, &code.to_string()));
            if let Some(mended) = mended.filter(|mended| !mended.is_empty()) {
                shown.insert("diagnostics".to_owned(), json!(mended));
            }
            Some(Value::Object(shown))
        });
    Ok(Value::Array(shown.collect()))
}

/// Those of the findings that the editor asked about which have a code.
fn mended(params: &Value, code: &str) -> Vec<Value> {
    let found = params.pointer("/context/diagnostics").and_then(Value::as_array);
    let of = found
        .into_iter()
        .flatten()
        .filter(|one| one.get("code").and_then(Value::as_str) == Some(code));
    of.cloned().collect()
}

fn kind(kind: ActionKind) -> &'static str {
    match kind {
        ActionKind::Fix => "quickfix",
        ActionKind::Extract => "refactor.extract",
        ActionKind::Inline => "refactor.inline",
        ActionKind::Rewrite => "refactor.rewrite",
        ActionKind::Generate => "refactor.generate",
    }
}

/// Kinds have kinds: `refactor` is all that begins so.
fn is_wanted(action: &Action, wanted: &[&str]) -> bool {
    let own = kind(action.kind);
    let is = |wanted: &&str| {
        own == *wanted
            || own
                .strip_prefix(*wanted)
                .is_some_and(|rest| rest.starts_with('.'))
    };
    wanted.is_empty() || wanted.iter().any(is)
}

/// What stands above declarations. How often a name is used is said when it is looked at.
pub(super) fn lenses(state: &mut State, params: &Value) -> Answer {
    let uri = uri(params)?.to_owned();
    let client = state.client.clone();
    let server = client.server.clone();
    let Some(Seen { snapshot, source, .. }) = state.seen(&uri) else {
        return Ok(Value::Null);
    };
    let mut paper = Paper::new(&snapshot.sources, &client);
    let mut shown = Vec::new();
    for lens in ide::lenses(&snapshot, source) {
        let range = paper.range(lens.span);
        let (title, command, name) = match &lens.deed {
            Deed::Run { flow, .. } => ("run", "flowmesh.run", flow),
            Deed::Test { title } => ("test", "flowmesh.test", title),
            Deed::Explore { title } => ("explore", "flowmesh.explore", title),
            Deed::References(_) => {
                let data = json!({ "uri": uri, "position": paper.point(lens.span.source, lens.span.start) });
                shown.push(json!({ "range": range, "data": data }));
                continue;
            }
        };
        let takes = matches!(lens.deed, Deed::Run { takes: true, .. });
        let arguments = json!([uri, name, takes]);
        shown.push(json!({
            "range": range,
            "command": { "title": title, "command": command, "arguments": arguments },
        }));
        if let (Deed::Run { .. }, Some(server)) = (&lens.deed, &server) {
            let arguments = json!([uri, name, server]);
            shown.push(json!({
                "range": range,
                "command": { "title": "open runs", "command": "flowmesh.runs", "arguments": arguments },
            }));
        }
    }
    Ok(Value::Array(shown))
}

/// How often a name is used, and where.
pub(super) fn resolved(state: &mut State, lens: &Value) -> Value {
    let mut lens = lens.clone();
    let data = |name: &str| lens.pointer(&format!("/data/{name}")).cloned();
    let (Some(uri), Some(position)) = (data("uri"), data("position")) else {
        return lens;
    };
    let asked = json!({
        "textDocument": { "uri": uri },
        "position": position,
        "context": { "includeDeclaration": false },
    });
    let places = super::names::references(state, &asked).ok();
    let places = places.filter(Value::is_array).unwrap_or(json!([]));
    let count = places.as_array().map_or(0, Vec::len);
    let title = match count {
        1 => "1 reference".to_owned(),
        count => format!("{count} references"),
    };
    let arguments = json!([uri, position, places]);
    if let Value::Object(lens) = &mut lens {
        let command = json!({ "title": title, "command": "flowmesh.references", "arguments": arguments });
        lens.insert("command".to_owned(), command);
    }
    lens
}
