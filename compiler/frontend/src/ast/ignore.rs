//! A comment by which its author says that a warning is known and meant.

use super::Ident;
use flowmesh_diagnostics::Span;

/// `// ignore F0407, F0318: reason`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignore {
    /// The comment.
    pub span: Span,
    /// The codes, as they are written.
    pub codes: Vec<Ident>,
    /// Whether it says why.
    pub has_reason: bool,
    /// What it is about: warnings that begin there are not told.
    pub about: Vec<Span>,
}

impl Ignore {
    /// Whether it is about what begins at a place.
    #[must_use]
    pub fn holds(&self, place: Span) -> bool {
        let begins = |about: &Span| {
            about.source == place.source && about.start <= place.start && place.start < about.end
        };
        self.about.iter().any(begins)
    }
}
