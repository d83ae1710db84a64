//! What a host takes from its surroundings.

use crate::{
    clock::{Clock, SystemClock},
    network::{MeshNetwork, Network, Secrets},
};
use flowmesh_mesh::Resolver;
use std::sync::Arc;

/// What a host takes from its surroundings.
#[derive(Clone)]
pub struct HostOptions {
    /// Time and chance.
    pub clock: Arc<dyn Clock>,
    /// Who makes calls.
    pub network: Arc<dyn Network>,
}

impl HostOptions {
    /// The system's clock, and calls over the mesh: names are looked up with `resolver`, `secrets` gives the value of
    /// a secret by its name.
    #[must_use]
    pub fn new(resolver: Arc<dyn Resolver>, secrets: Secrets) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let network = Arc::new(MeshNetwork::new(resolver, secrets, clock.clone()));
        Self { clock, network }
    }
}
