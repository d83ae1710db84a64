//! Reading the journal again: every event once and in the order of its run, wherever compaction has put it.
//!
//! Where older segments were let go of, events may come before those that they follow: these are written again further
//! on, or the run is kept no longer. Until that is clear, such events are kept aside.

use super::{
    Reader, Record, StoreError,
    act::KeptAct,
    changes::{Kept, Moved},
    deployed::Deployed,
    proto,
    record::{Between, EventRecord, History, Location, Order, Position, Traffic},
    recover,
    result::Voided,
    row::Block,
    schedule::Schedule,
    survey::{self, FoundRun, Survey},
};
use crate::{RunId, disk::Disk};
use std::{collections::BTreeMap, sync::Arc};

/// Who takes what the journal holds.
pub trait Replaying {
    /// The number of the next event of a run; 0 if nothing is known of it.
    ///
    /// # Errors
    /// If what is known cannot be read.
    fn next(&mut self, run: RunId) -> Result<u64, StoreError>;

    /// When what is handed over next was written first: each of the events, or the traffic or schedule.
    fn order(&mut self, _order: &[Order]) {}

    /// The next events of a run, which lie in one block; and the last batch before the one that is being read.
    ///
    /// # Errors
    /// If they contradict what came before, or cannot be taken.
    fn events(&mut self, events: Vec<EventRecord>, block: Block, behind: Position) -> Result<(), StoreError>;

    /// A program or settings.
    ///
    /// # Errors
    /// If it cannot be taken.
    fn kept(&mut self, record: Record, kept: Kept) -> Result<(), StoreError>;

    /// Where traffic went at a time.
    ///
    /// # Errors
    /// If it cannot be taken.
    fn traffic(&mut self, traffic: Traffic) -> Result<(), StoreError>;

    /// How a schedule stands from here on.
    ///
    /// # Errors
    /// If it cannot be taken.
    fn schedule(&mut self, schedule: Schedule) -> Result<(), StoreError>;

    /// What was deployed up to here, in its order, as far as it is said here. Who does not ask after it passes over it.
    ///
    /// # Errors
    /// If it cannot be taken.
    fn deployed(&mut self, _: Vec<Deployed>) -> Result<(), StoreError> {
        Ok(())
    }

    /// A result is reused no more. Who does not ask after it passes over it.
    ///
    /// # Errors
    /// If it cannot be taken.
    fn voided(&mut self, _: Voided) -> Result<(), StoreError> {
        Ok(())
    }

    /// What somebody did with a key of their own, and where that lies. Who does not ask after it passes over it.
    ///
    /// # Errors
    /// If it cannot be taken.
    fn act(&mut self, _: KeptAct) -> Result<(), StoreError> {
        Ok(())
    }

    /// A run is kept no longer.
    ///
    /// # Errors
    /// If it cannot be taken.
    fn forgotten(&mut self, run: RunId) -> Result<(), StoreError>;
}

/// Hands over one record, for those who have the records of a journal in order and none of them twice.
///
/// # Errors
/// If `into` says so.
pub fn replay_record(record: Record, place: Location, into: &mut dyn Replaying) -> Result<(), StoreError> {
    into.order(&[place.into()]);
    match record {
        Record::Event(event) => into.events(vec![event], block(place, 1), Position::default()),
        Record::History(mut history) => {
            into.order(&history.take_order(place));
            let block = block(place, history.events.len());
            into.events(history.into_events(), block, Position::default())
        }
        Record::Program { hash, .. } | Record::Settings { hash, .. } => {
            into.kept(record, Kept { hash, place })
        }
        Record::Traffic(traffic) => into.traffic(traffic),
        Record::Schedule(schedule) => into.schedule(*schedule),
        Record::Deployed(deployed) => into.deployed(vec![deployed]),
        Record::Voided(voided) => into.voided(voided),
        Record::Act(act) => into.act(KeptAct {
            act: *act,
            segment: place.segment,
        }),
        Record::Forgotten { run } => into.forgotten(run),
        Record::Between(between) => self::between(*between, into),
        Record::Freed { .. } => Ok(()),
    }
}

