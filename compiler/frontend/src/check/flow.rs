//! Flows: statements, what they bind, where they leave, and what is promised to those who start the flow.

mod again;
mod call;
mod catch;
mod child;
mod error;
mod event;
mod fan;
mod fiber;
mod found;
mod head;
mod known;
mod looping;
mod parallel;
mod plain;
mod product;
mod region;
mod reuse;
mod shift;
mod signal;
mod state;
mod statement;
mod stream;
mod task;
mod trying;
mod view;
mod wait;

use super::{
    Checker,
    error::Error as TypeError,
    frame::{Kind, Role},
    globals::{FieldInfo, Signature},
    template::{ANYTHING, Error as TemplateError},
    tree::{self, Statement},
    ty::Ty,
};
use crate::{
    ast::{self, Ident, ItemKind},
    lower,
    resolve::{Case, Declared, ModuleId, is_written},
};
use error::{Beside, Error};
use flowmesh_diagnostics::{Severity, Span};
use flowmesh_ir::{
    ErrorId, FlowId,
    expr::{Expr, Raise},
    flow::Signal,
    program::BUILTIN_ERRORS,
    ty::Type,
};
pub(crate) use known::State;
use known::{Loop, SignalInfo};

/// Statements, and whether what follows them is ever reached.
#[derive(Debug, Default)]
pub(crate) struct Body {
    statements: Vec<Statement>,
    falls: bool,
}

pub(super) fn all(checker: &mut Checker<'_>) {
    let resolved = checker.resolved;
    checker.ahead(&resolved.tables.flows, |memo| &mut memo.flows, one);
    for (at, declared) in resolved.tables.flows.iter().enumerate() {
        let made = checker.again(
            (declared.module, declared.item),
            |memo| &mut memo.flows,
            |checker| one(checker, at, declared),
        );
        let Some(made) = made else { continue };
        let part = format!("flow/{}", made.flow.name);
        checker.origins.add_part(part, made.places);
        checker.flows.push(made.flow);
    }
}

fn one(checker: &mut Checker<'_>, at: usize, declared: &Declared) -> Option<lower::Lowered> {
    let item = checker.resolved.item(declared)?;
    let ItemKind::Flow(flow) = &item.kind else {
        return None;
    };
    let id = FlowId(u32::try_from(at).unwrap_or(u32::MAX));
    let signature = checker.globals.flow(id).cloned()?;
    let before = checker.found.len();
    let mut written = checker.flow(declared.module, flow, item.doc.clone(), signature);
    if checker.errors_since(before) {
        // Only what is sound becomes states. Tests still look at the head.
        written.body.clear();
    }
    Some(lower::flow(written, item.span))
}

impl<'a> Checker<'a> {
    pub(super) fn flow(
        &mut self,
        module: ModuleId,
        flow: &'a ast::Flow,
        doc: Option<String>,
        signature: Signature,
    ) -> tree::Flow {
        self.flow = State {
            name: signature.name.clone(),
            span: flow.name.span,
            result: signature.result.clone(),
            returner: signature.name.clone(),
            signature: Some(signature.clone()),
            fails: signature.fails.clone(),
            ..State::default()
        };
        let before = self.found.len();
        let idents: Vec<&Ident> = flow.params.iter().map(|param| &param.name).collect();
        let head = self.head(module, flow, &signature);
        let ((body, (produces, requires)), frame) = self.within(module, Kind::Flow, |checker| {
            checker.declare_params(&idents, &signature.params);
            let produces = checker.seat(head.produces, &signature.result);
            let requires = checker.seat_required(head.requires);
            let body = checker.conducted(&flow.settings, |checker| checker.flow_body(&flow.body));
            checker.hearing();
            if !checker.errors_since(before) {
                checker.unused_locals();
            }
            (body, (produces, requires))
        });
        if body.falls && !matches!(signature.result, Ty::Unit | Ty::Bad) {
            let (name, span) = (signature.name.clone(), flow.name.span);
            let result = flow.result.as_ref().map_or(span, |result| result.span);
            let missing = Error::NoReturn { name, span, result }.diagnostic();
            let end = flow.body.span.end.saturating_sub(1);
            let end = Span::new(span.source, end, end);
            self.report(
                match crate::check::words::sample(&self.globals.show(&signature.result)) {
                    Some(value) => missing.fix(format!("return {value}"), end, format!("  return {value}\n")),
                    None => missing,
                },
            );
        }
        if !self.errors_since(before) {
            self.promises();
        }
        let signals = std::mem::take(&mut self.flow.signals);
        let signal = |info: SignalInfo| Signal {
            name: info.name,
            params: info.params.iter().map(FieldInfo::ir).collect(),
            result: info.result.as_ref().and_then(Ty::ir),
            transient: info.transient,
        };
        tree::Flow {
            params: signature.values().map(FieldInfo::ir).collect(),
            name: signature.name,
            doc,
            result: signature.result.ir().unwrap_or(Type::Unit),
            fails: signature.fails.iter().map(|(id, _)| *id).collect(),
            key: head.key,
            trigger: head.trigger,
            on: flow.trigger.as_ref().map(|trigger| trigger.span),
            requires,
            conduct: head.conduct,
            produces,
            views: self.flow.views.drain(..).map(|(view, _)| view).collect(),
            signals: signals.into_iter().map(signal).collect(),
            slots: frame.slots(),
            steps: self.steps(),
            body: body.statements,
        }
    }

