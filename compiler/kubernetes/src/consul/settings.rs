//! What Consul holds in part or not at all: reported, or left to the interpreter and named.

use super::rates::{self, unheld_rate};
use crate::{
    hash::hashed,
    problem::Problem,
    setting::{self, Setting, budgets_otherwise, picks_otherwise},
    work::Work,
};
use flowmesh_ir::policy::{Backoff, Balance, Jitter, Policy, RetryOn};

impl Work<'_, '_> {
    /// The settings that are left to the interpreter, as the annotation names them; the others are reported.
    pub(super) fn consul_settings(&mut self) -> Vec<String> {
        let mut filled = Vec::new();
        let usual = Policy::default();
        let service = self.service;
        let outer = self.policy(service.policy).unwrap_or(&usual);
        let auth = service.auth.iter().map(|_| Setting::Auth);
        for setting in said(outer, &usual).into_iter().chain(auth) {
            self.setting(setting, "", &mut filled);
        }
        for (setting, reason) in here(outer, &usual) {
            self.unheld(&Problem::Here { setting, reason }, setting, "", &mut filled);
        }
        self.late_headers(&outer.headers, "");
        let rates = rates::of_operations(self.program, service);
        for operation in &service.operations {
            let own = self.policy(operation.policy).unwrap_or(outer);
            let unheld = rates.iter().find_map(|rate| rate.unheld(operation));
            for setting in setting::of_part(said(own, outer), own, outer) {
                match of_whole_services(setting) {
                    true if setting == Setting::Rate && unheld.is_none() => {
                        self.setting(setting, &operation.name, &mut filled);
                    }
                    true if setting == Setting::Rate => {}
                    true => self.unheld(&Problem::Whole(setting), setting, &operation.name, &mut filled),
                    false => self.setting(setting, &operation.name, &mut filled),
                }
            }
            for setting in let_off(own, outer) {
                self.unheld(&Problem::Whole(setting), setting, &operation.name, &mut filled);
            }
            let beside = here(own, outer).into_iter();
            let beside = beside.filter(|(setting, _)| !of_whole_services(*setting));
            for (setting, reason) in beside.chain(unheld.map(|reason| (Setting::Rate, reason))) {
                let problem = Problem::Here { setting, reason };
                self.unheld(&problem, setting, &operation.name, &mut filled);
            }
            if own.headers != outer.headers {
                self.late_headers(&own.headers, &operation.name);
            }
        }
        filled
    }
}

/// Whether Consul has this at its resolvers and defaults, which are of whole services.
pub(super) fn of_whole_services(setting: Setting) -> bool {
    matches!(
        setting,
        Setting::Balance
            | Setting::Sticky
            | Setting::Breaker
            | Setting::Limit
            | Setting::Rate
            | Setting::Failover
            | Setting::Tls
    )
}

/// The settings of a policy that are not what holds anyway.
pub(super) fn said(policy: &Policy, outer: &Policy) -> Vec<Setting> {
    let mut said = setting::said(policy, outer);
    let mut say = |setting: Setting, is: bool| {
        if is {
            said.push(setting);
        }
    };
    let (own, around) = (policy.timeout, outer.timeout);
    let repeats = policy.retry.as_ref().is_some_and(|retry| retry.attempts > 1);
    say(
        Setting::Attempt,
        repeats && own.attempt_ms < own.total_ms && own.attempt_ms != around.attempt_ms,
    );
    if let Some(retry) = policy.retry.as_ref().filter(|_| policy.retry != outer.retry) {
        let usual = retry.backoff == Backoff::default() || retry.backoff == ENVOYS;
        say(Setting::Backoff, !usual);
        say(
            Setting::Budget,
            retry.budget.is_some() && budgets_otherwise(policy, outer),
        );
        let odd = |on: &RetryOn| match on {
            RetryOn::Class(class) => *class != 5,
            // What nobody said is in the words about retries.
            RetryOn::Timeout => retry.on != USUAL_ON,
            RetryOn::Error(_) => true,
            RetryOn::Connect | RetryOn::Status(_) => false,
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
        say(Setting::Rate, limit.rate.is_some() && limit.per.is_none());
        say(Setting::Per, limit.per.is_some());
    }
    said
}

/// What holds for the whole service and not for a part of it: Consul lets nothing off.
fn let_off(policy: &Policy, outer: &Policy) -> Vec<Setting> {
    let whole = |policy: &Policy, setting: Setting| said(policy, &Policy::default()).contains(&setting);
    let differs = |_: &Setting| policy.limit != outer.limit;
    let off = |setting: &Setting| whole(outer, *setting) && !whole(policy, *setting);
    let both = [Setting::Limit, Setting::Rate].into_iter();
    both.filter(differs).filter(off).collect()
}

/// What is worth another attempt where nobody says it.
const USUAL_ON: [RetryOn; 4] = [
    RetryOn::Connect,
    RetryOn::Timeout,
    RetryOn::Class(5),
    RetryOn::Status(429),
];

/// The waits of the proxy, which nothing sets.
const ENVOYS: Backoff = Backoff {
    base_ms: 25,
    max_ms: 250,
    factor: 2,
    jitter: Jitter::Full,
};

/// What is not held of settings that are held otherwise, and why.
fn here(policy: &Policy, outer: &Policy) -> Vec<(Setting, &'static str)> {
    let limit = policy
        .limit
        .as_ref()
        .filter(|limit| policy.limit != outer.limit && limit.per.is_none());
    let rate = limit.and_then(unheld_rate).map(|reason| (Setting::Rate, reason));
    let rewrite = policy
        .rewrite
        .as_ref()
        .filter(|_| policy.rewrite != outer.rewrite);
    let host = rewrite.and_then(|rewrite| rewrite.host.as_ref());
    let host = host.map(|_| (Setting::Rewrite, "it sets no other host"));
    rate.into_iter().chain(host).collect()
}
