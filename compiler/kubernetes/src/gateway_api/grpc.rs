//! Rules of a service that has nothing but gRPC as a `GRPCRoute`: by service and method, and without timeouts.

use crate::{
    http_route::{Filter, Named, RouteMatch, Rule, ServiceRef},
    work::Work,
};
use flowmesh_ir::{policy::Timeout, service::Binding};
use serde::Serialize;

pub(super) const KIND: &str = "GRPCRoute";

/// What a `GRPCRoute` says.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GrpcRoute {
    parent_refs: Vec<ServiceRef>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hostnames: Vec<String>,
    rules: Vec<GrpcRule>,
}

/// Matches, where they lead, and what is changed on the way.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GrpcRule {
    /// None is every call.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    matches: Vec<GrpcMatch>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    filters: Vec<Filter>,
    backend_refs: Vec<ServiceRef>,
}

#[derive(Debug, PartialEq, Serialize)]
struct GrpcMatch {
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<GrpcMethod>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    headers: Vec<Named>,
}

#[derive(Debug, PartialEq, Serialize)]
struct GrpcMethod {
    #[serde(rename = "type")]
    kind: &'static str,
    service: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<String>,
}

/// A route with these rules.
pub(super) fn route(parent_refs: Vec<ServiceRef>, hostnames: Vec<String>, rules: Vec<GrpcRule>) -> GrpcRoute {
    GrpcRoute {
        parent_refs,
        hostnames,
        rules,
    }
}

/// Rules of an `HTTPRoute` as those of a `GRPCRoute`; nothing where they say what it cannot.
pub(super) fn rules(rules: &[Rule]) -> Option<Vec<GrpcRule>> {
    rules.iter().map(rule).collect()
}

fn rule(rule: &Rule) -> Option<GrpcRule> {
    let plain = |filter: &Filter| {
        matches!(
            filter,
            Filter::RequestHeaderModifier { .. } | Filter::RequestMirror { .. }
        )
    };
    let repeats = rule.retry.is_some() || rule.session_persistence.is_some();
    if repeats || !rule.filters.iter().all(plain) {
        return None;
    }
    let matches: Vec<GrpcMatch> = rule.matches.iter().map(matching).collect::<Option<_>>()?;
    let every = matches
        .iter()
        .any(|one| one.method.is_none() && one.headers.is_empty());
    Some(GrpcRule {
        matches: if every { Vec::new() } else { matches },
        filters: rule.filters.clone(),
        backend_refs: rule.backend_refs.clone(),
    })
}

fn matching(one: &RouteMatch) -> Option<GrpcMatch> {
    let post = one.method.as_deref().is_none_or(|method| method == "POST");
    if !post || !one.query_params.is_empty() {
        return None;
    }
    let inside = one.path.value.trim_start_matches('/');
    let named = |service: &str, method: Option<&str>| GrpcMethod {
        kind: "Exact",
        service: service.to_owned(),
        method: method.map(str::to_owned),
    };
    let method = match (one.path.kind.as_str(), inside.split_once('/')) {
        ("PathPrefix", None) if inside.is_empty() => None,
        ("PathPrefix", None) => Some(named(inside, None)),
        ("Exact", Some((service, method))) if !method.contains('/') => Some(named(service, Some(method))),
        _ => return None,
    };
    Some(GrpcMatch {
        method,
        headers: one.headers.clone(),
    })
}

impl Work<'_, '_> {
    /// Whether the service has nothing but gRPC, and says no timeouts, which a `GRPCRoute` does not hold.
    pub(super) fn only_grpc(&self) -> bool {
        let operations = &self.service.operations;
        let usual = |id| {
            self.policy(id)
                .is_some_and(|policy| policy.timeout == Timeout::default())
        };
        let grpc = |binding: &Binding| matches!(binding, Binding::Grpc { .. });
        !operations.is_empty()
            && operations.iter().all(|it| grpc(&it.binding) && usual(it.policy))
            && usual(self.service.policy)
    }
}
