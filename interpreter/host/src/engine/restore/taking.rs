//! What the journal hands over, as it comes.

use super::Restoring;
use crate::{
    RunId,
    engine::schedules::Schedules,
    store::{
        self, Block, Deployed, EventRecord, Kept, KeptAct, Order, Position, Record, Replaying, StoreError,
        Traffic, Voided,
    },
};

impl Replaying for Restoring {
    fn order(&mut self, order: &[Order]) {
        self.ordering.next(order);
    }

    fn next(&mut self, run: RunId) -> Result<u64, StoreError> {
        self.load(run)?;
        Ok(self.engine.runs.get(&run).map_or(0, |held| held.next))
    }

    fn events(&mut self, events: Vec<EventRecord>, block: Block, behind: Position) -> Result<(), StoreError> {
        if self.ordering.may_be_mixed(block.place.segment) {
            self.engine.ledger.said = Some(Vec::new());
        }
        let run = events.first().map(|event| event.run);
        events.iter().try_for_each(|event| self.event(event))?;
        run.into_iter().for_each(|run| self.place(run, block, behind));
        Ok(())
    }

    fn kept(&mut self, record: Record, kept: Kept) -> Result<(), StoreError> {
        if self.beside.is_some() {
            self.kept.push(kept);
        }
        match record {
            Record::Program { hash, json } => {
                self.engine.kept.insert(hash);
                self.programs.insert(hash, json);
            }
            Record::Settings { hash, bytes } => {
                self.engine.kept.insert(hash);
                self.settings.insert(hash, bytes);
            }
            _ => {}
        }
        Ok(())
    }

    fn traffic(&mut self, traffic: Traffic) -> Result<(), StoreError> {
        let since = self.ordering.all_at();
        let ledger = &mut self.engine.ledger;
        ledger.traffic.shift(traffic.service, traffic.weights, since);
        Ok(())
    }

    fn schedule(&mut self, schedule: store::Schedule) -> Result<(), StoreError> {
        if !self.ordering.is_latest(&schedule.name) {
            return Ok(());
        }
        for run in Schedules::runs_of(&schedule) {
            self.load(run)?;
        }
        self.engine.schedules.restore(schedule);
        Ok(())
    }

    fn deployed(&mut self, deployed: Vec<Deployed>) -> Result<(), StoreError> {
        self.ordering.deployed(deployed);
        Ok(())
    }

    fn voided(&mut self, voided: Voided) -> Result<(), StoreError> {
        self.engine.ledger.results.void(voided);
        Ok(())
    }

    fn act(&mut self, kept: KeptAct) -> Result<(), StoreError> {
        if self.engine.acts.note(&kept.act) && self.beside.is_some() {
            self.engine.acts.tell(kept);
        }
        Ok(())
    }

    fn forgotten(&mut self, run: RunId) -> Result<(), StoreError> {
        self.engine.forget_run(run);
        self.ordering.forget(run);
        self.unknown.remove(&run);
        self.open.remove(&run);
        self.ended.remove(&run);
        if self.beside.is_some() {
            self.forgotten.insert(run);
        }
        Ok(())
    }
}
