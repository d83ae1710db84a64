//! Plain values of a type, for fixes whose author will know better.

use flowmesh_diagnostics::{Diagnostic, Span};

/// A number or a truth where a text is expected can be put into one.
pub(super) fn in_a_text(diagnostic: Diagnostic, expected: &str, found: &str) -> Diagnostic {
    let plain = matches!(
        found,
        "int" | "decimal" | "float" | "bool" | "duration" | "date" | "time" | "url"
    );
    if !plain || !matches!(expected, "string" | "string?") {
        return diagnostic;
    }
    let span = diagnostic.span;
    let (before, after) = (
        Span {
            end: span.start,
            ..span
        },
        Span {
            start: span.end,
            ..span
        },
    );
    let diagnostic = match diagnostic.help {
        Some(_) => diagnostic,
        None => diagnostic.help("put it into a text: `\"{x}\"`"),
    };
    diagnostic
        .fix("put it into a text", before, "\"{")
        .and_edit(after, "}\"")
}

/// Something plain of a type, as a fix can write it until its author knows better.
pub(crate) fn sample(ty: &str) -> Option<&'static str> {
    Some(match ty {
        "string" => "\"\"",
        "int" | "decimal" => "0",
        "float" => "0.0",
        "bool" => "false",
        "duration" => "0s",
        _ if ty.ends_with('?') => "none",
        _ if ty.starts_with('[') => "[]",
        _ => return None,
    })
}

/// What may be absent can be given a value.
pub(super) trait Otherwise {
    /// With `?? VALUE` as a fix, where the type has a plain value.
    fn otherwise(self, ty: &str) -> Self;
}

impl Otherwise for Diagnostic {
    fn otherwise(self, ty: &str) -> Self {
        let Some(value) = ty.strip_suffix('?').and_then(sample) else {
            return self;
        };
        let span = self.span;
        let (before, after) = (
            Span {
                end: span.start,
                ..span
            },
            Span {
                start: span.end,
                ..span
            },
        );
        self.fix(format!("take {value} where it is absent"), before, "(")
            .and_edit(after, format!(" ?? {value})"))
    }
}
