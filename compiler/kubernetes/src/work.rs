//! One service on its way to manifests, whatever the target: its places, its conditions, and what is wrong with it.

use crate::{
    Options, Target,
    address::{ServicePort, is_label, outside, service_port},
    capability::{Held, held},
    condition, constant,
    manifest::object_name,
    matcher::Match,
    problem::Problem,
    setting::Setting,
};
use flowmesh_diagnostics::{Diagnostics, Severity, Span};
use flowmesh_ir::{
    Name, PolicyId, Program,
    address::is_template,
    expr::Expr,
    policy::Policy,
    service::{Service, Subset},
};

/// A service of the program as the cluster sees it.
pub(crate) struct Known {
    /// The Service of each subset.
    pub(crate) places: Vec<ServicePort>,
    /// The matches of each route.
    pub(crate) conditions: Vec<Vec<Match>>,
    /// What is left to the interpreter.
    pub(crate) filled: Vec<String>,
}

/// One service on its way to manifests.
pub(crate) struct Work<'a, 'd> {
    pub(crate) target: Target,
    pub(crate) program: &'a Program,
    pub(crate) options: &'a Options<'a>,
    pub(crate) service: &'a Service,
    pub(crate) found: &'d mut Diagnostics,
}

impl<'a, 'd> Work<'a, 'd> {
    /// A service of a program.
    pub(crate) fn new(
        target: Target,
        (program, service): (&'a Program, &'a Service),
        options: &'a Options<'a>,
        found: &'d mut Diagnostics,
    ) -> Self {
        Self {
            target,
            program,
            options,
            service,
            found,
        }
    }

    /// What the cluster calls it; nothing, and a word about it, where no object may be called so.
    pub(crate) fn name(&mut self) -> Option<String> {
        let name = object_name(&self.service.name);
        if is_label(&name) {
            return Some(name);
        }
        let reason = format!("`{name}` is longer than 63 characters, or no name that the cluster takes");
        self.report(&Problem::Limit { reason }, &[String::new()]);
        None
    }

    /// The Service of each subset, in order.
    pub(crate) fn places(&mut self) -> Option<Vec<ServicePort>> {
        let service = self.service;
        let mut all: Vec<ServicePort> = Vec::with_capacity(service.subsets.len());
        for subset in &service.subsets {
            let at = if subset.name.is_empty() {
                "@at".to_owned()
            } else {
                format!("@at {}", subset.name)
            };
            let elsewhere = |place: &ServicePort| {
                let first = all.first();
                self.target == Target::Consul && first.is_some_and(|first| first.namespace != place.namespace)
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
        let address =
            constant::text(self.program, self.options, address).map_err(|config| Problem::Late {
                what: "address",
                config,
            })?;
        let namespace = &self.options.workload.namespace;
        let elsewhere = || outside(&address, namespace).filter(|_| self.target == Target::Istio);
        service_port(&address)
            .or_else(|reason| elsewhere().ok_or(reason))
            .map_err(|reason| Problem::Address {
                address: address.clone(),
                reason,
            })
    }

    /// The matches of every route, in order.
    pub(crate) fn conditions(&mut self) -> Option<Vec<Vec<Match>>> {
        let mut all = Vec::with_capacity(self.service.routes.len());
        for route in &self.service.routes {
            let matches = route
                .condition
                .as_ref()
                .map_or(Ok(vec![Match::all()]), |condition| {
                    condition::matches(self.program, self.options, condition)
                });
            match matches {
                Ok(matches) => all.push(matches),
                Err(reason) => {
                    self.report(
                        &Problem::Condition { reason },
                        &["@route".to_owned(), String::new()],
                    );
                    return None;
                }
            }
        }
        Some(all)
    }

    /// Reports a problem at the first place that the author wrote; each is what follows `service/NAME`.
    pub(crate) fn report(&mut self, problem: &Problem, places: &[String]) {
        // A service outside the cluster needs no route where the interpreter calls it.
        let outside =
            matches!(problem, Problem::Address { .. } | Problem::Template) && self.options.interpreter_fills;
        let severity = if outside {
            Severity::Warning
        } else {
            Severity::Error
        };
        self.found
            .add_beside(problem.diagnostic(self.target, severity, self.span(places)));
    }

    pub(crate) fn span(&self, places: &[String]) -> Span {
        let origins = &self.program.origins;
        let path = |place: &String| origins.span(&format!("service/{}{place}", self.service.name));
        places.iter().find_map(path).unwrap_or_default()
    }

    /// A setting of the service, or of one of its operations: reported where the target does not hold it whole, or left to
    /// the interpreter and named.
    pub(crate) fn setting(&mut self, setting: Setting, operation: &str, filled: &mut Vec<String>) {
        let problem = match held(self.target, setting).with(self.options.experimental) {
            Held::Whole => return,
            Held::Part(_) => Problem::Part(setting),
            Held::Not(_) | Held::Experimental(_) => Problem::Setting(setting),
        };
        self.unheld(&problem, setting, operation, filled);
    }

    /// The same for a problem of its own.
    pub(crate) fn unheld(
        &mut self,
        problem: &Problem,
        setting: Setting,
        operation: &str,
        filled: &mut Vec<String>,
    ) {
        let in_part = matches!(problem, Problem::Part(_));
        if self.options.interpreter_fills && !in_part {
            let of = match operation {
                "" => String::new(),
                operation => format!(" of {operation}"),
            };
            filled.push(format!("{}{of}", setting.part()));
            return;
        }
        let whole = match operation {
            "" => String::new(),
            operation => format!("/{operation}"),
        };
        let own = format!("{whole}@{}", setting.name());
        let places = [own, format!("{whole}@policy"), whole, String::new()];
        let severity = if in_part {
            Severity::Warning
        } else {
            Severity::Error
        };
        self.found
            .add_beside(problem.diagnostic(self.target, severity, self.span(&places)));
    }

    /// A policy of the program.
    pub(crate) fn policy(&self, id: PolicyId) -> Option<&'a Policy> {
        self.program.policy(id)
    }

    /// Headers that are only known when the program starts.
    pub(crate) fn late_headers(&mut self, headers: &[(Name, Expr)], operation: &str) {
        let whole = match operation {
            "" => String::new(),
            operation => format!("/{operation}"),
        };
        for (_, value) in headers {
            if let Err(config) = constant::text(self.program, self.options, value) {
                let what = "header";
                let places = [
                    format!("{whole}@headers"),
                    format!("{whole}@policy"),
                    whole.clone(),
                    String::new(),
                ];
                self.report(&Problem::Late { what, config }, &places);
            }
        }
    }
}
