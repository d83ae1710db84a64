//! A Maglev table (Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer", NSDI 2016, 3.4).
//!
//! The endpoints take entries in turns, each the next free one of an order of its own, until none is left. So each has
//! the same number of entries but for one; when an endpoint comes or goes, a little more moves than on a ring.

use super::{
    hash::four,
    table::{Entry, largest, long, short},
};

/// How many entries there are: the smaller size of the paper, a prime. More than a hundred times the number of endpoints
/// keeps shares within 1 %. It must not depend on that number, or everything would move whenever it does.
pub(super) const SIZE: u64 = 65_537;

/// For each entry the number of the endpoint that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Maglev(Vec<u32>);

/// An endpoint that takes entries.
struct Taker {
    at: u32,
    weight: u64,
    /// How much its turns must have been worth before it takes the next entry; the first is for all.
    due: u64,
    order: Order,
}

/// An order of all entries: with a step that has no factor in common with the size, since that is a prime.
struct Order {
    next: u64,
    step: u64,
}

impl Maglev {
    pub(super) fn new(entries: &[Entry]) -> Self {
        let mut table = vec![None; usize::try_from(SIZE).unwrap_or_default()];
        let mut takers = takers(entries);
        let mut free = table.len();
        let (largest, mut turn) = (largest(entries), 0_u64);
        while free > 0 && !takers.is_empty() {
            turn += 1;
            for taker in &mut takers {
                // One of half the weight takes in every second turn.
                let worth = turn * taker.weight;
                if free == 0 || worth < taker.due {
                    continue;
                }
                taker.due += largest;
                taker.take(&mut table);
                free -= 1;
            }
        }
        Self(table.into_iter().flatten().collect())
    }

    /// The endpoints of all entries, each once, in an order that each hash has of its own. The entries that stand beside
    /// those of one endpoint may all be of one other, where their steps happen to agree; what it leaves when it fails
    /// would be too much for that one.
    pub(super) fn from(&self, hash: u64) -> impl Iterator<Item = usize> {
        let order = Order::new(hash, hash / SIZE);
        let entries = order.take(self.0.len());
        entries.filter_map(|entry| self.0.get(usize::try_from(entry).ok()?).map(|at| long(*at)))
    }
}

/// In the order of their names, so that the order of the addresses does not matter.
fn takers(entries: &[Entry]) -> Vec<Taker> {
    let mut named: Vec<(usize, &Entry)> = entries.iter().enumerate().collect();
    named.sort_by(|(_, one), (_, other)| one.name.cmp(&other.name));
    let taker = |(at, entry): (usize, &Entry)| Taker {
        at: short(at),
        weight: entry.weight(),
        due: 0,
        order: Order::of(&entry.name),
    };
    named.into_iter().map(taker).collect()
}

impl Taker {
    /// Takes the next free entry of its order. There must be one.
    fn take(&mut self, table: &mut [Option<u32>]) {
        for entry in self.order.by_ref().take(table.len()) {
            let entry = usize::try_from(entry).ok().and_then(|at| table.get_mut(at));
            if let Some(free @ None) = entry {
                *free = Some(self.at);
                return;
            }
        }
    }
}

impl Order {
    fn of(name: &str) -> Self {
        let [offset, skip, ..] = four(name);
        Self::new(offset, skip)
    }

    fn new(offset: u64, skip: u64) -> Self {
        Self {
            next: offset % SIZE,
            step: skip % (SIZE - 1) + 1,
        }
    }
}

/// Without end: after as many as there are it begins again.
impl Iterator for Order {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        let entry = self.next;
        self.next = (entry + self.step) % SIZE;
        Some(entry)
    }
}
