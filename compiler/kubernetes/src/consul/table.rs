//! What Consul holds, by the kinds of consul-k8s 2.0.

use crate::{
    capability::Held::{self, Not, Part, Whole},
    setting::Setting,
};

/// Whether it holds a setting.
pub(crate) fn held(setting: Setting) -> Held {
    match setting {
        Setting::Timeout | Setting::GrpcTimeout | Setting::Headers | Setting::Params => Whole,
        Setting::Attempt => Not(
            "attempts have no time of their own there: leave `timeout.attempt` out, and `timeout.total` bounds all of them",
        ),
        Setting::Idle => {
            Not("its idle timeout is of a request on which nothing moves, and not of a connection")
        }
        Setting::Retry => Part(
            "an attempt may take all of `timeout.total`, and after that is none; waits are 25 ms and more, and nothing bounds how many retries there are; `connect` repeats refused streams too, `5xx` repeats after broken connections too; what may not be repeated is not",
        ),
        Setting::Backoff => {
            Not("waits begin with 25 ms, double with full jitter, and grow to 250 ms; nothing sets them")
        }
        Setting::Budget => {
            Not("`attempts` bounds each call; `budget: none` says that nothing bounds all of them")
        }
        Setting::RetryOn => Not(
            "it repeats after failed connections, statuses and the class of 500, and not after a time that is over",
        ),
        Setting::Balance => Part("`ewma` is `least_request`"),
        Setting::Weights => Not("give each address a subset, and the subsets their weights in `route`"),
        Setting::Hash => {
            Not("it looks at a header, a parameter of the query or the address of the caller, each as it is")
        }
        Setting::Sticky => Part(
            "by a hash of a cookie that the proxy makes: visitors move when endpoints come and go; `key` is not needed",
        ),
        Setting::Hedge => Not("a shorter `timeout` and a `retry` are the nearest"),
        Setting::Breaker => Part(
            "it stands with those who call, in their ServiceDefaults: flows, which are `flowmesh`, and services that a rule lets call, but no gateways; each caller's proxy counts failures one after the other, whenever they are, and lets all requests through again when the time is over",
        ),
        Setting::FailureRate => Not("`failures`, one after the other, is what it takes"),
        Setting::SlowStart => Not("endpoints that are new or come back get their share at once"),
        Setting::Limit => Part(
            "it stands with those who call, as `breaker` does, and each caller's proxy counts for itself; `concurrent` and `queue` are what it takes",
        ),
        Setting::Rate => Part(
            "Consul Enterprise only; each instance of the service counts for itself, in whole requests a second; what an operation says is of its path, by whichever method and whoever asks for it, and is refused where another operation has that path, or a parameter is a part of a segment",
        ),
        Setting::Per => Not("`rate` and `concurrent` of the whole service are what it takes"),
        Setting::Adaptive => Not("`concurrent` is what it takes"),
        Setting::Priority => Not("all requests are alike to it"),
        Setting::Health => Not("the readiness probe of the workload is what it goes by"),
        Setting::Tls => Part(
            "all connections of the mesh are mutual by Consul's own certificates, whatever is said of names and files; a gateway takes a Secret that is named after it, `NAME-cert`",
        ),
        Setting::Failover => Part("when no instance of a Service passes its checks; to one Service"),
        Setting::Mirror => Not("a proxy before the service that copies"),
        Setting::Fault => Not("an extension of the proxy, `builtin/lua`, that you write"),
        Setting::Rewrite => Part(
            "`prefix`, where no operation with settings of its own has a parameter in its path, and of a gateway's route only before all paths, those of `/**`; no `host`",
        ),
        Setting::Cors => Not("the service itself, or a proxy before it"),
        Setting::Cache => Not("no answers are kept there"),
        Setting::Trace | Setting::Sampling => Not(
            "`ProxyDefaults.config.envoy_listener_tracing_json` takes it, together with a collector, which programs do not name",
        ),
        Setting::Auth => {
            Not("a header written into a route would show the secret to everyone who reads the route")
        }
        Setting::Gateway => Part(
            "as a Gateway of the class `consul`; what a service says of `breaker` and `limit` is not for visitors, and newer versions of Consul add the retries of the service where a route has none",
        ),
        Setting::Listen => Whole,
        Setting::Jwt => Part(
            "Consul Enterprise only: gateways of the Community Edition ask nobody for a token; its proxies fetch the keys, and know whom to believe by `/etc/ssl/certs/ca-certificates.crt`; without that file nobody is let in",
        ),
        Setting::Introspect | Setting::Login | Setting::Keys | Setting::Basic => Not(
            "an authorization service of yours, by its extension `builtin/ext-authz`; `jwt` is what it takes",
        ),
        Setting::Hops | Setting::Proxied => Not("nothing of its gateways says it"),
        Setting::Pass => Not("a TCPRoute for each port, which looks at no names"),
        Setting::ToFlow => Not(
            "Consul knows the pods of all programs as one service, `flowmesh`: the program's own pods are the gateway for it",
        ),
        Setting::ToOperation => Not("lead it to the service, with the path that the operation has"),
        Setting::Redirect => Not("a service that answers with it"),
        Setting::Access => Part(
            "who calls is known by the name of its service: that of a Service is its own, flows are `flowmesh`, all of them alike, a gateway has its name; of identities it takes those of its own services, `spiffe://UUID.consul/ns/default/dc/DATACENTER/svc/NAME`; of claims it takes texts, for whole services: a gateway with `jwt` asks for them, and lets in a list with the text in it, too; instances ask once more, where the installation denies whom no intention names; who may start flows, flowmesh holds itself",
        ),
        Setting::Mtls => Part("`strict` holds anyway; it matters to proxies that are transparent"),
        Setting::Mesh => Not("each service's `limit` is the nearest"),
    }
}
