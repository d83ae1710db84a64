//! The table of all settings: where each may stand, what it holds and what it does.

/// Where settings stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// `policy NAME { ... }`
    Policy,
    /// `service NAME { ... }`
    Service,
    /// `op ... { ... }`
    Operation,
    /// `with { ... }`
    With,
}

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

const EVERYWHERE: &[Place] = &[Place::Policy, Place::Service, Place::Operation, Place::With];

/// All settings of this version.
pub const SETTINGS: &[Setting] = &[
    Setting {
        name: "policy",
        places: &[Place::Service, Place::Operation, Place::With],
        form: "the name of a policy",
        doc: "Takes over all settings of a policy; what else is said here comes on top.",
        parts: &[],
    },
    Setting {
        name: "timeout",
        places: EVERYWHERE,
        form: "{ attempt: 2s, total: 10s, idle: 1m }",
        doc: "How long things may take.",
        parts: TIMEOUT,
    },
    Setting {
        name: "retry",
        places: EVERYWHERE,
        form: "{ attempts: 3, on: [connect, 5xx], backoff: exponential(100ms, max: 2s), budget: 20% }, or none",
        doc: "Whether and how a failed attempt is repeated.",
        parts: RETRY,
    },
    Setting {
        name: "balance",
        places: EVERYWHERE,
        form: "round_robin or ewma",
        doc: "How an endpoint is picked: one after the other, or the better of two by latency and load.",
        parts: &[],
    },
    Setting {
        name: "auth",
        places: &[Place::Service],
        form: "bearer(secret), basic(\"user\", secret) or api_key(\"x-header\", secret)",
        doc: "How we show the service who we are.",
        parts: &[],
    },
    Setting {
        name: "key",
        places: &[Place::Operation],
        form: "a text, a number or an identifier",
        doc: "What makes two requests the same; sent as `Idempotency-Key`, so that the call may be repeated.",
        parts: &[],
    },
    Setting {
        name: "body",
        places: &[Place::Operation],
        form: "any value",
        doc: "What goes into the body as JSON.",
        parts: &[],
    },
    Setting {
        name: "resume",
        places: &[Place::Operation],
        form: "a text over an item: reply.id",
        doc: "From where a stream is taken up again after a crash: the service is sent that of the last item.",
        parts: &[],
    },
    Setting {
        name: "query",
        places: &[Place::Operation],
        form: "{ page: page }",
        doc: "What goes into the query of the address; `none` is not sent, a list is sent item by item.",
        parts: &[],
    },
    Setting {
        name: "headers",
        places: &[Place::Operation],
        form: "{ x_tenant: tenant }",
        doc: "Further headers; `_` in a name is sent as `-`, and `none` is not sent.",
        parts: &[],
    },
];

const TIMEOUT: &[Setting] = &[
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

const RETRY: &[Setting] = &[
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
        "How long to wait between attempts.",
    ),
    part(
        "budget",
        "20%, { percent: 20%, min: 10/s } or none",
        "How many retries the calls of a service may add.",
    ),
];

/// Settings of the language that this version does not carry out.
pub const LATER: &[&str] = &[
    "breaker", "limit", "health", "tls", "mirror", "fault", "cors", "cache", "trace", "rewrite",
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

impl Place {
    /// As it is called in messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Policy => "a policy",
            Self::Service => "a service",
            Self::Operation => "an operation",
            Self::With => "`with`",
        }
    }
}
