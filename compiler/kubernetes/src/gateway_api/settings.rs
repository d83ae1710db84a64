//! What a route cannot hold: reported, or left to the interpreter and named.

use crate::{
    problem::Problem,
    setting::{Setting, budgets_otherwise, picks_otherwise, said},
    work::Work,
};
use flowmesh_ir::policy::{Backoff, Balance, Jitter, Policy, RetryOn};

impl Work<'_, '_> {
    /// The settings that are left to the interpreter, as the annotation names them; the others are reported.
    pub(super) fn settings(&mut self) -> Vec<String> {
        let mut filled = Vec::new();
        let (usual, service) = (Policy::default(), self.service);
        let outer = self.policy(service.policy).unwrap_or(&usual);
        let auth = service.auth.iter().map(|_| Setting::Auth);
        for setting in unheld(outer, &usual).into_iter().chain(auth) {
            self.setting(setting, "", &mut filled);
        }
        self.certificate(outer, &mut filled);
        self.late_headers(&outer.headers, "");
        for operation in &service.operations {
            let own = self.policy(operation.policy).unwrap_or(outer);
            for setting in unheld(own, outer) {
                // Budgets are of whole Services, where they are held at all.
                let whole =
                    setting == Setting::Tls || (setting == Setting::Budget && self.options.experimental);
                match whole {
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

    /// A `BackendTLSPolicy` shows nobody a certificate.
    fn certificate(&mut self, policy: &Policy, filled: &mut Vec<String>) {
        let shown = |tls: &flowmesh_ir::traffic::Tls| tls.mutual || tls.workload.is_some();
        if policy.tls.as_ref().is_some_and(shown) {
            let problem = Problem::Here {
                setting: Setting::Tls,
                reason: "a BackendTLSPolicy shows the service no certificate; between services, `mtls` of the mesh does",
            };
            self.unheld(&problem, Setting::Tls, "", filled);
        }
    }
}

/// The settings of a policy that are not what holds anyway.
pub(super) fn unheld(policy: &Policy, outer: &Policy) -> Vec<Setting> {
    let mut all = said(policy, outer);
    let mut say = |setting: Setting, is: bool| {
        if is {
            all.push(setting);
        }
    };
    if let Some(retry) = policy.retry.as_ref().filter(|_| policy.retry != outer.retry) {
        let constant = |backoff: &Backoff| backoff.factor == 1 && backoff.jitter == Jitter::None;
        say(
            Setting::Backoff,
            retry.backoff != Backoff::default() && !constant(&retry.backoff),
        );
        say(Setting::Budget, budgets_otherwise(policy, outer));
        let odd = |on: &RetryOn| match on {
            RetryOn::Class(class) => *class != 5,
            RetryOn::Status(status) => !(400..600).contains(status),
            RetryOn::Error(_) => true,
            RetryOn::Connect | RetryOn::Timeout => false,
        };
        say(Setting::RetryOn, retry.on.iter().any(odd));
    }
    let balanced = picks_otherwise(policy, outer);
    let hashes = matches!(policy.balance, Balance::RingHash | Balance::Maglev);
    say(Setting::Hash, balanced && hashes);
    say(
        Setting::Weights,
        policy.balance == Balance::Weights && policy.weights != outer.weights,
    );
    let weighs = policy.balance == Balance::Weights;
    say(Setting::Balance, balanced && !hashes && !weighs);
    if let Some(limit) = policy.limit.as_ref().filter(|_| policy.limit != outer.limit) {
        say(
            Setting::Limit,
            limit.concurrent.is_some() && !limit.adaptive && limit.per.is_none(),
        );
        say(Setting::Rate, limit.rate.is_some());
        say(Setting::Per, limit.per.is_some());
    }
    all
}
