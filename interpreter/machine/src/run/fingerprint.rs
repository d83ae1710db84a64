//! What of a run makes a difference for what can follow: two runs with the same fingerprint go on alike.
//!
//! Numbers are given in the order of asking, so the same place reached by two ways has other numbers; here they count
//! only by their order, or by who waits for them. Times count by how far off they are. The folder: `numbers` (what
//! numbers count as), `value` (values and requests), `parts` (what a run is made of), `still` (what
//! came while it stood still).

mod numbers;
mod parts;
mod still;
mod value;

use super::{Phase, Run};
use crate::CallId;
use jiff::Timestamp;
use numbers::Numbers;
use std::hash::{Hash, Hasher};

/// What is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Sight {
    /// From when.
    pub now: Timestamp,
    /// Whether what is drawn by chance makes a difference.
    pub chance: bool,
}

impl Run {
    /// Feeds what makes a difference to a hasher. Gives the calls and asks that are open, by what they count as.
    ///
    /// Left out is what is only told: identifiers, how often steps were begun and since when, which tags were set, and
    /// what follows from the rest. What can be read of the time is the business of whoever compares runs at two times.
    pub fn fingerprint(&self, sight: Sight, hasher: &mut impl Hasher) -> Vec<CallId> {
        let mut part = Part {
            run: self,
            numbers: Numbers::of(self),
            now: sight.now,
            calls: Vec::new(),
            hasher,
        };
        part.put(self.flow);
        part.phase();
        if matches!(self.phase, Phase::Ended(_)) {
            return part.calls;
        }
        if sight.chance {
            part.put(self.context.draws);
        }
        part.whole();
        part.calls
    }
}

/// What is fed, and where.
struct Part<'r, H> {
    run: &'r Run,
    numbers: Numbers,
    now: Timestamp,
    /// Calls by the order in which those who wait for them are met.
    calls: Vec<CallId>,
    hasher: &'r mut H,
}

impl<H: Hasher> Part<'_, H> {
    fn put(&mut self, what: impl Hash) {
        what.hash(self.hasher);
    }

    fn call(&mut self, call: CallId) {
        let known = self.calls.iter().position(|known| *known == call);
        let number = known.unwrap_or_else(|| {
            self.calls.push(call);
            self.calls.len().saturating_sub(1)
        });
        self.put(number);
    }

    fn each<T>(&mut self, all: impl ExactSizeIterator<Item = T>, mut put: impl FnMut(&mut Self, T)) {
        self.put(all.len());
        all.for_each(|one| put(self, one));
    }
}
