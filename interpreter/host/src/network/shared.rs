//! A network whose meshes hold the limits that are shared together with others.

use super::{Caller, Network, NetworkError};
use crate::engine::Deployment;
use flowmesh_mesh::Shares;
use std::sync::Arc;

/// A network, and who lends of limits that are shared.
pub(crate) struct Shared {
    pub(crate) network: Arc<dyn Network>,
    pub(crate) shares: Shares,
}

impl Network for Shared {
    fn connect(&self, deployment: &Deployment) -> Result<Arc<dyn Caller>, NetworkError> {
        let caller = self.network.connect(deployment)?;
        share(caller.as_ref(), &self.shares);
        Ok(caller)
    }
}

/// What somebody calls through holds limits together with others from now on.
pub(crate) fn share(caller: &dyn Caller, shares: &Shares) {
    if let Some(mesh) = caller.mesh() {
        mesh.share(shares.clone());
    }
}
