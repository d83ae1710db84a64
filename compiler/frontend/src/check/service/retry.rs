//! What a `retry` says.

use super::{Error, Overrides, policy::Said, setting::Setting as Known};
use crate::{
    ast::{self, Argument, ExprKind, Ident},
    check::Checker,
};
use flowmesh_diagnostics::Span;
use flowmesh_ir::{
    ErrorId,
    policy::{Backoff, Budget, Jitter, RetryOn},
};
use rust_decimal::{Decimal, prelude::ToPrimitive};

impl<'a> Checker<'a> {
    pub(super) fn retry(&mut self, known: &'static Known, value: &'a ast::Expr, own: &mut Overrides) {
        if matches!(value.kind, ExprKind::None) {
            own.attempts = Some(Said {
                value: 1,
                span: value.span,
            });
            return;
        }
        for (name, value) in self.parts(known, value) {
            match name {
                "attempts" => own.attempts = self.attempts(value),
                "on" => own.on = self.retry_on(value),
                "backoff" => own.backoff = self.backoff(value),
                _ => own.budget = self.budget(value),
            }
        }
    }

    pub(in crate::check) fn attempts(&mut self, value: &ast::Expr) -> Option<Said<u32>> {
        let attempts = match value.kind {
            ExprKind::Int(int) => u32::try_from(int).ok().filter(|int| (1..=100).contains(int)),
            _ => None,
        };
        if attempts.is_none() {
            self.wrong_form("attempts", "a number from 1 to 100", value.span);
        }
        attempts.map(|attempts| Said {
            value: attempts,
            span: value.span,
        })
    }

    pub(super) fn retry_on(&mut self, value: &'a ast::Expr) -> Option<Said<Vec<RetryOn>>> {
        let ExprKind::List(items) = &value.kind else {
            self.wrong_form("on", "a list such as `[connect, timeout, 5xx]`", value.span);
            return None;
        };
        let mut on = Vec::with_capacity(items.len());
        for item in items {
            let Some(one) = self.retry_one(item) else { continue };
            if on.contains(&one) {
                self.said_twice(item);
            } else {
                on.push(one);
            }
        }
        Some(Said {
            value: on,
            span: value.span,
        })
    }

    /// Something stands in a list that stands there already.
    pub(super) fn said_twice(&mut self, item: &ast::Expr) {
        let (name, span) = (self.slice(item.span).into(), item.span);
        self.report(Error::SettingTwice { name, span }.diagnostic());
    }

    pub(super) fn retry_one(&mut self, item: &'a ast::Expr) -> Option<RetryOn> {
        match &item.kind {
            ExprKind::Name(name) if name == "connect" => return Some(RetryOn::Connect),
            ExprKind::Name(name) if name == "timeout" => return Some(RetryOn::Timeout),
            ExprKind::StatusClass(class @ 4..=5) => return Some(RetryOn::Class(*class)),
            ExprKind::Int(status) => {
                if let Some(status) = u16::try_from(*status)
                    .ok()
                    .filter(|status| (100..=599).contains(status))
                {
                    return Some(RetryOn::Status(status));
                }
            }
            ExprKind::Name(name) if name.starts_with(char::is_uppercase) => {
                let name = Ident {
                    text: name.clone(),
                    span: item.span,
                };
                return self
                    .error_named(&name)
                    .map(|ErrorId(id)| RetryOn::Error(ErrorId(id)));
            }
            _ => {}
        }
        self.wrong_form(
            "on",
            "connect, timeout, 5xx, 4xx, a status such as 429, or an error",
            item.span,
        );
        None
    }

    pub(in crate::check) fn backoff(&mut self, value: &'a ast::Expr) -> Option<Said<Backoff>> {
        const FORM: &str =
            "exponential(100ms, max: 2s, factor: 2, jitter: full) or constant(100ms, jitter: full)";
        let ExprKind::Call(callee, arguments) = &value.kind else {
            self.wrong_form("backoff", FORM, value.span);
            return None;
        };
        let names: &[&'static str] = match &callee.kind {
            ExprKind::Name(name) if name == "exponential" => &["base", "max", "factor", "jitter"],
            ExprKind::Name(name) if name == "constant" => &["base", "jitter"],
            _ => {
                self.wrong_form("backoff", FORM, callee.span);
                return None;
            }
        };
        let backoff = self.backoff_parts(names, arguments, value.span);
        Some(Said {
            value: backoff,
            span: value.span,
        })
    }

