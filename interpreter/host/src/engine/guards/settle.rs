//! Runs that have not begun and take each other's place: nobody is let in, and the newest stays.

use super::{Asker, Guards, Wish};
use crate::store::{Guarded, Stands};
use jiff::{SignedDuration, Timestamp};

impl Guards {
    /// Somebody waits for newer ones. As their turn they have the time from which on runs took each other's place, so
    /// that this comes to an end also where one follows the other for ever.
    pub(in super::super) fn settle(
        &mut self,
        place: &Guarded,
        asker: Asker,
        most: Option<SignedDuration>,
        at: Timestamp,
    ) {
        self.granted.latest = self.granted.latest.max(at);
        self.granted.asked = self.granted.asked.saturating_add(1);
        let now = i128::from(self.granted.latest.as_microsecond());
        let still = |since: &i128| most.is_none_or(|most| now.saturating_sub(*since) < most.as_micros());
        let guard = self.all.entry(place.clone()).or_default();
        let newest = guard
            .queue
            .turns()
            .into_iter()
            .max_by_key(|(_, (_, asked))| *asked);
        let since = newest.map(|(_, (since, _))| since).filter(still);
        let turn = (since.unwrap_or(now), self.granted.asked);
        guard.queue.add(asker, Wish::default(), turn);
        self.note(place);
    }

    /// Since when runs take each other's place, in microseconds, wherever some do.
    pub(in super::super) fn settling(&self) -> impl Iterator<Item = (&Guarded, i128)> {
        let settles = |(place, _): &(&Guarded, _)| matches!(place, Guarded::Newest { .. });
        let all = self.all.iter().filter(settles);
        all.flat_map(|(place, guard)| {
            let turns = guard.queue.turns().into_iter();
            turns.map(move |(_, (since, _))| (place, since))
        })
    }

    /// Those whose place somebody takes.
    pub(in super::super) fn older(&self, place: &Guarded, asker: Asker) -> Vec<Asker> {
        let (Some(guard), Some(Stands::Waits(since, asked))) =
            (self.all.get(place), self.stands(place, asker))
        else {
            return Vec::new();
        };
        let older = |(_, (from, before)): &(Asker, (i128, u64))| *from == since && *before < asked;
        let all = guard.queue.turns().into_iter().filter(older);
        all.map(|(older, _)| older).collect()
    }
}
