//! A visit, and why it went as it did.

use flowmesh_ir::Name;
use flowmesh_mesh::gateway::{Attempt, Fit, Proof, Record};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// A visit, and why it went as it did.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct VisitView {
    /// By which it is named: its trace, as the answer says it in `x-request-id`.
    pub request: String,
    /// Its span.
    pub span: String,
    /// The span of whoever asked, where they said one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub above: Option<String>,
    /// When it ended.
    pub time: Timestamp,
    /// The gateway.
    pub gateway: Name,
    /// Where the visitor is.
    pub address: String,
    /// Who the visitor is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// How that is known: `certificate`, `credentials` (a token, a key, a password or a session), or `nothing`.
    pub proof: &'static str,
    /// The method; empty where the request has no one reading.
    pub method: String,
    /// The host.
    pub host: String,
    /// The path, without its query.
    pub path: String,
    /// `HTTP/1.1`, `HTTP/2.0`.
    pub protocol: String,
    /// The route that took it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<RouteView>,
    /// The route that would have, if that one were not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runner_up: Option<RouteView>,
    /// The routes whose path fits, as far as they were looked at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub looked: Vec<LookedView>,
    /// What it led to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// What each rule about the target says.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleView>,
    /// Why it was refused, in full.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// Where it was sent, and what came of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<AttemptView>,
    /// The run that it started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// The status of the answer.
    pub status: u16,
    /// How many bytes of body the answer had.
    pub bytes: u64,
    /// Whether the answer broke off.
    pub broken: bool,
    /// How long until the head of the answer, in microseconds.
    pub head_us: u64,
    /// How long in all, in microseconds.
    pub took_us: u64,
}

/// A route of a gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RouteView {
    /// Its number from 0, in the order of precedence.
    pub number: usize,
    /// As the program has it: `GET /orders/{id}`.
    pub name: String,
}

/// A route that was looked at.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LookedView {
    /// Which.
    #[serde(flatten)]
    pub route: RouteView,
    /// What was seen.
    pub fit: FitView,
}

/// How a route whose path fits was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FitView {
    /// It took the visit.
    Taken,
    /// It is for another method.
    Method,
    /// A part of its path must look otherwise.
    Pattern,
    /// Its condition does not hold, or has no value.
    Condition,
}

/// What a rule about the target says.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RuleView {
    /// Which, by its number from 0 in the program; those behind the last were derived from its calls.
    pub rule: usize,
    /// Whether it is about whoever asked, and about all that was asked for.
    pub applies: bool,
    /// Whether its condition holds; nothing where it has no value.
    pub holds: Option<bool>,
    /// Whether it decided.
    pub decided: bool,
}

/// One attempt.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AttemptView {
    /// Which, from 1.
    pub attempt: u32,
    /// The subset it went to; empty where a service has only one.
    pub subset: String,
    /// Where it went instead and why, if it did not go where its policy sends it first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failover: Option<String>,
    /// Where it went.
    pub endpoint: Option<String>,
    /// The zone that this stands in, if the program says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// The status of the answer, if one came.
    pub status: Option<u16>,
    /// What came of it.
    pub outcome: String,
    /// What was done next; empty after the last one.
    pub next: String,
    /// When it began, in microseconds after the visit.
    pub began_us: u64,
    /// How long it took, in microseconds.
    pub took_us: u64,
}

impl VisitView {
    pub(super) fn new(record: &Record, time: Timestamp) -> Self {
        let trail = record.trail.as_deref();
        let route = |number: usize| RouteView {
            number,
            name: trail
                .map(|trail| trail.name(number).to_string())
                .unwrap_or_default(),
        };
        let looked = trail.map(|trail| trail.looked.as_slice()).unwrap_or_default();
        let taken = looked.iter().find(|(_, fit)| *fit == Fit::Taken);
        let said = trail.map(|trail| trail.said.as_slice()).unwrap_or_default();
        Self {
            request: format!("{:032x}", record.request),
            span: record.trace.map(|trace| hex(trace.span)).unwrap_or_default(),
            above: record.above.map(hex),
            time,
            gateway: record.gateway.clone(),
            address: record
                .address
                .map(|address| address.to_string())
                .unwrap_or_default(),
            identity: record.identity.clone(),
            proof: trail.map_or("nothing", |trail| proof(trail.proof)),
            method: record.method.to_owned(),
            host: record.host.to_string(),
            path: record.path.to_string(),
            protocol: record.protocol.to_owned(),
            route: taken.map(|(number, _)| route(*number)),
            runner_up: trail.and_then(|trail| trail.runner_up).map(route),
            looked: looked
                .iter()
                .map(|(number, fit)| LookedView {
                    route: route(*number),
                    fit: self::fit(*fit),
                })
                .collect(),
            target: record.target.as_ref().map(ToString::to_string),
            rules: said
                .iter()
                .map(|said| RuleView {
                    rule: said.rule,
                    applies: said.applies,
                    holds: said.holds,
                    decided: record.rule == Some(said.rule),
                })
                .collect(),
            refused: record.refused.clone(),
            attempts: record.attempts.iter().map(attempt).collect(),
            run: record.run.clone(),
            status: record.status,
            bytes: record.bytes,
            broken: record.broken,
            head_us: record.head_us,
            took_us: record.took_us,
        }
    }
}

/// A span as headers have it.
pub(super) fn hex(span: u64) -> String {
    format!("{span:016x}")
}

fn proof(proof: Proof) -> &'static str {
    match proof {
        Proof::Nothing => "nothing",
        Proof::Certificate => "certificate",
        Proof::Credentials => "credentials",
    }
}

fn fit(fit: Fit) -> FitView {
    match fit {
        Fit::Taken => FitView::Taken,
        Fit::Method => FitView::Method,
        Fit::Pattern => FitView::Pattern,
        Fit::Condition => FitView::Condition,
    }
}

fn attempt(attempt: &Attempt) -> AttemptView {
    AttemptView {
        attempt: attempt.number,
        subset: attempt.subset.to_string(),
        failover: attempt.failover.as_ref().map(ToString::to_string),
        endpoint: attempt.endpoint.as_ref().map(ToString::to_string),
        zone: attempt.zone.as_ref().map(ToString::to_string),
        status: attempt.status,
        outcome: attempt.outcome.to_string(),
        next: attempt.next.to_string(),
        began_us: attempt.began_us,
        took_us: attempt.took_us,
    }
}
