//! What the numbers of a run count as: how manyth each is among those that are there.

use super::super::{CleanupId, FiberId, FrameId, HandlerId, Kind, Retry, Run, ScopeId, Undo};
use crate::TimerId;
use jiff::Timestamp;

/// All numbers that are there, in order.
pub(super) struct Numbers {
    fibers: Vec<FiberId>,
    frames: Vec<FrameId>,
    scopes: Vec<ScopeId>,
    cleanups: Vec<CleanupId>,
    handlers: Vec<HandlerId>,
    /// What was done, in the order in which it was.
    undo: Vec<u32>,
    /// Timers in the order in which they fire.
    timers: Vec<(Timestamp, TimerId)>,
    /// Senders of signals that wait for an answer.
    answers: Vec<u64>,
}

impl Numbers {
    pub(super) fn of(run: &Run) -> Self {
        Self {
            fibers: run.fibers.keys().copied().collect(),
            frames: run.frames.keys().copied().collect(),
            scopes: run.scopes.keys().copied().collect(),
            cleanups: run.cleanups.keys().copied().collect(),
            handlers: run.handlers.keys().copied().collect(),
            undo: undo(run),
            timers: timers(run),
            answers: answers(run),
        }
    }

    pub(super) fn fiber(&self, id: FiberId) -> usize {
        place(&self.fibers, &id)
    }

    pub(super) fn frame(&self, id: FrameId) -> usize {
        place(&self.frames, &id)
    }

    pub(super) fn scope(&self, id: ScopeId) -> usize {
        place(&self.scopes, &id)
    }

    pub(super) fn cleanup(&self, id: CleanupId) -> usize {
        place(&self.cleanups, &id)
    }

    pub(super) fn handler(&self, id: HandlerId) -> usize {
        place(&self.handlers, &id)
    }

    pub(super) fn undo(&self, order: u32) -> usize {
        place(&self.undo, &order)
    }

    pub(super) fn timer(&self, at: Timestamp, timer: TimerId) -> usize {
        place(&self.timers, &(at, timer))
    }

    /// The how manyth timer this one is, by its number alone.
    pub(super) fn timer_named(&self, timer: TimerId) -> usize {
        let at = self.timers.iter().position(|(_, known)| *known == timer);
        at.unwrap_or(self.timers.len())
    }

    pub(super) fn answer(&self, number: u64) -> usize {
        place(&self.answers, &number)
    }
}

/// What is not there any more counts as one after the last.
fn place<T: Ord>(all: &[T], one: &T) -> usize {
    all.binary_search(one).unwrap_or(all.len())
}

fn sorted<T: Ord>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut all: Vec<T> = all.collect();
    all.sort_unstable();
    all
}

fn undo(run: &Run) -> Vec<u32> {
    let order = |undo: &Undo| undo.order;
    let fibers = run.fibers.values().flat_map(|fiber| &fiber.undo).map(order);
    let scopes = run.scopes.values().flat_map(|scope| &scope.undo).map(order);
    let kept = run.cleanups.values().flat_map(|cleanup| cleanup.undo.values());
    let now = run
        .cleanups
        .values()
        .filter_map(|cleanup| cleanup.undoing.as_ref());
    let now = now.map(|undoing| undoing.current.order);
    sorted(fibers.chain(scopes).chain(kept.map(order)).chain(now))
}

fn timers(run: &Run) -> Vec<(Timestamp, TimerId)> {
    let fibers = run.fibers.values().flat_map(|fiber| fiber.wait.timers());
    let regions = run.scopes.values().filter_map(|scope| scope.inside()?.within);
    let undoing = run
        .cleanups
        .values()
        .filter_map(|cleanup| cleanup.undoing.as_ref());
    let undoing = undoing.filter_map(|undoing| match undoing.retry {
        Retry::Time(timer, at) => Some((timer, at)),
        Retry::Call(_) | Retry::Decision => None,
    });
    let all = fibers.chain(regions).chain(undoing);
    sorted(all.map(|(timer, at)| (at, timer)))
}

fn answers(run: &Run) -> Vec<u64> {
    let rounds = run.scopes.values().filter_map(|scope| match scope.kind {
        Kind::Round(_, answer) => answer,
        _ => None,
    });
    let kept = run.inbox.values().flatten().filter_map(|kept| kept.answer);
    let late = run.still.iter().flat_map(|still| still.answers());
    sorted(rounds.chain(kept).chain(late))
}
