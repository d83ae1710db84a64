//! Events: telling them, and finding them by name.

use super::Beside;
use crate::{
    ast::{self, ExprKind, Ident},
    check::{
        Checker, Ty,
        tree::{Emit, Kind, Statement},
    },
    resolve::Def,
};
use flowmesh_diagnostics::{Span, nearest};
use flowmesh_ir::{EventId, Name, expr::Expr};

impl<'a> Checker<'a> {
    /// The event with a name, and the type of what it carries; says so where there is none.
    pub(super) fn event_named(&mut self, name: &Ident) -> Option<(EventId, Ty)> {
        match self.path(std::slice::from_ref(name)) {
            Some(Def::Event(id)) => {
                let id = EventId(id);
                return Some((id, Ty::Named(self.globals.event(id)?)));
            }
            Some(other) => {
                let (name, kind, span) = (name.text.clone(), other.kind(), name.span);
                self.report(Beside::NotAnEvent { name, kind, span }.diagnostic());
            }
            None => self.unknown_event(name),
        }
        None
    }

    fn unknown_event(&mut self, name: &Ident) {
        let scope = self.module().into_iter().flat_map(|module| &module.scope);
        let events = scope.filter(|(_, entry)| matches!(entry.def, Def::Event(_)));
        let mut known: Vec<&str> = events.map(|(name, _)| name.as_str()).collect();
        known.sort_unstable();
        let near = nearest(&name.text, known).map(Name::from);
        let (name, span) = (name.text.clone(), name.span);
        self.report(Beside::UnknownEvent { name, span, near }.diagnostic());
    }

    /// `emit OrderPaid(order: "1")`
    pub(super) fn emit(&mut self, span: Span, value: &'a ast::Expr, out: &mut Vec<Statement>) {
        let Some((event, name, value)) = self.told(value) else {
            return;
        };
        let title = format!("emit {name}");
        let emit = Emit { title, event, value };
        self.push(out, span, Kind::Emit(Box::new(emit)));
    }

    /// An event with what it carries: `OrderPaid(order: "1")`.
    pub(in crate::check) fn told(&mut self, value: &'a ast::Expr) -> Option<(EventId, Name, Expr)> {
        let callee = match &value.kind {
            ExprKind::Call(callee, _) => callee,
            _ => value,
        };
        let words = crate::check::service::words(callee);
        let event = match words.as_deref() {
            Some([word]) => self.event_named(word).map(|(id, _)| (id, word.text.clone())),
            Some(words) => match self.path(words) {
                Some(Def::Event(id)) => Some((
                    EventId(id),
                    words.last().map(|w| w.text.clone()).unwrap_or_default(),
                )),
                _ => self.no_event(callee.span),
            },
            None => self.no_event(callee.span),
        };
        let arguments: &'a [ast::Argument] = match &value.kind {
            ExprKind::Call(_, arguments) => arguments,
            _ => &[],
        };
        let Some((event, name)) = event else {
            self.ignore(arguments);
            return None;
        };
        let fields = self
            .globals
            .event(event)
            .and_then(|id| self.globals.record(&Ty::Named(id)));
        let fields = fields.map(|(_, fields)| fields.to_vec()).unwrap_or_default();
        let made = self.arguments(&name, &fields, arguments, value.span);
        Some((event, name, Expr::Record(made)))
    }

    fn no_event<T>(&mut self, span: Span) -> Option<T> {
        self.report(Beside::NoEvent { span }.diagnostic());
        None
    }
}
