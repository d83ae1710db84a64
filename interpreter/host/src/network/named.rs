//! Which hosts a program names for what its flows produce; a target at another one was made of what a run was given.

use crate::engine::Deployment;
use flowmesh_ir::{Value, expr::Expr, flow::End};
use flowmesh_machine::{Context, evaluate};
use flowmesh_mesh::decide::guard::Said;
use std::collections::BTreeSet;

/// The hosts of targets that a program names, with their ports.
#[derive(Default)]
pub(super) struct Named(BTreeSet<String>);

impl Named {
    pub(super) fn of(deployment: &Deployment) -> Self {
        let flows = deployment.program.flows.iter();
        let ends = flows.flat_map(|flow| flow.states.iter().map(|state| &state.end));
        let targets = ends.filter_map(|end| match end {
            End::Probe { target, .. } => host(&beginning(deployment, target)).map(str::to_owned),
            _ => None,
        });
        Self(targets.collect())
    }

    /// Who says the host of a target.
    pub(super) fn said(&self, target: &str) -> Said {
        // What has nothing behind its host has all of it.
        let whole = format!("{target}/");
        match host(&whole).is_some_and(|host| self.0.contains(host)) {
            true => Said::Written,
            false => Said::Given,
        }
    }
}

/// How a target begins whatever a run is given.
fn beginning(deployment: &Deployment, target: &Expr) -> String {
    let fixed = |expr: &Expr| {
        let (program, settings) = (&deployment.program, &deployment.settings);
        match evaluate(program, settings, expr, &mut Vec::new(), &mut Context::default()) {
            Ok(Value::String(text)) => Some(text.to_string()),
            _ => None,
        }
    };
    match target {
        Expr::Text(parts) => parts.iter().map_while(fixed).collect(),
        // A whole one that stands ends where its host may.
        whole => fixed(whole).map_or(String::new(), |text| text + "/"),
    }
}

/// The host of an address that has something behind it: else more of the host may come.
fn host(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once("://")?;
    let (host, _) = rest.split_once(['/', '?', '#'])?;
    (matches!(scheme, "http" | "https") && !host.is_empty()).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_named_by_the_program_or_given() {
        let named = Named(BTreeSet::from([
            "127.0.0.1:7001".to_owned(),
            "data.example.com".to_owned(),
        ]));
        for target in [
            "http://127.0.0.1:7001/a",
            "https://data.example.com/a/b?c",
            "https://data.example.com",
        ] {
            assert_eq!(named.said(target), Said::Written, "{target}");
        }
        for target in [
            "http://127.0.0.1:7002/a",
            "http://127.0.0.1/a",
            "https://data.example.com.evil.test/a",
            "https://data.example.com@evil.test/a",
            "https://evil.test/https://data.example.com/",
            "nothing",
        ] {
            assert_eq!(named.said(target), Said::Given, "{target}");
        }
    }

    #[test]
    fn a_host_ends_where_it_cannot_go_on() {
        assert_eq!(host("https://data.example.com/"), Some("data.example.com"));
        for unfinished in ["https://data.example", "https://", "https:///a", "ftp://a/", "a"] {
            assert_eq!(host(unfinished), None, "{unfinished}");
        }
    }
}
