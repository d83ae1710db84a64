//! Which endpoint a text leads to: a table made once of all endpoints, so that the same text leads to the same one, and
//! few texts move when an endpoint comes or goes.

use super::{maglev::Maglev, ring::Ring};
use flowmesh_ir::policy::Balance;

/// An endpoint as tables know it: by what does not depend on the order of the addresses, nor on the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Tells it from all others.
    pub name: String,
    /// Which share it gets, beside the others; 0 counts as 1.
    pub weight: u32,
}

/// A table of all endpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table(Made);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Made {
    Ring(Ring),
    Maglev(Maglev),
}

impl Table {
    /// The table that a balance goes by, if it goes by one.
    #[must_use]
    pub fn new(balance: Balance, entries: &[Entry]) -> Option<Self> {
        match balance {
            Balance::RingHash => Some(Self(Made::Ring(Ring::new(entries)))),
            Balance::Maglev => Some(Self(Made::Maglev(Maglev::new(entries)))),
            _ => None,
        }
    }

    /// The number of the first endpoint from `hash` on that will do.
    pub(super) fn first(&self, hash: u64, will_do: impl Fn(usize) -> bool) -> Option<usize> {
        match &self.0 {
            Made::Ring(ring) => ring.from(hash).find(|at| will_do(*at)),
            Made::Maglev(maglev) => maglev.from(hash).find(|at| will_do(*at)),
        }
    }
}

impl Entry {
    pub(super) fn weight(&self) -> u64 {
        u64::from(self.weight).max(1)
    }
}

/// The largest weight; at least 1.
pub(super) fn largest(entries: &[Entry]) -> u64 {
    entries.iter().map(Entry::weight).max().unwrap_or(1)
}

/// A number of an endpoint as tables keep it; there are never so many.
pub(super) fn short(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// The number again.
pub(super) fn long(at: u32) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}
