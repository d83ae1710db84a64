//! What changes a text: its layout.

use super::Answer;
use crate::lsp::{from_protocol::uri, state::State, to_protocol::Paper};
use flowmesh_diagnostics::{Sources, Span};
use flowmesh_frontend::format::format;
use serde_json::{Value, json};

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
