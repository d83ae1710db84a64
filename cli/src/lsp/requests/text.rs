//! What editors show of a text as a whole: colours, hints, folds, links, and what a selection grows to.

use super::{Answer, kinds};
use crate::lsp::{
    from_protocol::{offset, offsets, position, uri},
    state::{Seen, State},
    to_protocol::Paper,
};
use flowmesh_diagnostics::Span;
use flowmesh_frontend::ide::{self, FoldKind, Goal, HintKind};
use serde_json::{Value, json};

/// The part of a text that a request is about, where it names one.
fn part(seen: &Seen<'_>, params: &Value, client: &crate::lsp::client::Client) -> Option<Span> {
    let text = seen.snapshot.sources.get(seen.source)?;
    let (start, end) = offsets(params.get("range")?, &text.text, client.encoding)?;
    Some(Span::new(seen.source, start, end))
}

/// What each word is, as numbers: each place is told from the one before.
pub(super) fn tokens(state: &mut State, params: &Value) -> Answer {
    let uri = uri(params)?.to_owned();
    let client = state.client.clone();
    let Some(seen) = state.seen(&uri) else {
        return Ok(Value::Null);
    };
    let range = part(&seen, params, &client);
    let tokens = ide::tokens(&seen.snapshot, seen.source, range);
    let mut paper = Paper::new(&seen.snapshot.sources, &client);
    let (mut line, mut column) = (0, 0);
    let mut data = Vec::new();
    for token in tokens {
        let Some((kind, modifiers)) = kinds::token(&token) else {
            continue;
        };
        for (at, length) in paper.lines(token.span) {
            let down = at.line - line;
            let right = if down == 0 { at.column - column } else { at.column };
            (line, column) = (at.line, at.column);
            data.extend([down, right, length, kind, modifiers]);
        }
    }
    Ok(json!({ "data": data }))
}

/// What holds and stands nowhere.
pub(super) fn hints(state: &mut State, params: &Value) -> Answer {
    const TYPE: u8 = 1;
    let uri = uri(params)?.to_owned();
    let client = state.client.clone();
    let Some(seen) = state.seen(&uri) else {
        return Ok(Value::Null);
    };
    let range = part(&seen, params, &client);
    let mut paper = Paper::new(&seen.snapshot.sources, &client);
    let shown = |hint: &ide::Hint| {
        let at = paper.point(seen.source, hint.offset);
        match hint.kind {
            HintKind::Type => json!({ "position": at, "label": hint.text, "kind": TYPE }),
            HintKind::Call | HintKind::Default => {
                json!({ "position": at, "label": hint.text, "paddingLeft": true })
            }
        }
    };
    let hints = ide::hints(&seen.snapshot, seen.source, range);
    Ok(Value::Array(hints.iter().map(shown).collect()))
}

/// What can be folded.
pub(super) fn folds(state: &mut State, params: &Value) -> Answer {
    let uri = uri(params)?.to_owned();
    let client = state.client.clone();
    let Some(Seen { snapshot, source, .. }) = state.seen(&uri) else {
        return Ok(Value::Null);
    };
    let mut paper = Paper::new(&snapshot.sources, &client);
    let shown = |fold: &ide::Fold| {
        let range = paper.range(fold.span);
        let kind = match fold.kind {
            FoldKind::Region => "region",
            FoldKind::Comment => "comment",
            FoldKind::Imports => "imports",
        };
        let (start, end) = (range.pointer("/start/line"), range.pointer("/end/line"));
        json!({ "startLine": start, "endLine": end, "kind": kind })
    };
    let folds = ide::folds(&snapshot, source);
    Ok(Value::Array(folds.iter().map(shown).collect()))
}

/// What each selection grows to, the largest around all others.
pub(super) fn selections(state: &mut State, params: &Value) -> Answer {
    let uri = uri(params)?.to_owned();
    let client = state.client.clone();
    let Some(Seen { snapshot, source, .. }) = state.seen(&uri) else {
        return Ok(Value::Null);
    };
    let text = snapshot
        .sources
        .get(source)
        .map_or("", |source| source.text.as_ref());
    let mut paper = Paper::new(&snapshot.sources, &client);
    let places = params.get("positions").and_then(Value::as_array);
    let grown = |place: &Value| {
        let at = position(place).unwrap_or_default();
        let offset = offset(at, text, client.encoding);
        let spans = ide::selections(&snapshot, source, offset);
        let around = spans.iter().rev().fold(None, |parent: Option<Value>, span| {
            let range = paper.range(*span);
            let own = match parent {
                Some(parent) => json!({ "range": range, "parent": parent }),
                None => json!({ "range": range }),
            };
            Some(own)
        });
        around.unwrap_or_else(|| json!({ "range": paper.range(Span::new(source, offset, offset)) }))
    };
    Ok(Value::Array(places.into_iter().flatten().map(grown).collect()))
}

/// What leads elsewhere.
pub(super) fn links(state: &mut State, params: &Value) -> Answer {
    let uri = uri(params)?.to_owned();
    let client = state.client.clone();
    let Some(Seen {
        desk,
        snapshot,
        source,
    }) = state.seen(&uri)
    else {
        return Ok(Value::Null);
    };
    let mut paper = Paper::new(&snapshot.sources, &client);
    let mut shown = Vec::new();
    for link in ide::links(&snapshot, source) {
        let target = match &link.goal {
            Goal::File(name) => desk.uri_of(name),
            Goal::Url(url) => Some(url.clone()),
        };
        shown.extend(target.map(|target| json!({ "range": paper.range(link.span), "target": target })));
    }
    Ok(Value::Array(shown))
}
