//! What lies between runs, as it is written.

use crate::store::{deployed, result::VoidedMessage, schedule};

#[derive(Clone, PartialEq, prost::Message)]
pub(in crate::store) struct Between {
    #[prost(uint64, tag = "1")]
    pub(in crate::store) order: u64,
    #[prost(message, repeated, tag = "2")]
    pub(in crate::store) traffic: Vec<Traffic>,
    #[prost(message, repeated, tag = "3")]
    pub(in crate::store) schedules: Vec<schedule::Message>,
    #[prost(message, repeated, tag = "4")]
    pub(in crate::store) deployed: Vec<deployed::Message>,
    #[prost(message, repeated, tag = "5")]
    pub(in crate::store) voided: Vec<VoidedMessage>,
}

/// Two lists of one length.
#[derive(Clone, PartialEq, prost::Message)]
pub(in crate::store) struct Traffic {
    #[prost(string, tag = "1")]
    pub(in crate::store) service: String,
    #[prost(string, repeated, tag = "2")]
    pub(in crate::store) subset: Vec<String>,
    #[prost(uint32, repeated, tag = "3")]
    pub(in crate::store) weight: Vec<u32>,
    #[prost(sint64, tag = "4")]
    pub(in crate::store) at_us: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(in crate::store) struct Forgotten {
    #[prost(fixed64, tag = "1")]
    pub(in crate::store) run_high: u64,
    #[prost(fixed64, tag = "2")]
    pub(in crate::store) run_low: u64,
}
