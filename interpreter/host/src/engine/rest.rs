//! Which runs leave memory, and when: those that have ended, and those that only wait.

use super::{Engine, Held, held::Live};
use crate::RunId;
use flowmesh_ir::flow::Tie;
use flowmesh_machine::{Ask, CallId};
use jiff::Timestamp;

/// So many leave at once.
const LEAVING_MAX: usize = 256;

impl Engine {
    /// The index has taken what a run is now, or nobody needs it any more who did.
    pub(super) fn rest_later(&mut self, run: RunId) {
        if !self.rows.kept {
            return;
        }
        let Some(held) = self.runs.get_mut(&run) else {
            return;
        };
        held.rested = self.now;
        if held.ending().is_some() {
            self.dormant.gone.push_back(run);
        } else if !held.queued {
            held.queued = true;
            self.dormant.idle.push_back((self.now, run));
        }
    }

    /// Lets runs leave that may.
    pub(super) fn rest(&mut self) {
        // What is to be done between runs may need any of them.
        if !self.rows.kept || !self.tasks.is_empty() {
            return;
        }
        for _ in 0..self.dormant.gone.len().min(LEAVING_MAX) {
            let Some(run) = self.dormant.gone.pop_front() else {
                break;
            };
            if !self.is_settled(run) {
                // What waits now may have looked before the index knew it.
                self.dormant.gone.push_back(run);
            } else if self.may_leave(run) {
                self.leave(run);
            }
        }
        for _ in 0..LEAVING_MAX {
            if !self.rest_one() {
                break;
            }
        }
    }

    /// Whether there was one that has waited long enough.
    fn rest_one(&mut self) -> bool {
        let over = self.runs.len() > self.dormant.residence.runs_max;
        let idle = self.dormant.residence.idle;
        let waited = |since: Timestamp| self.now.duration_since(since) >= idle;
        let front = self.dormant.idle.front().copied();
        let Some((since, run)) = front.filter(|(since, _)| over || waited(*since)) else {
            return false;
        };
        if !self.is_settled(run) {
            return false;
        }
        self.dormant.idle.pop_front();
        let rested = match self.runs.get_mut(&run) {
            Some(held) => {
                held.queued = false;
                held.rested
            }
            None => return true,
        };
        if rested > since {
            // Something happened to it meanwhile: it comes behind those to which nothing did.
            self.again_idle(run, rested);
        } else if self.may_leave(run) {
            self.leave(run);
        }
        true
    }

    fn again_idle(&mut self, run: RunId, since: Timestamp) {
        if let Some(held) = self.runs.get_mut(&run) {
            held.queued = true;
            self.dormant.idle.push_back((since, run));
        }
    }

    /// Whether nothing waits that may have looked before the index knew what it knows of a run.
    fn is_settled(&self, run: RunId) -> bool {
        let settled = self.runs.get(&run).map(|held| held.settled);
        settled.is_none_or(|settled| settled <= self.dormant.oldest())
    }

    /// Whether the index knows all of a run, and nothing and nobody needs it in memory.
    fn may_leave(&self, run: RunId) -> bool {
        let Some(held) = self.runs.get(&run) else {
            return false;
        };
        let near = self
            .now
            .checked_add(self.dormant.residence.horizon)
            .unwrap_or(self.now);
        let waits = held.alive().is_none_or(|live| live.only_waits(near));
        let answers = (run, 0)..=(run, u64::MAX);
        held.pending == 0
            && waits
            && (held.watched == 0 || held.ending().is_some())
            && !self.dormant.is_pinned(run)
            && !self.schedules.hears(run)
            && self.answers.range(answers).next().is_none()
    }

    fn leave(&mut self, run: RunId) {
        let Some(held) = self.runs.remove(&run) else {
            return;
        };
        self.parents.remove(&run);
        if let Some(key) = held.key.clone().filter(|_| !held.superseded) {
            self.keys.remove(&(held.scope(), key));
        }
        if let Some(live) = held.alive() {
            for (timer, at) in &live.timers {
                self.timers.disarm(*at, run, *timer);
                self.dormant.sleep((*at, run, *timer));
            }
            #[cfg(debug_assertions)]
            self.dormant.leaves(run, live.run.clone());
        }
    }
}

impl Live {
    /// Whether nothing is on its way for it, nobody waits for it, and nothing comes due up to a time.
    fn only_waits(&self, near: Timestamp) -> bool {
        let far = self.timers.iter().all(|(_, at)| *at > near);
        far && self.waiting.is_empty() && !self.is_busy()
    }

    /// Whether something is on its way for it that a process takes with it when it ends.
    pub(super) fn is_busy(&self) -> bool {
        // The end of a child, and a guard, come by themselves.
        let comes = |(_, ask): (&CallId, &Ask)| {
            matches!(
                ask,
                Ask::Acquire { .. } | Ask::Admit(_) | Ask::Debounce(_) | Ask::Start { tie: Tie::Child, .. }
            )
        };
        !self.calls.is_empty() || !self.streams.is_empty() || !self.asks.iter().all(comes)
    }
}

impl Held {
    /// The index has taken one more of what it was given of the run; `next` is the number of what waits next.
    pub(super) fn settle(&mut self, next: u64) -> bool {
        self.pending = self.pending.saturating_sub(1);
        self.settled = next;
        self.pending == 0
    }
}
