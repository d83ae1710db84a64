//! Routes as meshes have them: which requests, where they go, and what holds for them.

use super::host::Host;
use crate::node::Node;
use std::collections::BTreeSet;

/// How a text is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Text {
    Exact(String),
    /// It begins so, wherever a segment ends.
    Prefix(String),
    Suffix(String),
    /// A path, and all below it by whole segments; `/` is every path.
    Below(String),
    /// A regular expression over the whole of it.
    Regex(String),
    /// It is there.
    Present,
}

/// A header or a parameter of the query, and how it is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) text: Text,
    /// What fits is what does not compare so.
    pub(crate) not: bool,
}

/// Requests that fit all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Match {
    pub(crate) host: Option<Text>,
    pub(crate) path: Option<Text>,
    pub(crate) method: Option<Text>,
    pub(crate) headers: Vec<Named>,
    pub(crate) query: Vec<Named>,
}

/// Where requests go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) host: Host,
    pub(crate) port: Option<u16>,
    /// A subset by its name, which a `DestinationRule` has.
    pub(crate) subset: Option<String>,
}

/// Where requests go, and how many of a hundred.
pub(crate) type Split = Vec<(Target, u32)>;

/// What is worth another attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum On {
    Connect,
    Timeout,
    Fives,
    Status(u16),
}

/// How failed attempts are repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Retry {
    /// Beside the first.
    pub(crate) more: u32,
    pub(crate) on: BTreeSet<On>,
    pub(crate) base_ms: u64,
}

/// Trouble made on purpose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) delay_ms: Option<u64>,
    pub(crate) status: Option<u16>,
    pub(crate) percent: u32,
}

/// Where copies go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mirror {
    pub(crate) to: Target,
    pub(crate) percent: u32,
}

/// What is changed of a request's path and host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rewrite {
    /// What stands in the place of what was matched.
    pub(crate) prefix: Option<String>,
    /// What stands before the path.
    pub(crate) before: Option<String>,
    pub(crate) host: Option<String>,
}

/// Which pages of browsers may ask.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cors {
    pub(crate) origins: Vec<String>,
    pub(crate) methods: Vec<String>,
    pub(crate) headers: Vec<String>,
    pub(crate) credentials: bool,
    pub(crate) age_ms: Option<u64>,
}

/// What holds for the requests of a route.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Says {
    /// How long all attempts may take; nothing is no limit.
    pub(crate) total_ms: Option<u64>,
    /// How long one attempt may take.
    pub(crate) attempt_ms: Option<u64>,
    pub(crate) retry: Option<Retry>,
    pub(crate) fault: Option<Fault>,
    pub(crate) mirror: Option<Mirror>,
    pub(crate) rewrite: Rewrite,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) cors: Option<Cors>,
}

/// Where a visitor is sent instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Redirect {
    /// An address, perhaps with `{request.path}` and `{request.host}` in it; its texts are escaped.
    pub(crate) to: String,
    pub(crate) status: u16,
    /// Whether nobody says by which scheme, so that it is the one by which a visitor came.
    pub(crate) as_came: bool,
}

/// Requests that fit any of the matches, where they go, and what holds for them.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) node: Node,
    /// Any of these; none fits every request.
    pub(crate) matches: Vec<Match>,
    pub(crate) to: Split,
    pub(crate) redirect: Option<Redirect>,
    pub(crate) says: Says,
    pub(crate) notes: Vec<String>,
}

/// Routes in order: the first that fits holds.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) node: Node,
    pub(crate) name: String,
    pub(crate) namespace: String,
    /// Whether the most specific match holds, and not the first.
    pub(crate) specific: bool,
    /// The hosts that it is for, as they are written.
    pub(crate) hosts: Vec<String>,
    /// The gateways that it is bound to, as `namespace/name`.
    pub(crate) gateways: Vec<String>,
    /// The Services that it stands before, in the mesh.
    pub(crate) services: Vec<Host>,
    pub(crate) routes: Vec<Route>,
    /// Connections with TLS that are handed on by the name they ask for.
    pub(crate) passes: Vec<(String, Split)>,
    pub(crate) notes: Vec<String>,
}

impl Table {
    /// Whether nobody comes by its routes.
    pub(crate) fn is_bound_to_none(&self) -> bool {
        self.gateways.is_empty() && self.services.is_empty()
    }
}

impl Match {
    /// Whether every request fits.
    pub(crate) fn is_all(&self) -> bool {
        *self == Self::default()
    }
}

/// The methods of requests that may be repeated whatever they are for.
const IDEMPOTENT: &str = "GET|HEAD|OPTIONS|PUT|DELETE|TRACE";

impl Text {
    /// Whether it is just the methods by which requests may be repeated.
    pub(crate) fn is_idempotent(&self) -> bool {
        matches!(self, Self::Regex(regex) if regex == IDEMPOTENT)
    }
}

/// Whether requests by a method may be repeated.
pub(crate) fn may_repeat(method: &str) -> bool {
    IDEMPOTENT.split('|').any(|known| known == method)
}

impl Says {
    /// The same for requests that may not be repeated: only what was never sent is sent again.
    pub(crate) fn unsent(&self) -> Self {
        let on = self
            .retry
            .as_ref()
            .is_some_and(|retry| retry.on.contains(&On::Connect));
        let retry = self.retry.clone().filter(|_| on).map(|retry| Retry {
            on: [On::Connect].into(),
            ..retry
        });
        let attempt = self.attempt_ms.or(self.total_ms);
        let total = match retry {
            Some(_) => self.total_ms,
            None => self.total_ms.min(attempt),
        };
        Self {
            total_ms: total,
            attempt_ms: if retry.is_some() { self.attempt_ms } else { None },
            retry,
            ..self.clone()
        }
    }

    /// The same but for copies.
    pub(crate) fn without_mirror(&self) -> Self {
        Self {
            mirror: None,
            ..self.clone()
        }
    }
}
