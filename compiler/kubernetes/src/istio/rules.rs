//! Where the routes of a service lead.

use super::{
    http::destination,
    virtual_service::{HttpMatch, HttpRoute, Weighted},
};
use crate::{
    address::ServicePort,
    first_match::{Part, routes},
    matcher::Match,
};
use flowmesh_ir::SubsetId;

/// The requests that fit some matches, apart by what holds for them, and led to one place.
pub(super) fn led(alternatives: &[Match], parts: &[Part<HttpRoute>], to: &[Weighted]) -> Vec<HttpRoute> {
    let each = routes(alternatives, parts)
        .into_iter()
        .map(|(fits, says)| HttpRoute {
            matches: HttpRoute::matching(fits.iter().map(HttpMatch::from).collect()).matches,
            route: to.to_vec(),
            ..says.clone()
        });
    each.collect()
}

/// Where a split leads.
pub(super) fn weighted(places: &[ServicePort], split: &[(SubsetId, u32)]) -> Option<Vec<Weighted>> {
    let one = |(subset, weight): &(SubsetId, u32)| {
        Some(Weighted {
            destination: destination(places.get(subset.index())?),
            weight: (split.len() > 1).then_some(*weight),
        })
    };
    split.iter().map(one).collect()
}
