//! Another program for a directory in which no host works: new runs start with it when one does, and those that can go on
//! in it go on in it then.

use super::UpkeepError;
use crate::{
    Upgraded,
    disk::Disk,
    engine::{self, Answer, By, Deployment, Programs, Refusal, Search, Store, at_rest, view::Choosing},
    host::{AT_ONCE, RUNS_MAX, Summing, earlier},
    store::{self, Count, Deployed, Filter, OpeningOptions, Record, Shelf, StoreError},
};
use flowmesh_ir::Name;
use jiff::Timestamp;
use std::sync::Arc;

/// A directory in which no host works, to deploy to.
pub struct Deploying {
    store: Store,
    programs: Programs,
    now: Timestamp,
}

impl Deploying {
    /// Opens it; nothing is written yet.
    ///
    /// # Errors
    /// If there is no store in the directory, it is damaged, or the disk fails.
    pub fn open(disk: &Arc<dyn Disk>, now: Timestamp) -> Result<Self, UpkeepError> {
        if !store::is_there(disk.as_ref())? {
            let place = disk.place("");
            return Err(UpkeepError::NoStore { place });
        }
        // What a host would do about its runs is left to the next one: nothing of it is written.
        let store = engine::open(Arc::clone(disk), &OpeningOptions::default(), now)?;
        Ok(Self {
            store,
            programs: Programs::default(),
            now,
        })
    }

    /// What runs were started with so far, the last one first.
    #[must_use]
    pub fn history(&self) -> Vec<Deployed> {
        self.store.engine.deployed().iter().rev().cloned().collect()
    }

    /// The program before the one that runs are started with now.
    ///
    /// # Errors
    /// If there was none, or it cannot be read.
    pub fn earlier(&mut self) -> Result<Arc<Deployment>, UpkeepError> {
        let hashes = earlier(&self.history()).ok_or(Refusal::NoEarlier)?;
        Ok(self.programs.get(self.store.index.as_ref(), hashes)?)
    }

    /// What would become of the runs of a namespace.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn plan(
        &mut self,
        to: &Arc<Deployment>,
        (namespace, examples): (&Name, usize),
    ) -> Result<Upgraded, UpkeepError> {
        self.upgrade(to, (namespace, examples), false)
    }

    /// Writes that runs are started with a program from now on, and moves the runs of a namespace that can go on in it.
    /// Each run moves by itself: where it ends early, it can be asked for once more.
    ///
    /// # Errors
    /// If another namespace than `default` is meant and it is another program, or it cannot be written.
    pub fn roll_out(
        &mut self,
        to: &Arc<Deployment>,
        by: By,
        (namespace, examples): (&Name, usize),
    ) -> Result<Upgraded, UpkeepError> {
        let (program, settings) = to.hashes();
        let stands = self.history().first().map(|it| (it.program, it.settings));
        if stands != Some((program, settings)) {
            if !namespace.is_empty() {
                return Err(Refusal::ProgramOfAll.into());
            }
            let deployed = Record::Deployed(Deployed {
                program,
                settings,
                at: Timestamp::from_microsecond(self.now.as_microsecond()).unwrap_or(self.now),
                by: by.who,
                how: by.how,
            });
            let kept = self.store.index.kept()?;
            let is_new = |record: &Record| match record {
                Record::Program { hash, .. } | Record::Settings { hash, .. } => !kept.contains(hash),
                _ => true,
            };
            let records = to.records().into_iter().filter(is_new).chain([deployed]);
            self.append(&records.collect::<Vec<_>>())?;
        }
        self.upgrade(to, (namespace, examples), true)
    }

    fn upgrade(
        &mut self,
        to: &Arc<Deployment>,
        (namespace, examples): (&Name, usize),
        moves: bool,
    ) -> Result<Upgraded, UpkeepError> {
        let filter = Filter {
            namespace: namespace.clone(),
            ..Filter::default()
        };
        let search = Search::Choose(filter, Choosing::Live, RUNS_MAX);
        let Answer::Chosen(chosen) = search.answer(self.store.index.as_ref())? else {
            return Ok(Upgraded::default());
        };
        let mut sum = Summing::new(examples);
        // The oldest first: it has waited longest.
        let runs: Vec<_> = chosen.runs.into_iter().rev().collect();
        for some in runs.chunks(AT_ONCE) {
            let shelf: &dyn Shelf = self.store.index.as_ref();
            let said = at_rest(shelf, &mut self.programs, (some, to), self.now)?;
            let (verdicts, moved): (Vec<_>, Vec<_>) = said.into_iter().unzip();
            let moved: Vec<Record> = moved.into_iter().flatten().map(Record::Event).collect();
            if moves && !moved.is_empty() {
                self.append(&moved)?;
            }
            verdicts.into_iter().for_each(|verdict| sum.add(verdict));
        }
        Ok(sum.finish(matches!(chosen.count, Count::AtLeast(_))))
    }

    /// Whoever opens the directory next reads what the index was not told.
    fn append(&mut self, records: &[Record]) -> Result<(), UpkeepError> {
        self.store.journal.append(records).map_err(StoreError::from)?;
        Ok(())
    }
}