    pub(super) fn backoff_parts(
        &mut self,
        names: &[&'static str],
        arguments: &'a [Argument],
        span: Span,
    ) -> Backoff {
        let constant = names.len() == 2;
        let mut backoff = Backoff::default();
        let mut max = None;
        let given = self.arrange(
            if constant { "constant" } else { "exponential" },
            names,
            arguments,
        );
        if given.first().is_some_and(Option::is_none) {
            self.wrong_form("backoff", "the first wait, such as `100ms`", span);
        }
        for (name, value) in names.iter().zip(given) {
            let Some(value) = value else { continue };
            match *name {
                "base" => {
                    backoff.base_ms = self
                        .milliseconds(name, value)
                        .map_or(backoff.base_ms, |said| said.value);
                }
                "max" => max = self.milliseconds(name, value),
                "factor" => backoff.factor = self.factor(value),
                _ => backoff.jitter = self.jitter(value),
            }
        }
        if constant {
            return Backoff {
                factor: 1,
                max_ms: backoff.base_ms,
                ..backoff
            };
        }
        if let Some(max) = max.filter(|max| max.value < backoff.base_ms) {
            self.wrong_form("max", "a duration not below the first wait", max.span);
        }
        let max_ms = max.map_or_else(|| backoff.max_ms.max(backoff.base_ms), |said| said.value);
        Backoff { max_ms, ..backoff }
    }

    pub(super) fn factor(&mut self, value: &ast::Expr) -> u32 {
        let factor = match value.kind {
            ExprKind::Int(int) => u32::try_from(int).ok().filter(|int| (1..=10).contains(int)),
            _ => None,
        };
        if factor.is_none() {
            self.wrong_form("factor", "a number from 1 to 10", value.span);
        }
        factor.unwrap_or(2)
    }

    pub(super) fn jitter(&mut self, value: &ast::Expr) -> Jitter {
        match &value.kind {
            ExprKind::Name(name) if name == "full" => return Jitter::Full,
            ExprKind::Name(name) if name == "equal" => return Jitter::Equal,
            ExprKind::None => return Jitter::None,
            _ => self.wrong_form("jitter", "full, equal or none", value.span),
        }
        Jitter::default()
    }

    pub(super) fn budget(&mut self, value: &'a ast::Expr) -> Option<Said<Option<Budget>>> {
        const FORM: &str = "20%, { percent: 20%, min: 10/s } or none";
        let usual = Budget::default();
        let budget = match &value.kind {
            ExprKind::None => None,
            ExprKind::Percent(percent) => match whole(*percent, 1000) {
                Some(percent) => Some(Budget { percent, ..usual }),
                None => return self.no_budget(FORM, value.span),
            },
            ExprKind::Record(fields) => {
                let mut budget = usual;
                for (name, value) in fields {
                    match (name.text.as_str(), &value.kind) {
                        ("percent", ExprKind::Percent(percent)) => {
                            budget.percent =
                                whole(*percent, 1000).or_else(|| self.no_part(FORM, value.span))?;
                        }
                        ("min", ExprKind::Rate(number, 1000)) => {
                            budget.min_per_second =
                                whole(*number, 1_000_000).or_else(|| self.no_part(FORM, value.span))?;
                        }
                        _ => return self.no_budget(FORM, name.span.to(value.span)),
                    }
                }
                Some(budget)
            }
            _ => return self.no_budget(FORM, value.span),
        };
        Some(Said {
            value: budget,
            span: value.span,
        })
    }

    pub(super) fn no_part(&mut self, form: &'static str, span: Span) -> Option<u32> {
        self.wrong_form("budget", form, span);
        None
    }

    pub(super) fn no_budget(&mut self, form: &'static str, span: Span) -> Option<Said<Option<Budget>>> {
        self.wrong_form("budget", form, span);
        None
    }
}

/// A whole number up to a limit.
pub(crate) fn whole(number: Decimal, most: u32) -> Option<u32> {
    Some(number)
        .filter(Decimal::is_integer)?
        .to_u32()
        .filter(|number| *number <= most)
}
