//! Compaction between everything else that happens: the last segment is closed, and segments go as long as they can.

use super::{Bug, Chance, Scenario, world::World};
use crate::store::{
    Appended, Block, EventRecord, Index, Journal, Kept, Order, Position, Record, Replaying, Schedule, Shelf,
    StoreError, Traffic,
    compact::{Compaction, Step},
    read_journal,
};
use std::collections::{BTreeMap, BTreeSet};

/// The journal is compacted after so many batches at the most.
const COMPACT_MAX: u64 = 12;
/// So many steps are done at once at the most.
const STEPS_MAX: usize = 40;

/// After how many batches a world is compacted, if it is. It is drawn apart, so that everything else is as without it.
pub(super) fn draw(seed: u64, scenario: &Scenario) -> Option<u64> {
    let mut chance = Chance::new(!seed);
    let compacts = scenario.bug.is_none_or(Bug::is_of_compaction);
    let some = compacts && chance.happens(scenario.faults.compacted);
    some.then(|| chance.below(COMPACT_MAX).saturating_add(1))
}

/// What was decided of schedules, by when that was written first: the check looks at all of it.
pub(super) type Decided = BTreeMap<(Order, flowmesh_ir::Name), Schedule>;

impl World<'_> {
    /// Compacts the journal if it is time: after every so many batches.
    pub(super) fn compact_if_due(&mut self) {
        let every = self.scenario.compact_every.or(self.compact_every);
        let due = |every: u64| self.written.checked_rem(every) == Some(0);
        if every.is_some_and(due) {
            self.note("compact");
            self.remember_decided();
            match self.compact() {
                Ok(freed) => self.freed = self.freed.saturating_add(freed),
                Err(StoreError::Full { .. }) => {}
                Err(_) => self.crash(),
            }
        }
    }

    /// Records of schedules go with their segments.
    fn remember_decided(&mut self) {
        if !self.program.schedules.is_empty() {
            let mut deciding = Deciding::default();
            // What cannot be read will be told by whoever opens it.
            let _ = read_journal(&self.disk.shared(), &mut deciding);
            self.decided.extend(deciding.decided);
        }
    }

    /// How many segments went.
    fn compact(&mut self) -> Result<u64, StoreError> {
        let spoils = self.spoils();
        let (disk, mut freed) = (self.disk.clone(), 0_u64);
        let Some(process) = &mut self.process else {
            return Ok(0);
        };
        let (index, journal) = (&process.index, &mut process.journal);
        if let Some(sealed) = journal.roll()? {
            index.seal(sealed);
        }
        let in_use: BTreeSet<_> = index.kept()?.into_iter().collect();
        let written = journal.written();
        let compaction = Compaction {
            disk: &disk,
            index: index.as_ref(),
            written: &written,
            in_use: &in_use,
        };
        for _ in 0..STEPS_MAX {
            let mut append = |mut records: Vec<Record>| {
                spoils.spoil(&mut records);
                append(journal, index, &records)
            };
            match compaction.step(&mut append)? {
                Step::Moved(_) => {}
                Step::Freed(_) => freed = freed.saturating_add(1),
                Step::Nothing => break,
            }
        }
        Ok(freed)
    }
}

fn append(journal: &mut Journal, index: &Index, records: &[Record]) -> Result<Appended, StoreError> {
    let appended = journal.append(records)?;
    if let Some(sealed) = appended.sealed.clone() {
        index.seal(sealed);
    }
    Ok(appended)
}

/// Reads the journal for what was decided of schedules.
#[derive(Default)]
struct Deciding {
    next: BTreeMap<crate::RunId, u64>,
    order: Vec<Order>,
    decided: Decided,
}

impl Replaying for Deciding {
    fn order(&mut self, order: &[Order]) {
        self.order = order.to_vec();
    }

    fn next(&mut self, run: crate::RunId) -> Result<u64, StoreError> {
        Ok(self.next.get(&run).copied().unwrap_or_default())
    }

    fn events(&mut self, events: Vec<EventRecord>, _: Block, _: Position) -> Result<(), StoreError> {
        for event in events {
            self.next.insert(event.run, event.sequence.saturating_add(1));
        }
        Ok(())
    }

    fn kept(&mut self, _: Record, _: Kept) -> Result<(), StoreError> {
        Ok(())
    }

    fn traffic(&mut self, _: Traffic) -> Result<(), StoreError> {
        Ok(())
    }

    fn schedule(&mut self, schedule: Schedule) -> Result<(), StoreError> {
        let order = self.order.first().copied().unwrap_or_default();
        self.decided.insert((order, schedule.name.clone()), schedule);
        Ok(())
    }

    fn forgotten(&mut self, run: crate::RunId) -> Result<(), StoreError> {
        self.next.remove(&run);
        Ok(())
    }
}
