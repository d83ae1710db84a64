//! The runs of a directory as they were: read and played to the machine again, and nothing of it changed.

use super::{Progress, UpkeepError};
use crate::{
    RunId,
    disk::Disk,
    engine::Deployment,
    store::{
        self, Block, EventRecord, Kept, KeyError, Position, Record, Replaying, Schedule, StoreError, Traffic,
    },
    trial::{self, Look},
};
use flowmesh_ir::{FlowId, Hash, Name, Program};
use flowmesh_machine::{Event, EventKind, Run, Settings};
use jiff::Timestamp;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// So many events are held in memory.
const EVENTS_MAX: u64 = 5_000_000;

/// The runs of a directory.
#[derive(Debug, Default)]
pub struct Past {
    kept: BTreeMap<Hash, Arc<[u8]>>,
    runs: BTreeMap<RunId, OneRun>,
    events: u64,
    /// Programs that were needed, with their settings.
    homes: Mutex<BTreeMap<(Hash, Hash), Arc<Deployment>>>,
}

#[derive(Debug)]
struct OneRun {
    /// As which run the machine knows it.
    root: RunId,
    flow: Name,
    home: (Hash, Hash),
    events: Vec<Event>,
}

/// A run in the words of its program, at one of its events.
#[derive(Clone, Debug)]
pub struct PastRun {
    /// Which run.
    pub id: RunId,
    /// When that event was.
    pub at: Timestamp,
    /// How it stood then.
    pub look: Look,
}

/// Reads the runs of a directory.
///
/// # Errors
/// If there is no store in it, it is encrypted, or it cannot be read.
pub fn past(disk: &Arc<dyn Disk>, progress: Progress<'_>) -> Result<Past, UpkeepError> {
    if !store::is_there(disk.as_ref())? {
        let place = disk.place("");
        return Err(UpkeepError::NoStore { place });
    }
    let survey = store::survey(disk.as_ref(), &mut |_, _| Ok(()), progress)?;
    if survey.locked > 0 {
        let place = disk.place("");
        return Err(StoreError::from(KeyError::Missing { place }).into());
    }
    let mut past = Past::default();
    store::replay_readable(disk, &survey, &mut past)?;
    Ok(past)
}

impl Past {
    /// Every run that can be played, as it stood last, the newest first.
    #[must_use]
    pub fn runs(&self) -> Vec<PastRun> {
        let all = self.runs.keys().rev();
        all.filter_map(|id| self.run(*id, None)).collect()
    }

    /// A run behind one of its events; behind the last one where none is named.
    #[must_use]
    pub fn run(&self, id: RunId, sequence: Option<u64>) -> Option<PastRun> {
        let of = self.runs.get(&id)?;
        let count = match sequence {
            Some(sequence) => usize::try_from(sequence).ok()?.checked_add(1)?,
            None => of.events.len(),
        };
        let events = of.events.get(..count)?;
        let (run, home) = self.play(of, events)?;
        Some(PastRun {
            id,
            at: events.last()?.at,
            look: trial::seen(&home, &run, events.len()),
        })
    }

    /// What happened to a run: the number, the time and the kind of each event.
    #[must_use]
    pub fn events(&self, id: RunId) -> Vec<(u64, Timestamp, String)> {
        let events = self.runs.get(&id).map_or(&[][..], |run| &run.events);
        let one = |(sequence, event): (u64, &Event)| (sequence, event.at, trial::event_text(&event.kind));
        (0_u64..).zip(events).map(one).collect()
    }

    /// The run whose identifier begins so, if it is one.
    #[must_use]
    pub fn find(&self, begun: &str) -> Option<RunId> {
        let mut all = self.runs.keys().filter(|id| id.to_string().starts_with(begun));
        all.next().copied().filter(|_| all.next().is_none())
    }

    fn play(&self, of: &OneRun, events: &[Event]) -> Option<(Run, Arc<Deployment>)> {
        let mut home = self.home(of.home)?;
        let flow: FlowId = home.program.flow_named(&of.flow)?;
        let mut run = home.new_run(of.root, flow);
        let mut effects = Vec::new();
        for event in events {
            if let EventKind::Moved {
                program,
                settings,
                mapping,
                ..
            } = &event.kind
            {
                let next = self.home((*program, *settings))?;
                home.moves(&next, &mut run, mapping).then_some(())?;
                home = next;
            }
            home.apply(&mut run, event, &mut effects);
            effects.clear();
        }
        Some((run, home))
    }

    /// A program with its settings.
    fn home(&self, hashes: (Hash, Hash)) -> Option<Arc<Deployment>> {
        let mut homes = self.homes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = homes.get(&hashes) {
            return Some(Arc::clone(known));
        }
        let program: Program = serde_json::from_slice(self.kept.get(&hashes.0)?).ok()?;
        flowmesh_ir::validate(&program).ok()?;
        let settings = Settings::from_json(&program, self.kept.get(&hashes.1)?).ok()?;
        let home = Arc::new(Deployment::new(program, settings));
        homes.insert(hashes, Arc::clone(&home));
        Some(home)
    }
}

impl Replaying for Past {
    fn next(&mut self, run: RunId) -> Result<u64, StoreError> {
        let known = self.runs.get(&run).map_or(0, |run| run.events.len());
        Ok(u64::try_from(known).unwrap_or(u64::MAX))
    }

    fn events(&mut self, events: Vec<EventRecord>, _: Block, _: Position) -> Result<(), StoreError> {
        for record in events {
            self.events = self.events.saturating_add(1);
            if self.events > EVENTS_MAX {
                return Err(StoreError::Stopped);
            }
            if let Some(origin) = &record.origin {
                let run = OneRun {
                    root: origin.root(record.run),
                    flow: origin.flow.clone(),
                    home: (origin.program, origin.settings),
                    events: Vec::new(),
                };
                self.runs.insert(record.run, run);
            }
            if let Some(run) = self.runs.get_mut(&record.run) {
                run.events.push(record.event);
            }
        }
        Ok(())
    }

    fn kept(&mut self, record: Record, kept: Kept) -> Result<(), StoreError> {
        match record {
            Record::Program { json, .. } => drop(self.kept.insert(kept.hash, json)),
            Record::Settings { bytes, .. } => drop(self.kept.insert(kept.hash, bytes)),
            _ => {}
        }
        Ok(())
    }

    fn traffic(&mut self, _: Traffic) -> Result<(), StoreError> {
        Ok(())
    }

    fn schedule(&mut self, _: Schedule) -> Result<(), StoreError> {
        Ok(())
    }

    fn forgotten(&mut self, run: RunId) -> Result<(), StoreError> {
        self.runs.remove(&run);
        Ok(())
    }
}
