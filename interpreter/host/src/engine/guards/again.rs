//! What was said to guards, kept while a compacted journal is read: it is said again in the order in which it was written.

use super::{Asker, Guards, Wish, told::Untold};
use crate::store::{Guarded, Order};
use jiff::{SignedDuration, Timestamp};

/// Something that is said to a guard: who says it, and when.
#[derive(Clone, Debug)]
pub(in super::super) enum Said {
    Asks(Guarded, Asker, Wish, Timestamp),
    Settles(Guarded, Asker, Option<SignedDuration>, Timestamp),
    Enters(Guarded, Asker, u64, Timestamp),
    EntersBeside(Guarded, Asker, Timestamp),
    Leaves(Guarded, Asker),
}

impl Guards {
    /// Takes note of it.
    pub(in super::super) fn hear(&mut self, said: Said) {
        match said {
            Said::Asks(place, asker, wish, at) => self.ask(&place, asker, wish, at),
            Said::Settles(place, asker, most, at) => self.settle(&place, asker, most, at),
            Said::Enters(place, asker, token, at) => self.enter(&place, asker, token, at),
            Said::EntersBeside(place, asker, at) => self.enter_beside(&place, asker, at),
            Said::Leaves(place, asker) => self.leave(&place, asker),
        }
    }

    /// Begins anew, and hears all of it in its order.
    pub(in super::super) fn hear_again(&mut self, mut all: Vec<(Order, Said)>) {
        *self = Self {
            untold: self.untold.as_ref().map(|_| Untold::default()),
            ageless: self.ageless,
            ..Self::default()
        };
        all.sort_by_key(|(order, _)| *order);
        all.into_iter().for_each(|(_, said)| self.hear(said));
    }
}
