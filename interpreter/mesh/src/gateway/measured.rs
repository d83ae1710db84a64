//! What is measured of the visits of a gateway. The numbers are there before the first visitor comes.

use super::{
    plan::Plan,
    record::Called,
    refusal::{REASONS, Refusal},
};
use crate::gauge::{InFlight, RouteMeasures, Tally, VisitMeasures, add};
use flowmesh_ir::gateway::{Route, Segment};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// Routes are told apart up to so many; those behind are counted as one.
const ROUTES_MAX: usize = 100;

/// What is measured of the visits of a gateway.
#[derive(Debug)]
pub(super) struct Measured {
    /// What each route is called, and what it leads to.
    names: Vec<(String, String)>,
    /// One for each name, one for all routes behind, and one for what no route took.
    routes: Vec<Tally>,
    in_flight: Arc<AtomicU64>,
    refused: [AtomicU64; REASONS.len()],
    waits: AtomicU64,
    waited_us: AtomicU64,
}

impl Measured {
    /// Nothing so far.
    pub(super) fn new(plan: &Plan) -> Self {
        let named = |called: &Called| {
            let target = called.target.as_ref().map(ToString::to_string);
            (called.name.to_string(), target.unwrap_or_default())
        };
        let names: Vec<_> = plan.called().iter().take(ROUTES_MAX).map(named).collect();
        Self {
            routes: (0..names.len() + 2).map(|_| Tally::default()).collect(),
            names,
            in_flight: Arc::default(),
            refused: Default::default(),
            waits: AtomicU64::new(0),
            waited_us: AtomicU64::new(0),
        }
    }

    /// Whether another one is about the same routes.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.names == other.names
    }

    /// A visit begins.
    pub(super) fn begin(&self) -> InFlight {
        InFlight::new(&self.in_flight)
    }

    /// The head of its answer is there.
    pub(super) fn answered(&self, route: Option<usize>, status: u16, took: Duration) {
        let at = match route {
            Some(route) => route.min(self.names.len()),
            None => self.names.len() + 1,
        };
        if let Some(tally) = self.routes.get(at) {
            tally.ended(Some(status), Some(took));
        }
    }

    pub(super) fn refused(&self, refusal: &Refusal) {
        if let Some(count) = self.refused.get(refusal.reason()) {
            add(count, 1);
        }
    }

    /// A visit was let through the limit after so long.
    pub(super) fn waited(&self, waited: Duration) {
        if !waited.is_zero() {
            add(&self.waits, 1);
            add(
                &self.waited_us,
                u64::try_from(waited.as_micros()).unwrap_or(u64::MAX),
            );
        }
    }

    pub(super) fn measures(&self, plan: &Plan) -> VisitMeasures {
        let get = |number: &AtomicU64| number.load(Ordering::Relaxed);
        let others = ["other", "none"].map(|name| (name.to_owned(), String::new()));
        let named = self.names.iter().cloned().chain(others).zip(&self.routes);
        let routes = named.map(|((route, target), tally)| RouteMeasures {
            route,
            target,
            classes: tally.classes(),
            took: tally.spread(),
        });
        let gateway = plan.gateway().map(|gateway| gateway.name.clone());
        VisitMeasures {
            gateway: gateway.unwrap_or_default(),
            routes: routes.collect(),
            in_flight: get(&self.in_flight),
            refused: REASONS.into_iter().zip(self.refused.iter().map(get)).collect(),
            waits: get(&self.waits),
            waited_us: get(&self.waited_us),
        }
    }
}

/// As the program has it: `GET /orders/{id}`.
pub(super) fn name(route: &Route) -> String {
    let mut name = route.method.map_or("any", |method| method.as_str()).to_owned();
    name.push(' ');
    for segment in &route.path {
        name.push('/');
        match segment {
            Segment::Literal(text) => name.push_str(text),
            Segment::Param(param) => {
                name.push('{');
                name.push_str(param);
                name.push('}');
            }
            Segment::Any => name.push('*'),
            Segment::Rest => name.push_str("**"),
        }
    }
    if route.path.is_empty() {
        name.push('/');
    }
    name
}
