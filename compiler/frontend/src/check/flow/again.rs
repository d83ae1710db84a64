//! `timeout: 1d` and `retry: { attempts: 3, backoff: ..., on: [...] }` at the head of a flow: regions around its body.
//! A try that failed is undone before the next begins, so that even what is done once may stand in it.

use super::{Body, region::error::Error as Wrong};
use crate::{
    ast::{self, ExprKind, Setting},
    check::{
        Checker, Ty,
        service::error::Error as SettingError,
        tree::{Catch, Kind, Region, Statement},
    },
};
use flowmesh_diagnostics::Span;
use flowmesh_ir::{
    ErrorId, Name, SlotId, Value,
    expr::{Binary, Context, Expr, Raise},
    policy::{Backoff, Jitter},
    program::BUILTIN_ERRORS,
};
use jiff::SignedDuration;
use std::sync::Arc;

/// What a flow is tried again after, where it does not say: what may be better a moment later.
const PASSING: [&str; 3] = ["Timeout", "Unavailable", "Overloaded"];

/// How a flow is tried again.
struct Retry {
    attempts: i64,
    backoff: Backoff,
    on: Vec<(ErrorId, Span)>,
    span: Span,
}

impl<'a> Checker<'a> {
    /// Checks the body in the regions that the settings of the flow put around it.
    pub(super) fn conducted(
        &mut self,
        settings: &'a [Setting],
        body: impl FnOnce(&mut Self) -> Body,
    ) -> Body {
        let value = |name: &str| {
            let setting = settings.iter().find(|setting| setting.name.text == name);
            setting.map(|setting| &setting.value)
        };
        let timeout = value("timeout").map(|timeout| (self.against(timeout, &Ty::Duration), timeout.span));
        let retry = value("retry").and_then(|retry| self.retry_of_flow(retry));
        let known = timeout
            .as_ref()
            .and_then(|(timeout, span)| Some((super::region::length(timeout)?, *span)));
        self.flow.deadlines.extend(known);
        self.flow.endable = u32::from(timeout.is_some());
        let mut body = body(self);
        self.flow.deadlines.clear();
        if let Some(retry) = retry {
            body = self.tried_again(retry, body);
        }
        match timeout {
            Some((timeout, span)) => self.limited_to(timeout, span, body),
            None => body,
        }
    }

    /// A flow that takes too long fails with `Timeout`, and so undoes what it did.
    fn limited_to(&mut self, timeout: Expr, span: Span, body: Body) -> Body {
        let reason = Expr::Constant(Value::string("the flow took longer than it may"));
        let late = Statement {
            span,
            kind: Kind::Fail(Raise {
                error: builtin("Timeout"),
                fields: vec![("reason".into(), reason)],
            }),
        };
        let region = Region {
            within: Some((timeout, vec![late])),
            ..Region::of(body.statements)
        };
        let kind = Kind::Region(Box::new(region));
        Body {
            statements: vec![Statement { span, kind }],
            falls: body.falls,
        }
    }

    fn tried_again(&mut self, retry: Retry, body: Body) -> Body {
        let Retry {
            attempts,
            backoff,
            on,
            span,
        } = retry;
        for (error, place) in &on {
            let met = error.index() < BUILTIN_ERRORS.len() || self.flow.raised.contains(error);
            if !met {
                let name = self.globals.error(*error).map(|error| error.name.clone());
                let (error, body) = (name.unwrap_or_default(), self.flow.span);
                self.report(
                    Wrong::NeverInTry {
                        error,
                        span: *place,
                        body,
                        flow: true,
                    }
                    .diagnostic(),
                );
            }
        }
        let at = |kind| Statement { span, kind };
        let set = |slot, value| at(Kind::Set(slot, value));
        let (attempt, wait) = (
            self.frame.hidden("_attempt", Ty::Int),
            self.frame.hidden("_wait", Ty::Duration),
        );
        let again = Arc::new(vec![
            set(attempt, binary(Binary::Add, Expr::Slot(attempt), int(1))),
            at(Kind::Sleep(spread(wait, backoff.jitter))),
            set(wait, longer(wait, &backoff)),
            at(Kind::Continue),
        ]);
        let catch = on.iter().map(|(error, _)| {
            let found = self.frame.hidden("_error", Ty::Error(*error));
            let last = Kind::If {
                condition: binary(Binary::GreaterEqual, Expr::Slot(attempt), int(attempts)),
                yes: vec![at(Kind::Fail(self.raised_again(*error, found)))],
                no: Vec::new(),
            };
            Catch {
                error: *error,
                bind: Some(found),
                body: vec![at(last), at(Kind::Shared(again.clone()))],
            }
        });
        let region = Region {
            catch: catch.collect(),
            ..Region::of(body.statements)
        };
        let rounds = Kind::While {
            condition: Expr::Constant(Value::Bool(true)),
            body: vec![at(Kind::Region(Box::new(region))), at(Kind::Break)],
        };
        let statements = vec![
            set(attempt, int(1)),
            set(wait, milliseconds(backoff.base_ms)),
            at(rounds),
        ];
        Body {
            statements,
            falls: body.falls,
        }
    }

