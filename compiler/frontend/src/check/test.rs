//! Tests in the language: checked like flows, into the form in which they are carried out.

mod answer;
mod error;
mod expect;
mod mock;
mod run;
mod target;

use super::{
    Checker,
    frame::{Kind, Role},
    globals::FieldInfo,
    ty::Ty,
};
use crate::{
    ast::{self, ExprKind, Ident, ItemKind, TestKind, TestStatement, TextPart},
    resolve::{Case, Def, ModuleId, is_written},
};
use error::Error;
use flowmesh_diagnostics::{Span, nearest};
use flowmesh_ir::{
    ConfigId, FlowId, Name, SlotId,
    expr::Expr,
    test::{Read, Reading, Step, StepKind, Test},
};
use std::collections::HashMap;

/// What is known of the test at hand.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// The run that was started last, and of which flow.
    last: Option<(SlotId, u32)>,
    /// What the expression at hand reads of runs.
    reads: Vec<Read>,
    /// Whether anything is expected.
    expects: bool,
}

impl State {
    /// A run is there that the statements behind may mean.
    pub(super) fn began(&mut self, run: SlotId, flow: u32) {
        self.last = Some((run, flow));
    }
}

/// The name, the arguments and the type of the answer of a signal.
type Sent = (Name, Vec<(Name, Expr)>, Option<Ty>);

/// Checks the tests of all modules; those of the root are kept.
pub(super) fn all(checker: &mut Checker<'_>) {
    let resolved = checker.resolved;
    for (id, module) in (0u32..).map(ModuleId).zip(&resolved.modules) {
        let mut titles: HashMap<String, Span> = HashMap::new();
        for (at, item) in module.ast.items.iter().enumerate() {
            let ItemKind::Test(test) = &item.kind else {
                continue;
            };
            checker.again(
                (id, at),
                |memo| &mut memo.tests,
                |checker| {
                    let made = checker.test(id, test, item.span);
                    if id == ModuleId::default() {
                        checker.tests.push(made);
                    }
                    Some(())
                },
            );
            let title = literal(&test.title).unwrap_or_default();
            if let Some(first) = titles.insert(title.clone(), test.title.span) {
                let span = test.title.span;
                checker.report(Error::TitleTwice { title, span, first }.diagnostic());
            }
        }
    }
}

impl<'a> Checker<'a> {
    fn test(&mut self, module: ModuleId, test: &'a ast::Test, span: Span) -> Test {
        self.test = State::default();
        let title = literal(&test.title).unwrap_or_default();
        let before = self.found.len();
        let (steps, frame) = self.within(module, Kind::Test, |checker| {
            let made = test
                .body
                .iter()
                .filter_map(|statement| checker.test_statement(statement));
            made.collect()
        });
        if !self.test.expects && !self.errors_since(before) {
            self.report(
                Error::ExpectsNothing {
                    span: test.title.span,
                }
                .diagnostic(),
            );
        }
        Test {
            title,
            span,
            slots: frame.slots(),
            steps,
        }
    }

    pub(super) fn test_statement(&mut self, statement: &'a TestStatement) -> Option<Step> {
        let kind = match &statement.kind {
            TestKind::Mock {
                call,
                attempted,
                condition,
                answers,
            } if Self::is_target(call) => {
                let said = *attempted || condition.is_some();
                self.mock_target(call, said, answers)?
            }
            TestKind::Mock {
                call,
                attempted,
                condition,
                answers,
            } => StepKind::Mock(self.mock(call, *attempted, condition.as_ref(), answers)?),
            TestKind::Start { bind, call } => self.test_start(bind.as_ref(), call)?,
            TestKind::Send { bind, signal, run } => self.send(bind.as_ref(), signal, run.as_ref())?,
            TestKind::Let { name, value } => self.test_let(name, value),
            TestKind::Emit { event } => self.test_emit(event)?,
            TestKind::Advance { duration } => StepKind::Advance(self.timeless(duration, &Ty::Duration)),
            TestKind::Cancel { run } => StepKind::Cancel(self.run_of(run)?.0),
            TestKind::Config { name, value } => self.test_config(name, value)?,
            TestKind::Crash => StepKind::Crash,
            TestKind::Expect { always, what } => {
                self.test.expects = true;
                let expected = self.expected(what)?;
                match always {
                    true => StepKind::Always(expected),
                    false => StepKind::Expect(expected),
                }
            }
            TestKind::Bad => return None,
        };
        Some(Step {
            span: statement.span,
            kind,
        })
    }

