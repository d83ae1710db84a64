//! Which trace a run lies in, as it is written down.

use super::super::line;
use bytes::Bytes;
use flowmesh_ir::trace;
use serde::{Deserialize, Serialize};

/// Which trace a run lies in.
#[derive(Clone, PartialEq, prost::Message, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct Lineage {
    #[prost(bytes = "bytes", tag = "1")]
    #[serde(with = "line::run")]
    trace: Bytes,
    /// 0 is none: no span has it.
    #[prost(fixed64, tag = "2")]
    #[serde(default)]
    parent: u64,
    #[prost(bool, tag = "3")]
    #[serde(default)]
    sampled: bool,
    #[prost(string, optional, tag = "4")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    #[prost(string, optional, tag = "5")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    baggage: Option<String>,
}

impl Lineage {
    pub(in crate::store) fn new(lineage: &trace::Lineage) -> Self {
        Self {
            trace: Bytes::copy_from_slice(&lineage.trace.to_be_bytes()),
            parent: lineage.parent.unwrap_or_default(),
            sampled: lineage.sampled,
            state: lineage.state.as_deref().map(str::to_owned),
            baggage: lineage.baggage.as_deref().map(str::to_owned),
        }
    }

    /// `None` where there is no such trace.
    pub(in crate::store) fn lineage(&self) -> Option<trace::Lineage> {
        let trace = u128::from_be_bytes(self.trace.as_ref().try_into().ok()?);
        (trace != 0).then(|| trace::Lineage {
            trace,
            parent: (self.parent != 0).then_some(self.parent),
            sampled: self.sampled,
            state: self.state.as_deref().map(Into::into),
            baggage: self.baggage.as_deref().map(Into::into),
        })
    }
}
