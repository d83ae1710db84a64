//! What only a prompt says: a run that goes on from the middle of another one, beside it, and mocks that hold no more.

use super::{
    failure::{Checked, Failure},
    mirror::Mirror,
    show,
    world::World,
};
use crate::{
    RunId,
    store::{EventRecord, Record},
};
use flowmesh_ir::{SlotId, Value, test::Target};
use std::sync::Arc;

impl World<'_> {
    /// A run begins with the first events of another one, written again as its own. Whatever it waits for by then is asked
    /// for once more, as after a crash: nothing here reaches anybody.
    pub(super) fn fork(&mut self, of: SlotId, events: u64, slot: SlotId) -> Checked<()> {
        let deployment = self.deployed()?;
        let Some((of, flow)) = self
            .run_id(of)
            .and_then(|id| Some((id, self.mirrors.runs.get(&id)?.flow)))
        else {
            return Ok(());
        };
        let past = self.past(of);
        let count = usize::try_from(events).unwrap_or(usize::MAX);
        let Some(shared) = past.get(..count).filter(|shared| !shared.is_empty()) else {
            let last = past.len().saturating_sub(1);
            let why = format!(
                "the run has no event {}: its last one is {last}",
                events.saturating_sub(1)
            );
            return Err(Box::new(Failure::refused(self.span, &why, None)));
        };
        let number = u64::try_from(self.runs.len()).unwrap_or(u64::MAX);
        let run = RunId::new(self.now, number, self.options.seed);
        let mut mirror = Mirror::new(&deployment, run, flow, self.mirrors.runs.len().saturating_add(1));
        for record in shared {
            mirror.again(&self.prepared, &deployment, &record.event);
        }
        if mirror.run.guards().next().is_some() {
            let why = "the run holds a lock or a permit there, of which there would be two";
            let help = "fork it at an event before it has that, or behind".to_owned();
            return Err(Box::new(Failure::refused(self.span, &why, Some(help))));
        }
        let records = shared.iter().cloned().map(|record| of_another(record, run));
        self.journal.append(Arc::new(records.collect()));
        let before = self.mirrors.runs.get(&of).map(|mirror| Arc::clone(&mirror.name));
        self.mirrors.runs.insert(run, mirror);
        let told = format!(
            "goes on from event {} of {}",
            events.saturating_sub(1),
            before.unwrap_or_default()
        );
        self.mirrors.note(run, self.now, told);
        let index = i64::try_from(self.runs.len()).unwrap_or_default();
        self.runs.push(run);
        self.set(slot, Value::Int(index));
        self.crash()
    }

    /// The events of a run, in order.
    pub(super) fn past(&self, run: RunId) -> Vec<EventRecord> {
        let of_run = |record: &Record| match record {
            Record::Event(event) if event.run == run => Some(event.clone()),
            _ => None,
        };
        self.journal.records().filter_map(of_run).collect()
    }

    /// Nothing that was said of a call holds any more.
    pub(super) fn unmock(&mut self, target: Target) -> Checked<()> {
        let before = self.mocks.len();
        self.mocks.retain(|known| known.mock.call.target != target);
        if self.mocks.len() == before {
            let why = format!("nothing mocks `{}`", show::title(self.program, target));
            return Err(Box::new(Failure::refused(self.span, &why, None)));
        }
        Ok(())
    }
}

/// An event as that of another run.
fn of_another(mut record: EventRecord, run: RunId) -> Record {
    record.run = run;
    if let Some(origin) = &mut record.origin {
        origin.shared = None;
        origin.lineage = None;
    }
    Record::Event(record)
}
