//! A stretch of time in which the clocks of a zone go evenly, and what they do at its ends.

use jiff::{
    SignedDuration, Timestamp,
    civil::DateTime,
    tz::{Offset, TimeZone},
};

/// From one transition of a zone to the next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    /// The first moment of it.
    pub(super) from: Timestamp,
    /// The first moment behind it.
    pub(super) to: Timestamp,
    offset: Offset,
    before: Offset,
    after: Offset,
}

impl Stretch {
    /// The one that a moment lies in.
    pub(super) fn at(zone: &TimeZone, moment: Timestamp) -> Self {
        let offset = zone.to_offset(moment);
        // What precedes must be before; a transition at the moment itself is its beginning.
        let nearly = moment.checked_add(SignedDuration::from_secs(1)).unwrap_or(moment);
        let from = zone.preceding(nearly).next().map(|change| change.timestamp());
        let from = from.unwrap_or(Timestamp::MIN);
        Self::from(zone, from, offset_before(zone, from), offset)
    }

    /// The one behind it.
    pub(super) fn following(&self, zone: &TimeZone) -> Option<Self> {
        (self.to < Timestamp::MAX).then(|| Self::from(zone, self.to, self.offset, self.after))
    }

    fn from(zone: &TimeZone, from: Timestamp, before: Offset, offset: Offset) -> Self {
        let next = zone.following(from).next();
        let (to, after) = next.map_or((Timestamp::MAX, offset), |next| (next.timestamp(), next.offset()));
        Self {
            from,
            to,
            offset,
            before,
            after,
        }
    }

    /// What the clocks show.
    pub(super) fn on_clock(&self, moment: Timestamp) -> DateTime {
        self.offset.to_datetime(moment)
    }

    /// When the clocks show it.
    pub(super) fn moment(&self, shown: DateTime) -> Option<Timestamp> {
        self.offset.to_timestamp(shown).ok()
    }

    /// What the clocks jump over when it begins: from, and behind.
    pub(super) fn left_out(&self) -> Option<(DateTime, DateTime)> {
        (self.before < self.offset).then(|| {
            (
                self.before.to_datetime(self.from),
                self.offset.to_datetime(self.from),
            )
        })
    }

    /// Until when the clocks show again what they have shown, and since when they show what they will show again.
    pub(super) fn doubled(&self) -> (Timestamp, Timestamp) {
        let back = |from: Offset, to: Offset| {
            SignedDuration::from_secs(i64::from(from.seconds().saturating_sub(to.seconds()).max(0)))
        };
        let second = self.from.checked_add(back(self.before, self.offset));
        let first = self.to.checked_sub(back(self.offset, self.after));
        (second.unwrap_or(self.from), first.unwrap_or(self.to))
    }
}

fn offset_before(zone: &TimeZone, moment: Timestamp) -> Offset {
    let before = moment.checked_sub(SignedDuration::from_secs(1));
    zone.to_offset(before.unwrap_or(moment))
}
