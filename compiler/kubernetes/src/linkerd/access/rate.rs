//! How many requests the pods of a service take, as a `HTTPLocalRateLimitPolicy` of each of its Servers.

use super::kinds::Reference;
use crate::{
    Manifest,
    linkerd::{route::object, settings::by_identity},
    manifest::Metadata,
};
use flowmesh_ir::{Program, service::Service, traffic::Limit};
use serde::Serialize;

/// So many requests a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::linkerd) enum Rate {
    /// All together.
    Total(u32),
    /// Of each caller.
    Identity(u32),
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Policy {
    target_ref: Reference,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<Requests>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<Requests>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Requests {
    requests_per_second: u32,
}

/// What a service says, where Linkerd can hold it.
pub(in crate::linkerd) fn requests(program: &Program, service: &Service) -> Option<Rate> {
    let limit = program.policy(service.policy)?.limit.as_ref()?;
    let count = a_second(limit)??;
    match (&limit.per, by_identity(limit)) {
        (None, _) => Some(Rate::Total(count)),
        (Some(_), true) => Some(Rate::Identity(count)),
        (Some(_), false) => None,
    }
}

/// How many a second a limit lets through, if it has a rate; nothing where these are no whole requests.
pub(in crate::linkerd) fn a_second(limit: &Limit) -> Option<Option<u32>> {
    let rate = limit.rate?;
    let thousand = u64::from(rate.count).saturating_mul(1_000);
    let whole = thousand.checked_rem(rate.per_ms) == Some(0);
    let count = thousand.checked_div(rate.per_ms).filter(|_| whole);
    Some(
        count
            .and_then(|count| u32::try_from(count).ok())
            .filter(|count| *count > 0),
    )
}

/// A manifest of a Server of the same name.
pub(super) fn manifest(metadata: Metadata, rate: Rate) -> Manifest {
    let (total, identity) = match rate {
        Rate::Total(count) => (Some(count), None),
        Rate::Identity(count) => (None, Some(count)),
    };
    let requests = |requests_per_second| Requests { requests_per_second };
    let spec = Policy {
        target_ref: Reference::own("Server", &metadata.name),
        total: total.map(requests),
        identity: identity.map(requests),
    };
    object(
        "HTTPLocalRateLimitPolicy",
        "policy.linkerd.io/v1alpha1",
        metadata,
        spec,
    )
}
