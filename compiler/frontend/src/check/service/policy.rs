//! What settings say about timeout, retry and balance, and how one place overrides another.

use super::{
    Error, Place,
    setting::{LATER, SETTINGS, Setting as Known},
};
use crate::{
    ast::{self, Argument, ExprKind, Ident, Setting},
    check::{Checker, FactKind},
};
use flowmesh_diagnostics::{Span, nearest};
use flowmesh_ir::{
    ErrorId, Name, PolicyId,
    policy::{Backoff, Balance, Budget, Jitter, Policy, Retry, RetryOn, Timeout},
};
use rust_decimal::{Decimal, prelude::ToPrimitive};
use std::collections::HashMap;

/// A value and where it was written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Said<T> {
    pub(crate) value: T,
    pub(crate) span: Span,
}

/// What one place says, or several places on top of each other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Overrides {
    pub(crate) attempt_ms: Option<Said<u64>>,
    pub(crate) total_ms: Option<Said<u64>>,
    pub(crate) idle_ms: Option<Said<u64>>,
    pub(crate) attempts: Option<Said<u32>>,
    pub(crate) on: Option<Said<Vec<RetryOn>>>,
    pub(crate) backoff: Option<Said<Backoff>>,
    pub(crate) budget: Option<Said<Option<Budget>>>,
    pub(crate) balance: Option<Said<Balance>>,
}

/// All policies that hold somewhere, without doubles.
#[derive(Debug, Default)]
pub(crate) struct Policies {
    table: Vec<Policy>,
    /// By the text of their debug form, since a policy has no hash.
    known: HashMap<String, PolicyId>,
}

/// How many attempts there are where a retry says nothing else.
const ATTEMPTS: u32 = 3;

impl Policies {
    /// The number of the policy that some overrides amount to.
    pub(crate) fn intern(&mut self, overrides: &Overrides) -> PolicyId {
        let policy = overrides.policy();
        let next = PolicyId(u32::try_from(self.table.len()).unwrap_or(u32::MAX));
        let id = *self.known.entry(format!("{policy:?}")).or_insert(next);
        if id == next {
            self.table.push(policy);
        }
        id
    }

    pub(crate) fn into_table(self) -> Vec<Policy> {
        self.table
    }
}

impl Overrides {
    /// These on top of others, field by field.
    pub(crate) fn over(&self, base: &Self) -> Self {
        Self {
            attempt_ms: self.attempt_ms.or(base.attempt_ms),
            total_ms: self.total_ms.or(base.total_ms),
            idle_ms: self.idle_ms.or(base.idle_ms),
            attempts: self.attempts.or(base.attempts),
            on: self.on.clone().or_else(|| base.on.clone()),
            backoff: self.backoff.or(base.backoff),
            budget: self.budget.or(base.budget),
            balance: self.balance.or(base.balance),
        }
    }

    /// What holds, with defaults for what nobody said.
    pub(crate) fn policy(&self) -> Policy {
        Policy {
            timeout: self.timeout(),
            retry: self.retry(),
            balance: self.balance.map(|b| b.value).unwrap_or_default(),
        }
    }

    fn timeout(&self) -> Timeout {
        let usual = Timeout::default();
        let said = |field: Option<Said<u64>>| field.map(|said| said.value);
        let attempt = said(self.attempt_ms);
        let total_ms = said(self.total_ms).unwrap_or_else(|| usual.total_ms.max(attempt.unwrap_or_default()));
        let attempt_ms = attempt.unwrap_or_else(|| usual.attempt_ms.min(total_ms));
        Timeout {
            attempt_ms,
            total_ms,
            idle_ms: said(self.idle_ms).unwrap_or(usual.idle_ms),
        }
    }

    fn retry(&self) -> Option<Retry> {
        let some =
            self.attempts.is_some() || self.on.is_some() || self.backoff.is_some() || self.budget.is_some();
        let attempts = self.attempts.map_or(ATTEMPTS, |said| said.value);
        (some && attempts > 1).then(|| Retry {
            attempts,
            on: self.on.as_ref().map_or_else(usual_on, |said| said.value.clone()),
            backoff: self.backoff.map(|said| said.value).unwrap_or_default(),
            budget: self
                .budget
                .map_or_else(|| Some(Budget::default()), |said| said.value),
        })
    }

