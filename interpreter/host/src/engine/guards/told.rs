//! What an index is told of guards, and how they are made again from it.

use super::{Asker, Guards, Wish};
use crate::{
    RunId,
    store::{self, Granted, Guarded, Pace, Stands},
};
use flowmesh_machine::CallId;
use std::collections::BTreeSet;

/// What the index was not told.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Untold {
    places: BTreeSet<Guarded>,
    /// Places of which it knows something beside.
    known: BTreeSet<Guarded>,
}

impl Guards {
    /// What changes is kept from now on, until it is told.
    pub(in super::super) fn keep_untold(&mut self) {
        self.untold = Some(Untold::default());
    }

    /// Something changed at a place.
    pub(super) fn untold(&mut self, place: &Guarded) {
        if let Some(untold) = &mut self.untold
            && !untold.places.contains(place)
        {
            untold.places.insert(place.clone());
        }
    }

    /// What the index was not told of places, beside who holds them and who waits there.
    pub(in super::super) fn take_untold(&mut self) -> (Vec<(Guarded, Option<Pace>)>, Granted) {
        let Some(mut untold) = self.untold.take() else {
            return (Vec::new(), self.granted);
        };
        let mut told = Vec::new();
        for place in std::mem::take(&mut untold.places) {
            let pace = self.pace(&place);
            let was_known = match &pace {
                Some(_) => !untold.known.insert(place.clone()),
                None => untold.known.remove(&place),
            };
            if was_known || pace.is_some() {
                told.push((place, pace));
            }
        }
        self.untold = Some(untold);
        (told, self.granted)
    }

    /// They were not told after all.
    pub(in super::super) fn not_told(&mut self, paces: Vec<(Guarded, Option<Pace>)>) {
        let Some(untold) = &mut self.untold else { return };
        for (place, _) in paces {
            untold.places.insert(place.clone());
            untold.known.insert(place);
        }
    }

    fn pace(&self, place: &Guarded) -> Option<Pace> {
        let guard = self.all.get(place)?;
        let (served, groups) = guard.queue.served();
        let free = guard.free;
        (free.is_some() || !groups.is_empty()).then_some(Pace { free, served, groups })
    }

    /// Guards as an index knows them.
    pub(in super::super) fn from_index(
        granted: Granted,
        askers: Vec<(RunId, store::Guard)>,
        paces: Vec<(Guarded, Pace)>,
    ) -> Self {
        let mut guards = Self {
            granted,
            ..Self::default()
        };
        for (run, guard) in askers {
            guards.place(run, guard);
        }
        for guard in guards.all.values_mut() {
            guard.holders.sort_by_key(|(_, token)| *token);
        }
        let known = paces.iter().map(|(place, _)| place.clone()).collect();
        for (place, pace) in paces {
            let guard = guards.all.entry(place).or_default();
            guard.free = pace.free;
            guard.queue.resume(pace.served, pace.groups);
        }
        let places = guards.places();
        places.iter().for_each(|place| guards.note(place));
        guards.untold = Some(Untold {
            known,
            ..Untold::default()
        });
        guards
    }

    fn place(&mut self, run: RunId, of: store::Guard) {
        let asker: Asker = (run, CallId(of.call));
        let guard = self.all.entry(of.place).or_default();
        match of.stands {
            Stands::Holds(token) => guard.holders.push((asker, token)),
            Stands::Waits(turn, asked) => {
                let wish = Wish {
                    permits: of.permits,
                    rate: of.rate,
                    group: of.group,
                    // Its turn says so already.
                    ahead_us: 0,
                };
                guard.queue.add(asker, wish, (turn, asked));
            }
        }
    }
}
