//! What a host takes from its surroundings.

use crate::{
    clock::{Clock, SystemClock},
    disk::Disk,
    engine::Residence,
    network::{MeshNetwork, Network, Secrets},
    store::{self, KeyRing, StoreError, compact},
    traces::SpanSink,
    workers::Workers,
};
use flowmesh_ir::locality::Zone;
use flowmesh_mesh::{Own, Resolver};
use jiff::SignedDuration;
use std::{path::PathBuf, sync::Arc};

/// What a host takes from its surroundings.
#[derive(Clone)]
pub struct HostOptions {
    /// Time and chance.
    pub clock: Arc<dyn Clock>,
    /// Who makes calls.
    pub network: Arc<dyn Network>,
    /// The tasks of `worker` operations.
    pub workers: Workers,
    /// How many runs are kept in memory that only wait, and for how long.
    pub residence: Residence,
    /// When the journal is compacted.
    pub compact: compact::Due,
    /// How long runs that have ended are kept; for as long as their flows say, if nobody says more.
    pub retention: Option<Retention>,
    /// Who takes the spans of runs, if they are made.
    pub traces: Option<Arc<dyn SpanSink>>,
    /// How many visits of gateways are kept in memory, with why they went as they did; none, if nobody says.
    pub visits: usize,
    /// With what the directory is encrypted.
    pub keys: Option<KeyRing>,
}

/// How long runs are kept that have ended, and what becomes of them.
#[derive(Clone, Debug)]
pub struct Retention {
    /// So long after their end, unless their flow says otherwise; for ever, if nobody does.
    pub keep: Option<SignedDuration>,
    /// Before they go, they are written to files in this directory, each an export of its own.
    pub archive: Option<PathBuf>,
}

impl HostOptions {
    /// The system's clock, and calls over the mesh: names are looked up with `resolver`, `secrets` gives the value of
    /// a secret by its name.
    #[must_use]
    pub fn new(resolver: Arc<dyn Resolver>, secrets: Secrets) -> Self {
        Self::placed(resolver, secrets, None, None)
    }

    /// The same; calls show who this process is where both sides do, and go where it is near.
    #[must_use]
    pub fn placed(
        resolver: Arc<dyn Resolver>,
        secrets: Secrets,
        own: Option<Own>,
        zone: Option<Zone>,
    ) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let workers = Workers::new(clock.clone());
        let network = MeshNetwork::new(resolver, secrets, clock.clone(), workers.clone());
        let network = Arc::new(network.showing(own).standing(zone));
        Self {
            clock,
            network,
            workers,
            residence: Residence::default(),
            compact: compact::Due::default(),
            retention: None,
            traces: None,
            visits: 0,
            keys: None,
        }
    }

    /// A directory with the keys that it is encrypted with, if it is to be.
    pub(super) fn encrypted(&self, disk: Arc<dyn Disk>) -> Result<Arc<dyn Disk>, StoreError> {
        match &self.keys {
            Some(keys) => store::encrypt(disk, keys, &store::system_random),
            None => Ok(disk),
        }
    }
}