    /// `let order = Order(id: "1")`
    fn test_let(&mut self, name: &'a Ident, value: &'a ast::Expr) -> StepKind {
        self.test.reads.clear();
        let typed = self.expr(value, None);
        if typed.ty.is_open() && !typed.ty.is_bad() {
            let (name, span) = (name.text.clone(), name.span);
            self.report(super::error::Error::OpenType { name, span }.diagnostic());
        }
        let slot = self.test_bind(name, typed.ty);
        let value = self.read(typed.expr);
        StepKind::Let { slot, value }
    }

    /// A value of whatever type, with what it reads of runs.
    pub(super) fn test_value(&mut self, value: &'a ast::Expr) -> (Reading, Ty) {
        self.test.reads.clear();
        let typed = self.expr(value, None);
        (self.read(typed.expr), typed.ty)
    }

    /// `start checkout(order)`
    fn test_start(&mut self, bind: Option<&'a Ident>, call: &'a ast::Expr) -> Option<StepKind> {
        let found = self.flow_started(call);
        let arguments = match found {
            Some((flow, arguments)) => {
                let signature = self.globals.flows.get(flow as usize).cloned()?;
                let made = self.arguments(&signature.name, &signature.params, arguments, call.span);
                made.into_iter().map(|(_, value)| value).collect()
            }
            None => Vec::new(),
        };
        let ty = found.map_or(Ty::Bad, |(flow, _)| Ty::Run(flow));
        let run = match bind {
            Some(name) => self.test_bind(name, ty),
            None => self.frame.hidden("_run", ty),
        };
        let flow = found.map_or(u32::MAX, |(flow, _)| flow);
        self.test.last = Some((run, flow));
        let flow = FlowId(found?.0);
        Some(StepKind::Start { flow, arguments, run })
    }

    /// The flow that an expression calls, with its arguments.
    fn flow_started(&mut self, call: &'a ast::Expr) -> Option<(u32, &'a [ast::Argument])> {
        let ExprKind::Call(callee, arguments) = &call.kind else {
            if !matches!(call.kind, ExprKind::Bad) {
                self.report(Error::NotAFlow { span: call.span }.diagnostic());
            }
            return None;
        };
        match self.place(callee, None) {
            super::expr::Place::Def(Def::Flow(flow)) => return Some((flow, arguments)),
            super::expr::Place::Def(Def::Template(template)) => {
                let copy = self.copy_of(template, arguments, call.span)?;
                // What is read of its runs has to be known.
                self.copies();
                return Some((copy.0, arguments));
            }
            super::expr::Place::Bad => {}
            _ => self.report(Error::NotAFlow { span: callee.span }.diagnostic()),
        }
        self.ignore(arguments);
        None
    }

    /// `send approve(by: "ann") to run`
    fn send(
        &mut self,
        bind: Option<&'a Ident>,
        signal: &'a ast::Expr,
        run: Option<&'a ast::Expr>,
    ) -> Option<StepKind> {
        let run = match run {
            Some(run) => self.run_of(run),
            None => self.last_run(signal.span),
        };
        let made = run.and_then(|(_, flow)| self.signal_of(flow, signal));
        let answer = bind.map(|name| {
            let ty = made.as_ref().and_then(|(_, _, answer)| answer.clone());
            self.test_bind(name, ty.unwrap_or_default())
        });
        let (signal, arguments, _) = made?;
        Some(StepKind::Send {
            run: run?.0,
            signal,
            arguments,
            answer,
        })
    }