fn between(between: Between, into: &mut dyn Replaying) -> Result<(), StoreError> {
    into.order(&[between.order]);
    let mut traffic = between.traffic.into_iter();
    traffic.try_for_each(|traffic| into.traffic(traffic))?;
    let mut schedules = between.schedules.into_iter();
    schedules.try_for_each(|schedule| into.schedule(schedule))?;
    let mut voided = between.voided.into_iter();
    voided.try_for_each(|voided| into.voided(voided))?;
    into.deployed(between.deployed)
}

/// What is left when everything was read.
#[derive(Debug, Default)]
pub(super) struct Replayed {
    /// Events that were written again after they were read.
    pub(super) moved: Vec<Moved>,
    /// The last segment that was let go of.
    pub(super) freed: u32,
}

/// Reads the journal behind a position.
pub(super) fn replay(
    disk: &dyn Disk,
    reader: &Reader,
    from: Position,
    segments: (u32, Position),
    into: &mut dyn Replaying,
) -> Result<Replayed, StoreError> {
    let mut reading = Reading::new(reader, into, from);
    if from == Position::default() && segments.0 > 1 {
        // Programs may have been written again behind runs that were started with them.
        recover::replay(disk, from, segments, &mut |bytes, place, _| {
            if proto::is_program(&bytes) {
                let record = reader.decode_at(bytes, place)?;
                reading.record(record, place)?;
            }
            Ok(())
        })?;
    }
    recover::replay(disk, from, segments, &mut |bytes, place, behind| {
        reading.behind = behind;
        let record = reader.decode_at(bytes, place)?;
        reading.record(record, place)
    })?;
    reading.finish()
}

/// Hands over what a survey found readable: each event once and in the order of its run, up to the first that is not.
///
/// # Errors
/// If the disk fails, or `into` says so.
pub fn replay_readable(
    disk: &Arc<dyn Disk>,
    survey: &Survey,
    into: &mut dyn Replaying,
) -> Result<(), StoreError> {
    let reader = Reader::new(Arc::clone(disk));
    let mut reading = Reading::new(&reader, into, Position::default());
    reading.is_salvaging = true;
    if survey.freed > 0 {
        let mut programs = |record, place| match record {
            Record::Program { .. } | Record::Settings { .. } => reading.record(record, place),
            _ => Ok(()),
        };
        survey::survey(disk.as_ref(), &mut programs, &mut |_, _| {})?;
    }
    let mut visit = |record, place| {
        if is_readable(survey, &record) {
            reading.record(record, place)
        } else {
            Ok(())
        }
    };
    survey::survey(disk.as_ref(), &mut visit, &mut |_, _| {})?;
    reading.finish().map(drop)
}

/// Whether it is none of an event that another is missing before.
fn is_readable(survey: &Survey, record: &Record) -> bool {
    let readable = |run| survey.runs.get(&run).map_or(0, FoundRun::readable);
    match record {
        Record::Event(event) => event.sequence < readable(event.run),
        Record::History(history) => {
            let end = history.first.saturating_add(history.events.len() as u64);
            end <= readable(history.run)
        }
        _ => true,
    }
}

struct Reading<'a> {
    reader: &'a Reader,
    into: &'a mut dyn Replaying,
    /// Events that come before those they follow: where the block lies that begins with an event, and how long it is.
    aside: BTreeMap<RunId, BTreeMap<u64, Block>>,
    replayed: Replayed,
    behind: Position,
    /// Whether some events may be missing, and be read where they were written again together with others.
    is_salvaging: bool,
}

impl<'a> Reading<'a> {
    fn new(reader: &'a Reader, into: &'a mut dyn Replaying, behind: Position) -> Self {
        Self {
            reader,
            into,
            aside: BTreeMap::new(),
            replayed: Replayed::default(),
            behind,
            is_salvaging: false,
        }
    }

