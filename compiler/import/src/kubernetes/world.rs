//! All that was read of a cluster, and the services that it becomes.

mod governed;
mod known;

pub(crate) use known::{Known, entry, service};

use super::{
    destination_rule::Rule,
    fold::{Folded, Led, fold},
    host::{Host, Place},
    settings::Setting,
    traffic::{Table, Target},
    virtual_service,
};
use crate::{
    found::Found,
    name::{Names, snake},
    node::Node,
};

/// A subset of a service.
#[derive(Clone, Debug)]
pub(crate) struct Subset {
    /// Empty where it is the only one.
    pub(crate) name: String,
    pub(crate) place: Place,
    pub(crate) notes: Vec<String>,
}

/// A service as it will be written.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    pub(crate) name: String,
    /// What callers name.
    pub(crate) host: Host,
    pub(crate) subsets: Vec<Subset>,
    pub(crate) folded: Folded,
    pub(crate) settings: Vec<Setting>,
    pub(crate) idle_ms: Option<u64>,
    pub(crate) budget: Option<u32>,
    pub(crate) notes: Vec<String>,
    /// Whether somebody says how long its requests may take and how often they are repeated.
    pub(crate) told: bool,
}

/// Everything.
#[derive(Debug, Default)]
pub(crate) struct World {
    /// Whether there is anything of Istio, which then says what holds where nothing is said.
    pub(crate) istio: bool,
    pub(crate) known: Vec<Known>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) services: Vec<Service>,
    pub(crate) names: Names,
}

impl World {
    /// Makes the services that tables of routes stand before.
    pub(crate) fn tabled(&mut self, tables: &[Table], found: &mut Found) {
        for table in tables {
            for host in &table.services {
                if self.services.iter().any(|service| service.host == *host) {
                    found.lost(&table.node, &format!("a second table of routes for `{}`", host.0));
                    continue;
                }
                let mut folded = fold(&table.routes, found);
                folded.tidy();
                if folded.led.last().is_some_and(|led| !led.matches.is_empty()) {
                    found.part(
                        &table.node,
                        &format!(
                            "requests to `{}` that fit no route are refused there, and not here",
                            host.0
                        ),
                    );
                }
                let mut service = self.service(host, folded);
                service.told = true;
                service.notes.extend(table.notes.clone());
                service.notes.extend(found.notes());
                self.places(&mut service, &table.node, found);
                self.services.push(service);
            }
        }
    }

    /// A service of a host, with nothing in it yet.
    fn service(&mut self, host: &Host, folded: Folded) -> Service {
        Service {
            name: self.names.fresh(host.name()),
            host: host.clone(),
            subsets: Vec::new(),
            folded,
            settings: Vec::new(),
            idle_ms: None,
            budget: None,
            notes: Vec::new(),
            told: false,
        }
    }

    /// Its subsets: each place that a route of it leads to.
    fn places(&mut self, service: &mut Service, node: &Node, found: &mut Found) {
        let all: Vec<Target> = service
            .folded
            .led
            .iter()
            .flat_map(|led| &led.to)
            .map(|(to, _)| to.clone())
            .collect();
        for to in all {
            let place = self.place(&to, node, found);
            if service.subsets.iter().any(|subset| subset.place == place) {
                continue;
            }
            let name = self.subset_name(service, &to);
            service.subsets.push(Subset {
                name,
                place,
                notes: found.notes(),
            });
        }
        if service.subsets.is_empty() {
            let to = Target {
                host: service.host.clone(),
                port: None,
                subset: None,
            };
            let place = self.place(&to, node, found);
            let notes = found.notes();
            service.subsets.push(Subset {
                name: String::new(),
                place,
                notes,
            });
        }
        service.subsets.sort_by(|a, b| a.name.cmp(&b.name));
        if let [only] = service.subsets.as_mut_slice() {
            only.name.clear();
        }
    }

