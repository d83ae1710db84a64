//! Says what is read but not carried out, so that nothing is silently left out. What is carried out leaves this file.

use super::Checker;
use crate::ast::{Expr, ExprKind};
use flowmesh_diagnostics::{Code, Diagnostic};

impl Checker<'_> {
    /// Reports a form of expressions that is not carried out where it stands.
    pub(super) fn later_expr(&mut self, expr: &Expr) {
        if let ExprKind::Of(..) = expr.kind {
            let message = "`of` is not part of this version of the language";
            self.report(Diagnostic::error(Code(102), expr.span, message));
        }
    }
}