    /// The same error once more.
    fn raised_again(&self, error: ErrorId, found: SlotId) -> Raise {
        let info = self.globals.error(error);
        let params = info.map(|error| error.params.as_slice()).unwrap_or_default();
        let field = |name: &Name| Expr::Field(Box::new(Expr::Slot(found)), name.clone());
        Raise {
            error,
            fields: params
                .iter()
                .map(|param| (param.name.clone(), field(&param.name)))
                .collect(),
        }
    }

    fn retry_of_flow(&mut self, value: &'a ast::Expr) -> Option<Retry> {
        const FORM: &str = "{ attempts: 3, backoff: exponential(1s, max: 1m), on: [Unavailable] }";
        let ExprKind::Record(parts) = &value.kind else {
            self.wrong_form("retry", FORM, value.span);
            return None;
        };
        let mut retry = Retry {
            attempts: 3,
            backoff: Backoff::default(),
            on: PASSING.iter().map(|name| (builtin(name), value.span)).collect(),
            span: value.span,
        };
        for (name, value) in parts {
            match name.text.as_str() {
                "attempts" => {
                    let said = self.attempts(value);
                    retry.attempts = said.map_or(retry.attempts, |said| i64::from(said.value));
                }
                "backoff" => retry.backoff = self.backoff(value).map_or(retry.backoff, |said| said.value),
                "on" => retry.on = self.errors_of_retry(value),
                _ => {
                    let near = flowmesh_diagnostics::nearest(&name.text, ["attempts", "backoff", "on"]);
                    let error = SettingError::UnknownSetting {
                        name: name.text.clone(),
                        place: "`retry`".to_owned(),
                        span: name.span,
                        near: near.map(Name::from),
                    };
                    self.report(error.diagnostic());
                }
            }
        }
        Some(retry)
    }

    fn errors_of_retry(&mut self, value: &'a ast::Expr) -> Vec<(ErrorId, Span)> {
        let ExprKind::List(items) = &value.kind else {
            self.wrong_form(
                "on",
                "a list of errors such as `[Unavailable, Timeout]`",
                value.span,
            );
            return Vec::new();
        };
        let mut on: Vec<(ErrorId, Span)> = Vec::with_capacity(items.len());
        for item in items {
            let ExprKind::Name(name) = &item.kind else {
                self.wrong_form(
                    "on",
                    "a list of errors such as `[Unavailable, Timeout]`",
                    item.span,
                );
                continue;
            };
            let name = ast::Ident {
                text: name.clone(),
                span: item.span,
            };
            if let Some(error) = self
                .error_named(&name)
                .filter(|error| !on.iter().any(|(known, _)| known == error))
            {
                on.push((error, item.span));
            }
        }
        on
    }
}

fn builtin(name: &str) -> ErrorId {
    let at = BUILTIN_ERRORS.iter().position(|(known, _)| *known == name);
    ErrorId(at.and_then(|at| u32::try_from(at).ok()).unwrap_or_default())
}

fn binary(operator: Binary, left: Expr, right: Expr) -> Expr {
    Expr::Binary(operator, Box::new(left), Box::new(right))
}

fn int(int: i64) -> Expr {
    Expr::Constant(Value::Int(int))
}

fn milliseconds(ms: u64) -> Expr {
    let ms = i64::try_from(ms).unwrap_or(i64::MAX);
    Expr::Constant(Value::Duration(SignedDuration::from_millis(ms)))
}

/// The wait as chance spreads it, as the mesh does between attempts. What is drawn follows from the seed of the run.
fn spread(wait: SlotId, jitter: Jitter) -> Expr {
    let share = |whole| binary(Binary::Multiply, whole, Expr::Context(Context::Random));
    let half = || binary(Binary::Divide, Expr::Slot(wait), int(2));
    match jitter {
        Jitter::None => Expr::Slot(wait),
        Jitter::Full => share(Expr::Slot(wait)),
        Jitter::Equal => binary(Binary::Add, half(), share(half())),
    }
}

/// The next wait: so many times the last one, and no more than the longest.
fn longer(wait: SlotId, backoff: &Backoff) -> Expr {
    let max = milliseconds(backoff.max_ms);
    let next = binary(Binary::Multiply, Expr::Slot(wait), int(i64::from(backoff.factor)));
    let condition = binary(Binary::Less, next.clone(), max.clone());
    Expr::If(Box::new(condition), Box::new(next), Box::new(max))
}
