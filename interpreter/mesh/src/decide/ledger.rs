//! What is lent of limits that several processes hold together: the place that keeps them counts what it lends before it is
//! spent, so that all together never begin more than the limit says.
//!
//! Where there is not enough for all, each who asks gets an equal part of what comes in, and what one does not want the
//! others get. Who does not ask any more shares nothing any more; what was lent to it and not spent lapses by itself, and
//! stays counted. Nothing of this is kept when the process ends: everything that is lent begins empty, as if all of it had
//! just been spent, since it may have been.

use flowmesh_ir::traffic::{Lent, Rate};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// Who has not asked for so long wants nothing any more.
const GONE: Duration = Duration::from_secs(1);
/// Who has not been heard of for so long is not there any more.
const LOST: Duration = Duration::from_secs(15);
/// Into so many parts the rate of a lease time is cut where there is not enough: who is told to come again finds as much.
const PARTS: u64 = 4;
/// How many keys are counted apart; those beyond are counted together, each limit's for itself.
const ENTRIES: usize = 50_000;
/// How many may ask for one key at a time.
const HOLDERS: usize = 256;
/// How many are known at a time, of all namespaces.
const KNOWN: usize = 1_000;
/// Counts at rest are not looked for more often than this.
const SWEEP: Duration = Duration::from_millis(100);
/// When to ask again where there is no room to count.
const LATER: Duration = Duration::from_secs(1);

/// Whose a count is: a namespace, and a limit in it by its place in the program.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The namespace.
    pub namespace: Arc<str>,
    /// The limit: `gateway shop`.
    pub limit: Arc<str>,
}

/// Who asks: a number that it drew when it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Holder(pub u128);

/// What somebody asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// What is counted apart, by its hash; `None` where there were too many.
    pub key: Option<u128>,
    /// What the limit says. Where two say different things of one, the stricter holds.
    pub rate: Rate,
    /// How many may begin at once.
    pub burst: Option<u32>,
    /// How many it would have.
    pub want: u32,
    /// How many it spent that were not lent, while it counted alone, and that have not come in since.
    pub owed: u32,
}

/// What it gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// How many.
    pub granted: u32,
    /// After how long it is worth asking for more.
    pub after: Duration,
}

/// What is lent of all limits. Clones are the same.
#[derive(Clone, Debug)]
pub struct Ledger(Arc<Mutex<Book>>);

#[derive(Debug)]
struct Book {
    began: Duration,
    entries: BTreeMap<(Place, Option<u128>), Entry>,
    swept: Duration,
    most: usize,
    /// When each was heard of last, by its namespace.
    heard: BTreeMap<(Arc<str>, Holder), Duration>,
}

/// What is counted together.
#[derive(Debug)]
struct Entry {
    /// Up to when the rate has been lent, in nanoseconds (GCRA).
    lent_to: u64,
    askers: BTreeMap<Holder, Asker>,
}

/// Somebody who asked a short time ago.
#[derive(Clone, Copy, Debug)]
struct Asker {
    terms: Lent,
    seen: Duration,
    /// Since when it has been given nothing.
    since: Duration,
    /// How many it was not given.
    unmet: u32,
}

impl Wish {
    fn terms(&self) -> Lent {
        self.rate.lent(self.burst)
    }
}

impl Ledger {
    /// Nothing is there to be lent before the rates have brought it.
    #[must_use]
    pub fn new(now: Duration) -> Self {
        Self::with_entries(now, ENTRIES)
    }

    fn with_entries(now: Duration, most: usize) -> Self {
        Self(Arc::new(Mutex::new(Book {
            began: now,
            entries: BTreeMap::new(),
            swept: now,
            most,
            heard: BTreeMap::new(),
        })))
    }

    /// Lends what there is, up to what is wanted.
    #[must_use]
    pub fn lend(&self, place: &Place, holder: Holder, wish: Wish, now: Duration) -> Grant {
        let mut book = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        book.lend(place, holder, wish, now)
    }

    /// Somebody is there; among how many, itself included.
    #[must_use]
    pub fn hear(&self, namespace: &Arc<str>, holder: Holder, now: Duration) -> u32 {
        let mut book = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        book.heard.retain(|_, heard| heard.saturating_add(LOST) > now);
        let known = book.heard.contains_key(&(namespace.clone(), holder));
        if known || book.heard.len() < KNOWN {
            book.heard.insert((namespace.clone(), holder), now);
        }
        let of = |(of, _): &&(Arc<str>, Holder)| of == namespace;
        u32::try_from(book.heard.keys().filter(of).count().max(1)).unwrap_or(u32::MAX)
    }
}

impl Book {
    fn lend(&mut self, place: &Place, holder: Holder, wish: Wish, now: Duration) -> Grant {
        let nothing = Grant {
            granted: 0,
            after: LATER,
        };
        let Some(key) = self.room(place, wish.key, now) else {
            return nothing;
        };
        let began = nanos(self.began);
        let entry = self.entries.entry((place.clone(), key)).or_insert_with(|| Entry {
            lent_to: began.saturating_add(wish.terms().tolerance),
            askers: BTreeMap::new(),
        });
        entry
            .askers
            .retain(|_, asker| asker.seen.saturating_add(GONE) > now);
        if entry.askers.len() >= HOLDERS && !entry.askers.contains_key(&holder) {
            return nothing;
        }
        entry.lend(holder, wish, now)
    }

