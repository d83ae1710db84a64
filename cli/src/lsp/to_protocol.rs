//! From byte offsets and diagnostics to what the editor reads.

use flowmesh_diagnostics::{Diagnostic, Severity, Source, Sources, Span};
use gen_lsp_types as protocol;
use line_index::{TextSize, WideEncoding};

/// A position in UTF-16. The way back is `from_protocol::offset`.
pub(crate) fn position(source: &Source, offset: u32) -> protocol::Position {
    let end = u32::try_from(source.text.len()).unwrap_or(u32::MAX);
    let place = source.lines().line_col(TextSize::from(offset.min(end)));
    let wide = source.lines().to_wide(WideEncoding::Utf16, place);
    wide.map_or(
        protocol::Position {
            line: place.line,
            character: place.col,
        },
        |wide| protocol::Position {
            line: wide.line,
            character: wide.col,
        },
    )
}

/// A range in UTF-16.
pub(crate) fn range(source: &Source, span: Span) -> protocol::Range {
    protocol::Range {
        start: position(source, span.start),
        end: position(source, span.end),
    }
}

/// A diagnostic; `uri` tells where each source is. The way back is none: editors show it.
pub(crate) fn diagnostic(
    diagnostic: &Diagnostic,
    sources: &Sources,
    uri: &dyn Fn(&str) -> Option<String>,
) -> Option<protocol::Diagnostic> {
    let source = sources.get(diagnostic.span.source)?;
    let related = diagnostic.labels.iter().filter_map(|label| {
        let source = sources.get(label.span.source)?;
        let location = protocol::Location {
            uri: uri(&source.name)?.into(),
            range: range(source, label.span),
        };
        Some(protocol::DiagnosticRelatedInformation {
            location,
            message: label.text.clone(),
        })
    });
    let related: Vec<_> = related.collect();
    Some(protocol::Diagnostic {
        range: range(source, diagnostic.span),
        severity: Some(match diagnostic.severity {
            Severity::Error => protocol::DiagnosticSeverity::Error,
            Severity::Warning => protocol::DiagnosticSeverity::Warning,
        }),
        code: Some(protocol::Code::String(diagnostic.code.to_string())),
        source: Some("flowmesh".to_owned()),
        message: protocol::Message::String(message(diagnostic)),
        related_information: (!related.is_empty()).then_some(related),
        ..protocol::Diagnostic::default()
    })
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
