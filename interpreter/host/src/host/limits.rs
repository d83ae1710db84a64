//! Who makes the calls of what has runs, and what is lent of limits that this process holds together with others.

use super::{Host, OpenError};
use crate::{
    driver::Callers,
    engine::Engine,
    network::{Network, Shared},
};
use flowmesh_ir::Name;
use flowmesh_mesh::{
    Shares, Till,
    decide::ledger::{Grant, Holder, Place, Wish},
};
use std::sync::Arc;

/// A till of this process, and the network whose meshes are lent of it.
pub(super) fn open(network: Arc<dyn Network>) -> (Till, Arc<dyn Network>) {
    let till = Till::open();
    // Those of this process are counted in the namespace that everything is in where none is named.
    let shares = Shares::here(till.clone(), &Name::default());
    (till, Arc::new(Shared { network, shares }))
}

/// Everything that has runs must be callable before any run goes on.
pub(super) fn callers(engine: &Engine, network: &dyn Network) -> Result<Callers, OpenError> {
    let mut callers = Callers::new();
    for deployment in engine.deployments() {
        let caller = network.connect(&deployment).map_err(OpenError::Network)?;
        callers.insert((deployment.program_hash, deployment.settings_hash), caller);
    }
    Ok(callers)
}

impl Host {
    /// Lends what somebody of another process wants of limits of this namespace; among how many they are shared.
    pub(crate) fn lend(&self, holder: Holder, wishes: Vec<(Arc<str>, Wish)>) -> (u32, Vec<Grant>) {
        let namespace: Arc<str> = self.namespace().as_str().into();
        let among = self.0.till.hear(&namespace, holder);
        let lent = wishes.into_iter().map(|(limit, wish)| {
            let namespace = namespace.clone();
            self.0.till.lend(&Place { namespace, limit }, holder, wish)
        });
        (among, lent.collect())
    }
}
