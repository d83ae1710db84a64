//! What cannot become a manifest, with its words.

use crate::Target;
use flowmesh_diagnostics::{Code, Diagnostic, Severity, Span};
use flowmesh_ir::Name;

/// Something of a service that a target cannot hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// A declaration that is not written as a manifest.
    Declaration(&'static str),
    /// A setting for which the target has no field.
    Setting(Setting),
    /// An address that names no Service of the cluster.
    Address { address: String, reason: &'static str },
    /// An address that is known only when the program starts.
    LateAddress { config: Option<Name> },
    /// An address that each call fills.
    Template,
    /// Several addresses, or subsets in several namespaces.
    Spread { reason: &'static str },
    /// A condition that no match can say.
    Condition { reason: &'static str },
    /// A later route that the target prefers to an earlier one.
    Order { first: usize, second: usize },
    /// Two operations with timeouts of their own that no match can tell apart.
    Alike { one: Name, other: Name },
    /// More than the target takes.
    Limit { reason: String },
}

/// A setting that a target may have no field for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Setting {
    Retry,
    Balance,
    Idle,
    Auth,
    Sticky,
    Hedge,
    Breaker,
    Limit,
    Priority,
    Health,
    Tls,
    Failover,
    Mirror,
    Fault,
    Headers,
    Rewrite,
    Cors,
    Cache,
    Trace,
}

impl Setting {
    /// What authors call it; also the last part of its place.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Balance => "balance",
            Self::Idle => "timeout",
            Self::Auth => "auth",
            Self::Sticky => "sticky",
            Self::Hedge => "hedge",
            Self::Breaker => "breaker",
            Self::Limit => "limit",
            Self::Priority => "priority",
            Self::Health => "health",
            Self::Tls => "tls",
            Self::Failover => "failover",
            Self::Mirror => "mirror",
            Self::Fault => "fault",
            Self::Headers => "headers",
            Self::Rewrite => "rewrite",
            Self::Cors => "cors",
            Self::Cache => "cache",
            Self::Trace => "trace",
        }
    }

    /// What to call it in a message.
    pub(crate) fn part(self) -> &'static str {
        match self {
            Self::Idle => "timeout.idle",
            other => other.name(),
        }
    }

    fn code(self) -> Code {
        match self {
            Self::Retry => Code(701),
            Self::Balance => Code(702),
            Self::Idle => Code(703),
            Self::Auth => Code(704),
            _ => Code(714),
        }
    }

    /// The nearest thing that the target has.
    fn nearest(self) -> &'static str {
        match self {
            Self::Retry => {
                "retries are in its experimental channel only; `timeout` bounds the one attempt that is made"
            }
            Self::Balance => {
                "how an endpoint is picked is the mesh's own choice there; weights in `route` are what it takes"
            }
            Self::Idle => "`timeout.attempt` and `timeout.total` are what it takes",
            Self::Auth => {
                "a header written into a route would show the secret to everyone who reads the route"
            }
            Self::Sticky => "session persistence is in its experimental channel only",
            Self::Tls => "it takes this with a BackendTLSPolicy, which is not written yet",
            Self::Mirror | Self::Headers | Self::Rewrite | Self::Cors => {
                "it takes this as a filter of its routes, which is not written yet"
            }
            _ => "each implementation has a resource of its own for this, and none is standard",
        }
    }
}

impl Problem {
    /// As a diagnostic at a place.
    pub(crate) fn diagnostic(&self, target: Target, severity: Severity, span: Span) -> Diagnostic {
        let (code, message, help) = self.words(target);
        let diagnostic = match severity {
            Severity::Error => Diagnostic::error(code, span, message),
            Severity::Warning => Diagnostic::warning(code, span, message),
        };
        diagnostic.help(help)
    }

    fn words(&self, target: Target) -> (Code, String, String) {
        match self {
            Self::Declaration(word) => (
                Code(715),
                format!("the target `{target}` does not take `{word}` yet"),
                "leave it to the interpreter with `--interpreter-fills`".to_owned(),
            ),
            Self::Setting(setting) => (
                setting.code(),
                format!("the target `{target}` cannot hold `{}`", setting.part()),
                format!("{}; or leave it to the interpreter with `--interpreter-fills`", setting.nearest()),
            ),
            Self::Address { address, reason } => (
                Code(705),
                format!("expected the address of a Service, found `{address}`: {reason}"),
                "write it as `dns://name.namespace.svc.cluster.local:port`".to_owned(),
            ),
            Self::LateAddress { config: Some(config) } => (
                Code(706),
                format!("the address depends on the config `{config}`, which has no value yet"),
                format!("give it one with `--set {config}=...`, or a default"),
            ),
            Self::LateAddress { config: None } => (
                Code(706),
                "the address is only known when the program starts".to_owned(),
                "write it as a text, or as a config".to_owned(),
            ),
            Self::Template => (
                Code(716),
                format!("the target `{target}` cannot hold an address that each call fills: a route leads to one Service"),
                "leave the service to the interpreter with `--interpreter-fills`, or declare one for each place".to_owned(),
            ),
            Self::Spread { reason } => (
                Code(707),
                (*reason).to_owned(),
                "give every subset one Service of its own, all of them in one namespace".to_owned(),
            ),
            Self::Condition { reason } => (
                Code(708),
                format!("the target `{target}` cannot hold this condition: {reason}"),
                "compare the method, the path, a header or a query parameter with a text, joined by `and` or `or`"
                    .to_owned(),
            ),
            Self::Order { first, second } => (
                Code(709),
                format!("the target `{target}` prefers route {second} to route {first}, and some requests fit both"),
                "put the more specific first: exact path, longer prefix, method, more headers, more of the query"
                    .to_owned(),
            ),
            Self::Alike { one, other } => (
                Code(710),
                format!("the target `{target}` cannot tell `{one}` from `{other}`, and their timeouts differ"),
                "give both the same timeouts, or paths that differ before their first parameter".to_owned(),
            ),
            Self::Limit { reason } => {
                (Code(711), reason.clone(), "make it smaller, or split the service into several".to_owned())
            }
        }
    }
}