    fn record(&mut self, record: Record, place: Location) -> Result<(), StoreError> {
        match record {
            Record::Event(event) => self.events((vec![event], vec![place.into()]), place),
            Record::History(history) => self.history(history, place),
            Record::Forgotten { run } => {
                self.aside.remove(&run);
                self.into.forgotten(run)
            }
            Record::Traffic(_)
            | Record::Schedule(_)
            | Record::Deployed(_)
            | Record::Act(_)
            | Record::Voided(_)
            | Record::Between(_) => replay_record(record, place, self.into),
            Record::Freed { segment } => {
                self.replayed.freed = self.replayed.freed.max(segment);
                Ok(())
            }
            Record::Program { hash, .. } | Record::Settings { hash, .. } => {
                self.into.kept(record, Kept { hash, place })
            }
        }
    }

    fn history(&mut self, mut history: History, place: Location) -> Result<(), StoreError> {
        let (run, first) = (history.run, history.first);
        let block = block(place, history.events.len());
        let end = first.saturating_add(u64::from(block.events));
        if end <= self.into.next(run)? {
            let blocks = vec![block];
            self.replayed.moved.push(Moved { run, first, blocks });
            return Ok(());
        }
        let order = history.take_order(place);
        self.events((history.into_events(), order), place)
    }

    fn events(
        &mut self,
        (events, order): (Vec<EventRecord>, Vec<Order>),
        place: Location,
    ) -> Result<(), StoreError> {
        let Some((run, first)) = events.first().map(|event| (event.run, event.sequence)) else {
            return Ok(());
        };
        let block = block(place, events.len());
        let next = self.into.next(run)?;
        if first > next {
            self.aside.entry(run).or_default().insert(first, block);
            return Ok(());
        }
        if first < next {
            // What is known already; events that are known in part were never written so.
            if first.saturating_add(u64::from(block.events)) <= next {
                return Ok(());
            }
            if !self.is_salvaging {
                let reason = "some of its events were written again with others";
                return Err(contradiction(run, reason));
            }
        }
        self.hand_over((events, order), next.saturating_sub(first), block)?;
        self.take_aside(run)
    }

    /// Hands over events without the first ones, which are known.
    fn hand_over(
        &mut self,
        (mut events, mut order): (Vec<EventRecord>, Vec<Order>),
        known: u64,
        block: Block,
    ) -> Result<(), StoreError> {
        let known = usize::try_from(known).unwrap_or(usize::MAX);
        events.drain(..known.min(events.len()));
        order.drain(..known.min(order.len()));
        self.into.order(&order);
        self.into.events(events, block, self.behind)
    }

    /// Events that were kept aside and follow now.
    fn take_aside(&mut self, run: RunId) -> Result<(), StoreError> {
        while let Some(aside) = self.aside.get_mut(&run) {
            let Some((first, block)) = aside.pop_first() else {
                self.aside.remove(&run);
                return Ok(());
            };
            let next = self.into.next(run)?;
            if first > next {
                aside.insert(first, block);
                return Ok(());
            }
            let end = first.saturating_add(u64::from(block.events));
            if first == next || self.is_salvaging && end > next {
                let (events, order) = self.reader.ordered(block.place)?;
                self.hand_over((events, order), next.saturating_sub(first), block)?;
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<Replayed, StoreError> {
        match self.aside.first_key_value() {
            None => Ok(self.replayed),
            Some((run, _)) => Err(contradiction(*run, "it has events and no beginning")),
        }
    }
}

fn block(place: Location, events: usize) -> Block {
    Block {
        place,
        events: u32::try_from(events).unwrap_or(u32::MAX),
    }
}

fn contradiction(run: RunId, reason: &str) -> StoreError {
    StoreError::Contradiction {
        reason: format!("run `{run}`: {reason}"),
    }
}
