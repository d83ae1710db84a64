//! How each setting is said, and each of its parts, beside the same without it.

/// A setting or a part of one.
pub(crate) struct Form {
    /// `retry`, or `retry.budget`.
    pub(crate) name: &'static str,
    /// What says it.
    pub(crate) with: &'static str,
    /// The same without it; nothing where the setting is not there at all.
    pub(crate) without: &'static str,
    /// Where it is said so; everywhere where the setting may stand, if nothing is named.
    pub(crate) places: &'static [&'static str],
}

const fn form(name: &'static str, with: &'static str, without: &'static str) -> Form {
    at(name, with, without, &[])
}

const fn at(
    name: &'static str,
    with: &'static str,
    without: &'static str,
    places: &'static [&'static str],
) -> Form {
    Form {
        name,
        with,
        without,
        places,
    }
}

/// Where one service is called, and not a gateway visited.
const CALLED: &[&str] = &["Policy", "Service", "Operation"];

/// All of them.
pub(crate) const FORMS: &[Form] = &[
    form("policy", "policy: careful", ""),
    form("policy", "policy: balanced", ""),
    form("timeout.attempt", "timeout: { attempt: 1s }", ""),
    form("timeout.total", "timeout: { total: 3s }", ""),
    form("timeout.idle", "timeout: { idle: 10s }", ""),
    form("retry", "retry: { attempts: 2, on: [connect] }", ""),
    form(
        "retry.attempts",
        "retry: { attempts: 4, on: [connect] }",
        "retry: { attempts: 2, on: [connect] }",
    ),
    form(
        "retry.on",
        "retry: { attempts: 2, on: [connect, 503] }",
        "retry: { attempts: 2, on: [connect] }",
    ),
    form(
        "retry.backoff",
        "retry: { attempts: 2, on: [connect], backoff: exponential(70ms, max: 3s) }",
        "retry: { attempts: 2, on: [connect] }",
    ),
    form(
        "retry.budget",
        "retry: { attempts: 2, on: [connect], budget: 40% }",
        "retry: { attempts: 2, on: [connect] }",
    ),
    form("balance", "balance: round_robin", ""),
    form("balance", "balance: random", ""),
    form("balance", "balance: least_requests", "balance: random"),
    form(
        "balance",
        "balance: ring_hash(request.header(\"x-user\") ?? \"\")",
        "",
    ),
    form(
        "balance",
        "balance: maglev(request.header(\"x-user\") ?? \"\")",
        "",
    ),
    form("balance", "balance: maglev(request.path)", ""),
    form("sticky.cookie", "sticky: { cookie: \"at\" }", ""),
    form(
        "sticky.ttl",
        "sticky: { cookie: \"at\", ttl: 1h }",
        "sticky: { cookie: \"at\" }",
    ),
    form(
        "sticky.key",
        "sticky: { cookie: \"at\", key: token }",
        "sticky: { cookie: \"at\" }",
    ),
    form("hedge.after", "hedge: { after: 200ms }", ""),
    form(
        "hedge.most",
        "hedge: { after: 200ms, most: 3 }",
        "hedge: { after: 200ms }",
    ),
    form("breaker.failures", "breaker: { failures: 5 }", ""),
    form("breaker.rate", "breaker: { rate: 50% of 20 }", ""),
    form(
        "breaker.within",
        "breaker: { failures: 5, within: 20s }",
        "breaker: { failures: 5 }",
    ),
    form(
        "breaker.open",
        "breaker: { failures: 5, open: 40s }",
        "breaker: { failures: 5 }",
    ),
    form(
        "breaker.slow_start",
        "breaker: { failures: 5, slow_start: 1m }",
        "breaker: { failures: 5 }",
    ),
    form("limit.rate", "limit: { rate: 5/s }", ""),
    form(
        "limit.burst",
        "limit: { rate: 5/s, burst: 9 }",
        "limit: { rate: 5/s }",
    ),
    form("limit.adaptive", "limit: { adaptive: true }", ""),
    form("limit.concurrent", "limit: { concurrent: 5 }", ""),
    form(
        "limit.queue",
        "limit: { concurrent: 5, queue: 3 }",
        "limit: { concurrent: 5 }",
    ),
    at(
        "limit.per",
        "limit: { rate: 5/s, per: request.path }",
        "limit: { rate: 5/s }",
        CALLED,
    ),
    at(
        "limit.per",
        "limit: { rate: 5/s, per: caller.address }",
        "limit: { rate: 5/s }",
        &["Gateway"],
    ),
    at(
        "limit.shared",
        "limit: { rate: 5/s, shared: true }",
        "limit: { rate: 5/s }",
        &["Gateway"],
    ),
    form("priority", "priority: low", ""),
    form("health.GET", "health: { GET \"/healthz\" }", ""),
    form("health.HEAD", "health: { HEAD \"/healthz\" }", ""),
    form(
        "health.every",
        "health: { GET \"/healthz\", every: 7s }",
        "health: { GET \"/healthz\" }",
    ),
    form(
        "health.timeout",
        "health: { GET \"/healthz\", timeout: 1s }",
        "health: { GET \"/healthz\" }",
    ),
    form(
        "health.unhealthy",
        "health: { GET \"/healthz\", unhealthy: 7 }",
        "health: { GET \"/healthz\" }",
    ),
    form(
        "health.healthy",
        "health: { GET \"/healthz\", healthy: 7 }",
        "health: { GET \"/healthz\" }",
    ),
    at("tls.mode", "tls: simple", "", &["Policy", "Service"]),
    at(
        "tls.name",
        "tls: { mode: simple, name: \"a.example.com\" }",
        "tls: simple",
        &["Policy", "Service"],
    ),
    at(
        "tls.identity",
        "tls: { mode: simple, identity: \"spiffe://a/b\" }",
        "tls: simple",
        &["Policy", "Service"],
    ),
    at(
        "tls.authority",
        "tls: { mode: simple, authority: \"ca.pem\" }",
        "tls: simple",
        &["Policy", "Service"],
    ),
    at(
        "tls.certificate",
        "tls: { mode: mutual, certificate: \"a.pem\", key: \"a.key\" }",
        "tls: simple",
        &["Policy", "Service"],
    ),
    at(
        "tls.key",
        "tls: { mode: mutual, certificate: \"a.pem\", key: \"a.key\" }",
        "tls: { mode: mutual, workload: true }",
        &["Policy", "Service"],
    ),
    at(
        "tls.workload",
        "tls: { mode: mutual, workload: true }",
        "tls: simple",
        &["Policy", "Service"],
    ),
    at(
        "tls",
        "listen: \"https://0.0.0.0:8443\", tls: { certificate: \"a.pem\", key: \"a.key\" }",
        "listen: \"http://0.0.0.0:8443\"",
        &["Gateway"],
    ),
    at(
        "tls.authority",
        "listen: \"https://0.0.0.0:8443\", tls: { mode: mutual, certificate: \"a.pem\", key: \"a.key\", authority: \"ca.pem\" }",
        "listen: \"https://0.0.0.0:8443\", tls: { certificate: \"a.pem\", key: \"a.key\" }",
        &["Gateway"],
    ),
    form("failover", "failover: other", ""),
    form("mirror.to", "mirror: { to: other }", ""),
    form(
        "mirror.share",
        "mirror: { to: other, share: 10% }",
        "mirror: { to: other }",
    ),
    at(
        "mirror.writes",
        "mirror: { to: other, writes: true }",
        "mirror: { to: other }",
        &["Policy", "Service"],
    ),
    form("fault.status", "fault: { status: 503, share: 1% }", ""),
    form("fault.delay", "fault: { delay: 2s, share: 1% }", ""),
    form(
        "fault.share",
        "fault: { status: 503, share: 2% }",
        "fault: { status: 503, share: 1% }",
    ),
    form("rewrite.prefix", "rewrite: { prefix: \"/v2\" }", ""),
    form("rewrite.host", "rewrite: { host: \"a.internal\" }", ""),
    form(
        "cors.origins",
        "cors: { origins: [\"https://a.example.com\"] }",
        "",
    ),
    form(
        "cors.methods",
        "cors: { origins: [\"https://a.example.com\"], methods: [\"GET\"] }",
        "cors: { origins: [\"https://a.example.com\"] }",
    ),
    form(
        "cors.headers",
        "cors: { origins: [\"https://a.example.com\"], headers: [\"x-a\"] }",
        "cors: { origins: [\"https://a.example.com\"] }",
    ),
    form(
        "cors.credentials",
        "cors: { origins: [\"https://a.example.com\"], credentials: true }",
        "cors: { origins: [\"https://a.example.com\"] }",
    ),
    form(
        "cors.age",
        "cors: { origins: [\"https://a.example.com\"], age: 1h }",
        "cors: { origins: [\"https://a.example.com\"] }",
    ),
    form("cache.age", "cache: { age: 30s }", ""),
    form(
        "cache.vary",
        "cache: { age: 30s, vary: [\"accept\"] }",
        "cache: { age: 30s }",
    ),
    form("trace.sample", "trace: { sample: 10% }", ""),
    form(
        "trace.tags",
        "trace: { sample: 10%, tags: { team: \"a\" } }",
        "trace: { sample: 10% }",
    ),
    form(
        "trace.propagate",
        "trace: { sample: 10%, propagate: [b3] }",
        "trace: { sample: 10% }",
    ),
    form("auth", "auth: bearer(token)", ""),
    form("auth", "auth: basic(\"user\", token)", ""),
    form("auth", "auth: api_key(\"x-key\", token)", ""),
    at(
        "headers",
        "headers: { x_team: \"shop\" }",
        "",
        &["Policy", "Service"],
    ),
    at(
        "listen",
        "listen: \"http://0.0.0.0:81\"",
        "listen: \"http://0.0.0.0:80\"",
        &["Gateway"],
    ),
    form(
        "jwt.issuer",
        "jwt: { issuer: \"https://id.example.com\", audience: \"shop\", keys: \"https://id.example.com/keys\" }",
        "",
    ),
    form(
        "jwt.audience",
        "jwt: { issuer: \"https://id.example.com\", audience: [\"shop\", \"web\"], keys: \"https://id.example.com/keys\" }",
        "jwt: { issuer: \"https://id.example.com\", audience: \"shop\", keys: \"https://id.example.com/keys\" }",
    ),
    form(
        "jwt.keys",
        "jwt: { issuer: \"https://id.example.com\", audience: \"shop\", keys: \"https://id.example.com/other\" }",
        "jwt: { issuer: \"https://id.example.com\", audience: \"shop\", keys: \"https://id.example.com/keys\" }",
    ),
    form(
        "jwt.optional",
        "jwt: { issuer: \"https://id.example.com\", audience: \"shop\", keys: \"https://id.example.com/keys\", optional: true }",
        "jwt: { issuer: \"https://id.example.com\", audience: \"shop\", keys: \"https://id.example.com/keys\" }",
    ),
    form(
        "introspect",
        "introspect: { at: \"https://id.example.com/introspect\", client: \"shop\", secret: token }",
        "",
    ),
    form(
        "login",
        "login: { issuer: \"https://id.example.com\", client: \"shop\", secret: token, at: \"https://shop.example.com\" }",
        "",
    ),
    form("keys", "keys: { file: \"a.keys\" }", ""),
    form("basic", "basic: { file: \"a.passwords\" }", ""),
    form("trusted_hops", "trusted_hops: 1", ""),
    at("proxy_protocol", "proxy_protocol: v2", "", &["Gateway"]),
    at(
        "host",
        "host: \"shop.example.com\"",
        "",
        &["Gateway", "GatewayRoute"],
    ),
    at(
        "host",
        "host: [\"shop.example.com\", \"*.shop.example.com\"]",
        "",
        &["Gateway", "GatewayRoute"],
    ),
    form("params", "params: { id: \"[0-9]+\" }", ""),
    form("path", "path: \"/items/[a-z]+\"", ""),
    form("access", "access: derived", "access: written"),
    form("mtls", "mtls: strict", ""),
    form("mtls", "mtls: permissive", "mtls: strict"),
];

