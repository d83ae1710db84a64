//! The copies of the requests to one service: how many are on their way, and what became of them.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many copies may be on their way at once; those that come meanwhile are left out.
const COPIES_MAX: usize = 64;

/// What became of the copies of the requests to a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// So many were answered, whatever the status.
    pub sent: u64,
    /// So many were not sent, since the body was too long, did not come, or too many copies were on their way.
    pub left_out: u64,
    /// So many were not answered.
    pub failed: u64,
}

/// The copies of the requests to one service.
pub(crate) struct Copies {
    room: Arc<Semaphore>,
    sent: AtomicU64,
    left_out: AtomicU64,
    failed: AtomicU64,
}

impl Default for Copies {
    fn default() -> Self {
        Self {
            room: Arc::new(Semaphore::new(COPIES_MAX)),
            sent: AtomicU64::new(0),
            left_out: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        }
    }
}

impl Copies {
    /// Room for one more, if there is some; who gets none has left it out.
    pub(crate) fn enter(&self) -> Option<OwnedSemaphorePermit> {
        let room = self.room.clone().try_acquire_owned().ok();
        if room.is_none() {
            self.leave_out();
        }
        room
    }

    /// One is not sent.
    pub(crate) fn leave_out(&self) {
        self.left_out.fetch_add(1, Ordering::Relaxed);
    }

    /// One went, and was answered or not.
    pub(crate) fn went(&self, answered: bool) {
        let count = if answered { &self.sent } else { &self.failed };
        count.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count(&self) -> Copied {
        Copied {
            sent: self.sent.load(Ordering::Relaxed),
            left_out: self.left_out.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
        }
    }
}
