//! Who waits for a guard, in the order in which they are let in, and on what conditions.

use super::Asker;
use flowmesh_ir::traffic::Rate;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, HashMap};

/// On what conditions somebody would enter.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Wish {
    /// Among how many holders.
    pub(crate) permits: Option<u32>,
    /// How many may be let in within a time.
    pub(crate) rate: Option<Rate>,
    /// With whom it takes turns, as one of several groups.
    pub(crate) group: Option<String>,
    /// By how much its priority puts it ahead of those who ask at the same time.
    pub(crate) ahead_us: i128,
}

impl Wish {
    /// Among how many holders it would be content: alone, where nothing is said.
    pub(super) fn permits(&self) -> usize {
        match self.permits {
            Some(permits) => usize::try_from(permits).unwrap_or(usize::MAX).max(1),
            None if self.holds() => 1,
            None => usize::MAX,
        }
    }

    /// Whether who was let in is in the way of others until they leave.
    pub(super) fn holds(&self) -> bool {
        self.permits.is_some() || self.rate.is_none()
    }

    /// From when on another one may be let in, by its rate, if this one is let in now.
    ///
    /// This is GCRA, the generic cell rate algorithm of ITU-T I.371 (annex A), as a virtual schedule with no tolerance:
    /// one in each `per / count`, so that no window of `per`, wherever it begins, holds more than `count`. All of its
    /// state is one time. A tolerance would let a burst in, and with it more than `count` into some windows.
    pub(super) fn free_after(&self, at: Timestamp) -> Option<Timestamp> {
        let rate = self.rate?;
        // Up to whole microseconds, which is what the journal keeps of a time.
        let apart = u128::from(rate.per_ms)
            .saturating_mul(1_000)
            .div_ceil(u128::from(rate.count.max(1)));
        let apart = SignedDuration::from_micros(i64::try_from(apart).unwrap_or(i64::MAX));
        Some(at.checked_add(apart).unwrap_or(Timestamp::MAX))
    }
}

/// When somebody asked, in microseconds and earlier by what priority is worth; and the how manyth asking it was. One
/// number for both, so that the order of those who wait never changes while they do, and who has waited for long enough
/// is before everybody who comes.
pub(super) type Turn = (i128, u64);

/// Who waits, in order; where they are in groups, the groups take turns.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Queue {
    groups: BTreeMap<String, Group>,
    turns: HashMap<Asker, (String, Turn)>,
    /// How often somebody was taken out of a group to be let in.
    served: u64,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Group {
    order: BTreeMap<Turn, (Asker, Wish)>,
    /// When it had its turn last, or came.
    served: u64,
}

impl Queue {
    pub(super) fn add(&mut self, asker: Asker, wish: Wish, turn: Turn) {
        let name = wish.group.clone().unwrap_or_default();
        let group = self.groups.entry(name.clone()).or_insert_with(|| Group {
            order: BTreeMap::new(),
            served: self.served,
        });
        group.order.insert(turn, (asker, wish));
        self.turns.insert(asker, (name, turn));
    }

    /// The first of the group whose turn it is.
    pub(super) fn first(&self) -> Option<(Asker, &Wish)> {
        let firsts = self.groups.values().filter_map(|group| {
            let (turn, (asker, wish)) = group.order.first_key_value()?;
            Some(((group.served, turn), (*asker, wish)))
        });
        firsts.min_by_key(|(turn, _)| *turn).map(|(_, first)| first)
    }

    /// Somebody is let in: their group comes last from now on.
    pub(super) fn serve(&mut self, asker: Asker) -> Option<Wish> {
        self.served = self.served.saturating_add(1);
        let group = self
            .turns
            .get(&asker)
            .and_then(|(name, _)| self.groups.get_mut(name));
        if let Some(group) = group {
            group.served = self.served;
        }
        self.remove(asker)
    }

    pub(super) fn remove(&mut self, asker: Asker) -> Option<Wish> {
        let (name, turn) = self.turns.remove(&asker)?;
        let group = self.groups.get_mut(&name)?;
        let (_, wish) = group.order.remove(&turn)?;
        if group.order.is_empty() {
            self.groups.remove(&name);
        }
        Some(wish)
    }

    pub(super) fn holds(&self, asker: Asker) -> bool {
        self.turns.contains_key(&asker)
    }

    /// The turn of somebody who waits.
    pub(super) fn turn(&self, asker: Asker) -> Option<Turn> {
        self.turns.get(&asker).map(|(_, turn)| *turn)
    }

    /// How often somebody was let in, and at which of these each group had its turn last: one of several, that is.
    pub(super) fn served(&self) -> (u64, Vec<(String, u64)>) {
        let groups = self.groups.iter().filter(|(name, _)| !name.is_empty());
        let groups = groups.map(|(name, group)| (name.clone(), group.served));
        (self.served, groups.collect())
    }

    /// The same, as it was told once.
    pub(super) fn resume(&mut self, served: u64, groups: Vec<(String, u64)>) {
        self.served = served;
        for (name, served) in groups {
            if let Some(group) = self.groups.get_mut(&name) {
                group.served = served;
            }
        }
    }

    /// All of them, by when they asked.
    pub(super) fn all(&self) -> Vec<(Asker, &Wish)> {
        let waiting = self.groups.values().flat_map(|group| &group.order);
        let mut all: Vec<_> = waiting.collect();
        all.sort_unstable_by_key(|(turn, _)| **turn);
        all.into_iter().map(|(_, (asker, wish))| (*asker, wish)).collect()
    }

    /// Who waits and at which turn, by when they asked.
    pub(super) fn turns(&self) -> Vec<(Asker, Turn)> {
        let mut all: Vec<_> = self
            .turns
            .iter()
            .map(|(asker, (_, turn))| (*asker, *turn))
            .collect();
        all.sort_unstable_by_key(|(_, turn)| *turn);
        all
    }

    pub(super) fn is_empty(&self) -> bool {
        self.turns.is_empty()
    }
}