    /// The name, the arguments and the type of the answer of a signal of a flow.
    fn signal_of(&mut self, flow: u32, signal: &'a ast::Expr) -> Option<Sent> {
        let (callee, arguments): (_, &'a [ast::Argument]) = match &signal.kind {
            ExprKind::Call(callee, arguments) => (&**callee, arguments),
            _ => (signal, &[]),
        };
        let ExprKind::Name(name) = &callee.kind else {
            self.report(Error::NotASignal { span: callee.span }.diagnostic());
            return None;
        };
        let flow = self.flows.get(flow as usize)?;
        let Some(known) = flow.signals.iter().find(|known| known.name == *name) else {
            let near = nearest(name, flow.signals.iter().map(|known| known.name.as_str())).map(Name::from);
            let (name, flow, span) = (name.clone(), flow.name.clone(), callee.span);
            self.report(
                Error::UnknownSignal {
                    name,
                    flow,
                    span,
                    near,
                }
                .diagnostic(),
            );
            self.ignore(arguments);
            return None;
        };
        let params: Vec<FieldInfo> = known.params.iter().map(FieldInfo::of).collect();
        let answer = known.result.as_ref().map(Ty::of);
        let made = self.arguments(name, &params, arguments, signal.span);
        Some((name.clone(), made, answer))
    }

    /// `config limit = 3`
    fn test_config(&mut self, name: &'a Ident, value: &'a ast::Expr) -> Option<StepKind> {
        let found = self.path(std::slice::from_ref(name));
        let Some(Def::Config(id)) = found else {
            let module = self.module()?;
            let configs = module.scope.iter();
            let mut known: Vec<Name> = configs
                .filter(|(_, entry)| matches!(entry.def, Def::Config(_)))
                .map(|(name, _)| name.clone())
                .collect();
            known.sort_unstable();
            let near = nearest(&name.text, known.iter().map(Name::as_str)).map(Name::from);
            let (name, span) = (name.text.clone(), name.span);
            self.report(Error::UnknownConfig { name, span, near }.diagnostic());
            self.expr(value, None);
            return None;
        };
        if self.test.last.is_some() {
            self.report(Error::ConfigLate { span: name.span }.diagnostic());
        }
        let ty = self.globals.configs.get(id as usize).cloned().unwrap_or_default();
        let value = self.timeless(value, &ty);
        let config = ConfigId(id);
        Some(StepKind::Config { config, value })
    }

    /// `emit OrderPaid(order: "1")`
    fn test_emit(&mut self, event: &'a ast::Expr) -> Option<StepKind> {
        let (event, _, value) = self.told(event)?;
        Some(StepKind::Emit { event, value })
    }

    /// A value that reads nothing of runs.
    fn timeless(&mut self, value: &'a ast::Expr, ty: &Ty) -> Expr {
        self.test.reads.clear();
        let made = self.against(value, ty);
        if !self.test.reads.is_empty() {
            self.test.reads.clear();
            self.report(Error::ReadsRun { span: value.span }.diagnostic());
        }
        made
    }

    /// A value with what it reads of runs.
    fn read(&mut self, value: Expr) -> Reading {
        let reads = std::mem::take(&mut self.test.reads);
        Reading { reads, value }
    }

    pub(super) fn test_bind(&mut self, name: &Ident, ty: Ty) -> SlotId {
        is_written(name, Case::Snake, self.found);
        let kind = super::FactKind::Local(name.text.clone(), ty.clone());
        self.facts.add(name.span, kind, Some(name.span));
        self.frame.declare(name, ty, Role::Let).0
    }
}

/// A text without expressions in it.
fn literal(expr: &ast::Expr) -> Option<String> {
    let ExprKind::Text(parts) = &expr.kind else {
        return None;
    };
    let mut text = String::new();
    for part in parts {
        let TextPart::Literal(literal) = part else {
            return None;
        };
        text.push_str(literal);
    }
    Some(text)
}
