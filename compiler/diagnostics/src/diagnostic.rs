//! What is wrong, where, and what to do about it: plain data.

use crate::{Code, Edit, Fix, Span};
use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing can be made from this program.
    Error,
    /// The program works, and probably not as its author wishes.
    Warning,
}

/// One finding. The words are of the language and are lower case without a full stop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// The stable code, with a page of its own.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// What was expected and what was found.
    pub message: String,
    /// The place that is wrong.
    pub span: Span,
    /// What to write under the place, if more than the message.
    pub label: Option<String>,
    /// Other places that are involved.
    pub labels: Vec<Label>,
    /// What to do.
    pub help: Option<String>,
    /// A change of the text that mends it.
    pub fix: Option<Fix>,
}

/// A further place and what it has to do with the matter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is there.
    pub text: String,
}

/// All that was found, in the order in which it was found.
#[derive(Debug, Default)]
pub struct Diagnostics {
    all: Vec<Diagnostic>,
}

impl Diagnostic {
    /// An error at a place.
    #[must_use]
    pub fn error(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, span, message.into())
    }

    /// A warning at a place.
    #[must_use]
    pub fn warning(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, span, message.into())
    }

    fn new(severity: Severity, code: Code, span: Span, message: String) -> Self {
        Self {
            code,
            severity,
            message,
            span,
            label: None,
            labels: Vec::new(),
            help: None,
            fix: None,
        }
    }

    /// With words under the place itself.
    #[must_use]
    pub fn labelled(mut self, text: impl Into<String>) -> Self {
        self.label = Some(text.into());
        self
    }

    /// With another place that is involved.
    #[must_use]
    pub fn and(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            span,
            text: text.into(),
        });
        self
    }

    /// With what to do.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// With a change that mends it.
    #[must_use]
    pub fn fix(mut self, title: impl Into<String>, span: Span, text: impl Into<String>) -> Self {
        let text = text.into();
        self.fix = Some(Fix {
            title: title.into(),
            edits: vec![Edit { span, text }],
        });
        self
    }

    /// With a further edit of the change that mends it.
    #[must_use]
    pub fn and_edit(mut self, span: Span, text: impl Into<String>) -> Self {
        if let Some(fix) = &mut self.fix {
            let text = text.into();
            fix.edits.push(Edit { span, text });
        }
        self
    }
}

impl Diagnostics {
    /// Adds a finding, unless the same code was already found at the same place.
    pub fn add(&mut self, diagnostic: Diagnostic) {
        let known = |d: &Diagnostic| d.code == diagnostic.code && d.span == diagnostic.span;
        if !self.all.iter().any(known) {
            self.all.push(diagnostic);
        }
    }

    /// The same, where several things may be said of one place by one code: each is said once.
    pub fn add_beside(&mut self, diagnostic: Diagnostic) {
        let known = |d: &Diagnostic| {
            (d.code, d.span, &d.message) == (diagnostic.code, diagnostic.span, &diagnostic.message)
        };
        if !self.all.iter().any(known) {
            self.all.push(diagnostic);
        }
    }

    /// Keeps only some findings.
    pub fn retain(&mut self, keep: impl FnMut(&Diagnostic) -> bool) {
        self.all.retain(keep);
    }

    /// Whether anything found forbids going on.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.all.iter().any(|d| d.severity == Severity::Error)
    }

    /// All findings by place, the first in the text first.
    #[must_use]
    pub fn sorted(&self) -> Vec<&Diagnostic> {
        let mut all: Vec<_> = self.all.iter().collect();
        all.sort_by_key(|d| (d.span.source, d.span.start, d.severity, d.code));
        all
    }

    /// How many findings there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// All findings in the order in which they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.all.iter()
    }

    /// The same, to add to them.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Diagnostic> {
        self.all.iter_mut()
    }
}
