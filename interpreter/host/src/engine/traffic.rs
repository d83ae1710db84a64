//! Where the traffic of services goes that was moved by `shift`; the journal, read in order, says it.

use super::{Deployment, output::Output};
use flowmesh_ir::{Name, ServiceId, SubsetId};
use std::collections::BTreeMap;

/// What each subset of a service gets, by their names: programs that come later number them in their own way.
pub type Weights = Vec<(Name, u32)>;

/// The services whose traffic was moved, by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Traffic(BTreeMap<Name, Weights>);

impl Traffic {
    /// From now on it goes so; no weights is back to what programs say.
    pub(super) fn shift(&mut self, service: Name, weights: Weights) {
        if weights.is_empty() {
            self.0.remove(&service);
        } else {
            self.0.insert(service, weights);
        }
    }

    /// Where it goes now, in the numbers of a program.
    pub(super) fn weights(&self, deployment: &Deployment, service: ServiceId) -> Vec<(SubsetId, u32)> {
        let declared = deployment.program.service(service);
        let moved = declared.and_then(|declared| Some((declared, self.0.get(&declared.name)?)));
        let Some((declared, weights)) = moved else {
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

    /// All of it.
    pub(super) fn all(&self) -> impl Iterator<Item = (&Name, &Weights)> {
        self.0.iter()
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
