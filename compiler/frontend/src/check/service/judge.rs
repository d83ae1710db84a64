//! Whether a policy can work for an operation: repeating is allowed, and the times fit into each other.

use super::{Error, Overrides, words::time};
use crate::check::Checker;
use flowmesh_diagnostics::{Diagnostic, Span};
use flowmesh_ir::{Name, policy::RetryOn, service::EffectKind, worst::waits};

/// What a policy holds for.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    /// `payments.charge`
    pub(crate) name: Name,
    /// The operation's declaration, or the call.
    pub(crate) span: Span,
    /// What repeating it does.
    pub(crate) effect: EffectKind,
}

impl Checker<'_> {
    /// Looks at what holds after all overrides.
    /// `own` is what the place at hand says itself, which is where a mistake is shown if it may be there.
    pub(crate) fn judge(&mut self, overrides: &Overrides, own: &Overrides, subject: &Subject) {
        self.repeatable(overrides, subject);
        self.times(overrides, own, subject);
    }

    fn repeatable(&mut self, overrides: &Overrides, subject: &Subject) {
        let Some(retry) = overrides.retry() else {
            return;
        };
        // If no connection came about, nothing was sent, and sending it then is not sending it again.
        let harmless = retry.on.iter().all(|on| *on == RetryOn::Connect);
        if subject.effect == EffectKind::Once && !harmless {
            let span = overrides.retry_span().unwrap_or(subject.span);
            let (name, operation) = (subject.name.clone(), subject.span);
            self.report(
                Error::RetryOnce {
                    name,
                    attempts: retry.attempts,
                    span,
                    operation,
                }
                .diagnostic(),
            );
        }
    }

    fn times(&mut self, overrides: &Overrides, own: &Overrides, subject: &Subject) {
        let timeout = overrides.timeout();
        let (attempt, total) = (timeout.attempt_ms, timeout.total_ms);
        let span = |said: Option<super::policy::Said<u64>>| said.map(|said| said.span);
        let (attempt_span, total_span) = (span(overrides.attempt_ms), span(overrides.total_ms));
        if attempt > total {
            let own_span = span(own.attempt_ms).or(span(own.total_ms));
            let place = own_span.or(attempt_span).or(total_span).unwrap_or(subject.span);
            let error = Error::AttemptOverTotal {
                attempt,
                total,
                span: place,
                other: total_span,
            };
            let right = if Some(place) == total_span { attempt } else { total };
            self.report(self.with_time(error.diagnostic(), right));
            return;
        }
        let Some(retry) = overrides.retry() else { return };
        let waits = waits(&retry.backoff, retry.attempts);
        let worst = attempt
            .saturating_mul(u64::from(retry.attempts))
            .saturating_add(waits);
        let said = |from: &Overrides| {
            let attempts = from.attempts.map(|said| said.span);
            span(from.total_ms).or(attempts).or(span(from.attempt_ms))
        };
        if let (true, Some(place)) = (worst > total, said(own).or_else(|| said(overrides))) {
            let attempts = retry.attempts;
            let error = Error::CannotFit {
                attempts,
                attempt,
                waits,
                worst,
                total,
                span: place,
            };
            let of_total = Some(place) == span(own.total_ms).or(total_span);
            let attempts_span = overrides.attempts.map(|said| said.span);
            let places = [
                (total_span, "how long the whole call may take"),
                (attempts_span, "how often it is tried"),
                (attempt_span, "how long each attempt may take"),
            ];
            let others = places
                .into_iter()
                .filter_map(|(other, text)| Some((other?, text)));
            let diagnostic = others
                .filter(|(other, _)| *other != place)
                .fold(error.diagnostic(), |d, (other, text)| d.and(other, text));
            self.report(match of_total {
                true => self.with_time(diagnostic, worst),
                false => diagnostic,
            });
        }
    }

    /// With another time in its place as a fix, where a time stands there.
    fn with_time(&self, diagnostic: Diagnostic, right: u64) -> Diagnostic {
        let span = diagnostic.span;
        let said = self
            .sources
            .get(span.source)
            .map_or("", |source| source.slice(span));
        let is_time = said.starts_with(|c: char| c.is_ascii_digit()) && !said.contains([' ', ',']);
        match is_time {
            true => diagnostic.fix(format!("write {}", time(right)), span, time(right)),
            false => diagnostic,
        }
    }
}
