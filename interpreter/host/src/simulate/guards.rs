//! What must hold of locks, pools and rates, whenever somebody is let in.

use crate::{RunId, store::Guarded};
use flowmesh_ir::traffic::Rate;
use flowmesh_machine::{Answer, CallId};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

type Asker = (RunId, CallId);

/// Guards as the journal goes by.
#[derive(Default)]
pub(super) struct Guards {
    /// Who is inside, by the name of the guard.
    inside: BTreeMap<Guarded, BTreeSet<Asker>>,
    /// When who keeps to a rate was let in, by the name of the guard.
    entered: BTreeMap<Guarded, Vec<Timestamp>>,
    /// The token of the last grant.
    token: u64,
    /// Who waits.
    waiting: BTreeMap<Asker, Waiting>,
    latest: Timestamp,
    count: u64,
}

#[derive(Debug)]
struct Waiting {
    place: Guarded,
    group: Option<String>,
    turn: (i128, u64),
    /// The groups of those who were let in since.
    passed: Vec<Option<String>>,
}

impl Guards {
    pub(super) fn entered(
        &mut self,
        place: &Guarded,
        asker: Asker,
        (permits, rate): (Option<u32>, Option<Rate>),
        at: Timestamp,
        answer: &Answer,
    ) -> Result<(), String> {
        match answer.token().filter(|token| *token > self.token) {
            Some(token) => self.token = token,
            None => {
                let last = self.token;
                return Err(format!(
                    "{place} was granted with {answer:?}, and the last token was {last}"
                ));
            }
        }
        self.in_turn(asker)?;
        let inside = self.inside.entry(place.clone()).or_default();
        inside.insert(asker);
        let most = match permits {
            Some(permits) => permits as usize,
            None if rate.is_some() => usize::MAX,
            None => 1,
        };
        if inside.len() > most {
            return Err(format!(
                "{place} is held by {inside:?}, and by {most} at the most"
            ));
        }
        rate.map_or(Ok(()), |rate| self.keeps_to(place, rate, at))
    }

    /// No window of its time, wherever it begins, holds more than its count.
    fn keeps_to(&mut self, place: &Guarded, rate: Rate, at: Timestamp) -> Result<(), String> {
        let entered = self.entered.entry(place.clone()).or_default();
        if entered.last().is_some_and(|last| at < *last) {
            // The clock was set back since: what was let in then lies further back than it says.
            entered.clear();
        }
        entered.push(at);
        let per = SignedDuration::from_millis(i64::try_from(rate.per_ms).unwrap_or(i64::MAX));
        let window = entered.iter().filter(|then| at.duration_since(**then) < per);
        let count = window.count();
        if count > rate.count as usize {
            return Err(format!(
                "{place} let {count} in within {per:?} before {at}, and {} at the most",
                rate.count
            ));
        }
        Ok(())
    }

    /// A run that goes on from the middle of a history in which it was let in is in beside the others.
    pub(super) fn is_in(&mut self, place: &Guarded, asker: Asker) {
        self.waiting.remove(&asker);
        self.inside.entry(place.clone()).or_default().insert(asker);
    }

    pub(super) fn asked(
        &mut self,
        place: &Guarded,
        asker: Asker,
        (group, ahead_us): (Option<String>, i128),
        at: Timestamp,
    ) {
        self.latest = self.latest.max(at);
        self.count += 1;
        let waiting = Waiting {
            place: place.clone(),
            group,
            turn: (i128::from(self.latest.as_microsecond()) - ahead_us, self.count),
            passed: Vec::new(),
        };
        self.waiting.insert(asker, waiting);
    }

    /// Nobody is overtaken by who asked later, but for what priority is worth; of groups that take turns, none is let in
    /// twice while another one waits.
    fn in_turn(&mut self, asker: Asker) -> Result<(), String> {
        let Some(entered) = self.waiting.remove(&asker) else {
            return Err(format!("{asker:?} was let in and did not ask"));
        };
        for (other, waiting) in &mut self.waiting {
            if waiting.place != entered.place {
                continue;
            }
            if waiting.group == entered.group && waiting.turn < entered.turn {
                return Err(format!(
                    "{asker:?} was let in before {other:?}: {entered:?} {waiting:?}"
                ));
            }
            if waiting.group == entered.group {
                waiting.passed.clear();
            } else {
                waiting.passed.push(entered.group.clone());
                let same = waiting.passed.iter().filter(|group| **group == entered.group);
                if same.count() > 2 {
                    return Err(format!(
                        "{other:?} was passed by one group again and again: {waiting:?}"
                    ));
                }
            }
        }
        Ok(())
    }

    pub(super) fn left(&mut self, place: &Guarded, asker: Asker) {
        self.waiting.remove(&asker);
        if let Some(inside) = self.inside.get_mut(place) {
            inside.remove(&asker);
        }
    }

    pub(super) fn is_held(&self, place: &Guarded) -> bool {
        self.inside.get(place).is_some_and(|inside| !inside.is_empty())
    }
}
