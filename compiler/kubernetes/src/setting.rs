//! Everything of a program that a target may have no field for, under the names that authors use.

use flowmesh_diagnostics::Code;
use flowmesh_ir::policy::{Budget, Policy};

/// Writes the kinds of settings down once: their name in the code, the setting that they stand at, and what they are called.
macro_rules! settings {
    ($($(#[doc = $doc:literal])* $kind:ident $name:literal $part:literal,)*) => {
        /// A setting, or a part of one, that a target holds or does not.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Setting {
            $($(#[doc = $doc])* $kind,)*
        }

        impl Setting {
            /// All of them, in the order in which people look for them.
            pub(crate) const ALL: &[Self] = &[$(Self::$kind),*];

            /// The setting at which it stands; also the last part of its place.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }

            /// What to call it.
            pub(crate) fn part(self) -> &'static str {
                match self { $(Self::$kind => $part,)* }
            }
        }
    };
}

settings! {
    Timeout "timeout" "timeout",
    /// A time of each attempt that is shorter than that of the whole call.
    Attempt "timeout" "timeout.attempt",
    Idle "timeout" "timeout.idle",
    /// How long calls of a service with nothing but gRPC may take.
    GrpcTimeout "timeout" "timeout of a gRPC service",
    Retry "retry" "retry",
    /// Waits between attempts that are not those of the target.
    Backoff "retry" "retry.backoff",
    Budget "retry" "retry.budget",
    /// Another attempt for the sake of a declared error, or of statuses that are no failures of a server.
    RetryOn "retry" "retry.on",
    Balance "balance" "balance",
    Weights "balance" "balance: weights",
    /// What `ring_hash` and `maglev` look at, where it is no header, parameter or address.
    Hash "balance" "balance: ring_hash",
    Sticky "sticky" "sticky",
    Hedge "hedge" "hedge",
    Breaker "breaker" "breaker",
    FailureRate "breaker" "breaker.rate",
    SlowStart "breaker" "breaker.slow_start",
    Limit "limit" "limit",
    Rate "limit" "limit.rate",
    Adaptive "limit" "limit.adaptive",
    Per "limit" "limit.per",
    Priority "priority" "priority",
    Health "health" "health",
    Tls "tls" "tls",
    Failover "failover" "failover",
    Mirror "mirror" "mirror",
    Fault "fault" "fault",
    Headers "headers" "headers",
    Rewrite "rewrite" "rewrite",
    Cors "cors" "cors",
    Cache "cache" "cache",
    Trace "trace" "trace",
    Auth "auth" "auth",
    Gateway "gateway" "gateway",
    Listen "listen" "listen",
    Jwt "jwt" "jwt",
    Introspect "introspect" "introspect",
    Login "login" "login",
    Keys "keys" "keys",
    Basic "basic" "basic",
    Hops "trusted_hops" "trusted_hops",
    Proxied "proxy_protocol" "proxy_protocol",
    /// `tls "db.example.com" -> database`
    Pass "tls" "tls \"...\" ->",
    /// A route to a flow.
    ToFlow "flow" "a route to a flow",
    /// A route to an operation.
    ToOperation "operation" "a route to an operation",
    /// A route with `{name}` or `*` in its path.
    Params "gateway" "a path with parameters",
    Redirect "redirect" "redirect",
    Access "access" "allow, deny",
    Mtls "mesh" "mesh: mtls",
    Sampling "mesh" "mesh: trace",
    Mesh "mesh" "mesh: limit",
}

impl Setting {
    /// The code of a diagnostic about it.
    pub(crate) fn code(self) -> Code {
        match self {
            Self::Retry | Self::Backoff | Self::Budget | Self::RetryOn => Code(701),
            Self::Balance | Self::Weights | Self::Hash => Code(702),
            Self::Idle => Code(703),
            Self::Auth => Code(704),
            _ => Code(714),
        }
    }
}

/// The settings of a policy that say something else than what holds anyway. Of timeouts, of what is repeated, of how endpoints
/// are picked and of what is limited, each target takes other parts, and says itself which.
pub(crate) fn said(policy: &Policy, outer: &Policy) -> Vec<Setting> {
    fn is<T: PartialEq>(own: &Option<T>, outer: &Option<T>) -> bool {
        own.is_some() && own != outer
    }
    let breaker = policy.breaker.filter(|_| is(&policy.breaker, &outer.breaker));
    let limit = policy.limit.as_ref().filter(|_| is(&policy.limit, &outer.limit));
    let all = [
        (Setting::Idle, policy.timeout.idle_ms != outer.timeout.idle_ms),
        (Setting::Retry, is(&policy.retry, &outer.retry)),
        (Setting::Breaker, breaker.is_some_and(|it| it.failures.is_some())),
        (Setting::FailureRate, breaker.is_some_and(|it| it.rate.is_some())),
        (
            Setting::SlowStart,
            breaker.is_some_and(|it| it.slow_start_ms.is_some()),
        ),
        (Setting::Adaptive, limit.is_some_and(|it| it.adaptive)),
        (Setting::Sticky, is(&policy.sticky, &outer.sticky)),
        (Setting::Hedge, is(&policy.hedge, &outer.hedge)),
        (Setting::Priority, is(&policy.priority, &outer.priority)),
        (Setting::Health, is(&policy.health, &outer.health)),
        (Setting::Tls, is(&policy.tls, &outer.tls)),
        (Setting::Failover, is(&policy.failover, &outer.failover)),
        (Setting::Mirror, is(&policy.mirror, &outer.mirror)),
        (Setting::Fault, is(&policy.fault, &outer.fault)),
        (Setting::Rewrite, is(&policy.rewrite, &outer.rewrite)),
        (Setting::Cors, is(&policy.cors, &outer.cors)),
        (Setting::Cache, is(&policy.cache, &outer.cache)),
        (Setting::Trace, is(&policy.trace, &outer.trace)),
    ];
    all.into_iter()
        .filter_map(|(setting, is)| is.then_some(setting))
        .collect()
}

/// Whether endpoints are picked in another way.
pub(crate) fn picks_otherwise(policy: &Policy, outer: &Policy) -> bool {
    policy.balance != outer.balance || policy.hash != outer.hash
}

/// Whether another share of the calls may be repeated.
pub(crate) fn budgets_otherwise(policy: &Policy, outer: &Policy) -> bool {
    let budget = |policy: &Policy| {
        let retry = policy.retry.as_ref();
        retry.map_or(Some(Budget::default()), |retry| retry.budget)
    };
    budget(policy) != budget(outer)
}

/// The settings of a part of a service that are not those of the whole, for a target that picks endpoints for whole services:
/// another way to pick them is one of these, however well the whole could have it.
pub(crate) fn of_part(mut said: Vec<Setting>, policy: &Policy, outer: &Policy) -> Vec<Setting> {
    if picks_otherwise(policy, outer) && !said.contains(&Setting::Balance) {
        said.push(Setting::Balance);
    }
    said
}
