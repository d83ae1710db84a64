//! What the editor tells: texts that are opened, changed and closed, files that others changed, folders that come and go.

use super::{documents::Document, from_protocol, state::State, uri};
use flowmesh_frontend::ide::position::Text;
use lsp_server::{Message, Notification};
use serde_json::Value;

/// Takes note of something. What is said in another form than the protocol's is left out.
pub(super) fn note(state: &mut State, notification: Notification) -> Vec<Message> {
    let Notification { method, params } = notification;
    let text = |place: &str| params.pointer(place).and_then(Value::as_str);
    let named = text("/textDocument/uri");
    match (method.as_str(), named) {
        ("textDocument/didOpen", Some(uri)) => {
            let document = Document {
                version: version(&params),
                text: Text::new(text("/textDocument/text").unwrap_or_default()),
            };
            state.documents.open.insert(uri.to_owned(), document);
            state.changed();
        }
        ("textDocument/didChange", Some(uri)) => change(state, uri, &params),
        ("textDocument/didClose", Some(uri)) => state.closed(uri),
        // Files that are not open may be others now.
        ("workspace/didChangeWatchedFiles" | "workspace/didRenameFiles" | "workspace/didDeleteFiles", _)
        | ("workspace/didCreateFiles" | "textDocument/didSave", _) => state.changed(),
        ("workspace/didChangeWorkspaceFolders", _) => folders(state, &params),
        ("workspace/didChangeConfiguration", _) => {
            let server = text("/settings/flowmesh/server").filter(|server| !server.is_empty());
            state.client.server = server.map(str::to_owned).or(state.client.server.take());
        }
        _ => {}
    }
    Vec::new()
}

fn version(params: &Value) -> i64 {
    params
        .pointer("/textDocument/version")
        .and_then(Value::as_i64)
        .unwrap_or_default()
}

fn change(state: &mut State, uri: &str, params: &Value) {
    let encoding = state.client.encoding;
    let Some(document) = state.documents.open.get_mut(uri) else {
        return;
    };
    document.version = version(params);
    let changes = params.get("contentChanges").and_then(Value::as_array);
    for change in changes.into_iter().flatten() {
        let text = change.get("text").and_then(Value::as_str).unwrap_or_default();
        match change.get("range").and_then(from_protocol::range) {
            Some((from, to)) => document.text.replace(from, to, text, encoding),
            None => document.text = Text::new(text),
        }
    }
    state.changed();
}

fn folders(state: &mut State, params: &Value) {
    let paths = |place: &str| {
        let all = params.pointer(place).and_then(Value::as_array);
        let uris = all.into_iter().flatten().filter_map(|folder| folder.get("uri"));
        uris.filter_map(Value::as_str)
            .filter_map(uri::path)
            .collect::<Vec<_>>()
    };
    let gone = paths("/event/removed");
    state.client.roots.retain(|root| !gone.contains(root));
    state.client.roots.extend(paths("/event/added"));
    state.changed();
}
