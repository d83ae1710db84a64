//! A set of slots, as bits.

use crate::SlotId;

/// Which slots of a frame are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Slots(Vec<u64>);

impl Slots {
    /// The first `count` slots.
    pub(super) fn first(count: usize) -> Self {
        let mut slots = Self::default();
        for slot in 0..u32::try_from(count).unwrap_or(u32::MAX) {
            slots.insert(SlotId(slot));
        }
        slots
    }

    /// Adds a slot; whether it is new.
    pub(super) fn insert(&mut self, slot: SlotId) -> bool {
        let (word, bit) = place(slot);
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0.get_mut(word).is_some_and(|word| {
            let new = *word & bit == 0;
            *word |= bit;
            new
        })
    }

    /// Takes a slot out.
    pub(super) fn remove(&mut self, slot: SlotId) {
        let (word, bit) = place(slot);
        if let Some(word) = self.0.get_mut(word) {
            *word &= !bit;
        }
    }

    /// Whether a slot is in it.
    pub(super) fn contains(&self, slot: SlotId) -> bool {
        let (word, bit) = place(slot);
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }

    /// Keeps what the other has too; whether that changed anything.
    pub(super) fn intersect(&mut self, other: &Self) -> bool {
        let mut changed = false;
        for (at, word) in self.0.iter_mut().enumerate() {
            let kept = *word & other.0.get(at).copied().unwrap_or_default();
            changed |= kept != *word;
            *word = kept;
        }
        changed
    }

    /// Adds what the other has.
    pub(super) fn unite(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (word, more) in self.0.iter_mut().zip(&other.0) {
            *word |= more;
        }
    }
}

fn place(slot: SlotId) -> (usize, u64) {
    (slot.index() / 64, 1 << (slot.0 % 64))
}

#[cfg(test)]
mod tests {
    use super::{SlotId, Slots};

    #[test]
    fn sets_of_different_lengths_meet_and_join() {
        let mut long = Slots::first(2);
        long.insert(SlotId(130));
        let mut short = Slots::first(3);
        assert!(!short.clone().intersect(&Slots::first(200)));
        assert!(long.clone().intersect(&short));
        short.unite(&long);
        assert!(short.contains(SlotId(130)) && short.contains(SlotId(2)) && !short.contains(SlotId(3)));
        short.remove(SlotId(130));
        assert!(!short.contains(SlotId(130)) && short.insert(SlotId(130)));
    }
}
