//! What Gateway API 1.6 holds, in its standard channel.

use crate::{
    capability::Held::{self, Not, Whole},
    setting::Setting,
};

/// Whether it holds a setting.
pub(crate) fn held(setting: Setting) -> Held {
    match setting {
        Setting::Timeout | Setting::Attempt => Whole,
        Setting::Idle => Not("`timeout.attempt` and `timeout.total` are what it takes"),
        Setting::Retry | Setting::Backoff | Setting::Budget | Setting::RetryOn => {
            Not("retries are in its experimental channel only; `timeout` bounds the one attempt that is made")
        }
        Setting::Balance | Setting::Weights | Setting::Hash => Not(
            "how an endpoint is picked is the mesh's own choice there; weights in `route` are what it takes",
        ),
        Setting::Auth => {
            Not("a header written into a route would show the secret to everyone who reads the route")
        }
        Setting::Sticky => Not("session persistence is in its experimental channel only"),
        Setting::Tls => Not("it takes this with a BackendTLSPolicy, which is not written yet"),
        Setting::Mirror | Setting::Headers | Setting::Rewrite | Setting::Cors | Setting::Redirect => {
            Not("it takes this as a filter of its routes, which is not written yet")
        }
        Setting::Gateway | Setting::Listen | Setting::Pass | Setting::ToFlow | Setting::ToOperation => {
            Not("it takes this as a Gateway with routes of its own, which is not written yet")
        }
        Setting::Hedge
        | Setting::Breaker
        | Setting::FailureRate
        | Setting::SlowStart
        | Setting::Limit
        | Setting::Rate
        | Setting::Adaptive
        | Setting::Per
        | Setting::Priority
        | Setting::Failover
        | Setting::Health
        | Setting::Fault
        | Setting::Cache
        | Setting::Trace
        | Setting::Jwt
        | Setting::Introspect
        | Setting::Login
        | Setting::Keys
        | Setting::Basic
        | Setting::Hops
        | Setting::Proxied
        | Setting::Access
        | Setting::Mtls
        | Setting::Sampling
        | Setting::Mesh => {
            Not("each implementation has a resource of its own for this, and none is standard")
        }
    }
}
