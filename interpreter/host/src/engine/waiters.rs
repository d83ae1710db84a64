//! Those who wait for the end of a run, or follow what happens to it.

use super::{Engine, Held, Ticket, batch::Deferred, query::Query};
use crate::RunId;

impl Engine {
    pub(super) fn wait(&mut self, ticket: Ticket, run: RunId) {
        match self.runs.get_mut(&run).and_then(Held::live) {
            Some(live) => live.waiting.push(ticket),
            None => self.defer(Deferred::Answer(ticket, Query::Ended(run))),
        }
    }

    pub(super) fn forget(&mut self, run: RunId, ticket: Ticket) {
        if let Some(live) = self.runs.get_mut(&run).and_then(Held::live) {
            live.waiting.retain(|waiting| *waiting != ticket);
        }
        self.answers
            .retain(|(of, _), waiting| *of != run || *waiting != ticket);
        self.rest_later(run);
    }

    pub(super) fn watch(&mut self, run: RunId, more: bool) {
        if let Some(held) = self.runs.get_mut(&run) {
            held.watched = if more {
                held.watched.saturating_add(1)
            } else {
                held.watched.saturating_sub(1)
            };
        }
        self.rest_later(run);
    }
}
