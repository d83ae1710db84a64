//! The parts of those settings that are records.

use super::Setting;

pub(super) const TIMEOUT: &[Setting] = &[
    part(
        "attempt",
        "a duration",
        "How long one attempt may take; 5s if not said.",
    ),
    part(
        "total",
        "a duration",
        "How long the call may take with all attempts and waits; 30s if not said.",
    ),
    part(
        "idle",
        "a duration",
        "How long an unused connection is kept; 1m if not said.",
    ),
];

pub(super) const RETRY: &[Setting] = &[
    part(
        "attempts",
        "a number from 1 to 100",
        "The most attempts, the first included; 3 if not said.",
    ),
    part(
        "on",
        "a list of connect, timeout, 5xx, a status such as 429, or an error",
        "What is worth another attempt; connect, timeout, 5xx and 429 if not said.",
    ),
    part(
        "backoff",
        "exponential(100ms, max: 2s, factor: 2, jitter: full) or constant(100ms, jitter: none)",
        "How long to wait between attempts. Of each wait `jitter: full`, the usual one, takes anything from nothing to all of it, `equal` at least half, `none` all.",
    ),
    part(
        "budget",
        "20%, { percent: 20%, min: 10/s } or none",
        "How many retries the calls of a service may add.",
    ),
];

pub(super) const BREAKER: &[Setting] = &[
    part(
        "failures",
        "a number from 1 to 10000",
        "So many failures one after the other open it.",
    ),
    part(
        "rate",
        "50% of 20",
        "So many failures of a hundred open it, once there were so many calls.",
    ),
    part(
        "within",
        "a duration",
        "Over which time failures are counted; 10s if not said.",
    ),
    part(
        "open",
        "a duration",
        "How long the endpoint is left alone at first, and twice as long after each proof that failed; 30s if not said.",
    ),
    part(
        "slow_start",
        "a duration",
        "How long it gets less than its share afterwards.",
    ),
];

pub(super) const LIMIT: &[Setting] = &[
    part(
        "rate",
        "a rate such as 100/s",
        "How many may begin within a time.",
    ),
    part(
        "burst",
        "a number",
        "How many may begin at once after a pause; as many as `rate` says if not said.",
    ),
    part(
        "adaptive",
        "true or false",
        "Whether it is found out how many may be on their way at once; `concurrent` at the most.",
    ),
    part("concurrent", "a number", "How many may be on their way at once."),
    part(
        "queue",
        "a number",
        "How many may wait for their turn, for 3s at the most; more are refused at once. 1000 if not said.",
    ),
    part("per", "a text such as caller.address", "What is counted apart."),
    part(
        "shared",
        "true or strict",
        "Whether all gateways of one server, and the server itself, hold the rate together; all else is counted by each. While the server cannot be asked, each goes on with its part of the rate; `strict` lets nobody through.",
    ),
];

pub(super) const HEALTH: &[Setting] = &[
    part(
        "GET",
        "a path such as \"/healthz\"",
        "What is asked, below the path of the address, without our `auth`.",
    ),
    part(
        "HEAD",
        "a path such as \"/healthz\"",
        "The same, without a body in the answer.",
    ),
    part(
        "every",
        "a duration",
        "How often it is asked, give or take a tenth; 5s if not said.",
    ),
    part(
        "timeout",
        "a duration",
        "How long an answer may take; 2s if not said.",
    ),
    part(
        "unhealthy",
        "a number",
        "After how many failures in a row an endpoint is not used; 3 if not said.",
    ),
    part(
        "healthy",
        "a number",
        "After how many good answers in a row it is used again; 2 if not said.",
    ),
];

pub(super) const TLS: &[Setting] = &[
    part("mode", "simple or mutual", "Whether we show a certificate too."),
    part("name", "a text", "Which name the certificate must be for."),
    part(
        "identity",
        "a text such as \"spiffe://domain/path\"",
        "Who the other side must be.",
    ),
    part("authority", "a file", "Which authorities are trusted."),
    part("certificate", "a file", "Our certificate."),
    part("key", "a file", "The key of our certificate."),
    part(
        "workload",
        "a socket such as \"unix:///run/spire/agent.sock\", or true",
        "The agent of SPIFFE that gives our certificate and says whom to believe; `true` is where `SPIFFE_ENDPOINT_SOCKET` says.",
    ),
];

pub(super) const STICKY: &[Setting] = &[
    part("cookie", "the name of a cookie", "Which cookie it is."),
    part(
        "ttl",
        "a duration",
        "How long browsers keep it; until they are closed if not said.",
    ),
    part(
        "key",
        "a secret",
        "What endpoints are hidden with. Without one, visitors are led anew when the process begins anew, and by each process.",
    ),
];

