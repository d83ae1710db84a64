//! What a program says that the interpreter does not carry out yet, so that it can be told when the program starts.

use crate::{Program, policy::Policy};
use std::collections::BTreeSet;

/// The settings and declarations of the program that have no effect yet, each named once.
#[must_use]
pub fn not_yet(program: &Program) -> Vec<&'static str> {
    let mut found: BTreeSet<&'static str> = program.policies.iter().flat_map(policy).collect();
    let mesh = &program.mesh;
    let whole = [("mesh.mtls", mesh.mtls.is_some())];
    found.extend(whole.into_iter().filter(|(_, said)| *said).map(|(name, _)| name));
    found.into_iter().collect()
}

fn policy(policy: &Policy) -> Vec<&'static str> {
    let said = [
        ("mirror", policy.mirror.is_some()),
        ("rewrite", policy.rewrite.is_some()),
        ("cache", policy.cache.is_some()),
    ];
    said.into_iter()
        .filter(|(_, said)| *said)
        .map(|(name, _)| name)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::not_yet;
    use crate::{policy::Policy, sample, traffic::Cache};

    #[test]
    fn what_has_no_effect_is_named_once() {
        let mut program = sample::shop();
        assert_eq!(not_yet(&program), Vec::<&str>::new());
        let cached = Policy {
            cache: Some(Cache {
                age_ms: 1,
                vary: Vec::new(),
            }),
            ..Policy::default()
        };
        program.policies = vec![cached.clone(), cached];
        assert_eq!(not_yet(&program), ["cache"]);
    }
}
