//! What Linkerd 2.20 holds.

use crate::{
    capability::Held::{self, Not, Part, Whole},
    setting::Setting,
};

/// Whether it holds a setting.
pub(crate) fn held(setting: Setting) -> Held {
    match setting {
        Setting::Timeout | Setting::GrpcTimeout | Setting::Headers => Whole,
        Setting::Idle => Not(
            "what is idle there is a request on its way; how long connections stay, the proxy's own configuration says",
        ),
        Setting::Retry => Part(
            "it waits 25 ms at first and 250 ms at most; refused streams, and a Service without an endpoint that is ready, are worth another attempt too; an attempt's time begins when the request was sent; answers of gRPC are told by their HTTP status, and requests longer than 64 KiB are not repeated",
        ),
        Setting::Backoff => Not("it waits 25 ms at first and 250 ms at most"),
        Setting::Budget => Not(
            "budgets are of ServiceProfiles, which switch off what routes say; `attempts` is what bounds retries",
        ),
        Setting::RetryOn => Not("it repeats after statuses, classes of them and timeouts"),
        Setting::Balance => Not("it always picks as `ewma` does, which is what holds where nothing is said"),
        Setting::Weights => Not("give each address a subset, and the subsets their weights in `route`"),
        Setting::Hash | Setting::Sticky => Not("it always picks as `ewma` does, and knows nobody again"),
        Setting::Hedge => Not("a timeout for each attempt and a retry are the nearest"),
        Setting::Breaker => Part(
            "each caller's proxy counts failures one after the other, whenever they are; a status below 500 is none",
        ),
        Setting::FailureRate => Part("each caller's proxy counts, and takes 429 for a failure"),
        Setting::SlowStart => {
            Not("an endpoint that came back is probed with one request, and then gets its share")
        }
        Setting::Limit => Not("`rate` is what it takes"),
        Setting::Rate => Part(
            "each pod of the service counts for itself and by the second, answers 429 and holds nothing back; `burst` and `shared` are not needed",
        ),
        Setting::Adaptive => Not("`rate` is what it takes"),
        Setting::Per => Not("`per: caller.identity` is what it takes"),
        Setting::Priority => Not("all requests are alike to it"),
        Setting::Health => Not(
            "the readiness probe of the workload is what it goes by; the path stays open to probes where `allow` and `deny` tell requests apart",
        ),
        Setting::Tls => Part(
            "pods of the mesh show each other certificates by themselves, as `workload` says, and the control plane says what those of a Service must be for",
        ),
        Setting::Failover => Not("it knows the endpoints of the Service alone"),
        Setting::Mirror | Setting::Rewrite | Setting::Cors => {
            Not("it takes no route with such a filter: the whole of it would be left out")
        }
        Setting::Fault => Not("a subset of a service that answers with errors is the nearest"),
        Setting::Cache => Not("no answers are kept there"),
        Setting::Trace | Setting::Sampling => Not("its installation says what is kept of traces"),
        Setting::Auth => {
            Not("a header written into a route would show the secret to everyone who reads the route")
        }
        Setting::Gateway
        | Setting::Params
        | Setting::Listen
        | Setting::Jwt
        | Setting::Introspect
        | Setting::Login
        | Setting::Keys
        | Setting::Basic
        | Setting::Hops
        | Setting::Proxied
        | Setting::Pass
        | Setting::ToFlow
        | Setting::ToOperation
        | Setting::Redirect => Not(
            "it has no gateways: flowmesh itself in the mesh, or any other whose pods are in it, is what it takes",
        ),
        Setting::Access => Part(
            "its pods are those with the label `app: NAME` of a Service, at the port that the Service has, and who calls is known by a ServiceAccount: that of a Service has its name, flows and gateways are `flowmesh` beside those they call, and flowmesh holds itself which of them may; where rules tell requests apart, probes need a port of their own, or the path of `health`",
        ),
        Setting::Mtls => {
            Part("at the ports of services: others of their pods go by the namespace's annotation")
        }
        Setting::Mesh => Not("each service's `limit` is the nearest"),
    }
}
