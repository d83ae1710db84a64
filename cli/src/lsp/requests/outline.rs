//! What texts declare.

use super::{Answer, kinds};
use crate::lsp::{
    from_protocol::uri,
    state::{Seen, State},
    to_protocol::Paper,
    uri as uris,
};
use flowmesh_frontend::ide::{self, Symbol};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What a text declares, as a tree.
pub(super) fn document(state: &mut State, params: &Value) -> Answer {
    let uri = uri(params)?.to_owned();
    let client = state.client.clone();
    let Some(Seen { snapshot, source, .. }) = state.seen(&uri) else {
        return Ok(Value::Null);
    };
    let mut paper = Paper::new(&snapshot.sources, &client);
    let all = ide::document_symbols(&snapshot, source);
    Ok(Value::Array(
        all.iter().map(|symbol| shown(&mut paper, symbol)).collect(),
    ))
}

fn shown(paper: &mut Paper<'_>, symbol: &Symbol) -> Value {
    let inner: Vec<Value> = symbol.inner.iter().map(|inner| shown(paper, inner)).collect();
    // No editor takes one without a name.
    let name = if symbol.name.is_empty() {
        "…"
    } else {
        &symbol.name
    };
    json!({
        "name": name,
        "detail": symbol.detail,
        "kind": kinds::symbol(symbol.kind),
        "range": paper.range(symbol.whole),
        "selectionRange": paper.range(symbol.span),
        "children": inner,
    })
}

/// What the modules of all projects declare under a name.
pub(super) fn workspace(state: &mut State, params: &Value) -> Answer {
    let query = params
        .get("query")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let client = state.client.clone();
    // One document of each project that is open, and the folders themselves.
    let mut asked: Vec<String> = state.documents.open.keys().cloned().collect();
    asked.extend(client.roots.iter().map(|root| uris::of(&root.join("_.flow"))));
    let (mut all, mut folders) = (Vec::new(), BTreeSet::new());
    for uri in asked {
        if !folders.insert(state.documents.desk(&uri).folder()) {
            continue;
        }
        let Some(Seen { desk, snapshot, .. }) = state.project(&uri) else {
            continue;
        };
        let mut paper = Paper::new(&snapshot.sources, &client);
        for found in ide::workspace_symbols(&snapshot, &query) {
            let Some(location) = paper.location(&desk, found.symbol.span) else {
                continue;
            };
            all.push(json!({
                "name": found.symbol.name,
                "kind": kinds::symbol(found.symbol.kind),
                "location": location.shown(),
                "containerName": found.container,
            }));
        }
    }
    Ok(Value::Array(all))
}
