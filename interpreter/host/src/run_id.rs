//! The identifier of a run.

use jiff::Timestamp;
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// The identifier of a run: a UUID of version 7, so that later runs come after earlier ones.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub u128);

impl RunId {
    /// An identifier from a time and two numbers drawn by chance (RFC 9562, section 5.7).
    #[must_use]
    pub fn new(at: Timestamp, high: u64, low: u64) -> Self {
        let millis = u128::try_from(at.as_millisecond()).unwrap_or_default() & ((1 << 48) - 1);
        let a = u128::from(high) & 0xfff;
        let b = u128::from(low) & ((1 << 62) - 1);
        Self((millis << 80) | (7 << 76) | (a << 64) | (2 << 62) | b)
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Uuid::from_u128(self.0), f)
    }
}

impl fmt::Debug for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for RunId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match Uuid::parse_str(text) {
            Ok(id) => Ok(Self(id.as_u128())),
            Err(_) => Err(format!(
                "expected the id of a run, such as `{}`, found `{text}`",
                Self(7 << 76)
            )),
        }
    }
}

impl serde::Serialize for RunId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_runs_come_after_earlier_ones() {
        let early = RunId::new(Timestamp::from_millisecond(1_000).unwrap(), u64::MAX, u64::MAX);
        let late = RunId::new(Timestamp::from_millisecond(1_001).unwrap(), 0, 0);
        assert!(early < late);
        assert_eq!(Uuid::from_u128(late.0).get_version_num(), 7);
        assert_eq!(late.to_string().parse(), Ok(late));
    }
}
