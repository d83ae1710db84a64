//! What a limit lets through: so many within a time, so many at once, and a bounded line of those who wait their turn.
//!
//! What is counted apart has a line of its own, found by its key. Whoever comes first goes first: nobody begins while
//! somebody waits who came earlier.

mod line;

use flowmesh_ir::traffic::Limit;
use line::{Line, Rules};
use std::{
    collections::BTreeMap,
    fmt,
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::Notify;

/// Nobody waits longer for a turn.
pub const PATIENCE: Duration = Duration::from_secs(3);

/// When to come again where nothing says it.
const SOON: Duration = Duration::from_secs(1);

/// How many keys are counted apart; those beyond are counted together, so that a stranger who makes up keys costs no more
/// memory than this.
const KEYS: usize = 10_000;

/// Keys at rest are not looked for more often than this.
const SWEEP: Duration = Duration::from_millis(100);

/// Lets through what a limit says. Clones count together.
#[derive(Clone, Debug)]
pub struct Limiter(Arc<Shared>);

/// What is said to somebody who comes.
#[derive(Debug)]
pub enum Admission {
    /// Go, and keep the permit until the end.
    Go(Permit),
    /// Wait for your turn.
    Wait(Waiting),
    /// Go away.
    Refused(Refusal),
}

/// The right to be on the way; dropping it gives the slot to the next.
#[derive(Debug)]
pub struct Permit(Option<Held>);

#[derive(Debug)]
struct Held {
    limiter: Limiter,
    key: Key,
    /// Since when.
    since: Duration,
}

/// What whoever was let through heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// An answer.
    Answer,
    /// None in time, or that there are too many.
    Nothing,
    /// What says nothing about how much can be done.
    Else,
}

/// A place in the line; dropping it leaves the line.
#[derive(Debug)]
pub struct Waiting {
    limiter: Limiter,
    key: Key,
    number: u64,
    bell: Arc<Notify>,
    due: Duration,
}

/// Whether it is somebody's turn.
#[derive(Debug)]
pub enum Turn {
    /// It is.
    Go(Permit),
    /// Not before this time.
    At(Duration),
    /// Not before [`Waiting::called`] says so.
    Later,
}

/// Why somebody is not let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// After how long it is worth coming again.
    pub after: Duration,
}

/// Why somebody is not let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// So many wait already, and no more may.
    Full(usize),
    /// As many are on their way as can be answered in time.
    Busy,
    /// The turn would come later than anybody waits.
    Late,
    /// It waited, and the turn did not come.
    Waited,
}

#[derive(Debug)]
struct Shared {
    rules: Rules,
    keys: usize,
    /// Chosen at random, so that nobody can make up two keys that are taken for one.
    hasher: RandomState,
    lines: Mutex<Lines>,
}

/// A key by its hash, since a stranger may send long ones; `None` is that of all who came when there were too many.
type Key = Option<u64>;

#[derive(Debug, Default)]
struct Lines {
    by_key: BTreeMap<Key, Line>,
    swept: Duration,
}

impl Limiter {
    /// Everybody may begin who comes after a pause.
    #[must_use]
    pub fn new(limit: &Limit) -> Self {
        Self::with_keys(limit, KEYS)
    }

    fn with_keys(limit: &Limit, keys: usize) -> Self {
        Self(Arc::new(Shared {
            rules: Rules::new(limit),
            keys,
            hasher: RandomState::new(),
            lines: Mutex::default(),
        }))
    }

