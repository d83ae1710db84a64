//! Measures as they are told to whoever asks.

use flowmesh_ir::Name;

/// How long things took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    /// Each upper bound in microseconds with how many are not above it; the last one, without a bound, is that of all.
    pub below: Vec<(Option<u64>, u64)>,
    /// All of them together, in microseconds.
    pub sum_us: u64,
}

/// What is measured of the calls of a program.
#[derive(Clone, Debug, Default)]
pub struct Measures {
    /// By operation.
    pub calls: Vec<CallMeasures>,
    /// Attempts, by subset and by endpoint.
    pub endpoints: Vec<EndpointMeasures>,
}

/// What is measured of the calls of an operation.
#[derive(Clone, Debug)]
pub struct CallMeasures {
    /// The service.
    pub service: Name,
    /// The operation; `None` is what is handed on as it is.
    pub operation: Option<Name>,
    /// How many there were by the first digit of their status, from 1; last those that had none.
    pub classes: [u64; 6],
    /// How long they took.
    pub took: Spread,
    /// How many are on their way.
    pub in_flight: u64,
    /// Attempts beside the first.
    pub retries: u64,
    /// Attempts that went elsewhere, since nobody was there who could take them.
    pub failovers: u64,
    /// How many failed without an answer, by why.
    pub failed: Vec<(&'static str, u64)>,
    /// How many waited for a limit, and how long in all, in microseconds.
    pub waits: u64,
    /// How long those waited, in microseconds.
    pub waited_us: u64,
}

/// What is measured of attempts.
#[derive(Clone, Debug)]
pub struct EndpointMeasures {
    /// The service.
    pub service: Name,
    /// The subset; empty where the service has only one.
    pub subset: Name,
    /// The endpoint; `None` is all that the subset ever had.
    pub endpoint: Option<String>,
    /// How many there were by the first digit of their status, from 1; last those that had none.
    pub classes: [u64; 6],
    /// How long they took, of the whole subset.
    pub took: Option<Spread>,
    /// How many are on their way to an endpoint.
    pub in_flight: u64,
    /// Whether its breaker is closed (0), lets one through to prove it well (1), or is open (2).
    pub breaker: Option<u8>,
}

/// What is measured of the visits of a gateway.
#[derive(Clone, Debug)]
pub struct VisitMeasures {
    /// The gateway.
    pub gateway: Name,
    /// By route.
    pub routes: Vec<RouteMeasures>,
    /// How many are on their way.
    pub in_flight: u64,
    /// How many were refused, by why.
    pub refused: Vec<(&'static str, u64)>,
    /// How many waited for the limit of the gateway.
    pub waits: u64,
    /// How long those waited, in microseconds.
    pub waited_us: u64,
}

/// What is measured of the visits of a route.
#[derive(Clone, Debug)]
pub struct RouteMeasures {
    /// Method and path; `other` is all routes beyond the first hundred, `none` what no route took.
    pub route: String,
    /// What it leads to; empty where that is nothing of the program.
    pub target: String,
    /// How many there were by the first digit of their status, from 1; last those that had none.
    pub classes: [u64; 6],
    /// How long until the head of the answer.
    pub took: Spread,
}
