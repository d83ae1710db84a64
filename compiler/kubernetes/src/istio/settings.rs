//! What Istio holds in part or not at all: reported, or left to the interpreter and named.

use crate::{
    hash::hashed,
    problem::Problem,
    setting::{self, Setting, budgets_otherwise, picks_otherwise},
    work::Work,
};
use flowmesh_ir::policy::{Backoff, Balance, Jitter, Policy, RetryOn};

impl Work<'_, '_> {
    /// The settings that are left to the interpreter, as the annotation names them; the others are reported.
    pub(super) fn istio_settings(&mut self) -> Vec<String> {
        let mut filled = Vec::new();
        let usual = Policy::default();
        let service = self.service;
        let outer = self.policy(service.policy).unwrap_or(&usual);
        let auth = service.auth.iter().map(|_| Setting::Auth);
        for setting in of_whole(outer, &usual).into_iter().chain(auth) {
            self.setting(setting, "", &mut filled);
        }
        self.late_headers(&outer.headers, "");
        for operation in &service.operations {
            let own = self.policy(operation.policy).unwrap_or(outer);
            for setting in said(own, outer) {
                match of_whole_services(setting) {
                    true => self.unheld(&Problem::Whole(setting), setting, &operation.name, &mut filled),
                    false => self.setting(setting, &operation.name, &mut filled),
                }
            }
            if own.headers != outer.headers {
                self.late_headers(&own.headers, &operation.name);
            }
        }
        filled
    }
}

/// Whether Istio has this at its DestinationRules, which are of whole Services.
pub(super) fn of_whole_services(setting: Setting) -> bool {
    matches!(
        setting,
        Setting::Idle
            | Setting::Budget
            | Setting::Balance
            | Setting::Sticky
            | Setting::Breaker
            | Setting::SlowStart
            | Setting::Limit
            | Setting::Tls
    )
}

/// The settings of a part of a service that are not those of the whole.
pub(super) fn said(policy: &Policy, outer: &Policy) -> Vec<Setting> {
    setting::of_part(of_whole(policy, outer), policy, outer)
}

/// The settings of a policy that are not what holds anyway.
fn of_whole(policy: &Policy, outer: &Policy) -> Vec<Setting> {
    let mut said = setting::said(policy, outer);
    let mut say = |setting: Setting, is: bool| {
        if is {
            said.push(setting);
        }
    };
    say(
        Setting::Timeout,
        policy.timeout.attempt_ms != outer.timeout.attempt_ms,
    );
    if let Some(retry) = policy.retry.as_ref().filter(|_| policy.retry != outer.retry) {
        say(
            Setting::Backoff,
            retry.backoff != Backoff::default() && !is_like_envoys(&retry.backoff),
        );
        say(Setting::Budget, budgets_otherwise(policy, outer));
        let odd = |on: &RetryOn| match on {
            RetryOn::Class(class) => *class != 5,
            RetryOn::Error(_) => true,
            RetryOn::Connect | RetryOn::Timeout | RetryOn::Status(_) => false,
        };
        say(Setting::RetryOn, retry.on.iter().any(odd));
    }
    let differs = picks_otherwise(policy, outer);
    let hashes = matches!(policy.balance, Balance::RingHash | Balance::Maglev);
    say(
        Setting::Hash,
        differs && hashes && policy.hash.as_ref().and_then(hashed).is_none(),
    );
    say(
        Setting::Weights,
        policy.balance == Balance::Weights && policy.weights != outer.weights,
    );
    say(Setting::Balance, differs && policy.balance == Balance::Ewma);
    if let Some(limit) = policy.limit.as_ref().filter(|_| policy.limit != outer.limit) {
        say(
            Setting::Limit,
            limit.concurrent.is_some() && !limit.adaptive && limit.per.is_none(),
        );
        say(Setting::Rate, limit.rate.is_some());
        say(Setting::Per, limit.per.is_some());
    }
    said
}

/// Envoy doubles its waits up to ten times of the first, and spreads them over all of that.
fn is_like_envoys(backoff: &Backoff) -> bool {
    let most = backoff.base_ms.saturating_mul(10);
    (backoff.factor, backoff.jitter, backoff.max_ms) == (2, Jitter::Full, most)
}