    /// Whether somebody may go who is counted under this key. Where the limit has no `per`, all have the same key.
    #[must_use]
    pub fn admit(&self, key: &str, now: Duration) -> Admission {
        let rules = &self.0.rules;
        let mut lines = self.lines();
        let key = lines.place(Some(self.0.hasher.hash_one(key)), self.0.keys, now);
        let line = lines.by_key.entry(key).or_default();
        if line.enter(rules, now) {
            return Admission::Go(self.permit(key, now));
        }
        let waiting = line.waiting();
        let due = line.due(rules, waiting);
        let refused = |reason| Admission::Refused(Refusal::new(reason, due, now));
        if line.is_full(rules) {
            return refused(match line.is_shed(rules) {
                true => Reason::Busy,
                false => Reason::Full(waiting),
            });
        }
        if due > now.saturating_add(PATIENCE) {
            return refused(Reason::Late);
        }
        let (number, bell) = line.join();
        Admission::Wait(Waiting {
            limiter: self.clone(),
            key,
            number,
            bell,
            due,
        })
    }

    fn permit(&self, key: Key, since: Duration) -> Permit {
        let held = || Held {
            limiter: self.clone(),
            key,
            since,
        };
        Permit(self.0.rules.counts().then(held))
    }

    /// A panic elsewhere cannot leave a few numbers in a bad state.
    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lines {
    /// Under which key somebody is counted.
    fn place(&mut self, key: Key, most: usize, now: Duration) -> Key {
        if self.by_key.len() < most || self.by_key.contains_key(&key) {
            return key;
        }
        if now.saturating_sub(self.swept) >= SWEEP {
            self.swept = now;
            self.by_key.retain(|_, line| !line.is_at_rest(now));
        }
        key.filter(|_| self.by_key.len() < most)
    }
}

impl Waiting {
    /// Not before this time, whatever happens.
    #[must_use]
    pub fn due(&self) -> Duration {
        self.due
    }

    /// Whether it is this one's turn, which it is told once.
    #[must_use]
    pub fn turn(&self, now: Duration) -> Turn {
        let mut lines = self.limiter.lines();
        let line = lines.by_key.entry(self.key).or_default();
        match line.turn(&self.limiter.0.rules, self.number, now) {
            Ok(()) => Turn::Go(self.limiter.permit(self.key, now)),
            Err(Some(at)) => Turn::At(at),
            Err(None) => Turn::Later,
        }
    }

    /// Waits until it may be this one's turn.
    pub async fn called(&self) {
        self.bell.notified().await;
    }

    /// What is said to whoever cannot wait so long.
    #[must_use]
    pub fn refuse(&self, reason: Reason, now: Duration) -> Refusal {
        Refusal::new(reason, self.due, now)
    }
}

impl Refusal {
    fn new(reason: Reason, due: Duration, now: Duration) -> Self {
        let after = due.saturating_sub(now);
        let after = if after.is_zero() { SOON } else { after };
        Self { reason, after }
    }
}

impl Permit {
    /// Says what was heard, once, as soon as it is known.
    pub fn heard(&self, heard: Heard, now: Duration) {
        let Some(Held { limiter, key, since }) = &self.0 else {
            return;
        };
        if !limiter.0.rules.is_adaptive() || heard == Heard::Else {
            return;
        }
        if let Some(line) = limiter.lines().by_key.get_mut(key) {
            line.heard(heard, now.saturating_sub(*since), now);
        }
    }
}

impl Heard {
    /// What a status says.
    #[must_use]
    pub fn of(status: u16) -> Self {
        match status {
            429 | 503 | 504 => Self::Nothing,
            500.. => Self::Else,
            _ => Self::Answer,
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(line) = self.limiter.lines().by_key.get_mut(&self.key) {
            line.leave(self.number);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let Some(Held { limiter, key, .. }) = self.0.take() else {
            return;
        };
        if let Some(line) = limiter.lines().by_key.get_mut(&key) {
            line.end();
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(0) => f.write_str("nobody may wait for a turn"),
            Self::Full(waiting) => write!(f, "{waiting} wait for their turn already"),
            Self::Busy => f.write_str("as many are on their way as can be answered in time"),
            Self::Late => f.write_str("the turn would come later than anybody waits"),
            Self::Waited => f.write_str("the turn did not come in time"),
        }
    }
}

#[cfg(test)]
mod tests;