    /// Under which key it is counted; `None` where there is no room at all.
    fn room(&mut self, place: &Place, key: Option<u128>, now: Duration) -> Option<Option<u128>> {
        let known = |key| self.entries.contains_key(&(place.clone(), key));
        if self.entries.len() < self.most || known(key) {
            return Some(key);
        }
        if now.saturating_sub(self.swept) >= SWEEP {
            self.swept = now;
            self.entries.retain(|_, entry| !entry.is_at_rest(now));
        }
        let known = |key| self.entries.contains_key(&(place.clone(), key));
        match self.entries.len() < self.most {
            true => Some(key),
            // As many limits at the most as there may be keys.
            false if known(None) || self.entries.len() < self.most.saturating_mul(2) => Some(None),
            false => None,
        }
    }
}

impl Entry {
    fn lend(&mut self, holder: Holder, wish: Wish, now: Duration) -> Grant {
        let time = nanos(now);
        let terms = self.strictest(wish.terms());
        self.owe(terms, wish.owed, time);
        let ahead = self.lent_to.saturating_sub(time);
        let credit = terms.tolerance.saturating_sub(ahead);
        let since = self.since(holder, now);
        let (kept, shares, before) = self.kept_for_others(holder, since, terms, now);
        let mut free = credit.saturating_sub(kept);
        if before == 0 {
            // Small parts are no whole ones: who has waited longest gets the next.
            free = free.max(terms.interval.min(credit));
        }
        let granted = u32::try_from(free.checked_div(terms.interval).unwrap_or(0)).unwrap_or(u32::MAX);
        let granted = granted.min(wish.want);
        if granted > 0 {
            let taken = terms.interval.saturating_mul(u64::from(granted));
            self.lent_to = self.lent_to.max(time).saturating_add(taken);
        }
        let unmet = wish.want.saturating_sub(granted);
        let asker = Asker {
            terms: wish.terms(),
            seen: now,
            since: if granted > 0 { now } else { since },
            unmet,
        };
        self.askers.insert(holder, asker);
        let place = if granted > 0 {
            shares.saturating_sub(1)
        } else {
            before
        };
        let comes = part(terms, unmet).saturating_mul(place.saturating_add(1));
        let ahead = self.lent_to.saturating_sub(time);
        // What is there now is not waited for, and what is lent beyond the tolerance is.
        let after = comes.saturating_add(ahead).saturating_sub(terms.tolerance);
        Grant {
            granted,
            after: Duration::from_nanos(after),
        }
    }

    /// Counts what was spent without being lent, while we could not be asked: nothing is there any more, at the worst.
    fn owe(&mut self, terms: Lent, owed: u32, time: u64) {
        let ahead = self.lent_to.saturating_sub(time);
        let owed = terms.interval.saturating_mul(u64::from(owed));
        let ahead = ahead.saturating_add(owed).min(ahead.max(terms.tolerance));
        if owed > 0 {
            self.lent_to = time.saturating_add(ahead);
        }
    }

    /// Since when somebody has been given nothing of what it wants.
    fn since(&self, holder: Holder, now: Duration) -> Duration {
        let hungry = self.askers.get(&holder).filter(|asker| asker.unmet > 0);
        hungry.map_or(now, |asker| asker.since)
    }

    /// What of the credit others have a claim to who were not given enough, among how many it is shared, and how many
    /// have waited for longer.
    fn kept_for_others(
        &self,
        holder: Holder,
        since: Duration,
        terms: Lent,
        now: Duration,
    ) -> (u64, u64, u64) {
        let hungry = self.askers.iter();
        let hungry = hungry.filter(|(other, asker)| **other != holder && asker.unmet > 0);
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let shares = count(hungry.clone().count()).saturating_add(1);
        let before = hungry
            .clone()
            .filter(|(other, asker)| (asker.since, **other) < (since, holder));
        let before = count(before.count());
        let claims = hungry.map(|(_, asker)| {
            let came = nanos(now.saturating_sub(asker.since));
            let wanted = terms.interval.saturating_mul(u64::from(asker.unmet));
            came.min(terms.tolerance).div_ceil(shares).min(wanted)
        });
        (claims.fold(0, u64::saturating_add), shares, before)
    }

    /// What holds for all who ask.
    fn strictest(&self, own: Lent) -> Lent {
        let others = self.askers.values().map(|asker| asker.terms);
        others.fold(own, |strict, other| {
            let interval = strict.interval.max(other.interval);
            let tolerance = strict.tolerance.min(other.tolerance);
            Lent {
                interval,
                // One at least can be lent after a pause.
                tolerance: tolerance.max(interval),
            }
        })
    }

    /// Whether nothing is lost if it is forgotten.
    fn is_at_rest(&self, now: Duration) -> bool {
        let asked = |asker: &Asker| asker.seen.saturating_add(GONE) > now;
        self.lent_to <= nanos(now) && !self.askers.values().any(asked)
    }
}

/// How much there is to be before it is worth asking again.
fn part(terms: Lent, unmet: u32) -> u64 {
    let lease = u64::from(unmet.max(1)).saturating_mul(terms.interval);
    let usual = flowmesh_ir::traffic::LEASE_MS.saturating_mul(1_000_000) / PARTS;
    lease.min(usual).max(terms.interval)
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
pub(crate) mod tests;
