//! What a limit lets through: so many within a time, so many at once, and a bounded line of those who wait their turn.
//!
//! What is counted apart has a line of its own, found by its key. Whoever comes first goes first: nobody begins while
//! somebody waits who came earlier. A rate that is shared with other processes is spent of what was lent of it
//! (`purse`), and more is asked for when it is needed.

mod line;
mod purse;
mod ranks;
mod said;
mod share;

pub use said::{Heard, Reason, Refusal};
pub(crate) use share::{Lender, Share, Standing};

use super::ledger::Grant;
use flowmesh_ir::traffic::{Limit, Priority};
use line::{Line, NotYet, Pace, Rules};
use std::{
    collections::BTreeMap,
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};
use tokio::sync::Notify;

/// Nobody waits longer for a turn.
pub const PATIENCE: Duration = Duration::from_secs(3);

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

/// A place in the line; dropping it leaves the line.
#[derive(Debug)]
pub struct Waiting {
    limiter: Limiter,
    priority: Priority,
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
    /// It will not be: there is less to be had than was hoped.
    Refused(Refusal),
}

/// A question of a limiter about what is shared: who asks it is told the answer.
#[derive(Clone, Debug)]
pub(crate) struct Asking {
    limiter: Weak<Shared>,
    key: Key,
    /// When it was asked, by the clock of the limiter.
    asked: Duration,
}

#[derive(Debug)]
struct Shared {
    rules: Rules,
    /// Who else holds it.
    share: Option<Share>,
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
        Self::with_keys(limit, None, KEYS)
    }

    /// Others may hold it, too.
    pub(crate) fn shared(limit: &Limit, share: Option<Share>) -> Self {
        Self::with_keys(limit, share, KEYS)
    }

    fn with_keys(limit: &Limit, share: Option<Share>, keys: usize) -> Self {
        Self(Arc::new(Shared {
            rules: Rules::new(limit),
            share,
            keys,
            hasher: RandomState::new(),
            lines: Mutex::default(),
        }))
    }

    /// Whether somebody may go who is counted under this key. Where the limit has no `per`, all have the same key.
    #[must_use]
    pub fn admit(&self, key: &str, now: Duration) -> Admission {
        self.admit_as(key, Priority::Normal, now)
    }

    /// The same for somebody who comes before or after others, where it is found out how many may be on their way.
    #[must_use]
    pub fn admit_as(&self, key: &str, priority: Priority, now: Duration) -> Admission {
        let rules = self.rules(priority, now);
        let mut lines = self.lines();
        let (text, key) = (
            key,
            lines.place(Some(self.0.hasher.hash_one(key)), self.0.keys, now),
        );
        let line = lines.by_key.entry(key).or_default();
        if self.0.share.is_some() && line.name.is_none() {
            line.name = key.map(|_| share::digest(text));
        }
        if self.enters(key, line, &rules, now) {
            return Admission::Go(self.permit(key, now));
        }
        let waiting = line.waiting();
        let due = line.due(&rules, waiting, now);
        let refused = |reason| Admission::Refused(Refusal::new(reason, due, now));
        if rules.pace == Pace::Closed {
            return refused(Reason::Away);
        }
        if line.is_full(&rules, now) {
            return refused(match line.is_shed(&rules) {
                true => Reason::Busy,
                false => Reason::Full(waiting),
            });
        }
        if due > now.saturating_add(PATIENCE) {
            return refused(Reason::Late);
        }
        let (number, bell) = line.join(&rules);
        Admission::Wait(Waiting {
            priority,
            limiter: self.clone(),
            key,
            number,
            bell,
            due,
        })
    }

    /// Begins, if there is room or what there is can be had at once; sees to it that there is something for the next.
    fn enters(&self, key: Key, line: &mut Line, rules: &Rules, now: Duration) -> bool {
        let entered = line.enter(rules, now);
        let more = self.asks(key, line, rules, (usize::from(!entered), now));
        entered || (more && line.enter(rules, now))
    }

    /// Asks for more where it is lent and needed; whether there is more already.
    fn asks(&self, key: Key, line: &mut Line, rules: &Rules, (more, now): (usize, Duration)) -> bool {
        let Some((share, want)) = self.0.share.as_ref().zip(line.want(rules, more, now)) else {
            return false;
        };
        line.purse.asks(want);
        let asking = Asking {
            limiter: Arc::downgrade(&self.0),
            key,
            asked: now,
        };
        let granted = share.ask(line.name, (want, line.owed(now)), asking);
        if let Some(grant) = granted {
            line.purse.told(grant, now, now);
        }
        granted.is_some()
    }

    /// The rules as they hold now.
    fn rules(&self, priority: Priority, now: Duration) -> Rules {
        let (share, own) = (self.0.share.as_ref(), self.0.rules.of(priority));
        share.map_or(own, |share| share.now(own, now))
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
        let limiter = &self.limiter;
        let rules = limiter.rules(self.priority, now);
        let mut lines = limiter.lines();
        let line = lines.by_key.entry(self.key).or_default();
        let mut turn = line.turn(&rules, self.number, now);
        if turn.is_err() && limiter.asks(self.key, line, &rules, (0, now)) {
            turn = line.turn(&rules, self.number, now);
        }
        match turn {
            Ok(()) => Turn::Go(limiter.permit(self.key, now)),
            Err(NotYet::At(at)) => Turn::At(at),
            Err(NotYet::Called) => Turn::Later,
            Err(NotYet::Never(reason)) => {
                let due = line.due(&rules, 0, now);
                Turn::Refused(Refusal::new(reason, due, now))
            }
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

impl Asking {
    /// What came of it, so long after it was asked; nothing where nobody answered.
    pub(crate) fn told(&self, grant: Option<Grant>, after: Duration) {
        let Some(shared) = self.limiter.upgrade() else {
            return;
        };
        let now = self.asked.saturating_add(after);
        if let Some(line) = Limiter(shared).lines().by_key.get_mut(&self.key) {
            match grant {
                Some(grant) => line.purse.told(grant, self.asked, now),
                None => line.purse.untold(),
            }
            line.call_all();
        }
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

#[cfg(test)]
mod tests;
