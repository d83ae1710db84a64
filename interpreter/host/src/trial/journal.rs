//! The journal of a test: what was written, in batches. Only a crash writes it to a disk and reads it again.

use crate::{
    engine::{Deployment, Engine, Restoring},
    simulate::{Chance, SimulatedDisk},
    store::{AppendError, Location, Record, Store, StoreError},
};
use std::sync::Arc;

/// Nobody reads records from where they lie.
const NOWHERE: Location = Location {
    segment: 0,
    offset: 0,
    length: 0,
};

/// What was written.
#[derive(Clone, Debug, Default)]
pub(super) struct Journal(Vec<Arc<Vec<Record>>>);

impl Journal {
    /// Keeps a batch; where its records lie is told, since the engine wants to know.
    pub(super) fn append(&mut self, batch: Arc<Vec<Record>>) -> Vec<Location> {
        let places = vec![NOWHERE; batch.len()];
        self.0.push(batch);
        places
    }

    /// Everything in it, in order.
    pub(super) fn records(&self) -> impl Iterator<Item = &Record> {
        self.0.iter().flat_map(|batch| batch.iter())
    }

    /// An engine that has read it from a disk, after the power went off, and tells what happens from then on.
    pub(super) fn restored(&self) -> Result<Restoring, StoreError> {
        let disk = SimulatedDisk::new();
        let (mut store, _) = Store::open(Arc::new(disk.clone()), &mut |_, _| Ok(()))?;
        for batch in &self.0 {
            store.append(batch).map_err(|error| match error {
                AppendError::Failed(error) => error,
                AppendError::Full { .. } => StoreError::Stopped,
            })?;
        }
        drop(store);
        disk.crash(&mut Chance::new(0));
        let mut restoring = Restoring::default();
        restoring.follow_all();
        Store::open(Arc::new(disk), &mut |record, place| {
            restoring.record(record, place)
        })?;
        Ok(restoring)
    }

    /// Why an engine that has heard all that is written stands otherwise than this one. It knows the program; it may go
    /// on from one that stands where the beginning of the journal ends.
    pub(super) fn differs(
        &self,
        deployment: &Arc<Deployment>,
        engine: &Engine,
        before: Option<(&Self, &Engine)>,
    ) -> Option<String> {
        let (heard, mut restoring) = match before {
            Some((journal, engine)) => (journal.0.len(), Restoring::from(engine.clone())),
            None => (0, Restoring::default()),
        };
        restoring.know(Arc::clone(deployment));
        for record in self.0.iter().skip(heard).flat_map(|batch| batch.iter()) {
            if let Err(error) = restoring.record(record.clone(), NOWHERE) {
                return Some(error.to_string());
            }
        }
        engine.differs(restoring.engine())
    }
}
