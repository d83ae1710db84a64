//! What Gateway API 1.6 holds.

use crate::{
    capability::Held::{self, Experimental, Not, Part, Whole},
    setting::Setting,
};

/// Whether it holds a setting.
pub(crate) fn held(setting: Setting) -> Held {
    match setting {
        Setting::Timeout
        | Setting::Attempt
        | Setting::Headers
        | Setting::Mirror
        | Setting::Gateway
        | Setting::Listen
        | Setting::Pass => Whole,
        Setting::Idle => Not("`timeout.attempt` and `timeout.total` are what it takes"),
        Setting::GrpcTimeout => Part(
            "a GRPCRoute has no field for it: the usual timeouts do not hold there; a service of which another is said is written as HTTPRoute, with its methods as paths",
        ),
        Setting::Retry => Experimental(
            "connections that fail are always worth another attempt to it, `5xx` is the registered statuses, and what may not be repeated is not",
        ),
        Setting::Backoff => Experimental("the first wait is the least one, and how waits grow is not said"),
        Setting::Budget => Experimental("an XBackendTrafficPolicy, which counts over ten seconds"),
        Setting::RetryOn => Not("it repeats after statuses from 400 to 599, and connections that fail"),
        Setting::Sticky => Experimental(
            "a cookie of the gateway's own making, by which sessions are kept; `key` is not needed",
        ),
        Setting::Balance | Setting::Weights | Setting::Hash => Not(
            "how an endpoint is picked is the mesh's own choice there; weights in `route` are what it takes",
        ),
        Setting::Auth => {
            Not("a header written into a route would show the secret to everyone who reads the route")
        }
        Setting::Tls => Part(
            "a BackendTLSPolicy for the service's Services, which believes the system's authorities or the ConfigMap `NAME-ca`; a gateway takes a Secret that is named after it, `NAME-cert`, and asks visitors for certificates of the ConfigMap `NAME-ca`",
        ),
        Setting::Rewrite => Part(
            "not for a path with parameters; what is asked for as `/` alone has no slash behind the prefix",
        ),
        Setting::Params => Part(
            "a regular expression, of which each implementation says itself whether it is preferred to a prefix; where requests fit both, it is refused",
        ),
        Setting::Redirect => {
            Part("to an address that is known before, and with the query that was asked for")
        }
        Setting::Cors => Part(
            "what a page asks first is answered by routes that take every method; without `methods`, all of them may be asked by",
        ),
        Setting::ToFlow | Setting::ToOperation => Part(
            "it leads to the Service of `--to kubernetes`, whose pods have the same gateway, by a listener with `http://`",
        ),
        Setting::Access => Part(
            "a route of a gateway lets in whoever comes to it, as `allow gateway` says; who may start flows, flowmesh holds itself; that nobody else calls a service, each implementation has a resource of its own for",
        ),
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
        | Setting::Mtls
        | Setting::Sampling
        | Setting::Mesh => {
            Not("each implementation has a resource of its own for this, and none is standard")
        }
    }
}
