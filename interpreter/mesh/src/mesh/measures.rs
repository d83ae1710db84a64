//! What is measured of the calls of a program and of the attempts at them.

use super::Mesh;
use crate::gauge::{EndpointMeasures, Measures};

/// Endpoints are told apart up to so many; those behind are in the numbers of their subsets alone.
const ENDPOINTS_MAX: usize = 200;

impl Mesh {
    /// What was measured so far.
    #[must_use]
    pub fn measures(&self) -> Measures {
        Measures {
            calls: self.calls.measures(&self.program),
            endpoints: self.endpoints(),
        }
    }

    fn endpoints(&self) -> Vec<EndpointMeasures> {
        let now = self.clock.now();
        let (mut all, mut told) = (Vec::new(), 0usize);
        for (declared, service) in self.program.services.iter().zip(&self.services) {
            for (named, places) in declared.subsets.iter().zip(&service.subsets) {
                let (subsets, tally) = places.known();
                let whole = EndpointMeasures {
                    service: declared.name.clone(),
                    subset: named.name.clone(),
                    endpoint: None,
                    classes: tally.classes(),
                    took: Some(tally.spread()),
                    in_flight: 0,
                    breaker: None,
                };
                for subset in subsets {
                    let snapshot = subset.snapshot();
                    let room = ENDPOINTS_MAX.saturating_sub(told);
                    let members = snapshot.members.iter().take(room);
                    told = told.saturating_add(members.len());
                    all.extend(members.map(|member| EndpointMeasures {
                        endpoint: Some(member.endpoint.label.to_string()),
                        classes: member.endpoint.tally.classes(),
                        took: None,
                        in_flight: u64::from(member.endpoint.busy()),
                        breaker: member.endpoint.breaker(now),
                        ..whole.clone()
                    }));
                }
                all.push(whole);
            }
        }
        all
    }
}
