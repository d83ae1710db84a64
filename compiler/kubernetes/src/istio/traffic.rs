//! What a policy says of how callers go about a whole service.

use super::destination_rule::{
    ClientTls, ConnectionPool, ConsistentHash, Cookie, HttpPool, LoadBalancer, OutlierDetection, PortPolicy,
    RetryBudget, TrafficPolicy, Usual, Warmup,
};
use super::virtual_service::Port;
use crate::{address::ServicePort, duration::istio};
use flowmesh_ir::{
    Value,
    expr::{Binary, Context, Expr},
    policy::{Balance, Policy, Timeout},
    traffic::{Breaker, Sticky, Tls},
};

/// Retries that may always be on their way at once, as Envoy has it.
const RETRIES_MIN: u32 = 3;

/// What a policy says; nothing where it is what holds anyway.
pub(super) fn policy(policy: &Policy) -> Option<TrafficPolicy> {
    let found = TrafficPolicy {
        load_balancer: load_balancer(policy),
        connection_pool: pool(policy),
        outlier_detection: policy.breaker.as_ref().and_then(outlier),
        retry_budget: budget(policy),
        tls: policy.tls.as_ref().map(tls),
        port_level_settings: Vec::new(),
    };
    (found != TrafficPolicy::default()).then_some(found)
}

/// What a policy says of callers of one place: outside of the cluster, TLS is added at the port where it is asked for without.
pub(super) fn of_place(policy: Option<TrafficPolicy>, place: &ServicePort) -> Option<TrafficPolicy> {
    if !place.outside.is_some_and(|outside| outside.secure) {
        return policy;
    }
    let mut own = policy.unwrap_or_default();
    let usual = || ClientTls {
        mode: "SIMPLE",
        ..ClientTls::default()
    };
    let mut tls = own.tls.take().unwrap_or_else(usual);
    let host = tls.sni.get_or_insert_with(|| place.name.clone()).clone();
    if tls.subject_alt_names.is_empty() {
        tls.subject_alt_names.push(host);
    }
    own.tls = Some(tls);
    // Budgets are of whole hosts.
    let retry_budget = own.retry_budget.take();
    // Whoever speaks TLS already asks for another port.
    Some(TrafficPolicy {
        port_level_settings: vec![PortPolicy {
            port: Port { number: place.port },
            policy: Box::new(own),
        }],
        retry_budget,
        ..TrafficPolicy::default()
    })
}

fn load_balancer(policy: &Policy) -> Option<LoadBalancer> {
    let hashed = |ring: bool| {
        let usual = || Some(Usual {});
        let found = policy.hash.as_ref().and_then(hash)?;
        Some(ConsistentHash {
            ring_hash: usual().filter(|_| ring),
            maglev: usual().filter(|_| !ring),
            ..found
        })
    };
    let simple = match policy.balance {
        Balance::RoundRobin => Some("ROUND_ROBIN"),
        Balance::Random => Some("RANDOM"),
        Balance::LeastRequests => Some("LEAST_REQUEST"),
        Balance::Ewma | Balance::RingHash | Balance::Maglev | Balance::Weights => None,
    };
    let consistent_hash = match policy.balance {
        Balance::RingHash => hashed(true),
        Balance::Maglev => hashed(false),
        _ => policy.sticky.as_ref().map(sticky),
    };
    let slow = policy.breaker.and_then(|breaker| breaker.slow_start_ms);
    let found = LoadBalancer {
        // What is picked by a hash is picked in no other way.
        simple: simple.filter(|_| consistent_hash.is_none()),
        consistent_hash,
        warmup: slow.map(|ms| Warmup {
            duration: istio(ms.max(1_000)),
        }),
    };
    (found != LoadBalancer::default()).then_some(found)
}

/// What `ring_hash` and `maglev` look at, if that is something that Istio can look at.
pub(super) fn hash(expr: &Expr) -> Option<ConsistentHash> {
    let named = |expr: &Expr| match expr {
        Expr::Constant(Value::String(name)) => Some(name.to_string()),
        _ => None,
    };
    match expr {
        Expr::Field(of, name) if **of == Expr::Context(Context::Caller) && name == "address" => {
            Some(ConsistentHash {
                use_source_ip: Some(true),
                ..ConsistentHash::default()
            })
        }
        Expr::Index(of, index) => {
            let Expr::Field(request, map) = &**of else {
                return None;
            };
            if **request != Expr::Context(Context::Request) {
                return None;
            }
            let name = named(index)?;
            match map.as_str() {
                "headers" => Some(ConsistentHash {
                    http_header_name: Some(name),
                    ..ConsistentHash::default()
                }),
                "query" => Some(ConsistentHash {
                    http_query_parameter_name: Some(name),
                    ..ConsistentHash::default()
                }),
                _ => None,
            }
        }
        // Requests without it go anywhere, as by chance.
        Expr::Binary(Binary::Else, of, _) => hash(of),
        Expr::Text(parts) => match parts.as_slice() {
            [only] => hash(only),
            _ => None,
        },
        _ => None,
    }
}

/// Istio gives visitors the cookie; without a time it is gone with the browser.
fn sticky(sticky: &Sticky) -> ConsistentHash {
    ConsistentHash {
        http_cookie: Some(Cookie {
            name: sticky.cookie.clone(),
            ttl: istio(sticky.ttl_ms.unwrap_or_default()),
            path: "/".to_owned(),
        }),
        ..ConsistentHash::default()
    }
}

fn pool(policy: &Policy) -> Option<ConnectionPool> {
    let limit = policy
        .limit
        .as_ref()
        .filter(|limit| !limit.adaptive && limit.per.is_none());
    let concurrent = limit.and_then(|limit| limit.concurrent);
    let queue = limit.and_then(|limit| limit.concurrent.and(limit.queue));
    let idle = policy.timeout.idle_ms;
    let http = HttpPool {
        http2_max_requests: concurrent,
        // Nothing but 0 would be no limit at all there.
        http1_max_pending_requests: queue.map(|queue| queue.max(1)),
        idle_timeout: (idle != Timeout::default().idle_ms).then(|| istio(idle)),
    };
    (http != HttpPool::default()).then_some(ConnectionPool { http })
}

fn outlier(breaker: &Breaker) -> Option<OutlierDetection> {
    Some(OutlierDetection {
        consecutive_5xx_errors: breaker.failures?,
        interval: istio(breaker.within_ms.max(1)),
        base_ejection_time: istio(breaker.open_ms.max(1)),
        max_ejection_percent: 100,
    })
}

fn budget(policy: &Policy) -> Option<RetryBudget> {
    let budget = policy.retry.as_ref()?.budget?;
    Some(RetryBudget {
        percent: budget.percent,
        min_retry_concurrency: RETRIES_MIN,
    })
}

fn tls(tls: &Tls) -> ClientTls {
    let names = tls.identity.iter().cloned();
    if tls.workload.is_some() || (tls.mutual && tls.certificate.is_none()) {
        return ClientTls {
            mode: "ISTIO_MUTUAL",
            subject_alt_names: names.collect(),
            ..ClientTls::default()
        };
    }
    ClientTls {
        mode: if tls.mutual { "MUTUAL" } else { "SIMPLE" },
        client_certificate: tls.certificate.clone().filter(|_| tls.mutual),
        private_key: tls.key.clone().filter(|_| tls.mutual),
        ca_certificates: tls.authority.clone(),
        sni: tls.name.clone(),
        subject_alt_names: names
            .chain(tls.name.clone().filter(|_| tls.identity.is_none()))
            .collect(),
    }
}
