//! `cache { key: E, ttl: 1h }` behind a call: a result that is there already is reused.

use super::{error::Unreusable, found::Called, region::length};
use crate::{
    ast::{self, ExprKind, Tails},
    check::{Checker, Ty, service::Error as ServiceError},
};
use flowmesh_diagnostics::{Span, nearest};
use flowmesh_ir::{Name, flow::Reuse};

/// The settings of `cache`.
const SETTINGS: [&str; 2] = ["key", "ttl"];

impl<'a> Checker<'a> {
    pub(super) fn reused(&mut self, called: &Called<'a>, tails: &'a Tails) -> Option<Reuse> {
        let (span, settings) = tails.cache.as_ref()?;
        if called.signature.result == Ty::Unit {
            let error = Unreusable::NoResult {
                name: called.title.clone(),
                span: *span,
                declared: called.signature.span,
            };
            self.report(error.diagnostic());
        }
        if let Some((word, undo)) = &tails.undo
            && !matches!(undo.kind, ExprKind::None)
        {
            let (cache, undo) = (*span, word.to(undo.span));
            self.report(Unreusable::Undone { cache, undo }.diagnostic());
        }
        self.reuse(*span, settings)
    }

    fn reuse(&mut self, span: Span, settings: &'a [ast::Setting]) -> Option<Reuse> {
        let (mut key, mut ttl) = (None, None);
        for ast::Setting { name, value, .. } in settings {
            let twice = match name.text.as_str() {
                "key" => key.replace(self.as_text(value)).is_some(),
                "ttl" => ttl.replace(self.ttl(value)).is_some(),
                _ => {
                    let near = nearest(&name.text, SETTINGS).map(Name::from);
                    let (name, span) = (name.text.clone(), name.span);
                    self.report(Unreusable::NoSetting { name, span, near }.diagnostic());
                    false
                }
            };
            if twice {
                let (name, span) = (name.text.clone(), name.span);
                self.report(ServiceError::SettingTwice { name, span }.diagnostic());
            }
        }
        if ttl.is_none() {
            self.report(Unreusable::NoTtl { span }.diagnostic());
        }
        Some(Reuse { key, ttl: ttl? })
    }

    fn ttl(&mut self, value: &'a ast::Expr) -> flowmesh_ir::expr::Expr {
        let ttl = self.against(value, &Ty::Duration);
        if length(&ttl).is_some_and(|ttl| !ttl.is_positive()) {
            let span = value.span;
            self.report(Unreusable::NoTime { span }.diagnostic());
        }
        ttl
    }
}
