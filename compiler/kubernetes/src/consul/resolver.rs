//! The kind `ServiceResolver` of Consul: how an instance of a service is found.

use crate::{
    duration::istio as go,
    hash::{Hashed, hashed},
};
use flowmesh_ir::{
    policy::{Balance, Policy},
    traffic::Sticky,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// What a `ServiceResolver` says.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ServiceResolver {
    /// The service that is meant instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) redirect: Option<To>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) connect_timeout: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) load_balancer: Option<LoadBalancer>,
    /// Where requests go while nobody is there, by subsets; `*` is any.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) failover: BTreeMap<&'static str, To>,
}

/// Another service.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct To {
    pub(super) service: String,
}

/// How an instance is picked.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LoadBalancer {
    policy: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hash_policies: Vec<HashPolicy>,
}

/// What says which instance it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct HashPolicy {
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field_value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cookie_config: Option<CookieConfig>,
    #[serde(rename = "sourceIP", skip_serializing_if = "Option::is_none")]
    source_ip: Option<bool>,
}

/// A cookie that the proxy gives visitors.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct CookieConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<String>,
    path: &'static str,
}

/// How long a connection may take to come about where nothing is said.
const CONNECT_MS: u64 = 5_000;

impl ServiceResolver {
    /// The instances of a service, as a policy picks among them. Its longest attempt bounds how long it takes to connect.
    pub(super) fn new(policy: &Policy, attempt_ms: u64) -> Self {
        Self {
            connect_timeout: (attempt_ms != CONNECT_MS).then(|| go(attempt_ms.max(1))),
            load_balancer: Some(load_balancer(policy)),
            ..Self::default()
        }
    }

    /// Another service instead.
    pub(super) fn redirect(service: String) -> Self {
        Self {
            redirect: Some(To { service }),
            ..Self::default()
        }
    }
}

/// Where nothing is said, the proxy would go round.
fn load_balancer(policy: &Policy) -> LoadBalancer {
    let looks = || policy.hash.as_ref().and_then(hashed).map(by);
    let plain = |policy: &'static str| LoadBalancer {
        policy,
        hash_policies: Vec::new(),
    };
    let found = match policy.balance {
        Balance::RingHash => (plain("ring_hash"), looks()),
        Balance::Maglev => (plain("maglev"), looks()),
        // What is picked by a hash is picked in no other way.
        _ if policy.sticky.is_some() => (plain("ring_hash"), policy.sticky.as_ref().map(cookie)),
        Balance::RoundRobin => (plain("round_robin"), None),
        Balance::Random => (plain("random"), None),
        Balance::LeastRequests | Balance::Ewma | Balance::Weights => (plain("least_request"), None),
    };
    let (balancer, hash) = found;
    LoadBalancer {
        hash_policies: hash.into_iter().collect(),
        ..balancer
    }
}

fn by(looks: Hashed) -> HashPolicy {
    let field = |field: &'static str, name: String| HashPolicy {
        field: Some(field),
        field_value: Some(name),
        ..HashPolicy::default()
    };
    match looks {
        Hashed::Header(name) => field("header", name),
        Hashed::Query(name) => field("query_parameter", name),
        Hashed::Address => HashPolicy {
            source_ip: Some(true),
            ..HashPolicy::default()
        },
    }
}

/// Without a time the cookie is gone with the browser.
fn cookie(sticky: &Sticky) -> HashPolicy {
    HashPolicy {
        field: Some("cookie"),
        field_value: Some(sticky.cookie.clone()),
        cookie_config: Some(CookieConfig {
            session: sticky.ttl_ms.is_none().then_some(true),
            ttl: sticky.ttl_ms.map(go),
            path: "/",
        }),
        ..HashPolicy::default()
    }
}
