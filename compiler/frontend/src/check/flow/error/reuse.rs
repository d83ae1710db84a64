//! What can be wrong where a result is to be reused.

use crate::resolve::did_you_mean;
use flowmesh_diagnostics::{Code, Diagnostic, Span};
use flowmesh_ir::Name;

/// What is wrong, with its facts.
#[derive(Clone, Debug)]
pub(crate) enum Unreusable {
    /// Nobody says for how long.
    NoTtl { span: Span },
    /// For no time at all.
    NoTime { span: Span },
    /// There is nothing to reuse.
    NoResult {
        name: String,
        span: Span,
        declared: Span,
    },
    /// What is undone is not there any more for whoever reuses it.
    Undone { cache: Span, undo: Span },
    /// A setting that `cache` does not have.
    NoSetting {
        name: Name,
        span: Span,
        near: Option<Name>,
    },
}

impl Unreusable {
    /// In words.
    pub(crate) fn diagnostic(self) -> Diagnostic {
        match self {
            Self::NoTtl { span } => {
                let message = "expected for how long a result is reused, found no `ttl`";
                Diagnostic::error(Code(439), span, message).help("say how long: `ttl: 1h`")
            }
            Self::NoTime { span } => {
                let message = "expected a time longer than none, found one that reuses nothing";
                Diagnostic::error(Code(439), span, message)
                    .help("say how long: `ttl: 1h`, or leave `cache` out")
            }
            Self::NoResult { name, span, declared } => {
                let message = format!("expected a result that can be reused, found `{name}`, which has none");
                Diagnostic::error(Code(440), span, message)
                    .and(declared, "declared without a result")
                    .help("leave `cache` out, or let it answer with something")
            }
            Self::Undone { cache, undo } => {
                let message = "expected a result that stays, found one that this run may undo";
                Diagnostic::error(Code(441), cache, message)
                    .and(undo, "other runs would reuse what is gone by then")
                    .help("leave out `cache` or `undo`; `undo none` may stand")
            }
            Self::NoSetting { name, span, near } => {
                let message = format!("expected `key` or `ttl`, found `{name}`");
                did_you_mean(Diagnostic::error(Code(442), span, message), near.as_deref(), span)
            }
        }
    }
}
