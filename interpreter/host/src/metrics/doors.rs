//! The doors of gateways, which measure what comes through them.

use flowmesh_ir::Name;
use flowmesh_mesh::{VisitMeasures, gateway::Door};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

/// The doors of the gateways that are open, by the names of these.
#[derive(Default)]
pub(crate) struct Doors(Mutex<BTreeMap<Name, Weak<Door>>>);

impl Doors {
    /// A gateway opens, or has other doors.
    pub(crate) fn opens(&self, gateway: Name, door: &Arc<Door>) {
        let mut doors = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        doors.insert(gateway, Arc::downgrade(door));
    }

    /// What was measured of the visits of each gateway that is open.
    pub(crate) fn visits(&self) -> Vec<VisitMeasures> {
        let mut doors = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        doors.retain(|_, door| door.strong_count() > 0);
        let open = doors.values().filter_map(Weak::upgrade);
        open.map(|door| door.measures()).collect()
    }
}
