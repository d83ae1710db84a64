//! The kind `ServiceDefaults` of Consul: what holds for a service, and for what it calls.

use super::rates::RateLimits;
use crate::duration::istio as go;
use flowmesh_ir::{
    policy::Policy,
    traffic::{Breaker, Limit},
};
use serde::Serialize;

/// What `ServiceDefaults` say.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ServiceDefaults {
    pub(super) protocol: &'static str,
    #[serde(rename = "mutualTLSMode", skip_serializing_if = "Option::is_none")]
    pub(super) mutual_tls_mode: Option<&'static str>,
    /// How long an instance may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) local_request_timeout_ms: Option<u64>,
    /// How it goes about what it calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) upstream_config: Option<UpstreamConfig>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rate_limits: Option<RateLimits>,
    /// What it is outside of the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) destination: Option<Destination>,
}

/// Hosts with one port.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Destination {
    pub(super) addresses: Vec<String>,
    pub(super) port: u16,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct UpstreamConfig {
    pub(super) overrides: Vec<Upstream>,
}

/// How it goes about one service.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Upstream {
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    limits: Option<Limits>,
    #[serde(skip_serializing_if = "Option::is_none")]
    passive_health_check: Option<PassiveHealthCheck>,
}

/// How many may be on their way.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Limits {
    #[serde(skip_serializing_if = "Option::is_none")]
    max_connections: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_pending_requests: Option<u32>,
    max_concurrent_requests: u32,
}

/// When an instance is left alone.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct PassiveHealthCheck {
    interval: String,
    max_failures: u32,
    #[serde(rename = "enforcingConsecutive5xx")]
    enforcing_consecutive_5xx: u32,
    max_ejection_percent: u32,
    base_ejection_time: String,
}

impl Upstream {
    /// How whoever calls a service goes about it; nothing where it is what holds anyway.
    pub(super) fn new(name: &str, protocol: &str, policy: &Policy) -> Option<Self> {
        let limits = policy.limit.as_ref().and_then(|limit| limits(limit, protocol));
        let passive_health_check = policy.breaker.as_ref().and_then(checks);
        let said = limits.is_some() || passive_health_check.is_some();
        said.then(|| Self {
            name: name.to_owned(),
            limits,
            passive_health_check,
        })
    }
}

/// Over HTTP/1.1 a request has a connection to itself.
fn limits(limit: &Limit, protocol: &str) -> Option<Limits> {
    let concurrent = limit
        .concurrent
        .filter(|_| !limit.adaptive && limit.per.is_none())?;
    Some(Limits {
        max_connections: (protocol == "http").then_some(concurrent),
        // Where none may wait, none may wait for a connection either.
        max_pending_requests: limit.queue.map(|queue| queue.max(1)),
        max_concurrent_requests: concurrent,
    })
}

fn checks(breaker: &Breaker) -> Option<PassiveHealthCheck> {
    Some(PassiveHealthCheck {
        interval: go(breaker.within_ms.max(1)),
        max_failures: breaker.failures?,
        enforcing_consecutive_5xx: 100,
        max_ejection_percent: 100,
        base_ejection_time: go(breaker.open_ms.max(1)),
    })
}
