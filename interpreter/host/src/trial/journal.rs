//! The journal of a test: what was written, in batches. Only a crash writes it to a disk and reads it again.

use crate::{
    engine::{Deployment, Engine, Restoring},
    simulate::{Chance, SimulatedDisk},
    store::{self, Appended, Location, Record, StoreError, open_journal, replay_record},
};
use std::sync::Arc;

/// Nobody reads records from where they lie.
const NOWHERE: Location = Location {
    segment: 0,
    offset: 0,
    length: 0,
    sum: 0,
};

/// What was written.
#[derive(Clone, Debug, Default)]
pub(super) struct Journal(Vec<Arc<Vec<Record>>>);

impl Journal {
    /// Keeps a batch; where its records lie is told, since the engine wants to know.
    pub(super) fn append(&mut self, batch: Arc<Vec<Record>>) -> Appended {
        let places = vec![NOWHERE; batch.len()];
        self.0.push(batch);
        Appended {
            places,
            ..Appended::default()
        }
    }

    /// Everything in it, in order.
    pub(super) fn records(&self) -> impl Iterator<Item = &Record> {
        self.0.iter().flat_map(|batch| batch.iter())
    }

    /// An engine that has read it from a disk, after the power went off, and tells what happens from then on.
    pub(super) fn restored(&self) -> Result<Restoring, StoreError> {
        let disk = SimulatedDisk::new();
        let (mut journal, _): (store::Journal, _) = open_journal(&disk.shared(), &mut Restoring::default())?;
        for batch in &self.0 {
            journal.append(batch)?;
        }
        drop(journal);
        disk.crash(&mut Chance::new(0));
        let mut restoring = Restoring::default();
        restoring.follow_all();
        open_journal(&disk.shared(), &mut restoring)?;
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
            if let Err(error) = replay_record(record.clone(), NOWHERE, &mut restoring) {
                return Some(error.to_string());
            }
        }
        engine.differs(restoring.engine())
    }
}
