//! What happens by itself in the world of a test, and when.

use super::{calls::Coming, failure::Checked, world::World};
use crate::{RunId, engine::Input};
use flowmesh_machine::CallId;
use flowmesh_mesh::Outcome;
use jiff::{SignedDuration, Timestamp};

/// A call of a run.
pub(super) type Place = (RunId, CallId);

/// What happens beside what the engine is told, once it is due. Nothing of it is there while a test is explored.
#[derive(Clone, Debug)]
pub(super) enum Due {
    /// An attempt of a call ends.
    Heard(Place, Outcome),
    /// The wait between two attempts is over.
    Waited(Place),
}

impl World<'_> {
    /// What a call is answered with is on its way.
    pub(super) fn come(&mut self, place: Place, due: Timestamp, coming: Coming) {
        let (run, call) = place;
        if !coming.items.is_empty() {
            self.streams.insert(place, coming);
        } else if let Some(reply) = coming.reply {
            self.later(due, Input::Replied { run, call, reply });
        }
    }

    /// The next item of a stream, or its end.
    pub(super) fn more(&mut self, place: Place) {
        let (run, call) = place;
        if self.reads(place) {
            return;
        }
        let Some(coming) = self.streams.get_mut(&place) else {
            return;
        };
        let due = self.now.checked_add(coming.each).unwrap_or(self.now);
        match coming.items.pop_front() {
            Some(item) => {
                let item = item.into_bytes().into();
                self.later(due, Input::Streamed { run, call, item });
            }
            None => {
                let reply = self.streams.remove(&place).and_then(|coming| coming.reply);
                if let Some(reply) = reply {
                    self.later(due, Input::Replied { run, call, reply });
                }
            }
        }
    }

    /// The engine is told something at a time.
    pub(super) fn later(&mut self, at: Timestamp, input: Input) {
        self.order = self.order.saturating_add(1);
        self.queue.insert((at, self.order), input);
    }

    /// Something happens after a while.
    pub(super) fn then(&mut self, delay: SignedDuration, due: Due) {
        let at = self.now.checked_add(delay).unwrap_or(self.now);
        self.order = self.order.saturating_add(1);
        self.due.insert((at, self.order), due);
    }

    /// When the next thing happens by itself.
    pub(super) fn next(&self) -> Option<Timestamp> {
        let tick = self.engine.as_ref().and_then(crate::engine::Engine::next_tick);
        let queued = self.queue.first_key_value().map(|((at, _), _)| *at);
        let due = self.due.first_key_value().map(|((at, _), _)| *at);
        tick.into_iter().chain(queued).chain(due).min()
    }

    /// The next of what is on its way happens, if it is due; says whether it was.
    pub(super) fn happens(&mut self) -> Checked<bool> {
        let told = self.queue.first_key_value().map(|(at, _)| *at);
        let due = self.due.first_key_value().map(|(at, _)| *at);
        let is_due = |at: Option<(Timestamp, u64)>| at.filter(|(at, _)| *at <= self.now);
        match (is_due(told), is_due(due)) {
            (None, None) => return Ok(false),
            (Some(told), due) if due.is_none_or(|due| told < due) => {
                if let Some((_, input)) = self.queue.pop_first() {
                    self.tell(input)?;
                }
            }
            _ => match self.due.pop_first() {
                Some((_, Due::Heard(place, outcome))) => {
                    self.decide(place, Some(outcome))?;
                }
                Some((_, Due::Waited(place))) => self.decide(place, None)?,
                None => {}
            },
        }
        Ok(true)
    }
}