    /// What a place is called within a service.
    fn subset_name(&self, service: &Service, to: &Target) -> String {
        let base = service.host.name();
        let own = to.host.name();
        let text = match &to.subset {
            Some(subset) => subset.as_str(),
            None => own
                .strip_prefix(base)
                .and_then(|rest| rest.strip_prefix('-'))
                .unwrap_or(own),
        };
        let name = snake(text);
        let taken = |name: &str| service.subsets.iter().any(|subset| subset.name == name);
        let mut found = name.clone();
        let mut number = 2;
        while taken(&found) {
            found = format!("{name}_{number}");
            number += 1;
        }
        found
    }

    /// Where a target is.
    pub(crate) fn place(&self, to: &Target, node: &Node, found: &mut Found) -> Place {
        let port = to.port.unwrap_or_else(|| self.port(&to.host, node, found));
        let host = match &to.subset {
            Some(subset) => self.subset_host(&to.host, subset, found, node),
            None => to.host.clone(),
        };
        let outside = self.known(&host).and_then(|known| known.outside.clone());
        Place {
            host: outside.map_or(host, Host),
            port,
        }
    }

    /// The port of a Service where nobody says which.
    fn port(&self, host: &Host, node: &Node, found: &mut Found) -> u16 {
        let ports = self.known(host).map_or(&[][..], |known| &known.ports);
        match ports {
            [only] => *only,
            [first, ..] => {
                found.part(node, &format!("of the ports of `{}`, {first} is taken", host.0));
                *first
            }
            [] => {
                found.needed(
                    node,
                    &format!("the port of `{}`, which nothing says; 80 is taken", host.0),
                );
                80
            }
        }
    }

    /// The Service of a subset: one that picks the same pods, or one that has to be made.
    fn subset_host(&self, host: &Host, name: &str, found: &mut Found, node: &Node) -> Host {
        let rule = self.rules.iter().find(|rule| rule.host == *host);
        let subset = rule.and_then(|rule| rule.subsets.iter().find(|subset| subset.name == name));
        let Some(subset) = subset else {
            found.needed(
                node,
                &format!(
                    "the subset `{name}` of `{}`, which no DestinationRule has",
                    host.0
                ),
            );
            return beside(host, name);
        };
        let base = self
            .known(host)
            .map(|known| known.selector.clone())
            .unwrap_or_default();
        let picks = |known: &&Known| {
            let all = |labels: &[(String, String)]| labels.iter().all(|label| known.selector.contains(label));
            let same = known.host.namespace() == host.namespace() && known.host != *host;
            same && all(&subset.labels)
                && all(&base)
                && known.selector.len() <= base.len() + subset.labels.len()
        };
        if let Some(known) = self.known.iter().find(picks) {
            return known.host.clone();
        }
        let made = beside(host, name);
        let labels = subset
            .labels
            .iter()
            .map(|(name, value)| format!("{name}: {value}"));
        let labels = labels.collect::<Vec<_>>().join(", ");
        found.needed(
            &subset.node,
            &format!(
                "a Service `{}` for the pods with `{labels}`: a subset is a Service of its own",
                made.name()
            ),
        );
        made
    }

    pub(crate) fn known(&self, host: &Host) -> Option<&Known> {
        self.known.iter().find(|known| known.host == *host)
    }

    /// The service and perhaps the subset that a target is; made where there is none.
    pub(crate) fn target(&mut self, to: &Target, node: &Node, found: &mut Found) -> (usize, Option<usize>) {
        let place = self.place(to, node, found);
        let at = |service: &Service| service.subsets.iter().position(|subset| subset.place == place);
        // A service that is only this place goes before a part of another.
        let whole = self
            .services
            .iter()
            .position(|service| service.subsets.len() == 1 && at(service).is_some());
        if let Some(service) = whole {
            return (service, None);
        }
        let part = self
            .services
            .iter()
            .enumerate()
            .find_map(|(number, service)| Some((number, at(service)?)));
        if let Some((service, subset)) = part {
            return (service, Some(subset));
        }
        // What callers in the mesh are led elsewhere from is still there by itself.
        let named = self.services.iter().any(|service| service.host == to.host);
        let host = to.host.clone();
        self.simple(&host, place, found);
        if named && let Some(service) = self.services.last_mut() {
            service.name = self.names.fresh(&format!("{}_all", host.name()));
        }
        (self.services.len().saturating_sub(1), None)
    }

