//! A limit that others hold too: who lends of it, and what holds while nobody does.

use super::{
    Asking,
    line::{Pace, Rules},
};
use crate::decide::ledger::{Grant, Wish};
use flowmesh_ir::traffic::{Limit, Rate, Sharing};
use sha2::{Digest, Sha256};
use std::{fmt, sync::Arc, time::Duration};

/// Lends of limits that are shared.
pub(crate) trait Lender: fmt::Debug + Send + Sync {
    /// Whether it does.
    fn standing(&self) -> Standing;

    /// Asks for some: what is lent, where that is known at once. Otherwise the limiter that asks is told of it later.
    fn ask(&self, limit: &Arc<str>, wish: Wish, asking: Asking) -> Option<Grant>;
}

/// Whether somebody lends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Yes.
    Lending,
    /// It could not be asked since so long ago.
    Away {
        /// How long.
        ago: Duration,
        /// Among how many the limits are shared, as it last said.
        among: Option<u32>,
    },
}

/// A limit that others hold too.
#[derive(Clone, Debug)]
pub(crate) struct Share {
    /// Which limit it is.
    limit: Arc<str>,
    rate: Rate,
    burst: Option<u32>,
    sharing: Sharing,
    lender: Arc<dyn Lender>,
}

impl Share {
    /// `None` where the limit is not shared.
    pub(crate) fn new(place: &str, limit: &Limit, lender: Arc<dyn Lender>) -> Option<Self> {
        Some(Self {
            limit: place.into(),
            rate: limit.rate?,
            burst: limit.burst,
            sharing: limit.shared?,
            lender,
        })
    }

    /// The rules as they hold now.
    pub(super) fn now(&self, mut rules: Rules, now: Duration) -> Rules {
        rules.pace = match self.lender.standing() {
            Standing::Lending => Pace::Lent(self.rate.lent(self.burst)),
            Standing::Away {
                ago,
                among: Some(among),
            } if self.sharing == Sharing::Parted => self.part(now.saturating_sub(ago), among),
            Standing::Away { .. } => Pace::Closed,
        };
        rules
    }

    /// An equal part of the rate, of which nothing was there when it began: what was lent before may have been spent.
    fn part(&self, since: Duration, among: u32) -> Pace {
        let among = u64::from(among.max(1));
        let interval = self.rate.interval().saturating_mul(among);
        let burst = (self.rate.burst(self.burst) / among).max(1);
        let since = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
        Pace::Own {
            interval,
            burst,
            from: since.saturating_add(interval.saturating_mul(burst)),
        }
    }

    /// Asks for so many of a key, and says how many are owed.
    pub(super) fn ask(&self, key: Option<u128>, (want, owed): (u32, u32), asking: Asking) -> Option<Grant> {
        let wish = Wish {
            key,
            rate: self.rate,
            burst: self.burst,
            want,
            owed,
        };
        self.lender.ask(&self.limit, wish, asking)
    }
}

/// What a key is called among those who share a limit: nobody can make up two that are called the same.
pub(super) fn digest(key: &str) -> u128 {
    let hash = Sha256::digest(key.as_bytes());
    let mut first = [0; 16];
    first
        .iter_mut()
        .zip(hash.iter())
        .for_each(|(to, from)| *to = *from);
    u128::from_be_bytes(first)
}

#[cfg(test)]
mod tests;
