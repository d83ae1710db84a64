//! Expected diagnostics as comments above the lines they are about.
//!
//! ```text
//! // error F0203 12-18: unknown operation `chrage`
//! // help: did you mean `charge`?
//! ```
//!
//! Columns count characters from 1, the end exclusive; only the start where the span ends on another line. A
//! finding in another module stands at the head, with its place in full.

use flowmesh_diagnostics::{Diagnostic, Diagnostics, Severity, SourceId, Sources};
use std::collections::BTreeMap;

/// The text without its annotations.
#[must_use]
pub fn strip(text: &str) -> String {
    text.split_inclusive('\n')
        .filter(|line| !is_annotation(line))
        .collect()
}

/// The text with an annotation for each finding.
#[must_use]
pub fn annotate(text: &str, sources: &Sources, found: &Diagnostics) -> String {
    let root = SourceId(0);
    let mut above: BTreeMap<u32, String> = BTreeMap::new();
    for diagnostic in found.sorted() {
        let (line, place) = place(sources, diagnostic, root);
        let indent: String = text
            .lines()
            .nth(line.saturating_sub(1) as usize)
            .map(|line| line.chars().take_while(|c| c.is_whitespace()).collect())
            .unwrap_or_default();
        *above.entry(line).or_default() += &words(diagnostic, &place, &indent);
    }
    let mut annotated = above.remove(&0).unwrap_or_default();
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        annotated += &above.remove(&number).unwrap_or_default();
        annotated += line;
    }
    annotated + &above.into_values().collect::<String>()
}

fn is_annotation(line: &str) -> bool {
    let line = line.trim_start();
    let coded = |word: &str| {
        line.strip_prefix(word)
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    coded("// error F")
        || coded("// warning F")
        || line.starts_with("// help: ")
        || line.starts_with("// and: ")
}

/// The line to stand above (0 for the head of the file) and the place in it.
fn place(sources: &Sources, diagnostic: &Diagnostic, root: SourceId) -> (u32, String) {
    let span = diagnostic.span;
    if span.source != root {
        return (0, sources.place(span));
    }
    let Some(source) = sources.get(root) else {
        return (0, String::new());
    };
    let (line, column) = source.line_column(span.start);
    match source.line_column(span.end) {
        (last, end) if last == line => (line, format!("{column}-{end}")),
        _ => (line, column.to_string()),
    }
}

fn words(diagnostic: &Diagnostic, place: &str, indent: &str) -> String {
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let one_line = |text: &str| text.replace('\n', " ");
    let mut words = format!(
        "{indent}// {severity} {} {place}: {}\n",
        diagnostic.code,
        one_line(&diagnostic.message)
    );
    for label in &diagnostic.labels {
        words += &format!("{indent}// and: {}\n", one_line(&label.text));
    }
    if let Some(help) = &diagnostic.help {
        words += &format!("{indent}// help: {}\n", one_line(help));
    }
    words
}
