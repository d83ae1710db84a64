//! What settings say about timeouts, and how one place overrides another.

use super::{
    Error, Place,
    setting::{SETTINGS, Setting as Known},
    traffic::Traffic,
};
use crate::{
    ast::{self, ExprKind, Ident, Setting},
    check::{Asked, Checker, FactKind},
};
use flowmesh_diagnostics::{Span, nearest};
use flowmesh_ir::{
    Name,
    policy::{Backoff, Balance, Budget, Policy, Retry, RetryOn, Timeout},
};
use std::sync::{Arc, LazyLock};

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
    pub(crate) traffic: Traffic,
}

/// How many attempts there are where a retry says nothing else.
const ATTEMPTS: u32 = 3;

impl Overrides {
    /// Nothing is said.
    pub(crate) fn none() -> Arc<Self> {
        static NONE: LazyLock<Arc<Overrides>> = LazyLock::new(Arc::default);
        Arc::clone(&NONE)
    }

    /// These on top of others, field by field. They are large, and most places say nothing of their own.
    pub(crate) fn shared_over(self: &Arc<Self>, base: &Arc<Self>) -> Arc<Self> {
        if Arc::ptr_eq(self, &Self::none()) {
            return Arc::clone(base);
        }
        Arc::new(self.over(base))
    }

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
            traffic: self.traffic.over(&base.traffic),
        }
    }

    /// What holds, with defaults for what nobody said.
    pub(crate) fn policy(&self) -> Policy {
        Policy {
            timeout: self.timeout(),
            retry: self.retry(),
            balance: self.balance.map(|b| b.value).unwrap_or_default(),
            ..self.rest()
        }
    }

    fn rest(&self) -> Policy {
        fn held<T: Clone>(said: Option<&Said<Option<T>>>) -> Option<T> {
            said.and_then(|said| said.value.clone())
        }
        let traffic = &self.traffic;
        let by = traffic.by.clone().unwrap_or_default();
        Policy {
            hash: by.hash,
            weights: by.weights,
            sticky: held(traffic.sticky.as_ref()),
            hedge: held(traffic.hedge.as_ref()),
            breaker: held(traffic.breaker.as_ref()),
            limit: held(traffic.limit.as_ref()),
            priority: held(traffic.priority.as_ref()),
            health: held(traffic.health.as_ref()),
            tls: held(traffic.tls.as_ref()),
            failover: held(traffic.failover.as_ref()),
            mirror: held(traffic.mirror.as_ref()),
            fault: held(traffic.fault.as_ref()),
            headers: traffic
                .headers
                .as_ref()
                .map(|said| said.value.clone())
                .unwrap_or_default(),
            rewrite: held(traffic.rewrite.as_ref()),
            cors: held(traffic.cors.as_ref()),
            cache: held(traffic.cache.as_ref()),
            trace: held(traffic.trace.as_ref()),
            ..Policy::default()
        }
    }

    /// Where each setting was said that holds here.
    pub(crate) fn places(&self) -> Vec<(&'static str, Span)> {
        let traffic = &self.traffic;
        let timeout = self.total_ms.map(|said| said.span);
        [
            ("timeout", timeout.or(self.attempt_ms.map(|said| said.span))),
            ("timeout.attempt", self.attempt_ms.map(|said| said.span)),
            ("timeout.total", self.total_ms.map(|said| said.span)),
            ("retry", self.retry_span()),
            ("limit", traffic.limit.as_ref().map(|said| said.span)),
            ("breaker", traffic.breaker.as_ref().map(|said| said.span)),
            ("failover", traffic.failover.as_ref().map(|said| said.span)),
        ]
        .into_iter()
        .filter_map(|(name, span)| Some((name, span?)))
        .collect()
    }

    /// The times that hold, with defaults for what nobody said.
    pub(super) fn timeout(&self) -> Timeout {
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

    /// How an attempt is repeated, with defaults for what nobody said.
    pub(super) fn retry(&self) -> Option<Retry> {
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
    pub(crate) fn overrides(&mut self, settings: &'a [Setting], place: Place) -> Arc<Overrides> {
        self.settings_once(settings);
        let mut own = Overrides::none();
        let mut base = Overrides::none();
        for setting in settings {
            let Some(known) = self.known(&setting.name, place) else {
                continue;
            };
            match known.name {
                "policy" => base = self.policy_named(&setting.value).unwrap_or_else(Overrides::none),
                "timeout" => self.timeout(known, &setting.value, Arc::make_mut(&mut own)),
                "retry" => self.retry(known, &setting.value, Arc::make_mut(&mut own)),
                "balance" => {
                    let read = self.balance(known, &setting.value);
                    let own = Arc::make_mut(&mut own);
                    (own.balance, own.traffic.by) = read.unzip();
                }
                // Where it goes and what it carries is its own.
                _ if place == Place::Operation && !known.places.contains(&Place::Policy) => {}
                _ => self.traffic(known, &setting.value, place, &mut Arc::make_mut(&mut own).traffic),
            }
        }
        own.shared_over(&base)
    }

    pub(crate) fn known(&mut self, name: &Ident, place: Place) -> Option<&'static Known> {
        self.probe(&name.text, |_| Asked::Setting);
        let here = |known: &&Known| known.places.contains(&place);
        if let Some(known) = SETTINGS.iter().filter(here).find(|known| name.text == known.name) {
            self.facts.add(name.span, FactKind::Setting(known), None);
            return Some(known);
        }
        let (text, span) = (name.text.clone(), name.span);
        let error = if SETTINGS.iter().any(|known| text == known.name) {
            Error::MisplacedSetting {
                name: text,
                place: place.name(),
                span,
            }
        } else {
            let near = nearest(&text, SETTINGS.iter().filter(here).map(|known| known.name)).map(Name::from);
            Error::UnknownSetting {
                name: text,
                place: place.name().to_owned(),
                span,
                near,
            }
        };
        self.report(error.diagnostic());
        None
    }

    /// The parts of a record setting, each with its place in the table.
    pub(crate) fn parts(
        &mut self,
        known: &'static Known,
        value: &'a ast::Expr,
    ) -> Vec<(&'static str, &'a ast::Expr)> {
        let ExprKind::Record(fields) = &value.kind else {
            self.wrong_form(known.name, known.form, value.span);
            return Vec::new();
        };
        let mut parts: Vec<(&'static str, &'a ast::Expr)> = Vec::with_capacity(fields.len());
        for (name, value) in fields {
            self.probe(&name.text, |_| Asked::Part(known));
            let Some(part) = known.parts.iter().find(|part| name.text == part.name) else {
                let near = nearest(&name.text, known.parts.iter().map(|part| part.name)).map(Name::from);
                let (name, span) = (name.text.clone(), name.span);
                self.report(
                    Error::UnknownSetting {
                        name,
                        place: format!("`{}`", known.name),
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

    pub(crate) fn wrong_form(&mut self, name: &'static str, form: &str, span: Span) {
        // What could not be parsed was reported.
        let found = self.slice(span);
        self.report(
            Error::Form {
                name,
                form: form.to_owned(),
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

    pub(super) fn milliseconds(&mut self, name: &'static str, value: &ast::Expr) -> Option<Said<u64>> {
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
}
