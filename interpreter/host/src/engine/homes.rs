//! Where a run was at home: the programs of its history, so that each of its events is read with the right one.

use super::{Deployment, History, Programs, happen::moves_to};
use crate::store::{EventRecord, Shelf, StoreError};
use flowmesh_ir::FlowId;
use flowmesh_machine::{Effect, Event, EventKind, Run};
use std::sync::Arc;

/// The deployments of a run, in their order: the one that it began with, then those that it was moved to.
///
/// # Errors
/// If one of them is not in the store.
pub(crate) fn homes(
    history: &History,
    events: &[EventRecord],
    shelf: &dyn Shelf,
) -> Result<Vec<Arc<Deployment>>, StoreError> {
    let mut programs = Programs::default();
    let mut home = |hashes| match hashes == history.deployment.hashes() {
        true => Ok(Arc::clone(&history.deployment)),
        false => programs.get(shelf, hashes),
    };
    let origin = events.first().and_then(|first| first.origin.as_ref());
    let first = origin.map_or(history.deployment.hashes(), |it| (it.program, it.settings));
    let moves = events.iter().filter_map(|record| moves_to(&record.event.kind));
    std::iter::once(first).chain(moves).map(&mut home).collect()
}

/// A run that is played once more, each event in the program that it happened in.
pub(crate) struct Player<'h> {
    homes: &'h [Arc<Deployment>],
    at: usize,
    pub(crate) run: Run,
}

impl<'h> Player<'h> {
    /// Before the first event; nothing if its first home does not have its flow.
    pub(crate) fn new(history: &History, homes: &'h [Arc<Deployment>]) -> Option<Self> {
        let flow = history.deployment.flow_name(history.flow);
        let first = homes.first()?;
        let flow = first.program.flow_named(&flow)?;
        Some(Self {
            homes,
            at: 0,
            run: first.new_run(history.root, flow),
        })
    }

    /// Plays one event.
    pub(crate) fn play(&mut self, event: &Event, effects: &mut Vec<Effect>) {
        let (Some(home), next) = (self.homes.get(self.at), self.at.saturating_add(1)) else {
            return;
        };
        if let (EventKind::Moved { mapping, .. }, Some(to)) = (&event.kind, self.homes.get(next))
            && home.moves(to, &mut self.run, mapping)
        {
            self.at = next;
        }
        if let Some(home) = self.homes.get(self.at) {
            home.apply(&mut self.run, event, effects);
        }
    }

    /// Where the run is at home now, and its flow there.
    pub(crate) fn home(&self) -> Option<(&'h Arc<Deployment>, FlowId)> {
        Some((self.homes.get(self.at)?, self.run.flow()))
    }
}
