//! Clients go on from the middle of what happened to runs that have ended, and what must hold then: the shared history
//! is the same, event by event.

use super::{clients::Intent, world::World};
use crate::{
    RunId,
    engine::{
        Continuation, History, homes,
        view::{RunView, State},
    },
    host::continuation,
    store::{EventRecord, Reader},
};
use flowmesh_machine::Place;
use std::{collections::BTreeMap, sync::Arc};

/// There is one in place of another for so many starts.
const SHARE: usize = 4;

impl World<'_> {
    /// Somebody has seen how a run ended.
    pub(super) fn may_go_on(&mut self, run: RunId, view: &RunView) {
        let most = self.scenario.starts.len() / SHARE;
        let open = view.state.is_end() && view.continued_by.is_none() && self.clients.went_on.len() < most;
        if open && self.chance.happens(self.scenario.restarts) {
            self.again(Intent::Read(run));
        }
    }

    /// Somebody has read what happened to a run.
    pub(super) fn go_on(&mut self, history: &History) {
        let Some(from) = self.continuation(history) else {
            return;
        };
        self.clients.went_on.insert(from.run, from.of);
        self.again(Intent::GoOn(Box::new(from)));
    }

    fn continuation(&mut self, history: &History) -> Option<Continuation> {
        let ending = history.ending.as_ref()?;
        let program = Arc::clone(&history.deployment.program);
        let steps = program.flow(history.flow).map_or(&[][..], |flow| &flow.steps);
        let retry = ending.state() == State::Failed && self.chance.happens(500);
        let place = match retry {
            true => Place::Failure,
            false => Place::Step {
                title: steps.get(self.chance.index(steps.len()))?.title.clone(),
                round: None,
            },
        };
        let reader = Reader::new(self.disk.shared());
        let index = &self.process.as_ref()?.index;
        let events = history.events(index.as_ref(), &reader).ok()?;
        let homes = homes(history, &events, index.as_ref()).ok()?;
        let events = events.into_iter().map(|record| record.event).collect();
        let run = RunId::new(self.now(), self.chance.draw(), self.chance.draw());
        // Where nothing can go on from there, nobody asks.
        continuation(run, (history, homes), events, &place).ok()
    }

    pub(super) fn told_continued(&mut self, run: RunId, of: RunId) {
        self.clients.continued.insert(run);
        if let Some(start) = self.clients.started.get(&of).copied() {
            self.told_started(start, run);
        }
        self.look_later(run);
    }

    /// Whether a run goes on in place of another, or of one that does.
    pub(super) fn goes_on(&self, run: RunId, of: RunId) -> bool {
        let mut at = run;
        while let Some(before) = self.clients.went_on.get(&at) {
            if *before == of {
                return true;
            }
            at = *before;
        }
        false
    }
}

/// Sees that what is shared is the same in both.
pub(super) fn check(world: &World<'_>, journal: &BTreeMap<RunId, Vec<EventRecord>>) -> Result<(), String> {
    if let Some(run) = world
        .clients
        .continued
        .iter()
        .find(|run| !journal.contains_key(run))
    {
        return Err(format!("run {run} goes on by acknowledgement, and is lost"));
    }
    for (run, own) in journal {
        let origin = own.first().and_then(|first| first.origin.as_ref());
        let Some(shared) = origin.and_then(|origin| origin.shared) else {
            continue;
        };
        let count = usize::try_from(shared.events).unwrap_or(usize::MAX);
        let others = journal.get(&shared.run).map_or(&[][..], Vec::as_slice);
        let same = |(own, other): (&EventRecord, &EventRecord)| own.event == other.event;
        if own.len() <= count || others.len() < count || !own.iter().zip(others).take(count).all(same) {
            return Err(format!(
                "run {run} does not share the history of run {}",
                shared.run
            ));
        }
    }
    Ok(())
}
