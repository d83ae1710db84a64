//! Locks, pools and rates: who holds them, who waits for them in which order, and when the next may be let in.
//!
//! The journal, read in order, says who asked when, who was let in and who left; the index repeats it, for runs that are
//! not in memory.

mod again;
mod place;
mod queue;
mod settle;
mod told;

pub(super) use again::Said;
pub(crate) use place::guarded_by;
pub(super) use queue::Wish;

use crate::{
    RunId,
    store::{Granted, Guarded, Stands},
};
use flowmesh_machine::CallId;
use jiff::Timestamp;
use queue::Queue;
use std::collections::{BTreeMap, BTreeSet};

/// Who asks: a run, and by which of its calls.
pub(super) type Asker = (RunId, CallId);

/// All locks and pools that somebody holds or waits for, and all rates that somebody was just let in by.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Guards {
    all: BTreeMap<Guarded, Guard>,
    /// The last token, how often was asked, and the latest time of an event: clocks go back, and who asks later does
    /// not come before for that.
    granted: Granted,
    /// What the index was not told, if there is one.
    untold: Option<told::Untold>,
    /// A promise that a simulated world breaks on purpose: priority counts for more than any wait.
    ageless: bool,
    /// Guards that somebody waits for, by when their rate lets the next in: one entry however many wait.
    due: BTreeSet<(Timestamp, Guarded)>,
    /// Guards that nobody holds or waits for, by when there is nothing more to know of them.
    idle: BTreeSet<(Timestamp, Guarded)>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Guard {
    /// Who holds it, by which token each.
    holders: Vec<(Asker, u64)>,
    queue: Queue,
    /// From when on its rate lets another one in.
    free: Option<Timestamp>,
    /// Under which time it stands in `due` or `idle`.
    noted: Option<Timestamp>,
}

impl Guards {
    /// Somebody waits for it from now on.
    pub(super) fn ask(&mut self, place: &Guarded, asker: Asker, wish: Wish, at: Timestamp) {
        self.granted.latest = self.granted.latest.max(at);
        self.granted.asked = self.granted.asked.saturating_add(1);
        let guard = self.all.entry(place.clone()).or_default();
        let ahead = if self.ageless {
            wish.ahead_us.saturating_mul(1 << 40)
        } else {
            wish.ahead_us
        };
        let turn = i128::from(self.granted.latest.as_microsecond()).saturating_sub(ahead);
        guard.queue.add(asker, wish, (turn, self.granted.asked));
        self.note(place);
    }

    /// Who may enter now: the first in the queue, if there is room and it is time for them. Nobody overtakes.
    pub(super) fn next(&self, place: &Guarded, now: Timestamp) -> Option<Asker> {
        if let Guarded::Newest { .. } = place {
            return None;
        }
        let guard = self.all.get(place)?;
        let (first, wish) = guard.queue.first()?;
        let paced = wish.rate.is_some() && guard.free.is_some_and(|free| free > now);
        (!paced && guard.holders.len() < wish.permits()).then_some(first)
    }

    /// The token of the next grant: more than all before it. One count serves all names, so that nothing is kept of a
    /// name that nobody holds; it keeps up with the clock, so that it grows also where old journals are gone.
    pub(super) fn token(&self, now: Timestamp) -> u64 {
        let clock = u64::try_from(now.as_microsecond()).unwrap_or_default();
        clock.max(self.granted.token.saturating_add(1))
    }

    /// How somebody stands with a guard, unless they have left it.
    pub(super) fn stands(&self, place: &Guarded, asker: Asker) -> Option<Stands> {
        let guard = self.all.get(place)?;
        let held = guard.holders.iter().find(|(holder, _)| *holder == asker);
        held.map(|(_, token)| Stands::Holds(*token)).or_else(|| {
            guard
                .queue
                .turn(asker)
                .map(|(turn, asked)| Stands::Waits(turn, asked))
        })
    }

    /// Somebody is in who goes on from a history in which they were let in.
    pub(super) fn enter_beside(&mut self, place: &Guarded, asker: Asker, at: Timestamp) {
        self.enter(place, asker, self.granted.token, at);
    }

    /// Somebody was let in.
    pub(super) fn enter(&mut self, place: &Guarded, asker: Asker, token: u64, at: Timestamp) {
        self.granted.token = self.granted.token.max(token);
        if let Some(guard) = self.all.get_mut(place)
            && let Some(wish) = guard.queue.serve(asker)
        {
            // Who only keeps to a rate holds nothing.
            guard.holders.extend(wish.holds().then_some((asker, token)));
            guard.free = wish.free_after(at).max(guard.free);
            self.note(place);
        }
        self.forget_until(at);
    }

    /// Somebody let it go, or does not wait for it any more.
    pub(super) fn leave(&mut self, place: &Guarded, asker: Asker) {
        if let Some(guard) = self.all.get_mut(place) {
            guard.queue.remove(asker);
            guard.holders.retain(|(holder, _)| *holder != asker);
            self.note(place);
        }
    }

