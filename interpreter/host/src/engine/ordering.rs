//! In which order things happened, where compaction has put them into another one: of runs alone that makes no difference,
//! but of what lies between them, the last one holds, and the first one comes first.
//!
//! Everything is handed over with when it was written first. Traffic and schedules are compared by that at once. Who
//! asked for a guard before whom, and which run has a key or goes on in whose place, is put in order when everything
//! was read: an index that is there says so itself, so that this is done only where it is made again.

use super::Engine;
use crate::{
    RunId,
    store::{Deployed, Order, Position},
};
use flowmesh_ir::Name;
use std::collections::{BTreeMap, VecDeque};

/// When things were written.
pub(super) struct Ordering {
    /// What came before that was known to begin with.
    pub(super) known: Order,
    /// Of what is handed over now.
    now: VecDeque<Order>,
    /// Of the event that was taken last.
    taken: Order,
    /// Whether an event was taken behind one that was written later.
    is_mixed: bool,
    /// Whether an index says what lies between runs.
    is_beside: bool,
    births: BTreeMap<RunId, Order>,
    /// Whether the first event came.
    has_begun: bool,
    schedules: BTreeMap<Name, Order>,
    /// What was deployed, by when, and the how manyth of what was written together it is.
    deployed: BTreeMap<(Order, usize), Deployed>,
}

impl Default for Ordering {
    fn default() -> Self {
        Self {
            known: Order::FIRST,
            now: VecDeque::new(),
            taken: Order::FIRST,
            is_mixed: false,
            is_beside: false,
            births: BTreeMap::new(),
            has_begun: false,
            schedules: BTreeMap::new(),
            deployed: BTreeMap::new(),
        }
    }
}

impl Ordering {
    /// For those who know everything up to a place, and what was deployed by then.
    pub(super) fn behind(known: Position, deployed: Vec<Deployed>) -> Self {
        let mut this = Self {
            known: known.into(),
            is_beside: true,
            ..Self::default()
        };
        this.next(&[known.into()]);
        this.deployed(deployed);
        this
    }

    /// What was deployed, in its order. Whatever else was before, and is not among it, was before all of it.
    pub(super) fn deployed(&mut self, all: Vec<Deployed>) {
        let order = self.all_at();
        for (at, deployed) in all.into_iter().enumerate() {
            self.deployed.retain(|_, known| *known != deployed);
            self.deployed.insert((order, at), deployed);
        }
    }

    /// What is handed over next is of this order.
    pub(super) fn next(&mut self, order: &[Order]) {
        self.now = order.iter().copied().collect();
    }

    /// The order of the next event.
    pub(super) fn take(&mut self) -> Order {
        let order = self.now.pop_front().unwrap_or(Order::NOW);
        self.is_mixed |= order < self.taken && !self.is_beside;
        self.taken = order;
        order
    }

    /// The order of all that is handed over.
    pub(super) fn all_at(&self) -> Order {
        self.now.front().copied().unwrap_or(Order::NOW)
    }

    /// A run begins with the event that comes next.
    pub(super) fn begins(&mut self, run: RunId) {
        let order = self.all_at();
        self.births.insert(run, order);
    }

    /// Whether this is the first event, and lies in a segment that others were let go of before.
    pub(super) fn may_be_mixed(&mut self, segment: u32) -> bool {
        let begins = !std::mem::replace(&mut self.has_begun, true);
        begins && segment > 1 && !self.is_beside
    }

    /// Whether nothing later is known of a schedule; from now on this is.
    pub(super) fn is_latest(&mut self, schedule: &Name) -> bool {
        let order = self.all_at();
        let known = self.schedules.get(schedule).copied().unwrap_or(self.known);
        let latest = known <= order;
        if latest {
            self.schedules.insert(schedule.clone(), order);
        }
        latest
    }

    /// A run is kept no longer.
    pub(super) fn forget(&mut self, run: RunId) {
        self.births.remove(&run);
    }

    /// Everything was read: what lies between runs is put in order.
    pub(super) fn restore(&mut self, engine: &mut Engine) {
        engine.ledger.order = Order::NOW;
        for deployed in std::mem::take(&mut self.deployed).into_values() {
            engine.note_deployed(deployed);
        }
        let said = engine.ledger.said.take();
        if std::mem::take(&mut self.is_mixed) {
            let mut births: Vec<_> = self.births.iter().map(|(run, order)| (*order, *run)).collect();
            births.sort_unstable();
            engine.follow_in_order(births.into_iter().map(|(_, run)| run));
            if let Some(said) = said {
                engine.ledger.guards.hear_again(said);
            }
        }
    }
}

impl Engine {
    /// Who has which key, and who goes on in whose place, by the order in which runs began.
    fn follow_in_order(&mut self, runs: impl Iterator<Item = RunId>) {
        self.keys.clear();
        for held in self.runs.values_mut() {
            (held.followed_by, held.instead_of, held.superseded) = (None, None, false);
        }
        for run in runs {
            let Some(held) = self.runs.get(&run) else { continue };
            let (shared, key) = (held.shared, held.key.clone());
            let scope = held.scope();
            let before = shared.and_then(|shared| self.runs.get_mut(&shared.run));
            let instead_of = before.and_then(|before| before.followed_by.replace(run));
            if let Some(held) = self.runs.get_mut(&run) {
                held.instead_of = instead_of;
            }
            let before = key.and_then(|key| self.keys.insert((scope, key), run));
            if let Some(before) = before.and_then(|before| self.runs.get_mut(&before)) {
                before.superseded = true;
            }
        }
    }
}
