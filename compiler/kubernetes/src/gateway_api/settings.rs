//! What a route cannot hold: reported, or left to the interpreter and named.

use crate::{
    setting::{Setting, said},
    work::Work,
};
use flowmesh_ir::policy::Policy;

impl Work<'_, '_> {
    /// The settings that are left to the interpreter, as the annotation names them; the others are reported.
    pub(super) fn settings(&mut self) -> Vec<String> {
        let mut filled = Vec::new();
        let usual = Policy::default();
        let outer = unheld(self.policy(self.service.policy).unwrap_or(&usual), &usual);
        let auth = self.service.auth.iter().map(|_| Setting::Auth);
        for setting in outer.into_iter().chain(auth) {
            self.setting(setting, "", &mut filled);
        }
        for operation in &self.service.operations {
            let own = unheld(
                self.policy(operation.policy).unwrap_or(&usual),
                self.policy(self.service.policy).unwrap_or(&usual),
            );
            for setting in own {
                self.setting(setting, &operation.name, &mut filled);
            }
        }
        filled
    }
}

/// The settings of a policy that a route cannot hold and that are not what holds anyway.
fn unheld(policy: &Policy, outer: &Policy) -> Vec<Setting> {
    let differs = [
        (
            Setting::Retry,
            policy.retry.is_some() && policy.retry != outer.retry,
        ),
        (Setting::Balance, policy.balance != outer.balance),
        (Setting::Idle, policy.timeout.idle_ms != outer.timeout.idle_ms),
        (
            Setting::Breaker,
            policy.breaker.is_some() && policy.breaker != outer.breaker,
        ),
        (
            Setting::Limit,
            policy.limit.is_some() && policy.limit != outer.limit,
        ),
        (
            Setting::Headers,
            !policy.headers.is_empty() && policy.headers != outer.headers,
        ),
    ];
    differs
        .into_iter()
        .filter(|(_, differs)| *differs)
        .map(|(setting, _)| setting)
        .chain(said(policy, outer))
        .collect()
}