/// What is no setting and says something of traffic, too: routes of a gateway, and declarations beside services.
pub(crate) const DECLARED: &[Form] = &[
    at("allow", "allow main to s.read", "", &["Top"]),
    at(
        "deny",
        "deny \"spiffe://cluster.local/ns/a/sa/b\" to other",
        "",
        &["Top"],
    ),
    at(
        "redirect",
        "any \"/old/**\" -> redirect(\"https://a.example.com/\", status: 308)",
        "",
        &["Routes"],
    ),
    at("operation", "GET \"/one/{id}\" -> s.read(id)", "", &["Routes"]),
    at("flow", "POST \"/main/{id}\" -> main(id)", "", &["Routes"]),
    at(
        "tls",
        "tls \"db.example.com\" -> s",
        "tls \"other.example.com\" -> s",
        &["Routes"],
    ),
];

/// Parts of what no mesh holds at all: the interpreter has the setting as a whole, and so its parts.
pub(crate) const WITHIN: &[&str] = &[
    "introspect.at",
    "introspect.client",
    "introspect.secret",
    "introspect.audience",
    "introspect.optional",
    "login.issuer",
    "login.client",
    "login.secret",
    "login.scopes",
    "login.at",
    "login.path",
    "login.session",
    "login.key",
    "login.optional",
    "keys.file",
    "keys.header",
    "keys.optional",
    "basic.file",
    "basic.optional",
];

/// What is no traffic of the mesh, with its places: what flowmesh sends where it calls an operation, when it begins a flow and
/// how it answers for one. It does that itself, whatever stands around it.
pub(crate) const OF_FLOWMESH: &[(&str, &[&str])] = &[
    ("key", &["Operation"]),
    ("body", &["Operation"]),
    ("resume", &["Operation"]),
    ("query", &["Operation"]),
    ("headers", &["Operation"]),
    ("wait", &["GatewayRoute"]),
];
