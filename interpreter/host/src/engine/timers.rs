//! Timers of all runs, in the order in which they come due.

use crate::RunId;
use flowmesh_machine::TimerId;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// An ordered set rather than a wheel: one hour and one millisecond cost the same, and the order is the same in
/// every process.
#[derive(Clone, Debug, Default)]
pub(super) struct Timers {
    set: BTreeSet<(Timestamp, RunId, TimerId)>,
}

impl Timers {
    pub(super) fn arm(&mut self, at: Timestamp, run: RunId, timer: TimerId) {
        self.set.insert((at, run, timer));
    }

    /// Whether it was armed.
    pub(super) fn disarm(&mut self, at: Timestamp, run: RunId, timer: TimerId) -> bool {
        self.set.remove(&(at, run, timer))
    }

    /// When the next one comes due.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.set.first().map(|(at, ..)| *at)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.set.len()
    }

    /// All of them, in order.
    pub(super) fn all(&self) -> impl Iterator<Item = (Timestamp, RunId, TimerId)> {
        self.set.iter().copied()
    }

    /// Takes all of them.
    pub(super) fn clear(&mut self) {
        self.set.clear();
    }

    /// Takes one that is due.
    pub(super) fn take_due(&mut self, now: Timestamp) -> Option<(RunId, TimerId)> {
        self.next().filter(|at| *at <= now)?;
        self.set.pop_first().map(|(_, run, timer)| (run, timer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_come_due_in_order_and_a_disarmed_one_never() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut timers = Timers::default();
        timers.arm(at(3), RunId(1), TimerId(0));
        timers.arm(at(2), RunId(2), TimerId(0));
        timers.arm(at(1), RunId(3), TimerId(7));
        assert!(timers.disarm(at(1), RunId(3), TimerId(7)));
        assert!(!timers.disarm(at(1), RunId(3), TimerId(7)));
        assert_eq!(timers.next(), Some(at(2)));
        assert_eq!(timers.take_due(at(1)), None);
        assert_eq!(timers.take_due(at(9)), Some((RunId(2), TimerId(0))));
        assert_eq!(timers.take_due(at(9)), Some((RunId(1), TimerId(0))));
        assert_eq!(timers.take_due(at(9)), None);
    }
}
