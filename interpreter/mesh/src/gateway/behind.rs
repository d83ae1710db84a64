//! What stands behind a gateway beside services: flows and operations, and who knows what expressions mean.

use crate::{decide::canonical::Canonical, observe::Observer};
use bytes::Bytes;
use flowmesh_ir::{
    FlowId, GatewayId, OperationId, PolicyId, ServiceId,
    expr::Expr,
    trace::{Lineage, TraceContext},
};
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::{future::Future, net::IpAddr, pin::Pin, sync::Arc};

/// A request on its way through a gateway, with what is known of whoever makes it.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The gateway.
    pub gateway: GatewayId,
    /// What is asked for.
    pub request: Canonical,
    /// The parameters of the path of its route.
    pub params: Vec<String>,
    /// What the visitor's token says.
    pub claims: Arc<Map<String, Value>>,
    /// Who the visitor is: the SPIFFE identity of the certificate, else `sub` of the token.
    pub identity: Option<String>,
    /// The SPIFFE identity of the certificate that was shown.
    pub certificate: Option<String>,
    /// Where the visitor is.
    pub address: IpAddr,
    /// Its span, in the trace that it belongs to.
    pub trace: TraceContext,
    /// What those who are asked on its behalf go on from.
    pub lineage: Lineage,
}

/// What a flow or an operation says to a visitor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// The run that it led to.
    pub run: Option<String>,
    /// Where to look for what comes of it.
    pub location: Option<String>,
    /// In how many seconds it is of use to ask again.
    pub retry_after: Option<u64>,
    /// Whether the body is a problem as RFC 9457 has it.
    pub problem: bool,
    /// JSON, or nothing.
    pub body: Bytes,
}

/// An answer on its way.
pub type Answering<'a> = Pin<Box<dyn Future<Output = Answered> + Send + 'a>>;

/// What stands behind a gateway. This crate knows no flow and evaluates no expression; the host does.
pub trait Behind: Send + Sync {
    /// What time it is, for tokens.
    fn now(&self) -> Timestamp;

    /// Whether a condition holds of a visit; `None` where it has no value.
    fn holds(&self, condition: &Expr, visit: &Visit) -> Option<bool>;

    /// A text over a visit; `None` where it has no value.
    fn text(&self, expr: &Expr, visit: &Visit) -> Option<String>;

    /// Starts a run, and waits for its result where somebody wants that.
    fn start<'a>(
        &'a self,
        flow: FlowId,
        arguments: &'a [Expr],
        wait: bool,
        visit: &'a Visit,
        body: Bytes,
    ) -> Answering<'a>;

    /// Calls an operation.
    fn call<'a>(
        &'a self,
        operation: (ServiceId, OperationId, Option<PolicyId>),
        arguments: &'a [Expr],
        visit: &'a Visit,
        body: Bytes,
        observer: Arc<dyn Observer>,
    ) -> Answering<'a>;
}