    /// Nobody holds any of them; who waits still does.
    pub(super) fn forget_holders(&mut self) {
        self.all.values_mut().for_each(|guard| guard.holders.clear());
    }

    /// All of them.
    pub(super) fn places(&self) -> Vec<Guarded> {
        self.all.keys().cloned().collect()
    }

    /// When the next may be let in that waits for the time to come.
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Takes one whose time has come.
    pub(super) fn take_due(&mut self, now: Timestamp) -> Option<Guarded> {
        self.due().filter(|at| *at <= now)?;
        let (_, place) = self.due.pop_first()?;
        if let Some(guard) = self.all.get_mut(&place) {
            guard.noted = None;
        }
        Some(place)
    }

    /// Each of them: who holds it, and who waits for it, in order.
    pub(super) fn all(&self) -> impl Iterator<Item = (&Guarded, Vec<Asker>, Vec<(Asker, &Wish)>)> {
        let guards = self.all.iter();
        guards.map(|(place, guard)| (place, guard.holders(), guard.queue.all()))
    }

    /// Whether somebody waits for it.
    pub(super) fn waits(&self, place: &Guarded, asker: Asker) -> bool {
        let guard = self.all.get(place);
        guard.is_some_and(|guard| guard.queue.holds(asker))
    }

    /// The how manyth somebody is among those who wait for it, from 1.
    pub(super) fn turn_of(&self, place: &Guarded, asker: Asker) -> Option<usize> {
        let waiting = self.all.get(place)?.queue.all();
        let before = waiting.iter().position(|(waiting, _)| *waiting == asker)?;
        Some(before.saturating_add(1))
    }

    /// Who holds it and then who waits for it, each in order.
    pub(super) fn everybody(&self, place: &Guarded) -> Vec<Asker> {
        let Some(guard) = self.all.get(place) else {
            return Vec::new();
        };
        let waiting = guard.queue.all().into_iter().map(|(asker, _)| asker);
        guard.holders().into_iter().chain(waiting).collect()
    }

    /// From when on each lets another one in, where it keeps to a rate.
    pub(super) fn free(&self) -> impl Iterator<Item = (&Guarded, Timestamp)> {
        let guards = self.all.iter();
        guards.filter_map(|(place, guard)| Some((place, guard.free?)))
    }

    /// Who holds each of them, for those who check that nobody holds what another holds.
    pub(super) fn holders(&self) -> impl Iterator<Item = (&Guarded, Vec<Asker>)> {
        self.all.iter().map(|(place, guard)| (place, guard.holders()))
    }

    /// How each stands, in words for whoever compares them.
    pub(super) fn say(&self) -> Vec<String> {
        let each = self.all.iter().map(|(place, guard)| {
            let (holders, free) = (&guard.holders, guard.free);
            let waiting = guard.queue.turns();
            format!("{place}: held by {holders:?}, waited for by {waiting:?}, free from {free:?}")
        });
        let together = format!("{:?}", self.granted);
        each.chain([together]).collect()
    }

    /// Puts a guard that was changed where it is found by time, or forgets it.
    fn note(&mut self, place: &Guarded) {
        self.untold(place);
        let Some(guard) = self.all.get_mut(place) else {
            return;
        };
        if let Some(noted) = guard.noted.take() {
            let entry = (noted, place.clone());
            self.due.remove(&entry);
            self.idle.remove(&entry);
        }
        let waiting = !guard.queue.is_empty();
        match guard.free {
            Some(free) if waiting => {
                guard.noted = Some(free);
                self.due.insert((free, place.clone()));
            }
            Some(free) if guard.holders.is_empty() => {
                guard.noted = Some(free);
                self.idle.insert((free, place.clone()));
            }
            None if !waiting && guard.holders.is_empty() => drop(self.all.remove(place)),
            _ => {}
        }
    }

    /// A rate that would let anybody in by now is one that nobody was let in by yet.
    fn forget_until(&mut self, at: Timestamp) {
        while self.idle.first().is_some_and(|(free, _)| *free <= at)
            && let Some((_, place)) = self.idle.pop_first()
        {
            self.untold(&place);
            self.all.remove(&place);
        }
    }
}

impl Guard {
    fn holders(&self) -> Vec<Asker> {
        self.holders.iter().map(|(holder, _)| *holder).collect()
    }
}

/// Promises that a simulated world breaks on purpose.
impl Guards {
    pub(crate) fn forget_tokens(&mut self) {
        self.granted.token = 0;
    }

    pub(crate) fn forget_ageing(&mut self) {
        self.ageless = true;
    }

    pub(crate) fn forget_rates(&mut self) {
        self.places().iter().for_each(|place| {
            if let Some(guard) = self.all.get_mut(place) {
                guard.free = None;
            }
            self.note(place);
        });
    }
}

#[cfg(test)]
mod tests;
