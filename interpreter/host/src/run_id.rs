//! The identifier of a run.

use flowmesh_machine::CallId;
use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
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

    /// The identifier of two halves.
    pub(crate) fn of_halves(high: u64, low: u64) -> Self {
        Self((u128::from(high) << 64) | u128::from(low))
    }

    /// Its two halves.
    pub(crate) fn halves(self) -> (u64, u64) {
        let low = self.0 & u128::from(u64::MAX);
        (
            u64::try_from(self.0 >> 64).unwrap_or_default(),
            u64::try_from(low).unwrap_or_default(),
        )
    }

    /// The run that a run starts by its call of this number, and a seed for it: the same however often it is asked.
    /// `what` tells apart several that one call starts. A UUID of version 8 (RFC 9562, section 5.8) with the time of
    /// the run that starts it, so that it is listed beside it.
    #[must_use]
    pub fn derived(self, call: CallId, what: &str) -> (Self, u64) {
        let mut hash = Sha256::new();
        hash.update(self.0.to_be_bytes());
        hash.update(call.0.to_be_bytes());
        hash.update(what.as_bytes());
        Self::of_hash(self.0 >> 80, hash)
    }

    /// The run that a schedule starts for a time that is due, and a seed for it: always the same. It has that time, so
    /// that it is listed there, whenever it begins.
    #[must_use]
    pub fn scheduled(schedule: &str, due: Timestamp, attempt: u32) -> (Self, u64) {
        let mut hash = Sha256::new();
        hash.update(b"schedule");
        hash.update(due.as_microsecond().to_be_bytes());
        hash.update(attempt.to_be_bytes());
        hash.update(schedule.as_bytes());
        let millis = u128::try_from(due.as_millisecond()).unwrap_or_default() & ((1 << 48) - 1);
        Self::of_hash(millis, hash)
    }

    fn of_hash(millis: u128, hash: Sha256) -> (Self, u64) {
        let (mut bits, mut seed) = (0_u128, 0_u64);
        for (at, byte) in hash.finalize().into_iter().enumerate() {
            if at < 16 {
                bits = (bits << 8) | u128::from(byte);
            } else if at < 24 {
                seed = (seed << 8) | u64::from(byte);
            }
        }
        let kept = ((0xfff_u128 << 64) | ((1 << 62) - 1)) & bits;
        (Self((millis << 80) | (8 << 76) | (2 << 62) | kept), seed)
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

impl<'de> serde::Deserialize<'de> for RunId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for RunId {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "RunId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "uuid"})
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

    #[test]
    fn what_a_call_starts_is_always_the_same_run() {
        let parent = RunId::new(Timestamp::from_millisecond(1_000).unwrap(), 5, 6);
        let (child, seed) = parent.derived(CallId(3), "pay");
        assert_eq!(parent.derived(CallId(3), "pay"), (child, seed));
        assert_ne!(parent.derived(CallId(4), "pay").0, child);
        assert_ne!(parent.derived(CallId(3), "ship").0, child);
        assert_eq!(Uuid::from_u128(child.0).get_version_num(), 8);
        assert_eq!(child.0 >> 80, parent.0 >> 80);
    }

    #[test]
    fn a_time_of_a_schedule_has_one_run_an_attempt() {
        let due = Timestamp::from_second(1_000).unwrap();
        let (run, seed) = RunId::scheduled("nightly", due, 0);
        assert_eq!(RunId::scheduled("nightly", due, 0), (run, seed));
        assert_ne!(RunId::scheduled("nightly", due, 1).0, run);
        assert_ne!(RunId::scheduled("daily", due, 0).0, run);
        assert_eq!(run.0 >> 80, 1_000_000);
    }
}
