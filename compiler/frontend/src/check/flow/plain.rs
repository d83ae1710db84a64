//! Statements after which the next always follows: what is declared, told, moved and noted.

use crate::{
    ast::{self, StatementKind},
    check::{
        Checker, Ty,
        tree::{Kind, Statement},
    },
};

impl<'a> Checker<'a> {
    pub(super) fn plain(&mut self, statement: &'a ast::Statement, out: &mut Vec<Statement>) {
        let span = statement.span;
        match &statement.kind {
            StatementKind::Signal {
                name,
                params,
                result,
                transient,
            } => self.signal(name, params, result.as_ref(), *transient),
            StatementKind::On { signal, params, body } => self.on_signal(span, signal, params, body, out),
            StatementKind::View { name, ty, value } => self.view(name, ty.as_ref(), value),
            StatementKind::SleepUntil { time } => {
                let time = self.against(time, &Ty::Time);
                self.push(out, span, Kind::SleepUntil(time));
            }
            StatementKind::Tag { key, value } => {
                let text = self.as_text(value);
                self.push(out, span, Kind::Tag(key.text.clone(), text));
            }
            StatementKind::Emit { event } => self.emit(span, event, out),
            StatementKind::Shift { service, weights } => self.shift(span, service, weights, out),
            StatementKind::Cancel { what } if self.cancel_step(span, what, out) => {}
            StatementKind::Cancel { what } => self.cancel_task(span, what, out),
            _ => {}
        }
    }
}
