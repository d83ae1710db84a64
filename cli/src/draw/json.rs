//! Diagnostics as data for programs: places by file, line and column (from 1, in characters) and by byte.

use crate::error::Error;
use flowmesh_diagnostics::{Code, Diagnostic, Severity, Sources, Span};
use serde::Serialize;

/// One finding.
#[derive(Serialize)]
pub(crate) struct Finding<'a> {
    code: Option<Code>,
    severity: Severity,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<Place<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related: Vec<Related<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<Change<'a>>,
}

/// A further place.
#[derive(Serialize)]
struct Related<'a> {
    place: Option<Place<'a>>,
    text: &'a str,
}

/// A change that mends it.
#[derive(Serialize)]
struct Change<'a> {
    title: &'a str,
    edits: Vec<Edit<'a>>,
}

/// One replacement of text.
#[derive(Serialize)]
struct Edit<'a> {
    place: Option<Place<'a>>,
    text: String,
}

/// Where.
#[derive(Serialize)]
struct Place<'a> {
    file: &'a str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
    start: u32,
    end: u32,
}

impl<'a> Finding<'a> {
    /// A diagnostic as data.
    pub(crate) fn new(diagnostic: &'a Diagnostic, sources: &'a Sources) -> Self {
        let related = |label: &'a flowmesh_diagnostics::Label| Related {
            place: place(sources, label.span),
            text: &label.text,
        };
        let change = |fix: &'a flowmesh_diagnostics::Fix| Change {
            title: &fix.title,
            edits: fix
                .edits
                .iter()
                .filter_map(|edit| laid_out(edit, sources))
                .collect(),
        };
        Self {
            code: Some(diagnostic.code),
            severity: diagnostic.severity,
            message: diagnostic.message.clone(),
            place: place(sources, diagnostic.span),
            label: diagnostic.label.as_deref(),
            related: diagnostic.labels.iter().map(related).collect(),
            help: diagnostic.help.clone(),
            fix: diagnostic.fix.as_ref().map(change),
        }
    }
}

impl From<&Error> for Finding<'_> {
    fn from(error: &Error) -> Self {
        Self {
            code: error.code(),
            severity: Severity::Error,
            message: error.message(),
            place: None,
            label: None,
            related: Vec::new(),
            help: error.help(),
            fix: None,
        }
    }
}

/// An edit as it is to be made, byte by byte.
fn laid_out<'a>(edit: &flowmesh_diagnostics::Edit, sources: &'a Sources) -> Option<Edit<'a>> {
    let source = edit.span.source;
    let (range, text) = edit.laid_out(&sources.get(source)?.text);
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let span = Span::new(source, offset(range.start), offset(range.end));
    Some(Edit {
        place: place(sources, span),
        text,
    })
}

fn place(sources: &Sources, span: Span) -> Option<Place<'_>> {
    let source = sources.get(span.source)?;
    let (line, column) = source.line_column(span.start);
    let (end_line, end_column) = source.line_column(span.end);
    Some(Place {
        file: &source.name,
        line,
        column,
        end_line,
        end_column,
        start: span.start,
        end: span.end,
    })
}
