//! Everything in a directory as lines of JSON, in the order in which it happened.

use super::{Progress, UpkeepError};
use crate::{
    RunId,
    disk::Disk,
    store::{
        self, Between, Block, EventRecord, Kept, KeyError, Order, Position, Record, Replaying, StoreError,
        Survey, Traffic, line,
    },
};
use flowmesh_ir::Hash;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
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
    let mut between = Between {
        order: Order::FIRST,
        ..Between::default()
    };
    let mut look = |record, _| {
        if let Record::Between(found) = record
            && found.order >= between.order
        {
            between = *found;
        }
        Ok(())
    };
    let survey = store::survey(disk.as_ref(), &mut look, progress)?;
    if survey.locked > 0 {
        let place = disk.place("");
        return Err(StoreError::from(KeyError::Missing { place }).into());
    }
    if let Some(damage) = survey.damages.first().filter(|_| !is_part_enough) {
        return Err(StoreError::from(damage.clone()).into());
    }
    let mut exporting = Exporting {
        out,
        failed: None,
        next: BTreeMap::new(),
        kept: BTreeSet::new(),
        events: 0,
        first: store::first_segment(disk.as_ref())?.unwrap_or(1),
        order: VecDeque::new(),
        at: Order::FIRST,
        between: Some(between),
    };
    let written = exporting.all(disk, &survey);
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
    /// The first segment: what was written before that is written with its order.
    first: u32,
    /// The order of what is handed over.
    order: VecDeque<Order>,
    /// What lay between runs when the journal was compacted last, and at which place; it is written where that is.
    at: Order,
    between: Option<Between>,
}

impl Exporting<'_> {
    fn all(&mut self, disk: &Arc<dyn Disk>, survey: &Survey) -> Result<(), StoreError> {
        let first = self.first;
        self.at = self
            .between
            .as_ref()
            .map_or(Order::FIRST, |between| between.order);
        self.write(&line::head((first > 1).then_some(first)))?;
        store::replay_readable(disk, survey, self)?;
        self.tell_between(Order::NOW)
    }

    /// What lay between runs is written before what comes later.
    fn tell_between(&mut self, order: Order) -> Result<(), StoreError> {
        match self.between.take_if(|between| between.order <= order) {
            Some(between) => self.record(Record::Between(Box::new(between))),
            None => Ok(()),
        }
    }

    /// The order of what is handed over next.
    fn next_order(&mut self) -> Order {
        self.order.pop_front().unwrap_or(Order::NOW)
    }

    /// The same of what lies between runs; none if something later was written again.
    fn later(&mut self) -> Result<bool, StoreError> {
        let order = self.next_order();
        let later = order > self.at;
        if later {
            self.tell_between(order)?;
        }
        Ok(later)
    }

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
    fn order(&mut self, order: &[Order]) {
        self.order = order.iter().copied().collect();
    }

    fn next(&mut self, run: RunId) -> Result<u64, StoreError> {
        Ok(self.next.get(&run).copied().unwrap_or_default())
    }

    fn events(&mut self, events: Vec<EventRecord>, _: Block, _: Position) -> Result<(), StoreError> {
        for event in events {
            self.next.insert(event.run, event.sequence.saturating_add(1));
            self.events = self.events.saturating_add(1);
            let order = self.next_order();
            if order < Order::segment(self.first) {
                self.record(Record::History(event.again(order)))?;
            } else {
                self.tell_between(order)?;
                self.record(Record::Event(event))?;
            }
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
        match self.later()? {
            true => self.record(Record::Traffic(traffic)),
            false => Ok(()),
        }
    }

    fn schedule(&mut self, schedule: store::Schedule) -> Result<(), StoreError> {
        match self.later()? {
            true => self.record(Record::Schedule(Box::new(schedule))),
            false => Ok(()),
        }
    }

    fn deployed(&mut self, deployed: Vec<store::Deployed>) -> Result<(), StoreError> {
        if !self.later()? {
            return Ok(());
        }
        let mut deployed = deployed.into_iter().map(Record::Deployed);
        deployed.try_for_each(|deployed| self.record(deployed))
    }

    fn act(&mut self, kept: store::KeptAct) -> Result<(), StoreError> {
        self.record(Record::Act(Box::new(kept.act)))
    }

    /// The events of such a run are not handed over to begin with.
    fn forgotten(&mut self, _: RunId) -> Result<(), StoreError> {
        Ok(())
    }
}