pub(super) const HEDGE: &[Setting] = &[
    part("after", "a duration", "After how long without an answer."),
    part(
        "most",
        "a number from 2 to 10",
        "The most attempts beside each other, the first included; 2 if not said.",
    ),
];

pub(super) const MIRROR: &[Setting] = &[
    part("to", "a service, or a subset of this one", "Where copies go."),
    part(
        "share",
        "a percentage",
        "How many of a hundred; 100% if not said.",
    ),
    part(
        "writes",
        "true or false",
        "Whether also what may not be repeated is copied: `POST` and `PATCH` of visitors, calls that are carried out once; not if not said.",
    ),
];

pub(super) const FAULT: &[Setting] = &[
    part(
        "delay",
        "a duration",
        "How long a request is held back, within the time of its attempt.",
    ),
    part(
        "status",
        "a status such as 503",
        "What it is answered with instead of being sent.",
    ),
    part("share", "a percentage", "How many of a hundred."),
];

pub(super) const REWRITE: &[Setting] = &[
    part(
        "prefix",
        "a path such as \"/v2\"",
        "What stands before the path; at a route of a gateway, in the place of what it matched.",
    ),
    part("host", "a text", "The host that the request names."),
];

pub(super) const CORS: &[Setting] = &[
    part(
        "origins",
        "a list of texts",
        "Which pages may ask; \"*\" is all of them.",
    ),
    part(
        "methods",
        "a list of texts",
        "By which methods; those of the route if not said.",
    ),
    part("headers", "a list of texts", "With which headers."),
    part("credentials", "true or false", "Whether cookies are sent."),
    part("age", "a duration", "How long a browser remembers this."),
];

pub(super) const CACHE: &[Setting] = &[
    part(
        "age",
        "a duration",
        "How long answers are good that say nothing themselves, and at the most.",
    ),
    part("vary", "a list of texts", "Headers by which answers differ."),
];

pub(super) const TRACE: &[Setting] = &[
    part(
        "sample",
        "a percentage",
        "How many traces are kept; 100% if not said.",
    ),
    part("tags", "texts by name", "What stands on every span."),
    part(
        "propagate",
        "a list of w3c, b3 and b3_multi",
        "By which headers the next one is told of the trace; what the mesh says if not said, and `[w3c]` there.",
    ),
];

pub(super) const JWT: &[Setting] = &[
    part("issuer", "a text", "Who must have issued the token."),
    part("audience", "a text or a list of them", "For whom it must be."),
    part("keys", "an address", "Where the keys are."),
    part(
        "optional",
        "true or false",
        "Whether a request without a token is let in.",
    ),
];

pub(super) const INTROSPECT: &[Setting] = &[
    part("at", "an address", "Where tokens are asked about."),
    part("client", "a text", "Who the gateway is there."),
    part("secret", "a secret", "What proves it."),
    part(
        "audience",
        "a text or a list of them",
        "For whom a token must be; whatever the issuer finds good if not said.",
    ),
    part(
        "optional",
        "true or false",
        "Whether a request without a token is let in.",
    ),
];

pub(super) const LOGIN: &[Setting] = &[
    part("issuer", "an address", "The provider, as its tokens say it."),
    part("client", "a text", "Who the gateway is there."),
    part("secret", "a secret", "What proves it."),
    part(
        "scopes",
        "a text or a list of them",
        "What is asked for beside `openid`.",
    ),
    part("at", "an address", "Where browsers reach the gateway."),
    part(
        "path",
        "a text",
        "Below which path the login is; `/login` if not said.",
    ),
    part(
        "session",
        "a duration",
        "How long a session is good for; 8 hours if not said.",
    ),
    part(
        "key",
        "a secret",
        "What sessions are sealed with, 32 bytes or more; else something that is drawn at the start.",
    ),
    part(
        "optional",
        "true or false",
        "Whether a request without a session is let in.",
    ),
];

pub(super) const KEYS: &[Setting] = &[
    part("file", "a file", "Where the hashes of the keys are."),
    part(
        "header",
        "a text",
        "Which header has the key; `x-api-key` if not said.",
    ),
    part(
        "optional",
        "true or false",
        "Whether a request without a key is let in.",
    ),
];

pub(super) const BASIC: &[Setting] = &[
    part(
        "file",
        "a file",
        "Where the names and the hashes of the passwords are.",
    ),
    part(
        "optional",
        "true or false",
        "Whether a request without a password is let in.",
    ),
];

const fn part(name: &'static str, form: &'static str, doc: &'static str) -> Setting {
    Setting {
        name,
        places: &[],
        form,
        doc,
        parts: &[],
    }
}
