//! What can be wrong with a document that describes a service.

use super::files::Problem;
use flowmesh_diagnostics::{Code, Diagnostic, Span};

/// What is wrong, with its facts.
#[derive(Debug)]
pub(super) enum Error {
    /// What stands behind `from` is no path of a file of the project.
    NotAPath { span: Span },
    /// A file of another kind.
    UnknownKind { span: Span, path: String },
    /// The document cannot be read or understood.
    Document {
        span: Span,
        path: String,
        problem: Problem,
    },
}

impl Error {
    /// In words.
    pub(super) fn diagnostic(self) -> Diagnostic {
        match self {
            Self::NotAPath { span } => Diagnostic::error(
                Code(570),
                span,
                "expected the path of a file of the project, relative to this one",
            )
            .help("write it as it stands: `from \"petstore.openapi.yaml\"`"),
            Self::UnknownKind { span, path } => Diagnostic::error(
                Code(570),
                span,
                format!("expected an OpenAPI document or a `.proto`, found `{path}`"),
            )
            .help("the name of an OpenAPI document ends in `.yaml`, `.yml` or `.json`"),
            Self::Document { span, path, problem } => match problem.place {
                Some(place) => {
                    let message = format!("`{path}` cannot be understood: {}", problem.why);
                    let help = problem
                        .help
                        .unwrap_or("mend the document at the place that is shown");
                    Diagnostic::error(Code(571), span, message)
                        .and(place, "here in the document")
                        .help(help)
                }
                None => {
                    let help = problem
                        .help
                        .unwrap_or("the path is relative to the module that names it");
                    Diagnostic::error(Code(570), span, problem.why).help(help)
                }
            },
        }
    }
}
