//! Where a service is: texts of constants and configs, never of what flows through.

use super::Error;
use crate::{
    ast::{self, ExprKind, TextPart},
    check::{Checker, Ty, frame::Kind},
};
use flowmesh_diagnostics::Span;
use flowmesh_ir::expr::Expr;

/// The schemes that this version can reach.
const SCHEMES: [&str; 4] = ["http", "https", "dns", "srv"];

impl<'a> Checker<'a> {
    /// One address or a list of them.
    pub(super) fn addresses(&mut self, value: &'a ast::Expr) -> Vec<Expr> {
        match &value.kind {
            ExprKind::List(items) => {
                if items.is_empty() {
                    self.report(Error::EmptyAddresses { span: value.span }.diagnostic());
                }
                items.iter().map(|item| self.address(item)).collect()
            }
            _ => vec![self.address(value)],
        }
    }

    fn address(&mut self, value: &'a ast::Expr) -> Expr {
        let begins = match &value.kind {
            ExprKind::Text(parts) => match parts.first() {
                Some(TextPart::Literal(text)) => Some((text.as_str(), parts.len() == 1)),
                _ => None,
            },
            _ => None,
        };
        if let Some((text, whole)) = begins {
            self.scheme(text, whole, value.span);
        }
        let module = self.frame.module;
        let (made, _) = self.within(module, Kind::Address, |checker| {
            let typed = checker.expr(value, Some(&Ty::Url));
            let ty = checker.globals.unfold(&typed.ty);
            if matches!(ty, Ty::String | Ty::Url | Ty::Bad) {
                return typed.expr;
            }
            checker.fit(typed, &Ty::Url, value.span)
        });
        made
    }

    fn scheme(&mut self, text: &str, whole: bool, span: Span) {
        let Some((scheme, rest)) = text.split_once("://") else {
            return self.report(
                Error::NoScheme {
                    text: text.into(),
                    span,
                }
                .diagnostic(),
            );
        };
        if !SCHEMES.contains(&scheme) {
            return self.report(
                Error::UnknownScheme {
                    scheme: scheme.into(),
                    span,
                }
                .diagnostic(),
            );
        }
        let authority = rest.split('/').next().unwrap_or_default();
        let port = authority
            .rsplit_once(':')
            .is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let path = rest.split_once('/').is_some_and(|(_, path)| !path.is_empty());
        if whole && (authority.is_empty() || path) {
            self.report(
                Error::BadAddress {
                    why: "expected only a host and a port after `://`",
                    span,
                }
                .diagnostic(),
            );
        } else if whole && scheme == "dns" && !port {
            self.report(
                Error::BadAddress {
                    why: "expected a port after the name: `dns://name:8080`",
                    span,
                }
                .diagnostic(),
            );
        }
    }
}
