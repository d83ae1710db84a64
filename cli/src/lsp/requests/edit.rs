//! What changes a text: its layout.

use super::Answer;
use crate::lsp::{
    from_protocol::{offsets, uri},
    state::{Seen, State},
    to_protocol::Paper,
};
use flowmesh_diagnostics::{Sources, Span};
use flowmesh_frontend::{format::format, ide};
use serde_json::{Value, json};

/// The lines of a part of a text, laid out.
pub(super) fn part(state: &mut State, params: &Value) -> Answer {
    let uri = uri(params)?.to_owned();
    let client = state.client.clone();
    let Some(Seen { snapshot, source, .. }) = state.seen(&uri) else {
        return Ok(Value::Null);
    };
    let text = snapshot
        .sources
        .get(source)
        .map_or("", |source| source.text.as_ref());
    let range = params
        .get("range")
        .and_then(|range| offsets(range, text, client.encoding));
    let Some((start, end)) = range else {
        return Err("expected `range`".to_owned());
    };
    let mut paper = Paper::new(&snapshot.sources, &client);
    let edits = ide::format_range(&snapshot, source, Span::new(source, start, end));
    Ok(Value::Array(edits.iter().map(|edit| paper.edit(edit)).collect()))
}

/// The text, laid out.
pub(super) fn formatting(state: &mut State, params: &Value) -> Answer {
    let uri = uri(params)?;
    let Some(document) = state.documents.open.get(uri) else {
        return Ok(Value::Null);
    };
    let text = document.text.as_str();
    let Ok(formatted) = format(text) else {
        return Ok(Value::Null);
    };
    if formatted == text {
        return Ok(json!([]));
    }
    let mut sources = Sources::default();
    let source = sources.add("document", text);
    let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
    let range = Paper::new(&sources, &state.client).range(Span::new(source, 0, end));
    Ok(json!([{ "range": range, "newText": formatted }]))
}
