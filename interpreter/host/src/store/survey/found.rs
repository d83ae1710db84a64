//! How much of a run can be read.

use crate::store::record::Origin;
use flowmesh_ir::Hash;
use std::collections::{BTreeMap, BTreeSet};

/// What was found of a run.
#[derive(Clone, Debug, Default)]
pub struct FoundRun {
    origin: Option<Origin>,
    /// How many events there are without a gap, from the first.
    next: u64,
    /// Events behind a gap: the first and the one behind the last.
    behind: BTreeMap<u64, u64>,
    /// Whether a record of it was found that cannot be read.
    lost: bool,
    /// Whether its program and its settings were found.
    programmed: bool,
}

impl FoundRun {
    /// How many of its events can be read, up to the first gap.
    #[must_use]
    pub fn readable(&self) -> u64 {
        if self.origin.is_some() && self.programmed {
            self.next
        } else {
            0
        }
    }

    /// Whether nothing of it is known to be missing.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.behind.is_empty() && !self.lost && self.readable() > 0
    }

    /// Some of its events.
    pub(super) fn events(&mut self, first: u64, count: u64, origin: Option<&Origin>) {
        if let Some(origin) = origin {
            self.origin.get_or_insert_with(|| origin.clone());
        }
        let end = first.saturating_add(count);
        if first > self.next {
            let known = self.behind.entry(first).or_default();
            *known = end.max(*known);
            return;
        }
        self.next = end.max(self.next);
        while let Some(entry) = self.behind.first_entry() {
            if *entry.key() > self.next {
                break;
            }
            self.next = entry.remove().max(self.next);
        }
    }

    /// Something of it cannot be read.
    pub(super) fn lose(&mut self) {
        self.lost = true;
    }

    /// These programs and settings were found.
    pub(super) fn programs(&mut self, found: &BTreeSet<Hash>) {
        let origin = self.origin.as_ref();
        self.programmed =
            origin.is_some_and(|origin| found.contains(&origin.program) && found.contains(&origin.settings));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_behind_a_gap_counts_when_the_gap_is_filled() {
        let mut found = FoundRun::default();
        let origin = Origin {
            flow: "f".into(),
            program: Hash([1; 32]),
            settings: Hash([2; 32]),
            shared: None,
            namespace: flowmesh_ir::Name::default(),
            lineage: None,
        };
        found.events(3, 2, None);
        found.events(0, 2, Some(&origin));
        found.programs(&[Hash([1; 32]), Hash([2; 32])].into());
        assert_eq!((found.readable(), found.is_whole()), (2, false));
        found.events(2, 1, None);
        assert_eq!((found.readable(), found.is_whole()), (5, true));
        found.events(1, 2, None);
        assert_eq!(found.readable(), 5, "what was written twice is one");
        found.programs(&[Hash([1; 32])].into());
        assert_eq!((found.readable(), found.is_whole()), (0, false));
    }
}
