//! What happened to one visit, for whoever runs the gateway: one line of the access log, and why it went as it did.

use super::plan::{Fit, Said};
use crate::{
    decide::{attempts::Why, canonical::Canonical, outcome::Outcome},
    mesh::Tags,
    observe::{AttemptReport, Next, Observer},
};
use flowmesh_ir::{Name, trace::TraceContext};
use serde::{Serialize, Serializer};
use std::{
    fmt,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Hears of every visit when its answer has ended. Called on the way: implementers return at once and do not block.
pub trait Log: Send + Sync {
    /// How much is to be known of a visit that begins now. Asked once for each; it must cost next to nothing.
    fn wanted(&self) -> Wanted {
        Wanted::Line
    }

    /// Takes note of a visit.
    fn visited(&self, record: Record);
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

/// What happened to one visit. Nothing in it is secret: no header, no query, no body.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Record {
    /// The gateway.
    pub gateway: Name,
    /// The request: its trace, in hexadecimal, as the answer names it in `x-request-id`.
    pub request: String,
    /// Where the visitor is.
    pub address: String,
    /// Who the visitor is, where a certificate or a token said it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// The method; empty where the request has no canonical form.
    pub method: String,
    /// The host.
    pub host: String,
    /// The canonical path.
    pub path: String,
    /// `HTTP/1.1`, `HTTP/2.0`.
    pub protocol: String,
    /// Which route took it, by its number from 0 in the order of precedence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<usize>,
    /// What it leads to: `inventory`, `inventory.find`, `checkout`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
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
    /// The routes whose path fits, as far as they were looked at, by number and name.
    pub looked: Vec<(usize, String, Fit)>,
    /// The route that would have taken the visit if the one that did were not there.
    pub runner_up: Option<(usize, String)>,
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
    pub subset: String,
    /// Where it went.
    pub endpoint: Option<String>,
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

/// As the access log has it.
impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let endpoint = self.endpoint.as_deref().unwrap_or("no endpoint");
        write!(f, "{endpoint}: {}", self.outcome)?;
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

impl Record {
    /// What is asked for, if it has one reading, and where from.
    pub(super) fn note(&mut self, address: IpAddr, request: Option<&Canonical>) {
        self.address = address.to_string();
        if let Some(request) = request {
            self.method = request.method.as_str().to_owned();
            self.host.clone_from(&request.host);
            self.path.clone_from(&request.path);
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
            subset: report.subset.to_owned(),
            endpoint: report.endpoint.map(str::to_owned),
            status: match report.outcome {
                Outcome::Answer { status, .. } => Some(*status),
                _ => None,
            },
            outcome: report.outcome.to_string(),
            next: match report.next {
                Next::Retry(wait) => format!("again after {wait:?}"),
                Next::End(Why::Answered) => String::new(),
                Next::End(why) => why.to_string(),
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

/// As a number.
pub(super) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
