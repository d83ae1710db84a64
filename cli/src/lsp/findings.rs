//! What is wrong: told as soon as nothing else waits, or where the editor asks for it.

use super::{
    documents::programs,
    library,
    state::{Seen, State},
    to_protocol::Paper,
    uri,
};
use lsp_server::{Message, Notification};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hash, Hasher},
};

/// What is wrong with open documents and what they use, where that is to be told. What was told before and is not wrong any more
/// is taken back.
pub(super) fn published(state: &mut State) -> Vec<Message> {
    if state.told || state.client.pulls {
        return Vec::new();
    }
    state.told = true;
    let open: Vec<String> = state.documents.open.keys().cloned().collect();
    let mut found: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for uri in &open {
        found.entry(uri.clone()).or_default();
        for (at, shown) in of_root(state, uri) {
            let all = found.entry(at).or_default();
            // Two roots may use one module.
            if !all.contains(&shown) {
                all.push(shown);
            }
        }
    }
    let before = std::mem::take(&mut state.marked);
    for uri in before.keys() {
        found.entry(uri.clone()).or_default();
    }
    let marked = found.iter().filter(|(_, all)| !all.is_empty());
    state.marked = marked.map(|(uri, all)| (uri.clone(), print(all))).collect();
    // What is open is waited for; of other files nothing is said twice.
    let documents = &state.documents.open;
    found.retain(|uri, _| documents.contains_key(uri) || state.marked.get(uri) != before.get(uri));
    let message = |(uri, diagnostics): (String, Vec<Value>)| {
        let version = state.documents.open.get(&uri).map(|document| document.version);
        let params = json!({ "uri": uri, "version": version, "diagnostics": diagnostics });
        Notification::new("textDocument/publishDiagnostics".to_owned(), params).into()
    };
    found.into_iter().map(message).collect()
}

/// What is wrong with a program, by the documents where it stands.
fn of_root(state: &mut State, uri: &str) -> Vec<(String, Value)> {
    let client = state.client.clone();
    if uri::path(uri).is_some_and(|path| library::holds(&path)) {
        return Vec::new();
    }
    let Some(Seen { desk, snapshot, .. }) = state.seen(uri) else {
        return Vec::new();
    };
    let mut paper = Paper::new(&snapshot.sources, &client);
    let mut all = Vec::new();
    for diagnostic in snapshot.found.sorted() {
        let Some(source) = paper.source(diagnostic.span) else {
            continue;
        };
        // The library is nobody's here to mend.
        if source.name.starts_with("std/") {
            continue;
        }
        let at = desk.uri_of(&source.name);
        all.extend(at.map(|at| (at, paper.finding(&desk, diagnostic))));
    }
    all
}

/// What is wrong with a document and, where it is wrong with what it uses, with that.
pub(super) fn asked(state: &mut State, params: &Value) -> Result<Value, String> {
    let uri = super::from_protocol::uri(params)?.to_owned();
    let (mut own, mut others) = (Vec::new(), BTreeMap::<String, Vec<Value>>::new());
    for (at, shown) in of_root(state, &uri) {
        match at == uri {
            true => own.push(shown),
            false => others.entry(at).or_default().push(shown),
        }
    }
    // What is open is asked for by itself.
    others.retain(|at, _| !state.documents.open.contains_key(at));
    let related: BTreeMap<String, Value> = others
        .into_iter()
        .map(|(at, items)| (at, full(&items, None)))
        .collect();
    let mut report = full(&own, params.get("previousResultId"));
    if let (false, Value::Object(report)) = (related.is_empty(), &mut report) {
        report.insert("relatedDocuments".to_owned(), json!(related));
    }
    Ok(report)
}

/// What is wrong with all programs of the open folders.
pub(super) fn everywhere(state: &mut State, params: &Value) -> Value {
    let known: BTreeMap<String, Value> = params
        .get("previousResultIds")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|one| Some((one.get("uri")?.as_str()?.to_owned(), one.get("value")?.clone())))
        .collect();
    let mut uris: BTreeSet<String> = state.documents.open.keys().cloned().collect();
    for root in state.client.roots.clone() {
        uris.extend(programs(&root).iter().map(|path| uri::of(path)));
    }
    let mut items = Vec::new();
    for uri in uris {
        let found = of_root(state, &uri);
        if !state.documents.open.contains_key(&uri) {
            state.close_room(&uri);
        }
        let own: Vec<Value> = found
            .into_iter()
            .filter(|(at, _)| *at == uri)
            .map(|(_, shown)| shown)
            .collect();
        let mut report = full(&own, known.get(&uri));
        if let Value::Object(report) = &mut report {
            let version = state.documents.open.get(&uri).map(|document| document.version);
            report.insert("version".to_owned(), json!(version));
            report.insert("uri".to_owned(), json!(uri));
        }
        items.push(report);
    }
    json!({ "items": items })
}

/// A number that tells findings from others.
fn print(items: &[Value]) -> u64 {
    let mut hasher = DefaultHasher::new();
    json!(items).to_string().hash(&mut hasher);
    hasher.finish()
}

/// A report, or that it is the one that the editor has.
fn full(items: &[Value], known: Option<&Value>) -> Value {
    let id = format!("{:016x}", print(items));
    match known.and_then(Value::as_str) == Some(id.as_str()) {
        true => json!({ "kind": "unchanged", "resultId": id }),
        false => json!({ "kind": "full", "resultId": id, "items": items }),
    }
}