    /// Whether errors were found lately; they make it hard to say what is unused.
    pub(super) fn errors_since(&self, before: usize) -> bool {
        self.found
            .iter()
            .skip(before)
            .any(|d| d.severity == Severity::Error)
    }

    /// Warns of what is bound and never read.
    fn unused_locals(&mut self) {
        let bound = |local: &&super::frame::Local| matches!(local.role, Role::Let | Role::Var);
        let unused = self
            .frame
            .locals
            .iter()
            .filter(bound)
            .filter(|l| !l.read && !l.name.starts_with('_'));
        let unused: Vec<super::frame::Local> = unused.cloned().collect();
        for super::frame::Local { name, span, ty, .. } in unused {
            self.report(match ty {
                Ty::Task(_) => Beside::TaskNeverAwaited { name, span }.diagnostic(),
                _ => Error::UnusedLet { name, span }.diagnostic(),
            });
        }
    }

    /// What can be said of signals, tasks and conditions when the whole flow is known.
    fn hearing(&mut self) {
        self.signals_heard();
        self.tasks_awaited();
        for condition in self.stuck() {
            self.report(self.stuck_at(&condition).diagnostic());
        }
    }

    /// Warns of signals that nobody awaits, and of errors that never come.
    fn promises(&mut self) {
        let unheard = |signal: &&SignalInfo| signal.awaited.is_none() && signal.handled.is_none();
        let signals = self.flow.signals.iter().filter(unheard);
        let errors = self
            .flow
            .fails
            .iter()
            .filter(|(id, _)| !self.flow.raised.contains(id));
        let mut found: Vec<Error> = signals
            .map(|signal| Error::NeverAwaited {
                name: signal.name.clone(),
                span: signal.span,
            })
            .collect();
        found.extend(errors.map(|(id, span)| {
            let error = self
                .globals
                .error(*id)
                .map(|error| error.name.clone())
                .unwrap_or_default();
            Error::NeverFails {
                error,
                name: self.flow.name.clone(),
                span: *span,
            }
        }));
        for error in found {
            self.report(error.diagnostic());
        }
    }

    /// A block with names of its own.
    pub(crate) fn block(&mut self, block: &'a ast::Block) -> Body {
        self.frame.open();
        let body = self.statements(&block.statements);
        self.frame.close();
        body
    }

    fn statements(&mut self, statements: &'a [ast::Statement]) -> Body {
        let mut out = Vec::with_capacity(statements.len());
        let mut falls = true;
        let mut warned = false;
        let mut before: Option<Span> = None;
        for statement in statements {
            if !falls && !warned {
                let rest = statements
                    .last()
                    .map_or(statement.span, |last| statement.span.to(last.span));
                let after = before.unwrap_or(statement.span);
                let span = statement.span;
                let unreachable = Error::Unreachable { span, after }.diagnostic();
                self.report(unreachable.fix("remove what is never reached", rest, ""));
                warned = true;
            }
            let own = self.statement(statement, &mut out);
            // What comes after it is reached no more.
            if falls && !own {
                before = Some(statement.span);
            }
            falls &= own;
        }
        Body {
            statements: out,
            falls,
        }
    }

