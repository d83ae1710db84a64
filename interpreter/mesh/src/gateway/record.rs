//! What happened to one visit, for whoever runs the gateway: one line of the access log, and why it went as it did.

use super::plan::{Fit, Said};
use crate::{
    decide::{attempts::Why, canonical::Canonical, outcome::Outcome},
    mesh::Tags,
    observe::{AttemptReport, Next, Observer},
};
use flowmesh_ir::{Name, trace::TraceContext};
use http::Version;
use serde::{Serialize, Serializer};
use std::{
    fmt,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Hears of every visit when its answer has ended. Called on the way: implementers return at once and do not block.
pub trait Log: Send + Sync {
    /// How much is to be known of a visit that begins now. Asked once for each; it must cost next to nothing.
    fn wanted(&self) -> Wanted {
        Wanted::Line
    }

    /// Takes note of a visit.
    fn visited(&self, record: Arc<Record>);
}

/// How much is to be known of a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wanted {
    /// Nothing: nobody is told of it.
    Nothing,
    /// What stands in a line of the access log, and in spans.
    Line,
    /// Also why everything went as it did.
    Trail,
}

/// What happened to one visit. Nothing in it is secret: no header, no query, no body. It is written down on the way, for
/// every visit: what can be said later is put into words later.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Record {
    /// The gateway.
    pub gateway: Name,
    /// The request: its trace; in words in hexadecimal, as the answer names it in `x-request-id`.
    #[serde(serialize_with = "hex")]
    pub request: u128,
    /// Where the visitor is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// Who the visitor is, where a certificate or a token said it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// The method; empty where the request has no canonical form.
    pub method: &'static str,
    /// The host.
    pub host: Name,
    /// The canonical path.
    pub path: Name,
    /// `HTTP/1.1`, `HTTP/2.0`.
    pub protocol: &'static str,
    /// Which route took it, by its number from 0 in the order of precedence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<usize>,
    /// What it leads to: `inventory`, `inventory.find`, `checkout`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Name>,
    /// Which access rule decided, by its number from 0 in the program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<usize>,
    /// Why it was refused, in full.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// Every attempt: where it went, what came of it, what came next.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempt>,
    /// The status of the answer.
    pub status: u16,
    /// How many bytes of body the answer had.
    pub bytes: u64,
    /// Whether the answer broke off.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub broken: bool,
    /// How long until the head of the answer, in microseconds.
    pub head_us: u64,
    /// How long in all, in microseconds.
    pub took_us: u64,
    /// Its span.
    #[serde(skip)]
    pub trace: Option<TraceContext>,
    /// The span of whoever asked.
    #[serde(skip)]
    pub above: Option<u64>,
    /// What stands on its spans.
    #[serde(skip)]
    pub tags: Option<Tags>,
    /// The run that it led to.
    #[serde(skip)]
    pub run: Option<String>,
    /// Why it went as it did, where that is wanted.
    #[serde(skip)]
    pub trail: Option<Box<Trail>>,
}

/// Why a visit went as it did.
#[derive(Clone, Debug, Default)]
pub struct Trail {
    /// How it is known who the visitor is.
    pub proof: Proof,
    /// What the routes of the gateway are called.
    pub routes: Option<Arc<[Called]>>,
    /// The routes whose path fits, as far as they were looked at, by number.
    pub looked: Vec<(usize, Fit)>,
    /// The route that would have taken the visit if the one that did were not there.
    pub runner_up: Option<usize>,
    /// What each rule about the target says.
    pub said: Vec<Said>,
}

/// How it is known who a visitor is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// It is not.
    #[default]
    Nothing,
    /// By a certificate.
    Certificate,
    /// By what was shown: a token, a key, a password, or a session.
    Credentials,
}

/// One attempt.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Which, from 1.
    pub number: u32,
    /// The subset it went to; empty where a service has only one.
    pub subset: Name,
    /// Where it went instead and why, if it did not go where its policy sends it first.
    pub failover: Option<Name>,
    /// Where it went.
    pub endpoint: Option<Name>,
    /// Where that stands, if somebody says it.
    pub zone: Option<Name>,
    /// The status of the answer, if one came.
    pub status: Option<u16>,
    /// What came of it.
    pub outcome: Name,
    /// What was done next; empty after the last one.
    pub next: Name,
    /// When it began, in microseconds after the visit.
    pub began_us: u64,
    /// How long it took, in microseconds.
    pub took_us: u64,
}

/// As the access log has it.
impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let endpoint = self.endpoint.as_deref().unwrap_or("no endpoint");
        f.write_str(endpoint)?;
        if let Some(zone) = &self.zone {
            write!(f, " in {zone}")?;
        }
        if let Some(failover) = &self.failover {
            write!(f, " ({failover})")?;
        }
        write!(f, ": {}", self.outcome)?;
        match self.next.is_empty() {
            true => Ok(()),
            false => write!(f, ", {}", self.next),
        }
    }
}

impl Serialize for Attempt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Trail {
    /// What a route is called.
    #[must_use]
    pub fn name(&self, route: usize) -> Name {
        let routes = self.routes.as_deref().unwrap_or_default();
        routes
            .get(route)
            .map(|called| called.name.clone())
            .unwrap_or_default()
    }
}

/// What a route is called, and what it leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    /// As the program has it: `GET /orders/{id}`.
    pub name: Name,
    /// What it leads to; a redirection leads to nothing of the program.
    pub target: Option<Name>,
}

impl Record {
    /// What is asked for, if it has one reading, and where from.
    pub(super) fn note(&mut self, address: IpAddr, request: Option<&Canonical>) {
        self.address = Some(address);
        if let Some(request) = request {
            self.method = request.method.as_str();
            self.host = Name::new(&request.host);
            self.path = Name::new(request.path());
        }
    }
}

/// Writes down the attempts of a call.
pub(super) struct Attempts {
    began: Instant,
    list: Mutex<Vec<Attempt>>,
}

impl Attempts {
    /// Those of a visit that began then.
    pub(super) fn new(began: Instant) -> Self {
        Self {
            began,
            list: Mutex::default(),
        }
    }

    /// What was written down.
    pub(super) fn take(&self) -> Vec<Attempt> {
        std::mem::take(&mut self.list.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Observer for Attempts {
    fn ended(&self, report: &AttemptReport<'_>) {
        let attempt = Attempt {
            number: report.attempt,
            subset: Name::new(report.subset),
            failover: report.detour.map(|detour| detour.to_string().into()),
            endpoint: report.endpoint.map(Name::new),
            zone: report.zone.map(Name::new),
            status: match report.outcome {
                Outcome::Answer { status, .. } => Some(*status),
                _ => None,
            },
            outcome: match report.outcome {
                // What most of them are is not put together again and again.
                Outcome::Answer { status: 200, .. } => Name::new_static("status 200"),
                other => other.to_string().into(),
            },
            next: match report.next {
                Next::Retry(wait) => format!("again after {wait:?}").into(),
                Next::End(Why::Answered) => Name::default(),
                Next::End(why) => why.to_string().into(),
            },
            began_us: micros(self.began.elapsed().saturating_sub(report.took)),
            took_us: micros(report.took),
        };
        self.list
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(attempt);
    }
}

/// Which HTTP was spoken.
pub(super) fn protocol(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_11 => "HTTP/1.1",
        Version::HTTP_2 => "HTTP/2.0",
        _ => "HTTP",
    }
}

fn hex<S: Serializer>(request: &u128, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{request:032x}"))
}

/// As a number.
pub(super) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
