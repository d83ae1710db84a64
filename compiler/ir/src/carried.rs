//! What a program says that the interpreter does not carry out yet, so that it can be told when the program starts.

use crate::{Program, policy::Policy};
use std::collections::BTreeSet;

/// The settings and declarations of the program that have no effect yet, each named once.
#[must_use]
pub fn not_yet(program: &Program) -> Vec<&'static str> {
    let mut found: BTreeSet<&'static str> = program.policies.iter().flat_map(policy).collect();
    let mesh = &program.mesh;
    found.extend(mesh.trace.is_some().then_some("mesh.trace"));
    found.into_iter().collect()
}

fn policy(policy: &Policy) -> Vec<&'static str> {
    let said = [("trace", policy.trace.is_some())];
    said.into_iter()
        .filter(|(_, said)| *said)
        .map(|(name, _)| name)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::not_yet;
    use crate::{policy::Policy, sample, traffic::Trace};

    #[test]
    fn what_has_no_effect_is_named_once() {
        let mut program = sample::shop();
        assert_eq!(not_yet(&program), Vec::<&str>::new());
        let traced = Policy {
            trace: Some(Trace {
                sample: 1,
                tags: Vec::new(),
            }),
            ..Policy::default()
        };
        program.policies = vec![traced.clone(), traced];
        assert_eq!(not_yet(&program), ["trace"]);
    }
}
