//! Which subset a request goes to, and what it has of its own in choosing an endpoint there.

use super::Mesh;
use crate::{
    decide::{
        balance,
        route::{RequestView, route, shares},
        sticky::Key,
    },
    mesh::Service,
};
use flowmesh_ir::{
    PolicyId, SubsetId,
    policy::{Balance, Policy},
    service,
};

impl Mesh {
    /// The subset that a request goes to.
    pub(super) fn route(
        &self,
        view: &RequestView<'_>,
        declared: &service::Service,
        service: &Service,
    ) -> Option<SubsetId> {
        let moved = service.moved();
        route(
            &declared.routes,
            moved.as_deref(),
            view,
            self.conditions.as_ref(),
            &mut || self.chance.draw(),
        )
    }

    /// The subset of the endpoint that a visitor stays with, if it gets any of such requests.
    pub(super) fn subset_of(
        &self,
        token: &str,
        policy: PolicyId,
        view: &RequestView<'_>,
        declared: &service::Service,
        service: &Service,
    ) -> Option<SubsetId> {
        let key = self.sticky_key(policy)?;
        let moved = service.moved();
        let shares = shares(&declared.routes, moved.as_deref(), view, self.conditions.as_ref())?;
        let mut some = shares.iter().filter(|(_, share)| *share > 0);
        let stays = |subset: SubsetId| {
            let subset = service.subsets.get(subset.index())?.of(&[]).ok()?;
            subset.snapshot().named(token, key).map(drop)
        };
        some.find(|(subset, _)| stays(*subset).is_some())
            .map(|(subset, _)| *subset)
    }

    /// What the names of endpoints are made with under a policy.
    pub(super) fn sticky_key(&self, policy: PolicyId) -> Option<&Key> {
        self.sticky.get(policy.index())?.as_ref()
    }

    /// Of the text that its policy goes by; `None` where it goes by none, or the request has none.
    pub(super) fn hash(&self, policy: &Policy, view: &RequestView<'_>) -> Option<u64> {
        if !matches!(policy.balance, Balance::RingHash | Balance::Maglev) {
            return None;
        }
        let text = (self.texts)(policy.hash.as_ref()?, view)?;
        Some(balance::hash(&text))
    }
}
