//! Who follows which run.

use super::Item;
use crate::RunId;
use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// How many items a follower may be behind before it is let go.
const BEHIND_MAX: usize = 1024;

/// Who follows which run. Runs that nobody follows cost one look at a number.
#[derive(Debug, Default)]
pub(crate) struct Followers {
    count: AtomicUsize,
    senders: Mutex<HashMap<RunId, Vec<Sender<Item>>>>,
}

impl Followers {
    /// Whether anybody follows anything.
    pub(crate) fn any(&self) -> bool {
        self.count.load(Ordering::Relaxed) > 0
    }

    /// Whether anybody follows this run.
    pub(crate) fn has(&self, run: RunId) -> bool {
        self.any() && self.lock().contains_key(&run)
    }

    pub(crate) fn add(&self, run: RunId) -> Receiver<Item> {
        let (sender, receiver) = channel(BEHIND_MAX);
        let mut senders = self.lock();
        senders.entry(run).or_default().push(sender);
        self.count.store(senders.len(), Ordering::Relaxed);
        receiver
    }

    /// Tells the followers of a run; those that are too far behind, or gone, are let go. Says how many were.
    pub(crate) fn tell(&self, run: RunId, item: &Item) -> usize {
        let mut senders = self.lock();
        let Some(of_run) = senders.get_mut(&run) else {
            return 0;
        };
        let before = of_run.len();
        of_run.retain(|sender| sender.try_send(item.clone()).is_ok());
        before.saturating_sub(of_run.len())
    }

    /// Those who do not listen any more are let go.
    pub(crate) fn forget_gone(&self, run: RunId) {
        let mut senders = self.lock();
        let left = senders.get_mut(&run).map(|of_run| {
            of_run.retain(|sender| !sender.is_closed());
            of_run.len()
        });
        if left == Some(0) {
            senders.remove(&run);
        }
        self.count.store(senders.len(), Ordering::Relaxed);
    }

    /// The run has ended, or the host has.
    pub(crate) fn end(&self, run: RunId) {
        let mut senders = self.lock();
        senders.remove(&run);
        self.count.store(senders.len(), Ordering::Relaxed);
    }

    pub(crate) fn end_all(&self) {
        let mut senders = self.lock();
        senders.clear();
        self.count.store(0, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RunId, Vec<Sender<Item>>>> {
        self.senders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
