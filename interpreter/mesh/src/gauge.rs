//! What is measured of visits, calls and attempts. All numbers are there before the first request comes, so that taking note
//! of one is an addition: nothing is locked for it, and nothing allocated.

mod calls;
mod tally;
mod told;

pub(crate) use calls::{CallTally, Calls};
pub(crate) use tally::{InFlight, Tally, add};
pub use told::{CallMeasures, EndpointMeasures, Measures, RouteMeasures, Spread, VisitMeasures};