    /// A service of one place.
    fn simple(&mut self, host: &Host, place: Place, found: &mut Found) {
        let mut service = self.service(host, Folded::default());
        if self.istio {
            service.folded.says = virtual_service::default();
            service.told = true;
        }
        service.subsets.push(Subset {
            name: String::new(),
            place,
            notes: found.notes(),
        });
        self.services.push(service);
    }

    /// A service for one split of a gateway.
    pub(crate) fn split(
        &mut self,
        split: &[(Target, u32)],
        name: &str,
        node: &Node,
        found: &mut Found,
    ) -> usize {
        let led = Led {
            matches: Vec::new(),
            to: split.to_vec(),
            notes: Vec::new(),
        };
        let says = if self.istio {
            virtual_service::default()
        } else {
            Default::default()
        };
        let folded = Folded {
            says,
            led: vec![led],
            ..Folded::default()
        };
        let mut service = self.service(&Host(format!("{name}-split")), folded);
        service.told = self.istio;
        self.places(&mut service, node, found);
        self.services.push(service);
        self.services.len().saturating_sub(1)
    }

    /// Services of the cluster that nothing else led to.
    pub(crate) fn left_over(&mut self, found: &mut Found) {
        for known in self.known.clone() {
            let led = |service: &Service| {
                service.host == known.host || service.subsets.iter().any(|it| it.place.host == known.host)
            };
            if let Some(at) = self.services.iter().position(led) {
                if let Some(service) = self.services.get_mut(at) {
                    service.notes.extend(known.notes);
                }
                continue;
            }
            let Some(port) = known.ports.first().copied() else {
                continue;
            };
            let host = known.outside.clone().map_or_else(|| known.host.clone(), Host);
            self.simple(&known.host.clone(), Place { host, port }, found);
            if let Some(service) = self.services.last_mut() {
                service.notes.extend(known.notes.clone());
                for more in known.ports.iter().skip(1) {
                    service.notes.push(format!("not imported: the port {more}"));
                }
            }
        }
    }

    /// How a target is written where a setting names it.
    pub(crate) fn written(&self, to: &Target, within: Option<usize>) -> Option<String> {
        let place = self.place(
            to,
            &Node {
                value: crate::node::Value::Null,
                span: Default::default(),
            },
            &mut Found::default(),
        );
        let of = |service: &Service| service.subsets.iter().position(|subset| subset.place == place);
        if let Some(own) = within.and_then(|at| self.services.get(at))
            && let Some(subset) = of(own)
                .and_then(|at| own.subsets.get(at))
                .filter(|it| !it.name.is_empty())
        {
            return Some(subset.name.clone());
        }
        let mut all: Vec<&Service> = self
            .services
            .iter()
            .filter(|service| of(service).is_some())
            .collect();
        all.sort_by_key(|service| service.subsets.len());
        all.first().map(|service| service.name.clone())
    }

    /// Makes sure that what copies go to is there.
    pub(crate) fn mirrored(&mut self, tables: &[Table], found: &mut Found) {
        let routes = tables.iter().flat_map(|table| &table.routes);
        let all: Vec<(Target, Node)> = routes
            .filter_map(|route| Some((route.says.mirror.as_ref()?.to.clone(), route.node.clone())))
            .collect();
        for (to, node) in all {
            self.target(&to, &node, found);
        }
    }
}

/// The Service of a subset that has to be made.
pub(crate) fn beside(host: &Host, subset: &str) -> Host {
    match host.0.split_once('.') {
        Some((name, rest)) => Host(format!("{name}-{subset}.{rest}")),
        None => Host(format!("{}-{subset}", host.0)),
    }
}
