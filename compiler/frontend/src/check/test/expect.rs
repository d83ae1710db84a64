//! What tests expect.

use super::{Error, literal};
use crate::{
    ast::{self, Count, ExprKind, Ident},
    check::{Checker, ty::Ty},
};
use flowmesh_diagnostics::nearest;
use flowmesh_ir::{
    Name, Value,
    expr::Expr,
    program::BUILTIN_ERRORS,
    test::{Expected, Spans},
};

/// How a run can stand.
const STATUSES: [&str; 8] = [
    "running",
    "waiting",
    "paused",
    "undoing",
    "done",
    "failed",
    "cancelled",
    "terminated",
];

/// How a span can stand.
const STATES: [&str; 4] = ["active", "done", "failed", "stopped"];

impl<'a> Checker<'a> {
    pub(super) fn expected(&mut self, what: &'a ast::Expected) -> Option<Expected> {
        match what {
            ast::Expected::Returns { run, value } => self.returns(run, value),
            ast::Expected::Fails { run, error } => self.fails_with(run, error.as_ref()),
            ast::Expected::Is { run, status } => {
                let run = self.run_of(run);
                self.status_of(status, "run", &STATUSES);
                let (status, run) = (status.text.clone(), run?.0);
                Some(Expected::Is { run, status })
            }
            ast::Expected::At { run, step } => self.at(run, step),
            ast::Expected::Logs { run, text } => {
                let run = self.run_of(run);
                let text = self.timeless(text, &Ty::String);
                Some(Expected::Logs { run: run?.0, text })
            }
            ast::Expected::Calls {
                call,
                attempted,
                count,
            } => {
                let called = self.call_meant(call)?;
                if *attempted {
                    self.has_attempts(&called, call);
                }
                let call = self.pattern_of_call(&called, call, false);
                let (least, most) = self.counted(count);
                Some(Expected::Calls {
                    call,
                    attempted: *attempted,
                    least,
                    most,
                })
            }
            ast::Expected::Before { first, then } => {
                let before = self.call_meant(first);
                let before = before.map(|called| self.pattern_of_call(&called, first, false));
                let after = self.call_meant(then)?;
                let then = self.pattern_of_call(&after, then, false);
                Some(Expected::Before { first: before?, then })
            }
            ast::Expected::Spans { run, spans } => self.spans(run, spans),
            ast::Expected::Holds(condition) => {
                self.test.reads.clear();
                let value = self.against(condition, &Ty::Bool);
                Some(Expected::Holds(self.read(value)))
            }
        }
    }

    fn spans(&mut self, run: &'a ast::Expr, written: &'a ast::Spans) -> Option<Expected> {
        let run = self.run_of(run);
        let name = self.step_meant(&written.span);
        let inside = written.inside.as_ref().map(|inside| self.step_meant(inside));
        if let Some(status) = &written.status {
            self.status_of(status, "span", &STATES);
        }
        let before = written.before.as_ref().map(|before| self.step_meant(before));
        let count = written.count.as_ref();
        let (least, most) = count.map_or((1, None), |count| self.counted(count));
        let run = run?.0;
        let spans = Spans {
            name: name?,
            inside: inside.map_or(Some(None), |inside| inside.map(Some))?,
            state: written.status.as_ref().map(|status| status.text.clone()),
        };
        Some(match before {
            Some(then) => Expected::SpansBefore {
                run,
                first: spans,
                then: then?,
            },
            None => Expected::Spans {
                run,
                spans,
                least,
                most,
            },
        })
    }

    /// The least and the most of a count.
    fn counted(&mut self, count: &Count) -> (u32, Option<u32>) {
        match count {
            Count::Exactly(number) => {
                let count = self.count_of(number, 0);
                (count, Some(count))
            }
            Count::AtLeast(number) => (self.count_of(number, 1), None),
            Count::AtMost(number) => (0, Some(self.count_of(number, 0))),
        }
    }

    fn returns(&mut self, run: &'a ast::Expr, value: &'a ast::Expr) -> Option<Expected> {
        let Some((run, flow)) = self.run_of(run) else {
            self.expr(value, None);
            return None;
        };
        let result = self.globals.flows.get(flow as usize)?.result.clone();
        let value = match (&result, &value.kind) {
            (Ty::Unit, ExprKind::None) => Expr::Constant(Value::None),
            (Ty::Unit, _) => {
                let (name, span) = (self.flow_name(flow).to_string(), value.span);
                self.report(Error::NoResult { name, span }.diagnostic());
                return None;
            }
            _ => self.timeless(value, &result),
        };
        Some(Expected::Returns { run, value })
    }

    fn fails_with(&mut self, run: &'a ast::Expr, error: Option<&'a ast::Expr>) -> Option<Expected> {
        let run = self.run_of(run);
        let (mut id, mut fields) = (None, None);
        match error.map(|error| (error, &error.kind)) {
            Some((error, ExprKind::Call(..))) => {
                let raise = self.raise(error)?;
                (id, fields) = (Some(raise.error), Some(raise.fields));
            }
            Some((error, ExprKind::Name(name))) => {
                let name = Ident {
                    text: name.clone(),
                    span: error.span,
                };
                id = Some(self.error_named(&name)?);
            }
            Some((error, _)) => {
                id = Some(self.raise(error)?.error);
            }
            None => {}
        }
        let (run, flow) = run?;
        if let (Some(id), Some(error)) = (id, error) {
            let signature = self.globals.flows.get(flow as usize)?;
            let declared = signature.fails.iter().any(|(known, _)| *known == id);
            if !declared && id.index() >= BUILTIN_ERRORS.len() {
                let (of, declared) = (signature.name.to_string(), signature.span);
                let known = self.globals.error(id);
                let name = known.map(|error| error.name.clone()).unwrap_or_default();
                self.report(
                    Error::CannotFail {
                        error: name,
                        of,
                        span: error.span,
                        declared,
                    }
                    .diagnostic(),
                );
            }
        }
        Some(Expected::Fails {
            run,
            error: id,
            fields,
        })
    }

    fn at(&mut self, run: &'a ast::Expr, step: &'a ast::Expr) -> Option<Expected> {
        let run = self.run_of(run);
        let step = self.step_meant(step)?;
        Some(Expected::At { run: run?.0, step })
    }

    /// A step by its name, or by its title as a text.
    fn step_meant(&mut self, step: &ast::Expr) -> Option<String> {
        let title = match &step.kind {
            ExprKind::Name(name) => Some(name.to_string()),
            ExprKind::Bad => return None,
            _ => literal(step),
        };
        if title.is_none() {
            self.report(Error::StepIsNoText { span: step.span }.diagnostic());
        }
        title
    }

    fn status_of(&mut self, status: &Ident, of: &'static str, known: &'static [&'static str]) {
        if known.contains(&status.text.as_str()) {
            return;
        }
        let near = nearest(&status.text, known.iter().copied()).map(Name::from);
        let (name, span) = (status.text.clone(), status.span);
        self.report(
            Error::UnknownStatus {
                name,
                span,
                near,
                known,
                of,
            }
            .diagnostic(),
        );
    }
}