    /// One statement as a body of its own.
    fn single(&mut self, statement: &'a ast::Statement) -> Body {
        let mut out = Vec::new();
        let falls = self.statement(statement, &mut out);
        Body {
            statements: out,
            falls,
        }
    }

    /// Binds a name to a new slot of the innermost block.
    fn bind(&mut self, name: &Ident, ty: Ty, role: Role) -> flowmesh_ir::SlotId {
        is_written(name, Case::Snake, self.found);
        self.facts.add(
            name.span,
            super::FactKind::Local(name.text.clone(), ty.clone()),
            Some(name.span),
        );
        let (slot, earlier) = self.frame.declare(name, ty, role);
        if let Some(first) = earlier
            .and_then(|earlier| self.frame.local(earlier))
            .map(|local| local.span)
        {
            self.twice(name.text.clone(), name.span, first);
        }
        slot
    }

    /// The type of a binding must be known.
    fn settled(&mut self, name: &Ident, ty: &Ty) {
        if ty.is_open() && !ty.is_bad() {
            let (name, span) = (name.text.clone(), name.span);
            self.report(TypeError::OpenType { name, span }.diagnostic());
        }
    }

    /// `fail E`
    fn fail(&mut self, error: &'a ast::Expr) -> Option<Raise> {
        let raise = self.raise(error)?;
        let around = self.caught_around(raise.error);
        if around.is_none() {
            self.may_fail(raise.error, error.span, None);
        }
        self.leave_until(around.unwrap_or_default());
        Some(raise)
    }

    /// The flow may end with an error: a domain error has to be declared.
    fn may_fail(&mut self, id: ErrorId, span: Span, call: Option<(&str, Option<Span>)>) {
        if self.caught_around(id).is_some() || self.collected(id) {
            return;
        }
        if id == ANYTHING {
            let name = call.map(|(title, _)| title).unwrap_or_default();
            if let Some(taking) = self.taking(name).cloned() {
                let (name, taken) = (taking.name, taking.span);
                self.report(TemplateError::FailsWithAnything { name, span, taken }.diagnostic());
            }
            return;
        }
        self.flow.raised.insert(id);
        let declared = self.flow.fails.iter().any(|(known, _)| *known == id);
        if !declared && id.index() >= BUILTIN_ERRORS.len() {
            let error = self
                .globals
                .error(id)
                .map(|error| error.name.clone())
                .unwrap_or_default();
            let (flow, declared) = (self.flow.name.clone(), self.flow.span);
            let call = call.map(|(title, origin)| (title.to_owned(), origin));
            let source = self.sources.get(declared.source);
            let fix = source.and_then(|source| crate::cure::with_error(source, declared, &error));
            let undeclared = Error::Undeclared {
                error,
                flow,
                span,
                declared,
                call,
            };
            let mut diagnostic = undeclared.diagnostic();
            diagnostic.fix = fix;
            self.report(diagnostic);
        }
    }

    /// The loops around are left by a `return` or `fail`.
    fn leave(&mut self) {
        self.leave_until(0);
    }

    /// The loops around are left, but for the outermost ones.
    fn leave_until(&mut self, kept: usize) {
        for around in self.flow.loops.iter_mut().skip(kept) {
            around.left = true;
        }
    }

    fn push(&self, out: &mut Vec<Statement>, span: Span, kind: tree::Kind) {
        out.push(Statement { span, kind });
    }

    fn push_return(&mut self, out: &mut Vec<Statement>, span: Span, value: Expr) {
        self.leave();
        if self.in_finally("return", span) {
            return;
        }
        let kind = if self.flow.giving {
            tree::Kind::Give(value)
        } else {
            tree::Kind::Return(value)
        };
        self.push(out, span, kind);
    }
}
