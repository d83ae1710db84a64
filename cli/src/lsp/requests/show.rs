//! What stands at a place.

use super::Answer;
use crate::lsp::{
    from_protocol::{at, offset},
    state::{Seen, State},
    to_protocol::{Paper, words},
};
use flowmesh_frontend::ide;
use serde_json::{Value, json};

/// What stands under the cursor.
pub(super) fn hover(state: &mut State, params: &Value) -> Answer {
    let at = at(params)?;
    let client = state.client.clone();
    let Some(Seen { snapshot, source, .. }) = state.seen(&at.uri) else {
        return Ok(Value::Null);
    };
    let text = snapshot
        .sources
        .get(source)
        .map_or("", |source| source.text.as_ref());
    let offset = offset(at.position, text, client.encoding);
    let Some(hover) = ide::hover(&snapshot.analysis, source, offset) else {
        return Ok(Value::Null);
    };
    let mut paper = Paper::new(&snapshot.sources, &client);
    Ok(json!({
        "contents": words(&hover.markdown, client.markdown.0),
        "range": paper.range(hover.span),
    }))
}
