//! A file in memory, and what a crash leaves of it.

use crate::simulate::Chance;
use std::collections::BTreeMap;

/// What a disk writes whole or not at all.
const SECTOR: usize = 512;

type Sector = [u8; SECTOR];

/// A file: as the process sees it, and enough of its past to say what a crash may leave.
#[derive(Clone, Default)]
pub(super) struct File {
    bytes: Vec<u8>,
    /// How long it was when it was last synced.
    stable: usize,
    /// The sectors that were changed since then: everything that each has held, what is stable first.
    changed: BTreeMap<usize, Vec<Sector>>,
    /// Whether something else happened to it since then than that bytes were added at its end.
    rewritten: bool,
    /// Whether a sync failed: what it should have written will not be written by another one.
    forfeit: bool,
    /// Whether a sync is owed.
    owed: bool,
}

impl File {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// From now on, until it is synced, it is not a file that is only added to.
    pub(super) fn write_anywhere(&mut self) {
        self.rewritten = true;
    }

    pub(super) fn write(&mut self, offset: usize, bytes: &[u8]) {
        let end = offset.saturating_add(bytes.len());
        self.note(offset, end);
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        if let Some(place) = self.bytes.get_mut(offset..end) {
            place.copy_from_slice(bytes);
        }
        self.note(offset, end);
    }

    pub(super) fn set_length(&mut self, length: usize) {
        let end = self.bytes.len();
        if length < end {
            self.note(length, end);
            self.bytes.truncate(length);
            self.note(length, end);
        } else {
            self.bytes.resize(length, 0);
        }
    }

    /// A sync has failed. The system takes what it could not write for written, and nothing will write it.
    pub(super) fn forfeit(&mut self) {
        self.forfeit |= !self.changed.is_empty() || self.stable != self.bytes.len();
    }

    pub(super) fn sync(&mut self) {
        if !self.forfeit {
            self.settle();
        }
    }

    /// A sync told of success and has not come.
    pub(super) fn owe(&mut self) {
        self.owed = true;
    }

    /// The sync that is owed comes.
    pub(super) fn sync_late(&mut self) {
        if self.owed {
            self.sync();
        }
    }

    pub(super) fn settle(&mut self) {
        self.owed = false;
        self.forfeit = false;
        self.changed.clear();
        self.stable = self.bytes.len();
        self.rewritten = false;
    }

    /// Changes it behind everybody's back.
    pub(super) fn tamper(&mut self, change: impl FnOnce(&mut Vec<u8>)) {
        change(&mut self.bytes);
        self.settle();
    }

    /// Of what was not synced chance decides.
    pub(super) fn crash(&mut self, chance: &mut Chance) {
        if !self.rewritten && self.stable <= self.bytes.len() {
            self.tear(chance);
        } else {
            self.scatter(chance);
        }
        self.settle();
    }

    /// Takes note of what sectors hold, from before the first change on.
    fn note(&mut self, from: usize, to: usize) {
        self.rewritten |= from < self.stable;
        for at in from / SECTOR..to.div_ceil(SECTOR) {
            let start = at.saturating_mul(SECTOR);
            let end = start.saturating_add(SECTOR).min(self.bytes.len());
            let held = self.bytes.get(start..end).unwrap_or_default();
            let mut sector = [0; SECTOR];
            if let Some(place) = sector.get_mut(..held.len()) {
                place.copy_from_slice(held);
            }
            self.changed.entry(at).or_default().push(sector);
        }
    }

    /// What was added is there, is not, or is there in part, of which the end is garbage, as sectors that were never
    /// written.
    fn tear(&mut self, chance: &mut Chance) {
        let added = self.bytes.len().saturating_sub(self.stable);
        let kept = chance.index(added.saturating_add(1));
        let garbage = if chance.happens(300) {
            chance.index(kept.saturating_add(1))
        } else {
            0
        };
        let zeros = chance.happens(500);
        let whole = self.stable.saturating_add(kept).saturating_sub(garbage);
        self.bytes.truncate(whole);
        for _ in 0..garbage {
            self.bytes.push(if zeros {
                0
            } else {
                u8::try_from(chance.below(256)).unwrap_or_default()
            });
        }
    }

    /// Each sector holds something that it has held since the last sync, whatever the order of the writes was.
    fn scatter(&mut self, chance: &mut Chance) {
        let length = if chance.happens(500) {
            self.bytes.len()
        } else {
            self.stable
        };
        self.bytes.resize(length, 0);
        for (at, versions) in &self.changed {
            let start = at.saturating_mul(SECTOR);
            let end = start.saturating_add(SECTOR).min(length);
            let version = versions.get(chance.index(versions.len()));
            if let (Some(place), Some(version)) = (self.bytes.get_mut(start..end), version) {
                place.iter_mut().zip(version).for_each(|(to, from)| *to = *from);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sector_holds_what_it_held_before_or_after_each_write_and_nothing_else() {
        let mut seen = BTreeMap::new();
        for seed in 0..400 {
            let mut file = File::default();
            file.write(0, &[1; 2 * SECTOR]);
            file.sync();
            file.write(SECTOR / 2, &[2; SECTOR]);
            file.write(SECTOR, &[3; 1]);
            file.crash(&mut Chance::new(seed));
            assert_eq!(file.len(), 2 * SECTOR);
            assert_eq!(file.bytes()[0], 1);
            let found = (
                file.bytes()[SECTOR / 2],
                file.bytes()[SECTOR],
                file.bytes()[SECTOR + 1],
            );
            *seen.entry(found).or_insert(0) += 1;
        }
        let first = [1, 2];
        let second = [(1, 1), (2, 2), (3, 2)];
        let all: Vec<_> = first
            .iter()
            .flat_map(|one| second.iter().map(|(two, three)| (*one, *two, *three)))
            .collect();
        assert_eq!(seen.into_keys().collect::<Vec<_>>(), all);
    }
}