    /// Where the retry was written.
    pub(crate) fn retry_span(&self) -> Option<Span> {
        let attempts = self.attempts.map(|said| said.span);
        attempts
            .or(self.on.as_ref().map(|said| said.span))
            .or(self.backoff.map(|said| said.span))
    }
}

fn usual_on() -> Vec<RetryOn> {
    vec![
        RetryOn::Connect,
        RetryOn::Timeout,
        RetryOn::Class(5),
        RetryOn::Status(429),
    ]
}

impl<'a> Checker<'a> {
    /// Reads the settings of a place; those that are not about policies are left to others.
    pub(crate) fn overrides(&mut self, settings: &'a [Setting], place: Place) -> Overrides {
        self.once(settings);
        let mut own = Overrides::default();
        let mut base = Overrides::default();
        for setting in settings {
            let Some(known) = self.known(&setting.name, place) else {
                continue;
            };
            match known.name {
                "policy" => base = self.policy_named(&setting.value).unwrap_or_default(),
                "timeout" => self.timeout(known, &setting.value, &mut own),
                "retry" => self.retry(known, &setting.value, &mut own),
                "balance" => own.balance = self.balance(known, &setting.value),
                _ => {}
            }
        }
        own.over(&base)
    }

    fn known(&mut self, name: &Ident, place: Place) -> Option<&'static Known> {
        let here = |known: &&Known| known.places.contains(&place);
        if let Some(known) = SETTINGS.iter().filter(here).find(|known| name.text == known.name) {
            self.facts.add(name.span, FactKind::Setting(known), None);
            return Some(known);
        }
        let (text, span) = (name.text.clone(), name.span);
        let error = if LATER.contains(&text.as_str()) {
            Error::LaterSetting { name: text, span }
        } else if SETTINGS.iter().any(|known| text == known.name) {
            Error::MisplacedSetting {
                name: text,
                place: place.name(),
                span,
            }
        } else {
            let near = nearest(&text, SETTINGS.iter().filter(here).map(|known| known.name)).map(Name::from);
            Error::UnknownSetting {
                name: text,
                place: place.name(),
                span,
                near,
            }
        };
        self.report(error.diagnostic());
        None
    }

    /// The parts of a record setting, each with its place in the table.
    fn parts(&mut self, known: &'static Known, value: &'a ast::Expr) -> Vec<(&'static str, &'a ast::Expr)> {
        let ExprKind::Record(fields) = &value.kind else {
            self.wrong_form(known.name, known.form, value.span);
            return Vec::new();
        };
        let mut parts: Vec<(&'static str, &'a ast::Expr)> = Vec::with_capacity(fields.len());
        for (name, value) in fields {
            let Some(part) = known.parts.iter().find(|part| name.text == part.name) else {
                let near = nearest(&name.text, known.parts.iter().map(|part| part.name)).map(Name::from);
                let (name, span) = (name.text.clone(), name.span);
                self.report(
                    Error::UnknownSetting {
                        name,
                        place: known.name,
                        span,
                        near,
                    }
                    .diagnostic(),
                );
                continue;
            };
            if parts.iter().any(|(before, _)| *before == part.name) {
                self.report(
                    Error::SettingTwice {
                        name: part.name.into(),
                        span: name.span,
                    }
                    .diagnostic(),
                );
            }
            self.facts.add(name.span, FactKind::Setting(part), None);
            parts.push((part.name, value));
        }
        parts
    }

    fn wrong_form(&mut self, name: &'static str, form: &'static str, span: Span) {
        // What could not be parsed was reported.
        let found = self.slice(span);
        self.report(
            Error::Form {
                name,
                form,
                found,
                span,
            }
            .diagnostic(),
        );
    }

    fn timeout(&mut self, known: &'static Known, value: &'a ast::Expr, own: &mut Overrides) {
        for (name, value) in self.parts(known, value) {
            let said = self.milliseconds(name, value);
            match name {
                "attempt" => own.attempt_ms = said,
                "total" => own.total_ms = said,
                _ => own.idle_ms = said,
            }
        }
    }

    fn milliseconds(&mut self, name: &'static str, value: &ast::Expr) -> Option<Said<u64>> {
        let ms = match value.kind {
            ExprKind::Duration(ms) => u64::try_from(ms).ok().filter(|ms| *ms > 0),
            _ => None,
        };
        if ms.is_none() && !matches!(value.kind, ExprKind::Bad) {
            self.wrong_form(name, "a duration such as `2s`", value.span);
        }
        ms.map(|value_ms| Said {
            value: value_ms,
            span: value.span,
        })
    }

    fn retry(&mut self, known: &'static Known, value: &'a ast::Expr, own: &mut Overrides) {
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

    fn attempts(&mut self, value: &ast::Expr) -> Option<Said<u32>> {
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

    fn retry_on(&mut self, value: &'a ast::Expr) -> Option<Said<Vec<RetryOn>>> {
        let ExprKind::List(items) = &value.kind else {
            self.wrong_form("on", "a list such as `[connect, timeout, 5xx]`", value.span);
            return None;
        };
        let mut on = Vec::with_capacity(items.len());
        for item in items {
            let Some(one) = self.retry_one(item) else { continue };
            if on.contains(&one) {
                let name = self.slice(item.span).into();
                self.report(
                    Error::SettingTwice {
                        name,
                        span: item.span,
                    }
                    .diagnostic(),
                );
            } else {
                on.push(one);
            }
        }
        Some(Said {
            value: on,
            span: value.span,
        })
    }

    fn retry_one(&mut self, item: &'a ast::Expr) -> Option<RetryOn> {
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

    fn backoff(&mut self, value: &'a ast::Expr) -> Option<Said<Backoff>> {
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

    fn backoff_parts(&mut self, names: &[&'static str], arguments: &'a [Argument], span: Span) -> Backoff {
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

    fn factor(&mut self, value: &ast::Expr) -> u32 {
        let factor = match value.kind {
            ExprKind::Int(int) => u32::try_from(int).ok().filter(|int| (1..=10).contains(int)),
            _ => None,
        };
        if factor.is_none() {
            self.wrong_form("factor", "a number from 1 to 10", value.span);
        }
        factor.unwrap_or(2)
    }

    fn jitter(&mut self, value: &ast::Expr) -> Jitter {
        match &value.kind {
            ExprKind::Name(name) if name == "full" => return Jitter::Full,
            ExprKind::Name(name) if name == "equal" => return Jitter::Equal,
            ExprKind::None => return Jitter::None,
            _ => self.wrong_form("jitter", "full, equal or none", value.span),
        }
        Jitter::default()
    }

    fn budget(&mut self, value: &'a ast::Expr) -> Option<Said<Option<Budget>>> {
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

    fn no_part(&mut self, form: &'static str, span: Span) -> Option<u32> {
        self.wrong_form("budget", form, span);
        None
    }

    fn no_budget(&mut self, form: &'static str, span: Span) -> Option<Said<Option<Budget>>> {
        self.wrong_form("budget", form, span);
        None
    }

    fn balance(&mut self, known: &'static Known, value: &ast::Expr) -> Option<Said<Balance>> {
        let balance = match &value.kind {
            ExprKind::Name(name) if name == "round_robin" => Balance::RoundRobin,
            ExprKind::Name(name) if name == "ewma" => Balance::Ewma,
            _ => {
                self.wrong_form(known.name, known.form, value.span);
                return None;
            }
        };
        Some(Said {
            value: balance,
            span: value.span,
        })
    }
}

/// A whole number up to a limit.
pub(super) fn whole(number: Decimal, most: u32) -> Option<u32> {
    Some(number)
        .filter(Decimal::is_integer)?
        .to_u32()
        .filter(|number| *number <= most)
}
