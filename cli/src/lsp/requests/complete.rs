//! What can be written at a place.

use super::{Answer, kinds, names::offset_in};
use crate::lsp::{
    from_protocol::{at, offset},
    state::State,
    to_protocol::{Paper, words},
};
use flowmesh_diagnostics::Sources;
use flowmesh_frontend::{
    World,
    ide::{self, CompletionItem, position::Text},
};
use serde_json::{Map, Value, json};

/// What the call around the cursor takes.
pub(super) fn signature(state: &mut State, params: &Value) -> Answer {
    let at = at(params)?;
    let client = state.client.clone();
    let Some(seen) = state.seen(&at.uri) else {
        return Ok(Value::Null);
    };
    let offset = offset_in(&seen, &at, &client);
    let Some(help) = ide::signature_help(&seen.snapshot, seen.source, offset) else {
        return Ok(Value::Null);
    };
    // Places in the words are counted as places in texts are.
    let label = Text::new(help.label.clone());
    let column = |at: usize| {
        label
            .position(u32::try_from(at).unwrap_or(u32::MAX), client.encoding)
            .column
    };
    let params: Vec<Value> = help
        .params
        .iter()
        .map(|(start, end)| json!({ "label": [column(*start), column(*end)] }))
        .collect();
    let docs = (!help.doc.is_empty()).then(|| words(&help.doc, client.markdown.1));
    let signature = match docs {
        Some(docs) => json!({ "label": help.label, "parameters": params, "documentation": docs }),
        None => json!({ "label": help.label, "parameters": params }),
    };
    Ok(json!({ "signatures": [signature], "activeSignature": 0, "activeParameter": help.active }))
}

/// The most that is offered at once; who types on is asked again.
pub(in crate::lsp) const MOST: usize = 200;

/// The likeliest first.
pub(super) fn complete(state: &mut State, params: &Value) -> Answer {
    let at = at(params)?;
    let client = state.client.clone();
    let desk = state.documents.desk(&at.uri);
    let Ok(text) = desk.read(&desk.root) else {
        return Ok(Value::Null);
    };
    let offset = offset(at.position, &text, client.encoding);
    let offered = state.complete(&at.uri, offset);
    // Places are counted in the text as it is, without the word that was looked for.
    let mut sources = Sources::default();
    let source = sources.add("document", text);
    let mut paper = Paper::new(&sources, &client);
    let span = flowmesh_diagnostics::Span::new(source, offered.span.start, offered.span.end);
    let range = paper.range(span);
    let items = offered.items.iter().take(MOST).enumerate().map(|(number, item)| {
        let mut shown = shown(number, item, client.snippets);
        shown.insert(
            "textEdit".to_owned(),
            json!({ "range": range, "newText": written(item, client.snippets) }),
        );
        let also = item.also.iter().map(|edit| {
            let span = flowmesh_diagnostics::Span::new(source, edit.span.start, edit.span.end);
            json!({ "range": paper.range(span), "newText": edit.text })
        });
        let also: Vec<Value> = also.collect();
        if !also.is_empty() {
            shown.insert("additionalTextEdits".to_owned(), json!(also));
        }
        Value::Object(shown)
    });
    let items: Vec<Value> = items.collect();
    Ok(json!({ "isIncomplete": offered.items.len() > MOST, "items": items }))
}

fn shown(number: usize, item: &CompletionItem, snippets: bool) -> Map<String, Value> {
    const SNIPPET: u8 = 2;
    let mut shown = Map::new();
    shown.insert("label".to_owned(), json!(item.label));
    shown.insert("kind".to_owned(), json!(kinds::completion(item)));
    // The order is that of the compiler.
    shown.insert("sortText".to_owned(), json!(format!("{number:05}")));
    shown.insert("filterText".to_owned(), json!(item.label));
    shown.insert("data".to_owned(), json!({ "item": number, "label": item.label }));
    if !item.detail.is_empty() {
        shown.insert("detail".to_owned(), json!(item.detail));
    }
    if item.is_snippet && snippets {
        shown.insert("insertTextFormat".to_owned(), json!(SNIPPET));
    }
    shown
}

/// What is written: without places to go to where the editor does not know them.
fn written(item: &CompletionItem, snippets: bool) -> String {
    match item.is_snippet && !snippets {
        true => plain(&item.insert),
        false => item.insert.clone(),
    }
}

/// A snippet without its places: `f($1, ${2:b})$0` is `f(, b)`.
fn plain(snippet: &str) -> String {
    let mut out = String::new();
    let mut signs = snippet.chars().peekable();
    let mut inside = 0_u32;
    while let Some(sign) = signs.next() {
        match sign {
            '\\' => out.extend(signs.next()),
            '$' if signs.peek().is_some_and(char::is_ascii_digit) => {
                while signs.next_if(char::is_ascii_digit).is_some() {}
            }
            '$' if signs.peek() == Some(&'{') => {
                signs.next();
                while signs.next_if(char::is_ascii_digit).is_some() {}
                if signs.next_if_eq(&':').is_some() {
                    inside += 1;
                } else {
                    signs.next_if_eq(&'}');
                }
            }
            '}' if inside > 0 => inside -= 1,
            sign => out.push(sign),
        }
    }
    out
}

/// The words about something that was offered last.
pub(super) fn resolve(state: &mut State, item: &Value) -> Value {
    let mut item = item.clone();
    let number = item.pointer("/data/item").and_then(Value::as_u64);
    let number = number.and_then(|number| usize::try_from(number).ok());
    let docs = state.offered.as_ref().zip(number).and_then(|(offered, number)| {
        let known = offered.items.get(number)?;
        (item.pointer("/data/label")? == &json!(known.label)).then(|| offered.docs(known))
    });
    if let (Some(docs), Value::Object(item)) = (docs.filter(|docs| !docs.is_empty()), &mut item) {
        item.insert("documentation".to_owned(), words(&docs, state.client.markdown.1));
    }
    item
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn places_of_snippets_go_where_the_editor_does_not_know_them() {
        assert_eq!(plain("f($1, ${2:b})$0"), "f(, b)");
        assert_eq!(plain("a \\$1 {$1} ${1} x}"), "a $1 {}  x}");
    }
}
