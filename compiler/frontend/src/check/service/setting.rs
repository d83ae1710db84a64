//! The table of all settings: where each may stand, what it holds and what it does.

mod parts;
mod place;

pub(crate) use place::Place;

/// A setting.
#[derive(Debug)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// Where it may stand; empty for the parts of a record.
    pub places: &'static [Place],
    /// What it holds, as the author writes it.
    pub form: &'static str,
    /// What it does.
    pub doc: &'static str,
    /// The parts, where it is a record.
    pub parts: &'static [Setting],
}

const EVERYWHERE: &[Place] = &[
    Place::Policy,
    Place::Service,
    Place::Operation,
    Place::With,
    Place::Gateway,
    Place::GatewayRoute,
];
const CALLS: &[Place] = &[Place::Policy, Place::Service, Place::Operation, Place::With];
const SERVERS: &[Place] = &[Place::Policy, Place::Service];

/// All settings of this version.
pub const SETTINGS: &[Setting] = &[
    setting(
        "policy",
        &[
            Place::Service,
            Place::Operation,
            Place::With,
            Place::Gateway,
            Place::GatewayRoute,
        ],
        "the name of a policy",
        "Takes over all settings of a policy; what else is said here comes on top.",
        &[],
    ),
    setting(
        "timeout",
        EVERYWHERE,
        "{ attempt: 2s, total: 10s, idle: 1m }",
        "How long things may take.",
        parts::TIMEOUT,
    ),
    setting(
        "retry",
        EVERYWHERE,
        "{ attempts: 3, on: [connect, 5xx], backoff: exponential(100ms, max: 2s), budget: 20% }, or none",
        "Whether and how a failed attempt is repeated.",
        parts::RETRY,
    ),
    setting(
        "balance",
        CALLS,
        "round_robin, random, least_requests, ewma, ring_hash(EXPR), maglev(EXPR) or weights([1, 2])",
        "How an endpoint is picked: `ewma`, if not said, takes the better of two by latency and load, `least_requests` the one of two with fewer requests on their way. `ring_hash` and `maglev` take the same one for the same text over `request`, wherever it is called from, and move few texts when an endpoint comes or goes. `weights` gives each address its share, in their order.",
        &[],
    ),
    setting(
        "sticky",
        SERVERS,
        "{ cookie: \"shop-at\", ttl: 1h }, or none",
        "How visitors stay with the endpoint that answered them, and with its subset: by a cookie that names it and shows nobody where it is. Another one answers when it is gone, not well or shut off.",
        parts::STICKY,
    ),
    setting(
        "hedge",
        CALLS,
        "{ after: 200ms, most: 2 }, or none",
        "When what is only read is asked for a second time, of another endpoint: where there is no answer after a while, and the budget of retries pays for it. The first good answer holds, and the others are let go of.",
        parts::HEDGE,
    ),
    setting(
        "breaker",
        CALLS,
        "{ failures: 5 or rate: 50% of 20, within: 10s, open: 30s }, or none",
        "When an endpoint that fails is left alone for a while.",
        parts::BREAKER,
    ),
    setting(
        "limit",
        &[
            Place::Policy,
            Place::Service,
            Place::Operation,
            Place::Gateway,
            Place::Mesh,
        ],
        "{ rate: 100/s, burst: 200, concurrent: 10, queue: 50, per: caller.address }, or none",
        "How much is let through. With `adaptive: true` it is found out how many may be on their way: as many as are answered about as fast as without a load. The others are refused at once, so that those who are let in are answered in time.",
        parts::LIMIT,
    ),
    setting(
        "priority",
        EVERYWHERE,
        "critical, normal or low, or none",
        "Who is let through first where a limit with `adaptive: true` cannot let all through: of what can be on its way, a third is kept for each higher priority that came in the last 10s. Visitors cannot say it themselves.",
        &[],
    ),
    setting(
        "health",
        SERVERS,
        "{ GET \"/healthz\", every: 5s, unhealthy: 3 }, or none",
        "How endpoints are asked whether they are well, from the first call on; 200 to 399 is a good answer. One that is not well gets no request until it is again; if none is well, all do, since a call that is tried may still succeed.",
        parts::HEALTH,
    ),
    setting(
        "tls",
        &[Place::Policy, Place::Service, Place::Gateway],
        "mutual, simple, { mode: simple, name: \"api.example.com\", authority: \"ca.pem\" }, or none",
        "How connections are made safe.",
        parts::TLS,
    ),
    setting(
        "failover",
        CALLS,
        "another service, a subset of this one, or none",
        "Where requests go while nobody is there who could take them: names that lead nowhere, endpoints that are all not well, shut off by their breakers, or failed a short while ago. They come back as soon as one is there again; [gateways](gateways.md#where-else-a-request-goes) has the rules.",
        &[],
    ),
    setting(
        "mirror",
        CALLS,
        "{ to: v2, share: 10% }, or none",
        "Where copies of requests go; nobody waits for them. What may not be repeated is copied only where `writes` says so.",
        parts::MIRROR,
    ),
    setting(
        "fault",
        CALLS,
        "{ delay: 2s, share: 5% }, { status: 503, share: 1% }, or none",
        "Trouble made on purpose, to see what happens.",
        parts::FAULT,
    ),
    setting(
        "rewrite",
        &[
            Place::Policy,
            Place::Service,
            Place::Operation,
            Place::GatewayRoute,
        ],
        "{ prefix: \"/v2\", host: \"api.internal\" }, or none",
        "What is changed of the request on its way.",
        parts::REWRITE,
    ),
    setting(
        "cors",
        &[Place::Policy, Place::Service, Place::Gateway],
        "{ origins: [\"https://shop.example.com\"], methods: [\"GET\"], credentials: true, age: 1h }, or none",
        "Which pages of browsers may ask.",
        parts::CORS,
    ),
    setting(
        "cache",
        CALLS,
        "{ age: 30s, vary: [\"accept-language\"] }, or none",
        "Answers to `GET` are kept as HTTP has it, and given again without asking the service; [gateways](gateways.md#what-the-service-hears) has the rules. Of a flow's calls, those with the same headers share.",
        parts::CACHE,
    ),
    setting(
        "trace",
        &[
            Place::Policy,
            Place::Service,
            Place::Operation,
            Place::With,
            Place::Mesh,
        ],
        "{ sample: 10%, tags: { team: \"shop\" }, propagate: [w3c, b3] }, or none",
        "What is kept of traces.",
        parts::TRACE,
    ),
    setting(
        "auth",
        &[Place::Service],
        "bearer(secret), basic(\"user\", secret), api_key(\"x-header\", secret) or oauth2(url, client: \"id\", secret: secret, scopes: [\"read\"])",
        "How we show the service who we are.",
        &[],
    ),
    setting(
        "key",
        &[Place::Operation],
        "a text, a number or an identifier",
        "What makes two requests the same; sent as `Idempotency-Key`, so that the call may be repeated.",
        &[],
    ),
    setting(
        "body",
        &[Place::Operation],
        "any value",
        "What goes into the body as JSON.",
        &[],
    ),
    setting(
        "resume",
        &[Place::Operation],
        "a text over an item: reply.id; or { after: reply.id }",
        "From where a stream is taken up again after a crash: the last item's is sent as `Last-Event-ID`, or as a parameter.",
        &[],
    ),
    setting(
        "query",
        &[Place::Operation],
        "{ page: page }",
        "What goes into the query of the address; `none` is not sent, a list is sent item by item.",
        &[],
    ),
    setting(
        "headers",
        &[Place::Operation, Place::Policy, Place::Service],
        "{ x_tenant: tenant }",
        "Further headers; `_` in a name is sent as `-`, and `none` is not sent.",
        &[],
    ),
    setting(
        "listen",
        &[Place::Gateway],
        "\"http://127.0.0.1:8080\", or a list of such addresses",
        "Where the gateway listens.",
        &[],
    ),
    setting(
        "jwt",
        &[Place::Gateway],
        "{ issuer: \"https://login.example.com\", audience: \"shop\", keys: \"https://login.example.com/jwks.json\" }",
        "Whose tokens are taken.",
        parts::JWT,
    ),
    setting(
        "introspect",
        &[Place::Gateway],
        "{ at: \"https://login.example.com/introspect\", client: \"shop\", secret: shop_secret }",
        "Who is asked about tokens that are not signed (RFC 7662).",
        parts::INTROSPECT,
    ),
    setting(
        "login",
        &[Place::Gateway],
        "{ issuer: \"https://login.example.com\", client: \"shop\", secret: shop_secret, at: \"https://shop.example.com\" }",
        "Where browsers log in: an OpenID provider.",
        parts::LOGIN,
    ),
    setting(
        "keys",
        &[Place::Gateway],
        "{ file: \"visitors.keys\" }",
        "Whose keys are taken: those of a file that `flowmesh visitors` writes.",
        parts::KEYS,
    ),
    setting(
        "basic",
        &[Place::Gateway],
        "{ file: \"visitors.passwords\" }",
        "Whose names and passwords are taken: those of a file that `flowmesh visitors` writes.",
        parts::BASIC,
    ),
    setting(
        "trusted_hops",
        &[Place::Gateway],
        "a number",
        "How many proxies before the gateway are believed in `X-Forwarded-For`.",
        &[],
    ),
    setting(
        "proxy_protocol",
        &[Place::Gateway, Place::GatewayRoute],
        "v2",
        "At a gateway: every connection begins with what the proxy before it says of the visitor, and one that does not is refused. At a `tls` route: the service is told so.",
        &[],
    ),
    setting(
        "host",
        &[Place::Gateway, Place::GatewayRoute],
        "\"shop.example.com\", \"*.shop.example.com\", or a list of such names",
        "For which hosts it is: that name, or all that are below one; any if not said. What a route says holds instead of what its gateway says.",
        &[],
    ),
    setting(
        "params",
        &[Place::GatewayRoute],
        "{ id: \"[0-9]+\" }",
        "What parameters of the path must look like, decoded and as a whole: regular expressions without look-around and back-references, which take linear time.",
        &[],
    ),
    setting(
        "path",
        &[Place::GatewayRoute],
        "a regular expression such as \"/v[0-9]+/items/.*\"",
        "What the whole path must look like beside that, as it is encoded.",
        &[],
    ),
    setting(
        "wait",
        &[Place::GatewayRoute],
        "true or false",
        "Whether the answer is the result of the flow, and not where to look.",
        &[],
    ),
    setting(
        "access",
        &[Place::Mesh],
        "written or derived",
        "Where the rules of access come from: those that are written, or also what the program's own calls need.",
        &[],
    ),
    setting(
        "mtls",
        &[Place::Mesh],
        "strict or permissive",
        "Whether both sides show certificates: with `strict` always, and a side without one is refused; with `permissive` where who calls can. A service with a `tls` or an `https://` of its own is called as that says.",
        &[],
    ),
    setting(
        "overlap",
        &[Place::Schedule],
        "skip, buffer_one, buffer_all, cancel_other, terminate_other or allow",
        "What happens while the run before has not ended; `skip` if not said.",
        &[],
    ),
    setting(
        "catch_up",
        &[Place::Schedule],
        "a duration",
        "How far back times are made up for that passed while nothing ran; a minute if not said.",
        &[],
    ),
    setting(
        "jitter",
        &[Place::Schedule],
        "a duration",
        "How much later than its time a run begins at the most, by chance.",
        &[],
    ),
    setting(
        "except",
        &[Place::Schedule],
        "weekend, days of the week, dates: [weekend, \"12-25\", \"2026-12-24..2027-01-02\"]",
        "The days on which nothing begins, in the zone of the schedule.",
        &[],
    ),
    setting(
        "skipped_time",
        &[Place::Schedule],
        "at_jump or leave_out",
        "What becomes of a time that is skipped when the clocks go forward: once when they jump, or not on that day.",
        &[],
    ),
    setting(
        "doubled_time",
        &[Place::Schedule],
        "first, second or both",
        "When a time is due that comes twice because the clocks go back.",
        &[],
    ),
    setting(
        "pause_on_failure",
        &[Place::Schedule],
        "true or false",
        "Whether a run that fails stops the schedule until someone starts it again.",
        &[],
    ),
];

const fn setting(
    name: &'static str,
    places: &'static [Place],
    form: &'static str,
    doc: &'static str,
    parts: &'static [Setting],
) -> Setting {
    Setting {
        name,
        places,
        form,
        doc,
        parts,
    }
}
