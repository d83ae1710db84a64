//! What is measured of the calls of a program, by service and operation.

use super::{
    tally::{InFlight, Tally, add, get},
    told::CallMeasures,
};
use flowmesh_ir::{
    Name, OperationId, Program, ServiceId,
    call::{Failure, Reply},
};
use std::{
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

/// How many kinds of failures there are.
const FAILURES: usize = 5;

/// One for each operation of each service, and one for what is handed on to it.
#[derive(Debug)]
pub(crate) struct Calls(Vec<Vec<CallTally>>);

/// What is measured of the calls of one operation.
#[derive(Debug, Default)]
pub(crate) struct CallTally {
    pub(crate) all: Tally,
    in_flight: Arc<AtomicU64>,
    retries: AtomicU64,
    failovers: AtomicU64,
    failed: [AtomicU64; FAILURES],
    waits: AtomicU64,
    waited_us: AtomicU64,
}

impl Calls {
    pub(crate) fn new(program: &Program) -> Self {
        let tallies = |operations: usize| (0..=operations).map(|_| CallTally::default()).collect();
        let services = program.services.iter();
        Self(
            services
                .map(|service| tallies(service.operations.len()))
                .collect(),
        )
    }

    /// That of an operation, or of what is handed on.
    pub(crate) fn of(&self, service: ServiceId, operation: Option<OperationId>) -> Option<&CallTally> {
        let service = self.0.get(service.index())?;
        match operation {
            Some(operation) => service.get(operation.index()),
            None => service.last(),
        }
    }

    pub(crate) fn measures(&self, program: &Program) -> Vec<CallMeasures> {
        let mut all = Vec::new();
        for (service, tallies) in program.services.iter().zip(&self.0) {
            let named = service
                .operations
                .iter()
                .map(|operation| Some(operation.name.clone()));
            let named = named.chain([None]).zip(tallies);
            all.extend(named.map(|(name, tally)| tally.measures(&service.name, name)));
        }
        all
    }
}

impl CallTally {
    /// A call begins.
    pub(crate) fn begin(&self) -> InFlight {
        InFlight::new(&self.in_flight)
    }

    /// It has its reply.
    pub(crate) fn replied(&self, reply: &Reply, attempts: u32, took: Duration) {
        match reply {
            Reply::Answer { status, .. } => self.all.ended(Some(*status), Some(took)),
            Reply::Failed(failure) => self.failed(failure, took),
        }
        add(&self.retries, u64::from(attempts.saturating_sub(1)));
    }

    /// An attempt went elsewhere, since nobody was there who could take it.
    pub(crate) fn failed_over(&self) {
        add(&self.failovers, 1);
    }

    /// It has none, or was not let through.
    pub(crate) fn failed(&self, failure: &Failure, took: Duration) {
        self.all.ended(None, Some(took));
        if let Some(count) = self.failed.get(kind(failure)) {
            add(count, 1);
        }
    }

    /// It was let through a limit after so long.
    pub(crate) fn waited(&self, waited: Duration) {
        if !waited.is_zero() {
            add(&self.waits, 1);
            add(
                &self.waited_us,
                u64::try_from(waited.as_micros()).unwrap_or(u64::MAX),
            );
        }
    }

    fn measures(&self, service: &Name, operation: Option<Name>) -> CallMeasures {
        let kinds = ["timeout", "unavailable", "overloaded", "unknown", "bad_reply"];
        CallMeasures {
            service: service.clone(),
            operation,
            classes: self.all.classes(),
            took: self.all.spread(),
            in_flight: get(&self.in_flight),
            retries: get(&self.retries),
            failovers: get(&self.failovers),
            failed: kinds.into_iter().zip(self.failed.iter().map(get)).collect(),
            waits: get(&self.waits),
            waited_us: get(&self.waited_us),
        }
    }
}

fn kind(failure: &Failure) -> usize {
    match failure {
        Failure::Timeout(_) => 0,
        Failure::Unavailable(_) => 1,
        Failure::Overloaded(_) => 2,
        Failure::Unknown(_) => 3,
        Failure::BadReply(_) => 4,
    }
}
