//! What Istio 1.30 holds.

use crate::{
    capability::Held::{self, Not, Part, Whole},
    setting::Setting,
};

/// Whether it holds a setting.
pub(crate) fn held(setting: Setting) -> Held {
    match setting {
        Setting::Timeout
        | Setting::GrpcTimeout
        | Setting::Idle
        | Setting::Params
        | Setting::Mirror
        | Setting::Headers
        | Setting::Rewrite
        | Setting::Gateway
        | Setting::Listen
        | Setting::Pass
        | Setting::Mtls => Whole,
        Setting::Retry => Part(
            "`connect` repeats refused streams too, `5xx` and `timeout` repeat after broken connections too; what may not be repeated is not",
        ),
        Setting::Backoff => {
            Part("waits begin with the first, double with full jitter, and grow to ten times of it")
        }
        Setting::Budget => Part(
            "the share is of the requests on their way, and not of those of a time; three at once may always be repeated",
        ),
        Setting::RetryOn => Not("it repeats after statuses, classes of 500 and broken connections"),
        Setting::Balance => Part("`ewma` is LEAST_REQUEST, as Istio has it where nothing is said"),
        Setting::Weights => Not("give each address a subset, and the subsets their weights in `route`"),
        Setting::Hash => {
            Not("it looks at a header, a parameter of the query or the address of the caller, each as it is")
        }
        Setting::Sticky => Part(
            "by a hash of a cookie that Istio makes: visitors move when endpoints come and go; `key` is not needed",
        ),
        Setting::Hedge => Not("a timeout for each attempt and a retry are the nearest"),
        Setting::Breaker => Part(
            "each caller's proxy counts failures one after the other, whenever they are, and lets all requests through again when the time is over",
        ),
        Setting::FailureRate => Not("`failures`, one after the other, is what it takes"),
        Setting::SlowStart => Part("it is for endpoints that are new, and not for those that come back"),
        Setting::Limit => {
            Part("each caller's proxy counts for itself; `concurrent` and `queue` are what it takes")
        }
        Setting::Rate | Setting::Per => Not(
            "rates need an EnvoyFilter, which nothing holds to the version of the proxy; `concurrent` is what it takes",
        ),
        Setting::Adaptive => Not("`concurrent` is what it takes"),
        Setting::Priority => Not("all requests are alike to it"),
        Setting::Health => Not("the readiness probe of the workload is what it goes by"),
        Setting::Tls => Part(
            "files are those of the caller's proxy; `workload` is the mesh's own certificate; a gateway takes a Secret that is named after it, `NAME-cert`",
        ),
        Setting::Failover => Not("it goes to other regions by itself, and to no other service"),
        Setting::Fault => {
            Part("while it is there, the proxy repeats nothing, and no timeout of the route holds")
        }
        Setting::Cache => Not("no answers are kept there"),
        Setting::Trace => {
            Not("`mesh { trace: ... }` is what it takes: whether a trace is kept is decided where it begins")
        }
        Setting::Auth => {
            Not("a header written into a route would show the secret to everyone who reads the route")
        }
        Setting::Jwt => Part(
            "it is asked of all that come in by the same pods, those with the label `istio: ingressgateway` in `istio-system`",
        ),
        Setting::Introspect => Not("it asks nobody about tokens; `jwt` is what it takes"),
        Setting::Login => Not("an authorization service of yours, as a provider of the mesh"),
        Setting::Keys | Setting::Basic => {
            Not("an authorization service of yours, as a provider of the mesh; `jwt` is what it takes")
        }
        Setting::Hops => Not("`numTrustedProxies` of the mesh's configuration, which is not a resource"),
        Setting::Proxied => Not("the annotation `proxy.istio.io/config` of the gateway's pods"),
        Setting::ToFlow | Setting::ToOperation => Part(
            "it leads to the Service of `--to kubernetes`, whose pods have the same gateway, by a listener with `http://`",
        ),
        Setting::Redirect => {
            Part("to an address that is known before, and with the query that was asked for")
        }
        Setting::Cors => Part(
            "what a page asks first is answered by routes that take every method; without `methods`, all of them may be asked by",
        ),
        Setting::Access => Part(
            "its pods are those with the label `app: NAME` of a Service, and who calls is known by a ServiceAccount: that of a Service has its name, flows are `flowmesh` beside those they call, all of them alike, gateways `istio-ingressgateway-service-account` in `istio-system`; who may start flows, flowmesh holds itself",
        ),
        Setting::Sampling => Part(
            "proxies tell each other of traces in their own way, and spans go where the mesh's configuration says; `propagate` is not needed",
        ),
        Setting::Mesh => Not("each service's `limit` is the nearest"),
    }
}
