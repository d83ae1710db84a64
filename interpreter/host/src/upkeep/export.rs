//! Everything in a directory as lines of JSON, in the order in which it happened.

use super::{Progress, UpkeepError};
use crate::{
    RunId,
    disk::Disk,
    store::{self, Block, EventRecord, Kept, Position, Record, Replaying, StoreError, Survey, Traffic, line},
};
use flowmesh_ir::Hash;
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
    sync::Arc,
};

/// What was exported.
#[derive(Debug)]
pub struct Exported {
    /// How many runs.
    pub runs: usize,
    /// How many of their events.
    pub events: u64,
    /// What was found in the directory, and how much of it cannot be read.
    pub survey: Survey,
}

/// Writes everything in a directory as lines of JSON. Of one that is damaged only what can be read is written, and only
/// if that is enough for the caller: each run up to its first event that is missing.
///
/// # Errors
/// If there is no store in it, it is damaged and all of it is wanted, or the lines cannot be written.
pub fn export(
    disk: &Arc<dyn Disk>,
    is_part_enough: bool,
    out: &mut dyn Write,
    progress: Progress<'_>,
) -> Result<Exported, UpkeepError> {
    if !store::is_there(disk.as_ref())? {
        let place = disk.place("");
        return Err(UpkeepError::NoStore { place });
    }
    let survey = store::survey(disk.as_ref(), &mut |_, _| Ok(()), progress)?;
    if let Some(damage) = survey.damages.first().filter(|_| !is_part_enough) {
        return Err(StoreError::from(damage.clone()).into());
    }
    let mut exporting = Exporting {
        out,
        failed: None,
        next: BTreeMap::new(),
        kept: BTreeSet::new(),
        events: 0,
    };
    let written = exporting.write(&line::head());
    let written = written.and_then(|()| store::replay_readable(disk, &survey, &mut exporting));
    if let Some(error) = exporting.failed.take() {
        return Err(UpkeepError::Stream(error));
    }
    written?;
    exporting.out.flush().map_err(UpkeepError::Stream)?;
    Ok(Exported {
        runs: exporting.next.len(),
        events: exporting.events,
        survey,
    })
}

struct Exporting<'a> {
    out: &'a mut dyn Write,
    /// Why nothing can be written any more.
    failed: Option<io::Error>,
    next: BTreeMap<RunId, u64>,
    kept: BTreeSet<Hash>,
    events: u64,
}

impl Exporting<'_> {
    fn write(&mut self, line: &str) -> Result<(), StoreError> {
        self.out
            .write_all(line.as_bytes())
            .and_then(|()| self.out.write_all(b"\n"))
            .map_err(|error| {
                self.failed = Some(error);
                StoreError::Stopped
            })
    }

    fn record(&mut self, record: Record) -> Result<(), StoreError> {
        let lines = line::lines(record);
        lines.iter().try_for_each(|line| self.write(line))
    }
}

impl Replaying for Exporting<'_> {
    fn next(&mut self, run: RunId) -> Result<u64, StoreError> {
        Ok(self.next.get(&run).copied().unwrap_or_default())
    }

    fn events(&mut self, events: Vec<EventRecord>, _: Block, _: Position) -> Result<(), StoreError> {
        for event in events {
            self.next.insert(event.run, event.sequence.saturating_add(1));
            self.events = self.events.saturating_add(1);
            self.record(Record::Event(event))?;
        }
        Ok(())
    }

    fn kept(&mut self, record: Record, kept: Kept) -> Result<(), StoreError> {
        if self.kept.insert(kept.hash) {
            self.record(record)?;
        }
        Ok(())
    }

    fn traffic(&mut self, traffic: Traffic) -> Result<(), StoreError> {
        self.record(Record::Traffic(traffic))
    }

    fn schedule(&mut self, schedule: store::Schedule) -> Result<(), StoreError> {
        self.record(Record::Schedule(Box::new(schedule)))
    }

    /// The events of such a run are not handed over to begin with.
    fn forgotten(&mut self, _: RunId) -> Result<(), StoreError> {
        Ok(())
    }
}
