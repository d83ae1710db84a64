//! Diagnostics for people: the text with its places underlined, and what to do.

use super::{json::Finding, say};
use crate::error::Error;
use flowmesh_diagnostics::{Diagnostic, Severity, Sources, Span};
use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteDiagnostic, NamedSource, Report, SourceSpan,
};

/// Draws findings on the standard error, or as JSON lines.
pub(crate) fn diagnostics(found: &[&Diagnostic], sources: &Sources, json: bool) {
    for diagnostic in found {
        say(if json {
            line(&Finding::new(diagnostic, sources))
        } else {
            picture(diagnostic, sources)
        });
    }
}

/// Draws an error of the command line. What was drawn already is not drawn again.
pub(crate) fn error(error: &Error, json: bool) {
    let Some(code) = error.code() else { return };
    if json {
        return say(line(&Finding::from(error)));
    }
    let mut report = MietteDiagnostic::new(error.message()).with_code(code.to_string());
    report.help = error.help();
    say(draw(&Report::new(report)));
}

/// One diagnostic as text, with colours where `anstream` will let them pass.
pub(crate) fn picture(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let mut report = MietteDiagnostic::new(&diagnostic.message).with_code(diagnostic.code.to_string());
    report.severity = Some(match diagnostic.severity {
        Severity::Error => miette::Severity::Error,
        Severity::Warning => miette::Severity::Warning,
    });
    report.help.clone_from(&diagnostic.help);
    let here = diagnostic.span.source;
    let mut labels = vec![LabeledSpan::new_primary_with_span(
        diagnostic.label.clone(),
        range(diagnostic.span),
    )];
    for label in diagnostic.labels.iter().filter(|label| label.span.source == here) {
        labels.push(LabeledSpan::new_with_span(
            Some(label.text.clone()),
            range(label.span),
        ));
    }
    report.labels = Some(labels);
    let mut text = match sources.get(here) {
        Some(source) => {
            draw(&Report::new(report).with_source_code(NamedSource::new(&source.name, source.text.clone())))
        }
        None => draw(&Report::new(report)),
    };
    for label in diagnostic.labels.iter().filter(|label| label.span.source != here) {
        text += &format!("  at {}: {}\n", sources.place(label.span), label.text);
    }
    text
}

fn draw(report: &Report) -> String {
    let mut text = String::new();
    let width = usize::from(terminal_width()).clamp(60, 120);
    let handler = GraphicalReportHandler::new_themed(theme())
        .with_width(width)
        .with_links(false);
    if handler.render_report(&mut text, report.as_ref()).is_err() {
        text = report.to_string();
    }
    text
}

/// Colours are always written; `anstream` takes them out where nobody would see them.
fn theme() -> GraphicalTheme {
    GraphicalTheme::unicode()
}

fn terminal_width() -> u16 {
    std::env::var("COLUMNS")
        .ok()
        .and_then(|columns| columns.parse().ok())
        .unwrap_or(100)
}

fn range(span: Span) -> SourceSpan {
    (span.start as usize..span.end as usize).into()
}

fn line(finding: &Finding<'_>) -> String {
    serde_json::to_string(finding).unwrap_or_default()
}
