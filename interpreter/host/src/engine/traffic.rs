//! Where the traffic of services goes that was moved by `shift`; the journal says it, with when that was.

use super::{Deployment, Engine, output::Output};
use crate::store::Order;
use flowmesh_ir::{Name, ServiceId, SubsetId};
use std::collections::BTreeMap;

/// What each subset of a service gets, by their names: programs that come later number them in their own way.
pub type Weights = Vec<(Name, u32)>;

/// The services whose traffic was moved, by name, and since when. One whose traffic was moved back is kept: an earlier
/// move of it may be read later.
#[derive(Clone, Debug, Default)]
pub(super) struct Traffic(BTreeMap<Name, (Order, Weights)>);

impl PartialEq for Traffic {
    fn eq(&self, other: &Self) -> bool {
        self.all().eq(other.all())
    }
}

impl Engine {
    /// Where the traffic of services goes that was moved.
    pub fn traffic(&self) -> impl Iterator<Item = (&Name, &Weights)> {
        self.ledger.traffic.all()
    }
}

impl Traffic {
    /// Since then it goes so, unless it was moved later; no weights is back to what programs say.
    pub(super) fn shift(&mut self, service: Name, weights: Weights, since: Order) {
        if self.0.get(&service).is_none_or(|(known, _)| *known <= since) {
            self.0.insert(service, (since, weights));
        }
    }

    /// Where it goes now, in the numbers of a program.
    pub(super) fn weights(&self, deployment: &Deployment, service: ServiceId) -> Vec<(SubsetId, u32)> {
        let declared = deployment.program.service(service);
        let moved = declared.and_then(|declared| Some((declared, self.0.get(&declared.name)?)));
        let Some((declared, (_, weights))) = moved else {
            return Vec::new();
        };
        let number = |name: &Name| {
            let at = declared.subsets.iter().position(|subset| subset.name == *name)?;
            u32::try_from(at).ok().map(SubsetId)
        };
        weights
            .iter()
            .filter_map(|(name, weight)| Some((number(name)?, *weight)))
            .collect()
    }

    /// All of it that is not as programs say.
    pub(super) fn all(&self) -> impl Iterator<Item = (&Name, &Weights)> {
        self.moved().filter(|(_, weights)| !weights.is_empty())
    }

    /// All that was ever moved.
    pub(super) fn moved(&self) -> impl Iterator<Item = (&Name, &Weights)> {
        self.0.iter().map(|(service, (_, weights))| (service, weights))
    }
}

/// What a program calls the parts of one of its services.
pub(super) fn named(
    deployment: &Deployment,
    service: ServiceId,
    weights: &[(SubsetId, u32)],
) -> Option<(Name, Weights)> {
    let declared = deployment.program.service(service)?;
    let name = |(subset, weight): &(SubsetId, u32)| {
        let subset = declared.subsets.get(subset.index())?;
        Some((subset.name.clone(), *weight))
    };
    let weights: Option<Weights> = weights.iter().map(name).collect();
    Some((declared.name.clone(), weights?))
}

/// What tells the mesh.
pub(super) fn output(service: &Name, weights: &Weights) -> Output {
    Output::Shift {
        service: service.clone(),
        weights: weights.clone(),
    }
}
