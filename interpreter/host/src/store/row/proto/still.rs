//! That a run stands still, in its row.

use super::{NoRow, time};
use crate::store::row::{Parked, Paused};
use flowmesh_ir::Name;

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct StoredPaused {
    #[prost(string, tag = "1")]
    reason: String,
    #[prost(sint64, tag = "2")]
    since_us: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct StoredParked {
    #[prost(string, tag = "1")]
    step: String,
    #[prost(uint32, tag = "2")]
    call: u32,
    #[prost(string, tag = "3")]
    error: String,
    #[prost(string, repeated, tag = "4")]
    choices: Vec<String>,
    #[prost(sint64, tag = "5")]
    since_us: i64,
}

pub(super) fn paused(paused: &Paused) -> StoredPaused {
    StoredPaused {
        reason: paused.reason.clone(),
        since_us: paused.since.as_microsecond(),
    }
}

pub(super) fn to_paused(paused: StoredPaused) -> Result<Paused, NoRow> {
    Ok(Paused {
        reason: paused.reason,
        since: time(paused.since_us)?,
    })
}

pub(super) fn parked(parked: &Parked) -> StoredParked {
    StoredParked {
        step: parked.step.clone(),
        call: parked.call,
        error: parked.error.to_string(),
        choices: parked.choices.iter().map(Name::to_string).collect(),
        since_us: parked.since.as_microsecond(),
    }
}

pub(super) fn to_parked(parked: StoredParked) -> Result<Parked, NoRow> {
    Ok(Parked {
        step: parked.step,
        call: parked.call,
        error: parked.error.into(),
        choices: parked.choices.into_iter().map(Name::from).collect(),
        since: time(parked.since_us)?,
    })
}
