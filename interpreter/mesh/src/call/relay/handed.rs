//! What is handed on, and what comes of it.

use crate::{
    decide::outcome::Outcome,
    observe::Detour,
    wire::{body::Tee, endpoint::Endpoint, relayed::Relayed},
};
use bytes::Bytes;
use flowmesh_ir::{PolicyId, ServiceId, SubsetId, call::Failure, service::Method, trace::TraceContext};
use http::{HeaderMap, HeaderValue, Response, uri::PathAndQuery};
use hyper::body::Incoming;
use std::{sync::Arc, time::Duration};

/// A request that is handed on.
#[derive(Clone)]
pub(crate) struct Relay {
    pub(crate) service: ServiceId,
    /// `None` is as the service routes.
    pub(crate) subset: Option<SubsetId>,
    /// `None` is that of the service.
    pub(crate) policy: Option<PolicyId>,
    pub(crate) method: Method,
    /// Path and query.
    pub(crate) target: PathAndQuery,
    /// Which host is named instead of that of the address.
    pub(crate) host: Option<HeaderValue>,
    /// Whether the path was changed already, so that the policy changes it no more.
    pub(crate) is_rewritten: bool,
    pub(crate) headers: HeaderMap,
    /// The services that it may go to beside this one, or a copy of it.
    pub(crate) onward: Vec<ServiceId>,
    /// Whether it asks whether what is kept of the service is good still, which is for nobody else to say.
    pub(crate) revalidates: bool,
    /// The most bytes of the body.
    pub(crate) body_bytes: u64,
    pub(crate) trace: TraceContext,
}

/// The body of an answer that is handed on.
pub(crate) enum Handed {
    /// There is none.
    Nothing,
    /// All of it is here.
    Whole(Bytes),
    /// It comes as the service sends it.
    Stream(Box<Relayed>),
}

/// The body as it is there before an attempt.
pub(super) enum Kept {
    /// It can be sent any number of times.
    Whole(Bytes),
    /// It can be sent once.
    Stream(Incoming, Option<Tee>),
    /// It was sent.
    Gone,
}

/// How one attempt went.
pub(super) struct Went {
    pub(super) outcome: Outcome,
    pub(super) answer: Option<Response<Box<Relayed>>>,
    pub(super) endpoint: Option<Arc<Endpoint>>,
    /// Where it went instead, if it did not go where its policy sends it first.
    pub(super) detour: Option<Box<Detour>>,
    /// When it ended.
    pub(super) ended: Duration,
}

/// Marks the answer of somebody else than whom the policy sends requests to first: nothing of it is kept.
#[derive(Clone, Copy)]
pub(in crate::call) struct Elsewhere;

/// Why a request was not handed on.
#[derive(Debug)]
pub(crate) enum Unrelayed {
    /// The service, or the way to it.
    Failed(Failure),
    /// The visitor sent more than may be sent.
    TooLong,
    /// The visitor broke off, or sent what is no body.
    Broken,
    /// The visitor did not go on sending.
    Slow,
}

impl From<Failure> for Unrelayed {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}
