//! From places, findings and edits to what the editor reads.

use super::{client::Client, documents::Desk, library, uri};
use flowmesh_diagnostics::{Diagnostic, Edit, Severity, Source, SourceId, Sources, Span};
use flowmesh_frontend::ide::position::{Encoding, Position, Text};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A place in a document.
pub(super) struct Location {
    pub(super) uri: String,
    pub(super) range: Value,
}

impl Location {
    /// As the editor reads it.
    pub(super) fn shown(&self) -> Value {
        json!({ "uri": self.uri, "range": self.range })
    }
}

fn shown(place: Position) -> Value {
    json!({ "line": place.line, "character": place.column })
}

/// Texts as the editor counts in them. A text is measured once.
pub(super) struct Paper<'a> {
    sources: &'a Sources,
    encoding: Encoding,
    texts: BTreeMap<SourceId, Text>,
}

impl<'a> Paper<'a> {
    /// For some texts.
    pub(super) fn new(sources: &'a Sources, client: &Client) -> Self {
        Self {
            sources,
            encoding: client.encoding,
            texts: BTreeMap::new(),
        }
    }

    /// The text with a number.
    pub(super) fn source(&self, span: Span) -> Option<&'a Source> {
        self.sources.get(span.source)
    }

    /// A range. The way back is `from_protocol::range`.
    pub(super) fn range(&mut self, span: Span) -> Value {
        let (start, end) = (
            self.position(span.source, span.start),
            self.position(span.source, span.end),
        );
        json!({ "start": shown(start), "end": shown(end) })
    }

    /// The parts of a place on each of its lines, with their lengths: what editors colour is on one line.
    pub(super) fn lines(&mut self, span: Span) -> Vec<(Position, u32)> {
        let text = self.source(span).map_or("", |source| source.slice(span));
        let mut start = span.start;
        let mut found = Vec::new();
        for line in text.split('\n') {
            let length = |part: &str| u32::try_from(part.len()).unwrap_or(u32::MAX);
            let end = start + length(line.trim_end_matches('\r'));
            let (from, to) = (self.position(span.source, start), self.position(span.source, end));
            if to.column > from.column {
                found.push((from, to.column - from.column));
            }
            start += length(line) + 1;
        }
        found
    }

    fn position(&mut self, source: SourceId, offset: u32) -> Position {
        let sources = self.sources;
        let text = self
            .texts
            .entry(source)
            .or_insert_with(|| Text::new(sources.get(source).map_or("", |source| source.text.as_ref())));
        text.position(offset, self.encoding)
    }

    /// A place between two characters.
    pub(super) fn point(&mut self, source: SourceId, offset: u32) -> Value {
        shown(self.position(source, offset))
    }

    /// A place in a document; nothing where it is in none.
    pub(super) fn location(&mut self, desk: &Desk<'_>, span: Span) -> Option<Location> {
        let uri = desk.uri_of(&self.source(span)?.name)?;
        let range = self.range(span);
        Some(Location { uri, range })
    }

    /// Edits of documents. Nothing where one of them is in no document of the author's.
    pub(super) fn edits(&mut self, desk: &Desk<'_>, client: &Client, edits: &[Edit]) -> Option<Value> {
        let mut of: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for edit in edits {
            let name = &self.source(edit.span)?.name;
            let uri = desk.uri_of(name).filter(|_| !name.starts_with("std/"))?;
            of.entry(uri).or_default().push(self.edit(edit));
        }
        Some(match client.versions {
            true => {
                let changes = of.into_iter().map(|(uri, edits)| {
                    json!({ "textDocument": { "uri": uri, "version": desk.version(&uri) }, "edits": edits })
                });
                json!({ "documentChanges": changes.collect::<Vec<_>>() })
            }
            false => json!({ "changes": of }),
        })
    }

    /// One edit of a text that is named elsewhere.
    pub(super) fn edit(&mut self, edit: &Edit) -> Value {
        json!({ "range": self.range(edit.span), "newText": edit.text })
    }

    /// What was found, with the places that have to do with it.
    pub(super) fn finding(&mut self, desk: &Desk<'_>, diagnostic: &Diagnostic) -> Value {
        let mut related = Vec::new();
        for label in &diagnostic.labels {
            let location = self.location(desk, label.span);
            related.extend(
                location.map(|location| json!({ "location": location.shown(), "message": label.text })),
            );
        }
        let mut shown = Map::new();
        let code = diagnostic.code.to_string();
        let severity = match diagnostic.severity {
            Severity::Error => 1,
            Severity::Warning => 2,
        };
        shown.insert("range".to_owned(), self.range(diagnostic.span));
        shown.insert("severity".to_owned(), json!(severity));
        if let Some(page) = library::page(diagnostic.code) {
            shown.insert("codeDescription".to_owned(), json!({ "href": uri::of(&page) }));
        }
        shown.insert("code".to_owned(), json!(code));
        shown.insert("source".to_owned(), json!("flowmesh"));
        shown.insert("message".to_owned(), json!(message(diagnostic)));
        let tags = tags(diagnostic);
        if !tags.is_empty() {
            shown.insert("tags".to_owned(), json!(tags));
        }
        if !related.is_empty() {
            shown.insert("relatedInformation".to_owned(), json!(related));
        }
        Value::Object(shown)
    }
}

/// Some Markdown, which stands as it is written where the editor shows none.
pub(super) fn words(text: &str, markdown: bool) -> Value {
    let kind = if markdown { "markdown" } else { "plaintext" };
    json!({ "kind": kind, "value": text })
}

/// What is not used is pale in editors.
fn tags(diagnostic: &Diagnostic) -> Vec<u8> {
    const UNUSED: u8 = 1;
    let unused = diagnostic.severity == Severity::Warning && is_unused(diagnostic.code.0);
    unused.then_some(UNUSED).into_iter().collect()
}

/// Codes of what is there and not used.
fn is_unused(code: u16) -> bool {
    matches!(code, 207 | 223 | 401 | 407 | 602)
}

/// What is wrong, and below it what to do.
fn message(diagnostic: &Diagnostic) -> String {
    let mut text = diagnostic.message.clone();
    if let Some(label) = &diagnostic.label {
        text += &format!("\n{label}");
    }
    if let Some(help) = &diagnostic.help {
        text += &format!("\nhelp: {help}");
    }
    text
}
