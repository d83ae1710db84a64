//! Which Services the subsets of a service are.

use super::Work;
use crate::{
    address::{ServicePort, service_port},
    constant,
    problem::Problem,
};
use flowmesh_ir::{address::is_template, service::Subset};

impl Work<'_, '_> {
    /// The Service of each subset, in order.
    pub(super) fn places(&mut self) -> Option<Vec<ServicePort>> {
        let service = self.service;
        let mut all: Vec<ServicePort> = Vec::with_capacity(service.subsets.len());
        for subset in &service.subsets {
            let at = if subset.name.is_empty() {
                "@at".to_owned()
            } else {
                format!("@at {}", subset.name)
            };
            let elsewhere = |place: &ServicePort| {
                all.first()
                    .is_some_and(|first| first.namespace != place.namespace)
            };
            let problem = match self.place(subset) {
                Ok(place) if elsewhere(&place) => Problem::Spread {
                    reason: "a route splits over Services of its own namespace only, and this one is in another",
                },
                Ok(place) => {
                    all.push(place);
                    continue;
                }
                Err(problem) => problem,
            };
            self.report(&problem, &[at, String::new()]);
        }
        (all.len() == service.subsets.len()).then_some(all)
    }

    fn place(&self, subset: &Subset) -> Result<ServicePort, Problem> {
        if subset.addresses.iter().any(is_template) {
            return Err(Problem::Template);
        }
        if !subset.zones.is_empty() {
            return Err(Problem::Spread {
                reason: "a route leads to Services, and knows no zones of what is behind them",
            });
        }
        let [address] = subset.addresses.as_slice() else {
            return Err(Problem::Spread {
                reason: "a route leads to Services, and not to several addresses balanced as one",
            });
        };
        let address = constant::text(self.program, self.options, address)
            .map_err(|config| Problem::LateAddress { config })?;
        service_port(&address).map_err(|reason| Problem::Address { address, reason })
    }
}
