//! What Linkerd holds in part or not at all: reported, or left to the interpreter and named.

use super::{Meshed, access::rate::a_second, egress::Outside};
use crate::{
    problem::Problem,
    setting::{self, Setting, budgets_otherwise, picks_otherwise},
};
use flowmesh_ir::{
    expr::{Context, Expr},
    policy::{Backoff, Balance, Policy, RetryOn},
    traffic::{Limit, Tls},
};

impl Meshed<'_, '_> {
    /// The settings that are left to the interpreter, as the annotation names them; the others are reported.
    pub(super) fn linkerd_settings(&mut self, outside: Option<&Outside>) -> Vec<String> {
        let mut filled = Vec::new();
        let usual = Policy::default();
        let service = self.work.service;
        let outer = self.work.policy(service.policy).unwrap_or(&usual);
        let auth = service.auth.iter().map(|_| Setting::Auth);
        if let Some(outside) = outside {
            self.on_the_way(outside, &mut filled);
            for setting in auth {
                self.work.setting(setting, "", &mut filled);
            }
            return filled;
        }
        for setting in said(outer, &usual).into_iter().chain(auth) {
            self.work.setting(setting, "", &mut filled);
        }
        self.files(outer, &usual, "", &mut filled);
        self.work.late_headers(&outer.headers, "");
        if outer.limit.as_ref().and_then(a_second) == Some(None) {
            let reason = "a rate is of whole requests a second there".to_owned();
            self.work
                .unheld(&Problem::Limit { reason }, Setting::Rate, "", &mut filled);
        }
        for operation in &service.operations {
            let own = self.work.policy(operation.policy).unwrap_or(outer);
            for setting in said(own, outer) {
                match of_whole_services(setting) {
                    true => self
                        .work
                        .unheld(&Problem::Whole(setting), setting, &operation.name, &mut filled),
                    false => self.work.setting(setting, &operation.name, &mut filled),
                }
            }
            self.files(own, outer, &operation.name, &mut filled);
            if own.headers != outer.headers {
                self.work.late_headers(&own.headers, &operation.name);
            }
        }
        filled
    }

    /// What is said of something outside of the cluster, on the way to which Linkerd does less.
    fn on_the_way(&mut self, outside: &Outside, filled: &mut Vec<String>) {
        let usual = Policy::default();
        let service = self.work.service;
        let outer = self.work.policy(service.policy).unwrap_or(&usual);
        let operations = service.operations.iter();
        let operations = operations.map(|operation| (operation.policy, outer, operation.name.as_str()));
        for (policy, outer, name) in [(service.policy, &usual, "")].into_iter().chain(operations) {
            let policy = self.work.policy(policy).unwrap_or(outer);
            for setting in outside.unheld(policy, outer) {
                self.work
                    .unheld(&Problem::Setting(setting), setting, name, filled);
            }
            if !outside.tls {
                if said(policy, outer).contains(&Setting::Retry) {
                    self.work.setting(Setting::Retry, name, filled);
                }
                if policy.headers != outer.headers {
                    self.work.late_headers(&policy.headers, name);
                }
            }
        }
    }

    /// Certificates that are not the mesh's own.
    fn files(&mut self, policy: &Policy, outer: &Policy, operation: &str, filled: &mut Vec<String>) {
        let own = policy.tls.as_ref().filter(|_| policy.tls != outer.tls);
        if own.is_some_and(|tls| !is_the_meshs(tls)) {
            self.work
                .unheld(&Problem::Setting(Setting::Tls), Setting::Tls, operation, filled);
        }
    }
}

/// Whether Linkerd has this at Services and Servers, which are whole.
fn of_whole_services(setting: Setting) -> bool {
    matches!(
        setting,
        Setting::Breaker | Setting::FailureRate | Setting::Rate | Setting::Tls
    )
}

/// Whether the certificate of the mesh is meant.
fn is_the_meshs(tls: &Tls) -> bool {
    tls.workload.is_some() || (tls.mutual && tls.certificate.is_none() && tls.authority.is_none())
}

/// Whether a limit counts each caller apart, by who it is.
pub(super) fn by_identity(limit: &Limit) -> bool {
    let is = |per: &Expr| match per {
        Expr::Field(of, name) => **of == Expr::Context(Context::Caller) && name == "identity",
        _ => false,
    };
    limit.per.as_ref().is_some_and(|per| match per {
        // Those who show no certificate are one.
        Expr::Binary(flowmesh_ir::expr::Binary::Else, of, _) => is(of),
        per => is(per),
    })
}

/// The settings of a policy that are not what holds anyway.
pub(super) fn said(policy: &Policy, outer: &Policy) -> Vec<Setting> {
    let mut said = setting::said(policy, outer);
    said.retain(|setting| *setting != Setting::Tls || policy.tls.as_ref().is_some_and(is_the_meshs));
    let mut say = |setting: Setting, is: bool| {
        if is {
            said.push(setting);
        }
    };
    if let Some(retry) = policy.retry.as_ref().filter(|_| policy.retry != outer.retry) {
        let known = outer.retry.as_ref();
        let backoff = known.map_or(Backoff::default(), |retry| retry.backoff);
        let odd = |on: &RetryOn| matches!(on, RetryOn::Error(_));
        say(Setting::Backoff, retry.backoff != backoff);
        say(
            Setting::Budget,
            budgets_otherwise(policy, outer) && retry.budget.is_some(),
        );
        say(Setting::RetryOn, retry.on.iter().any(odd));
    }
    let differs = picks_otherwise(policy, outer);
    let picks = match policy.balance {
        Balance::Ewma => None,
        Balance::RingHash | Balance::Maglev => Some(Setting::Hash),
        Balance::Weights => Some(Setting::Weights),
        Balance::RoundRobin | Balance::Random | Balance::LeastRequests => Some(Setting::Balance),
    };
    if let Some(setting) = picks {
        say(setting, differs || policy.weights != outer.weights);
    }
    if let Some(limit) = policy.limit.as_ref().filter(|_| policy.limit != outer.limit) {
        say(Setting::Limit, limit.concurrent.is_some() && !limit.adaptive);
        let one_rate = limit.per.is_none() || by_identity(limit);
        say(Setting::Rate, limit.rate.is_some() && one_rate);
        say(Setting::Per, limit.per.is_some() && !by_identity(limit));
    }
    said
}
