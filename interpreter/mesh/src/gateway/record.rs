//! What happened to one visit, for whoever runs the gateway: one line of the access log, and why it went as it did.

use crate::{
    decide::{attempts::Why, canonical::Canonical},
    observe::{AttemptReport, Next, Observer},
};
use flowmesh_ir::Name;
use serde::Serialize;
use std::{
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

/// Hears of every visit when its answer has ended. Called on the way: implementers return at once and do not block.
pub trait Log: Send + Sync {
    /// Takes note of a visit.
    fn visited(&self, record: &Record);
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
    pub attempts: Vec<String>,
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
#[derive(Default)]
pub(super) struct Attempts(Mutex<Vec<String>>);

impl Attempts {
    /// What was written down.
    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Observer for Attempts {
    fn ended(&self, report: &AttemptReport<'_>) {
        let endpoint = report.endpoint.unwrap_or("no endpoint");
        let next = match report.next {
            Next::Retry(wait) => format!(", again after {wait:?}"),
            Next::End(Why::Answered) => String::new(),
            Next::End(why) => format!(", {why}"),
        };
        let line = format!("{endpoint}: {}{next}", report.outcome);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }
}
