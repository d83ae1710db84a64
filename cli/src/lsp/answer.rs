//! What each message of the editor leads to.

use super::{
    documents::{Document, Documents},
    from_protocol, to_protocol,
};
use flowmesh_diagnostics::{Diagnostics, Source, Sources};
use flowmesh_frontend::{Workspace, World, format::format, ide};
use gen_lsp_types::{
    Contents, Diagnostic, DidChangeTextDocumentParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams,
    DocumentFormattingParams, Hover, HoverParams, MarkupContent, MarkupKind, PublishDiagnosticsParams, Range,
    TextEdit,
};
use lsp_server::{ErrorCode, Notification, Request, Response};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// Answers a request.
pub(crate) fn request(documents: &Documents, request: Request) -> Response {
    let Request { id, method, params } = request;
    let result = match method.as_str() {
        "textDocument/hover" => read(params).map(|params| serde_json::to_value(hover(documents, &params))),
        "textDocument/formatting" => {
            read(params).map(|params| serde_json::to_value(formatting(documents, &params)))
        }
        _ => {
            let code = ErrorCode::MethodNotFound as i32;
            return Response::new_err(id, code, format!("`{method}` is not spoken here"));
        }
    };
    match result.map(Result::unwrap_or_default) {
        Ok(value) => Response::new_ok(id, value),
        Err(why) => Response::new_err(id, ErrorCode::InvalidParams as i32, why),
    }
}

/// Takes note of something and publishes the diagnostics that follow from it.
pub(crate) fn notification(documents: &mut Documents, notification: Notification) -> Vec<Notification> {
    let Notification { method, params } = notification;
    let noted = match method.as_str() {
        "textDocument/didOpen" => read(params).map(|params| open(documents, params)),
        "textDocument/didChange" => read(params).map(|params| change(documents, params)),
        "textDocument/didClose" => read(params).map(|params| close(documents, &params)),
        _ => return Vec::new(),
    };
    if noted.is_ok() {
        publish(documents)
    } else {
        Vec::new()
    }
}

fn read<P: DeserializeOwned>(params: serde_json::Value) -> Result<P, String> {
    serde_json::from_value(params).map_err(|why| why.to_string())
}

fn open(documents: &mut Documents, params: DidOpenTextDocumentParams) {
    let item = params.text_document;
    documents.open.insert(
        item.uri.to_string(),
        Document {
            version: item.version,
            text: item.text,
        },
    );
}

fn change(documents: &mut Documents, params: DidChangeTextDocumentParams) {
    let uri = params.text_document.text_document_identifier.uri.to_string();
    let Some(document) = documents.open.get_mut(&uri) else {
        return;
    };
    document.version = params.text_document.version;
    for change in params.content_changes {
        document.text = from_protocol::change(&document.text, change);
    }
}

fn close(documents: &mut Documents, params: &DidCloseTextDocumentParams) {
    let uri: &str = params.text_document.uri.as_ref();
    documents.open.remove(uri);
    documents.workspaces.remove(uri);
}

/// Checks every open document, since one may use another, and tells what changed.
fn publish(documents: &mut Documents) -> Vec<Notification> {
    let mut found: BTreeMap<String, Vec<Diagnostic>> = BTreeMap::new();
    let mut workspaces = std::mem::take(&mut documents.workspaces);
    for uri in documents.open.keys() {
        found.entry(uri.clone()).or_default();
        let workspace = workspaces.entry(uri.clone()).or_default();
        check(documents, workspace, uri, &mut found);
    }
    documents.workspaces = workspaces;
    // What was marked before and is not now must be told to be clean.
    for uri in &documents.marked {
        found.entry(uri.clone()).or_default();
    }
    let marked = found
        .iter()
        .filter(|(_, all)| !all.is_empty())
        .map(|(uri, _)| uri.clone());
    documents.marked = marked.collect();
    found
        .into_iter()
        .map(|(uri, all)| published(documents, &uri, all))
        .collect()
}

fn published(documents: &Documents, uri: &str, diagnostics: Vec<Diagnostic>) -> Notification {
    let version = documents.open.get(uri).map(|document| document.version);
    let params = PublishDiagnosticsParams {
        uri: uri.into(),
        version,
        diagnostics,
    };
    Notification::new("textDocument/publishDiagnostics".to_owned(), params)
}

/// Adds what is wrong with a document and the modules it uses.
fn check(
    documents: &Documents,
    workspace: &mut Workspace,
    uri: &str,
    found: &mut BTreeMap<String, Vec<Diagnostic>>,
) {
    let desk = documents.desk(uri);
    let (mut sources, mut diagnostics) = (Sources::default(), Diagnostics::default());
    workspace.compile(&desk, &desk.root, &mut sources, &mut diagnostics);
    for diagnostic in diagnostics.sorted() {
        let Some(source) = sources.get(diagnostic.span.source) else {
            continue;
        };
        let Some(place) = desk.uri_of(&source.name) else {
            continue;
        };
        let Some(shown) = to_protocol::diagnostic(diagnostic, &sources, &|name| desk.uri_of(name)) else {
            continue;
        };
        let all = found.entry(place).or_default();
        if !all.contains(&shown) {
            all.push(shown);
        }
    }
}

fn hover(documents: &Documents, params: &HoverParams) -> Option<Hover> {
    let place = &params.text_document_position_params;
    let desk = documents.desk(place.text_document.uri.as_ref());
    let text = desk.read(&desk.root).ok()?;
    let offset = from_protocol::offset(&line_index::LineIndex::new(&text), &text, place.position);
    let (sources, _, analysis) = ide::diagnostics(&desk, &desk.root);
    let (id, source) = sources.iter().find(|(_, source)| source.name == desk.root)?;
    let hover = ide::hover(&analysis, id, offset)?;
    let contents = MarkupContent {
        kind: MarkupKind::Markdown,
        value: hover.markdown,
    };
    let range = Some(to_protocol::range(source, hover.span));
    Some(Hover {
        contents: Contents::MarkupContent(contents),
        range,
    })
}

fn formatting(documents: &Documents, params: &DocumentFormattingParams) -> Option<Vec<TextEdit>> {
    let document = documents.open.get(params.text_document.uri.as_ref())?;
    let formatted = format(&document.text).ok()?;
    if formatted == document.text {
        return Some(Vec::new());
    }
    let (sources, id) = single(&document.text);
    let range = whole(sources.get(id)?);
    Some(vec![TextEdit {
        range,
        new_text: formatted,
    }])
}

fn single(text: &str) -> (Sources, flowmesh_diagnostics::SourceId) {
    let mut sources = Sources::default();
    let id = sources.add("document", text);
    (sources, id)
}

fn whole(source: &Source) -> Range {
    let end = u32::try_from(source.text.len()).unwrap_or(u32::MAX);
    Range {
        start: to_protocol::position(source, 0),
        end: to_protocol::position(source, end),
    }
}
