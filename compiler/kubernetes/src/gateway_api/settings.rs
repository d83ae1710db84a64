//! What a route cannot hold: reported, or left to the interpreter and named.

use super::Work;
use crate::problem::{Problem, Setting};
use flowmesh_ir::{
    PolicyId,
    policy::{Policy, Timeout},
};

impl Work<'_, '_> {
    /// The settings that are left to the interpreter, as the annotation names them; the others are reported.
    pub(super) fn settings(&mut self) -> Vec<String> {
        let mut filled = Vec::new();
        let outer = unheld(self.policy(self.service.policy), &Policy::default());
        let auth = self.service.auth.iter().map(|_| Setting::Auth);
        for setting in outer.into_iter().chain(auth) {
            let places = ["", "@policy"].map(str::to_owned);
            self.setting(setting, "", &places, &mut filled);
        }
        for operation in &self.service.operations {
            let own = unheld(self.policy(operation.policy), self.policy(self.service.policy));
            for setting in own {
                let name = &operation.name;
                let places = [format!("/{name}"), format!("/{name}@policy")];
                self.setting(setting, name, &places, &mut filled);
            }
        }
        filled
    }

    /// One setting of a service, or of one of its operations.
    fn setting(&mut self, setting: Setting, operation: &str, places: &[String; 2], filled: &mut Vec<String>) {
        let [whole, policy] = places;
        if self.options.interpreter_fills {
            let of = if operation.is_empty() {
                String::new()
            } else {
                format!(" of {operation}")
            };
            filled.push(format!("{}{of}", setting.part()));
        } else {
            let own = format!("{whole}@{}", setting.name());
            self.report(
                &Problem::Setting(setting),
                &[own, policy.clone(), whole.clone(), String::new()],
            );
        }
    }

    fn policy(&self, id: PolicyId) -> &Policy {
        const FALLBACK: &Policy = &Policy {
            timeout: Timeout {
                attempt_ms: 5_000,
                total_ms: 30_000,
                idle_ms: 60_000,
            },
            retry: None,
            balance: flowmesh_ir::policy::Balance::Ewma,
        };
        self.program.policy(id).unwrap_or(FALLBACK)
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
    ];
    differs
        .into_iter()
        .filter(|(_, differs)| *differs)
        .map(|(setting, _)| setting)
        .collect()
}
