//! Why visits went as they did: the last of them are kept in memory, and those who listen are told as they come.
//!
//! Nothing in it is secret: no query, no header, no body. While nothing is kept and nobody listens, a visit costs a look.

mod tap;
mod tree;
mod view;

pub use tap::{Tap, TapFilter, Tapped};
pub use tree::{SpanView, TraceView};
pub use view::{AttemptView, FitView, LookedView, RouteView, RuleView, VisitView};

use crate::traces::Span;
use flowmesh_mesh::gateway::{Record, Wanted};
use jiff::Timestamp;
use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};
use tap::Listener;

/// So many spans of attempts of runs are kept for each visit that may be.
const SPANS_PER_VISIT: usize = 8;

/// What is kept of visits and attempts, and who listens.
#[derive(Debug, Default)]
pub(crate) struct Trails {
    /// How many visits are kept.
    most: usize,
    kept: Mutex<VecDeque<(Arc<Record>, Timestamp)>>,
    /// Attempts of the calls of runs: they are in no journal.
    attempts: Mutex<VecDeque<Span>>,
    listeners: Mutex<Vec<Listener>>,
    listening: AtomicUsize,
}

impl Trails {
    /// Keeps so many visits.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            ..Self::default()
        }
    }

    /// How much is to be known of a visit.
    pub(crate) fn wanted(&self) -> Wanted {
        match self.most > 0 || self.listening.load(Ordering::Relaxed) > 0 {
            true => Wanted::Trail,
            false => Wanted::Nothing,
        }
    }

    /// A visit has ended. What is kept is put into words when somebody asks for it.
    pub(crate) fn visited(&self, record: Arc<Record>, at: Timestamp) {
        if self.listening.load(Ordering::Relaxed) > 0 {
            let view = Arc::new(VisitView::new(&record, at));
            let mut listeners = lock(&self.listeners);
            listeners.retain(|listener| listener.tell(&view));
            self.listening.store(listeners.len(), Ordering::Relaxed);
        }
        if self.most > 0 {
            let mut kept = lock(&self.kept);
            // What is let go of is let go of behind the lock.
            let _gone = (kept.len() >= self.most).then(|| kept.pop_front());
            kept.push_back((record, at));
            drop(kept);
        }
    }

    /// Whether attempts of runs are kept.
    pub(crate) fn keeps(&self) -> bool {
        self.most > 0
    }

    /// An attempt at a call of a run has ended.
    pub(crate) fn attempted(&self, span: Span) {
        let mut attempts = lock(&self.attempts);
        let most = self.most.saturating_mul(SPANS_PER_VISIT);
        let _gone = (attempts.len() >= most).then(|| attempts.pop_front());
        attempts.push_back(span);
        drop(attempts);
    }

    /// The visits of a request, or of a trace: what is kept of them.
    pub(crate) fn find(&self, request: &str) -> Vec<VisitView> {
        let Ok(named) = u128::from_str_radix(request, 16) else {
            return Vec::new();
        };
        let kept = lock(&self.kept);
        let found = kept.iter().filter(|(record, _)| record.request == named);
        found.map(|(record, at)| VisitView::new(record, *at)).collect()
    }

    fn attempts_of(&self, trace: u128) -> Vec<Span> {
        let attempts = lock(&self.attempts);
        let of_trace = attempts.iter().filter(|span| span.context.trace == trace);
        of_trace.cloned().collect()
    }

    /// Listens from now on.
    pub(crate) fn tap(&self, filter: TapFilter) -> Tap {
        let (listener, tap) = Listener::new(filter);
        let mut listeners = lock(&self.listeners);
        listeners.retain(Listener::is_there);
        listeners.push(listener);
        self.listening.store(listeners.len(), Ordering::Relaxed);
        tap
    }
}

/// A panic elsewhere cannot leave a list in a bad state.
fn lock<T>(list: &Mutex<T>) -> MutexGuard<'_, T> {
    list.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
