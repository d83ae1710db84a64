//! The words of what contradicts the document of a service.

use super::Error;
use crate::resolve::did_you_mean;
use flowmesh_diagnostics::{Code, Diagnostic};

impl Error {
    pub(in crate::check::service) fn of_documents(self) -> Diagnostic {
        match self {
            Self::Contradicts {
                name,
                why,
                span,
                place,
            } => {
                let message = format!("`{name}` contradicts the document of its service: {why}");
                Diagnostic::error(Code(572), span, message)
                    .and(place, "the document says so here")
                    .help(
                        "say what the document says, or leave the operation out and use that of the document",
                    )
            }
            Self::NotInDocument {
                name,
                span,
                near,
                place,
            } => {
                let message = format!("the document of the service has no operation `{name}`");
                let found = Diagnostic::warning(Code(573), span, message);
                match (place, &near) {
                    (Some(place), Some(near)) => found
                        .and(place, "what is reached in the same way is declared here")
                        .help(format!("call it `{near}`, so that it is held to the document")),
                    (_, None) => found.help("add it to the document, or look up there what it is called"),
                    _ => did_you_mean(found, near.as_deref(), span),
                }
            }
            other => other.of_operations(),
        }
    }
}
