//! Says what is read but not carried out yet, so that nothing is silently left out. What is carried out leaves this file.

use super::Checker;
use crate::ast::{Expr, ExprKind, Item, ItemKind};
use flowmesh_diagnostics::{Code, Diagnostic, Span};

impl Checker<'_> {
    /// Reports a form of expressions that is not carried out.
    pub(super) fn later_expr(&mut self, expr: &Expr) {
        if let ExprKind::Of(..) = expr.kind {
            self.later("of", expr.span);
        }
    }

    /// Reports what of declarations is not carried out.
    pub(super) fn later_items(&mut self) {
        let resolved = self.resolved;
        for item in resolved.modules.iter().flat_map(|module| &module.ast.items) {
            self.later_item(item);
        }
    }

    fn later_item(&mut self, item: &Item) {
        match &item.kind {
            ItemKind::Gateway(_) => self.later("gateway", first_word(item.span, "gateway")),
            ItemKind::Access(access) => {
                self.later(if access.allow { "allow" } else { "deny" }, access.word);
            }
            ItemKind::Mesh { word, .. } => self.later("mesh", *word),
            ItemKind::Schedule(_) => self.later("schedule", first_word(item.span, "schedule")),
            ItemKind::Migrate(_) => self.later("migrate", first_word(item.span, "migrate")),
            _ => {}
        }
    }

    fn later(&mut self, word: &str, span: Span) {
        let message = format!("`{word}` is not part of this version of the language");
        self.report(Diagnostic::error(Code(102), span, message));
    }
}

/// The place of the first word of something that has `word` there, or, after `let`, of as many letters.
fn first_word(span: Span, word: &str) -> Span {
    let length = u32::try_from(word.len()).unwrap_or(0);
    Span::new(span.source, span.start, (span.start + length).min(span.end))
}
