//! The settings of a policy beside timeout, retry and balance: what is let through, what is changed, what is observed.

mod lent;

pub use lent::{LEASE_MS, Lent};

use crate::{Name, SecretId, ServiceId, SubsetId, expr::Expr, service::Method};
use serde::{Deserialize, Serialize};

/// So many within a length of time: `100/s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// How many.
    pub count: u32,
    /// Within how many milliseconds.
    pub per_ms: u64,
}

/// `breaker: { failures: 5, within: 10s, open: 30s }`: an endpoint that fails is left alone for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breaker {
    /// So many failures one after the other open it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failures: Option<u32>,
    /// So many failures of a hundred open it. At least one of the two is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<FailureRate>,
    /// Over which time failures are counted, in milliseconds.
    pub within_ms: u64,
    /// How long the endpoint is left alone at first, in milliseconds.
    pub open_ms: u64,
    /// How long it is given less than its share afterwards, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slow_start_ms: Option<u64>,
}

/// So many percent of at least so many calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureRate {
    /// From 1 to 100.
    pub percent: u32,
    /// How many calls there must have been.
    pub of: u32,
}

/// `limit: { rate: 100/s, burst: 200, concurrent: 10, queue: 50, per: caller.address }`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Limit {
    /// How many may begin within a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// How many may begin at once after a pause; as many as the rate says where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burst: Option<u32>,
    /// Whether it is found out how many may be on their way at once, `concurrent` at the most.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub adaptive: bool,
    /// How many may be on their way at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrent: Option<u32>,
    /// How many may wait for their turn; more are refused at once. Where it is not said, a thousand, and none where it is
    /// found out how many may be on their way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<u32>,
    /// What is counted apart: a text over the caller and the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per: Option<Expr>,
    /// Whether all processes of one server hold the rate together, and what holds while that cannot be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared: Option<Sharing>,
}

/// What holds of a rate that several processes hold together, while the server cannot be asked that keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sharing {
    /// Each goes on with an equal part of it.
    Parted,
    /// Nobody is let through.
    Strict,
}

/// `priority: critical`: who is let through first where not all can be. The last comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Those who can do without an answer.
    Low,
    /// All of whom nothing is said.
    #[default]
    Normal,
    /// Those who cannot.
    Critical,
}

impl Priority {
    /// As authors write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::Critical => "critical",
        }
    }
}

/// `sticky: { cookie: "shop-at", ttl: 1h, key: cookie_key }`: visitors stay with an endpoint as long as it is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sticky {
    /// The name of the cookie.
    pub cookie: String,
    /// How long browsers keep it, in milliseconds; as long as they run where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_ms: Option<u64>,
    /// What endpoints are hidden with; where it is not said, something that is forgotten when the process ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<SecretId>,
}

/// `hedge: { after: 200ms, most: 2 }`: what is read is asked for a second time where there is no answer after a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hedge {
    /// After how long, in milliseconds.
    pub after_ms: u64,
    /// The most attempts beside each other, the first included; at least 2.
    pub most: u32,
}

/// `health: { GET "/healthz", every: 5s, unhealthy: 3 }`: endpoints are asked whether they are well. One that is not is
/// left alone; if none is, all are used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// The method.
    pub method: Method,
    /// The path, beginning with `/`.
    pub path: String,
    /// How often, in milliseconds.
    pub every_ms: u64,
    /// How long an answer may take, in milliseconds.
    pub timeout_ms: u64,
    /// After how many failures in a row an endpoint is not used.
    pub unhealthy: u32,
    /// After how many good answers in a row it is used again.
    pub healthy: u32,
}

/// `tls: mutual`, `tls: { mode: simple, name: "api.example.com", authority: "ca.pem" }`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tls {
    /// Whether we show a certificate too.
    pub mutual: bool,
    /// Which name the certificate must be for, where it is not that of the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The identity that the other side must show: `spiffe://domain/path`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// The file with the authorities that are trusted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<String>,
    /// The file with our certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// The file with the key of our certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The agent that gives our certificate, and says whom to believe.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workload: Option<Workload>,
}

/// Where the agent of a SPIFFE workload is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Workload {
    /// At a socket: `unix:///run/spire/agent.sock`.
    Socket(String),
    /// Where `SPIFFE_ENDPOINT_SOCKET` says.
    Environment,
}

impl Workload {
    /// The socket, where it is said here.
    #[must_use]
    pub fn socket(&self) -> Option<&str> {
        match self {
            Self::Socket(socket) => Some(socket),
            Self::Environment => None,
        }
    }
}

/// `mirror: { to: v2, share: 10% }`: a copy of some requests goes elsewhere, and nobody waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mirror {
    /// Where to.
    pub to: Onward,
    /// How many of a hundred.
    pub percent: u32,
    /// Whether also what may not be repeated is copied.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub writes: bool,
}

/// Where else a request goes, or a copy of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Onward {
    /// Another subset of the same service.
    Subset(SubsetId),
    /// Another service.
    Service(ServiceId),
}

/// `fault: { delay: 2s, share: 5% }`, `fault: { status: 503, share: 1% }`: trouble made on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// How long a request is held back, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// What it is answered with instead of being sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// How many of a hundred.
    pub percent: u32,
}

/// `rewrite: { prefix: "/v2", host: "api.internal" }`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rewrite {
    /// What stands before the path; at a gateway, instead of what the route matched up to its `**`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// The host that the request names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
}

/// `cors: { origins: ["https://shop.example.com"], methods: ["GET"], headers: [...], credentials: true, age: 1h }`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cors {
    /// Which pages may ask; `*` is all of them.
    pub origins: Vec<String>,
    /// By which methods; empty is those of the route.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<String>,
    /// With which headers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<String>,
    /// Whether cookies are sent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub credentials: bool,
    /// How long a browser remembers this, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_ms: Option<u64>,
}

/// `cache: { age: 30s, vary: ["accept-language"] }`: answers to reading requests are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cache {
    /// How long, in milliseconds.
    pub age_ms: u64,
    /// Headers by which answers differ.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vary: Vec<String>,
}

/// `trace: { sample: 10%, tags: { team: "shop" }, propagate: [w3c, b3] }`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// How many of ten thousand traces are kept.
    pub sample: u32,
    /// What stands on every span: texts over configs and constants.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<(Name, Expr)>,
    /// By which headers the next one is told of the trace; none are those of the mesh, and there W3C's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub propagate: Vec<Propagation>,
}

/// Headers that tell of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Propagation {
    /// `traceparent` and `tracestate`, as W3C Trace Context has them.
    W3c,
    /// `b3`, as Zipkin has it.
    B3,
    /// `x-b3-traceid` and its like.
    B3Multi,
}

impl Propagation {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::W3c, Self::B3, Self::B3Multi];

    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::W3c => "w3c",
            Self::B3 => "b3",
            Self::B3Multi => "b3_multi",
        }
    }
}
