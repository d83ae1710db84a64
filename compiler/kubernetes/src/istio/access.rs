//! Who may call what: for each service that rules name an `AuthorizationPolicy` of those who may, and one of those who may not.
//!
//! The order of rules has no meaning to Istio either: a denial wins, and where there is a policy of those who may, nobody else
//! may. Where nobody may, that policy stands there without rules.

pub(super) mod kinds;

use super::{Known, TARGET, object};
use crate::{
    Manifest, Options, condition,
    front::admitted::admits,
    manifest::{metadata, object_name},
    matcher::{Match, Path},
    operation::requests,
    problem::Problem,
    setting::Setting,
};
use flowmesh_diagnostics::{Diagnostics, Severity};
use flowmesh_ir::{
    OperationId, Program, ServiceId,
    access::{Mode, Mtls, Rule, What, Who, derived},
};
use kinds::{From, Operation, PeerMode, Peers, Policy, PolicyRule, Selector, Source, To, When};
use std::collections::BTreeSet;

const KIND: &str = "AuthorizationPolicy";
const VERSION: &str = "security.istio.io/v1";

/// Where Istio's own installation has the pods of gateways, and who they are.
const GATEWAYS: &str = "cluster.local/ns/istio-system/sa/istio-ingressgateway-service-account";
/// Who flowmesh is, in the namespace of those it calls.
const FLOWS: &str = "flowmesh";

/// The rules of a program on their way to manifests.
struct Rules<'a, 'd> {
    program: &'a Program,
    options: &'a Options<'a>,
    known: &'a [Option<Known>],
    found: &'d mut Diagnostics,
    all: Vec<Rule>,
}

/// The policies of a program.
pub(super) fn manifests(
    program: &Program,
    options: &Options<'_>,
    known: &[Option<Known>],
    found: &mut Diagnostics,
) -> Vec<Manifest> {
    let mut all = program.access.clone();
    if program.mesh.access == Mode::Derived {
        all.extend(derived(program));
    }
    let mut rules = Rules {
        program,
        options,
        known,
        found,
        all,
    };
    let services = (0..).map(ServiceId).zip(known);
    let named = services.filter_map(|(id, known)| known.as_ref().map(|known| (id, known)));
    let mut manifests: Vec<Manifest> = named.flat_map(|(id, known)| rules.of(id, known)).collect();
    manifests.extend(rules.peers());
    manifests
}

impl Rules<'_, '_> {
    /// The policies of a service.
    fn of(&mut self, id: ServiceId, known: &Known) -> Vec<Manifest> {
        let named = self
            .all
            .iter()
            .flat_map(|rule| &rule.what)
            .any(|what| service(*what) == Some(id));
        if !named && self.program.mesh.access != Mode::Derived {
            return Vec::new();
        }
        if known.places.iter().any(|place| place.outside.is_some()) {
            let reason = "nobody of the mesh stands before a service that is outside of the cluster";
            // What gateways let through, their own routes hold.
            let of_it = |rule: &Rule| rule.what.iter().any(|what| service(*what) == Some(id));
            if let Some(number) = self.all.iter().position(|rule| of_it(rule) && !admits(rule)) {
                self.report(&Problem::Rule { reason }, number);
            }
            return Vec::new();
        }
        let (mut may, mut may_not) = (Vec::new(), Vec::new());
        for (number, rule) in self.all.clone().iter().enumerate() {
            match self.rule(rule, id, known) {
                Ok(rules) if rule.allow => may.extend(rules),
                Ok(rules) => may_not.extend(rules),
                Err(reason) => {
                    self.report(&Problem::Rule { reason }, number);
                    return Vec::new();
                }
            }
        }
        let names = |rule: &Rule| rule.what.iter().any(|what| service(*what) == Some(id));
        let first = self
            .all
            .iter()
            .position(names)
            .map(|first| format!("access/{first}"));
        let said = first.unwrap_or_else(|| "mesh".to_owned());
        self.warn();
        let mut all = Vec::new();
        let declared = self.program.service(id);
        let subsets = declared.into_iter().flat_map(|service| {
            let name = object_name(&service.name);
            service
                .subsets
                .iter()
                .map(move |subset| match subset.name.is_empty() {
                    true => name.clone(),
                    false => format!("{name}-{}", object_name(&subset.name)),
                })
        });
        for (place, name) in known.places.iter().zip(subsets) {
            let selector = || Selector {
                match_labels: [("app".to_owned(), place.name.clone())].into(),
            };
            let named = |name: &str| {
                let span = self.program.origins.span(&said).unwrap_or_default();
                metadata(self.program, self.options, name, &place.namespace, span)
            };
            if !may_not.is_empty() {
                let spec = Policy {
                    selector: selector(),
                    action: "DENY",
                    rules: may_not.iter().map(|rule: &Made| rule.rule(None)).collect(),
                };
                all.push(object(KIND, VERSION, named(&format!("{name}-may-not")), spec));
            }
            let spec = Policy {
                selector: selector(),
                action: "ALLOW",
                rules: may
                    .iter()
                    .map(|rule: &Made| rule.rule(Some(place.port)))
                    .collect(),
            };
            all.push(object(KIND, VERSION, named(&format!("{name}-may")), spec));
        }
        all
    }

    /// What a rule says of a service.
    fn rule(&self, rule: &Rule, id: ServiceId, known: &Known) -> Result<Vec<Made>, &'static str> {
        let what: Vec<What> = rule
            .what
            .iter()
            .copied()
            .filter(|what| service(*what) == Some(id))
            .collect();
        if what.is_empty() {
            return Ok(Vec::new());
        }
        let principals = self.principals(&rule.who, known)?;
        let conditions = match &rule.condition {
            None => vec![Match::all()],
            Some(condition) => condition::matches(self.program, self.options, condition)?,
        };
        let mut made = Vec::new();
        for what in what {
            let of = self.requests(what);
            // Nobody is let in by more than is meant; to keep somebody out by more is safe.
            if rule.allow && what != What::Service(id) && matches!(of.path, Path::Prefix(_)) {
                return Err(
                    "an operation with a parameter that is a part of a segment cannot be told from others",
                );
            }
            for one in conditions.iter().filter_map(|one| one.and(&of)) {
                if !one.query.is_empty() {
                    return Err("rules look at no parameters of the query");
                }
                if one.headers.values().any(|value| value.contains('*')) {
                    return Err("a `*` in a value stands for anything there");
                }
                made.push(Made {
                    principals: principals.clone(),
                    paths: paths(&one.path)?,
                    of: one,
                });
            }
        }
        Ok(made)
    }

    /// The requests of a service, or of one of its operations.
    fn requests(&self, what: What) -> Match {
        let What::Operation(service, OperationId(at)) = what else {
            return Match::all();
        };
        let declared = self.program.service(service);
        let operation = declared.and_then(|declared| declared.operations.get(at as usize));
        operation.map_or_else(Match::all, requests)
    }

    /// Who that is to Istio; nothing is anyone.
    fn principals(&self, who: &[Who], called: &Known) -> Result<Vec<String>, &'static str> {
        let mut all = BTreeSet::new();
        for one in who {
            match one {
                Who::Anyone => return Ok(Vec::new()),
                Who::Gateway(_) => drop(all.insert(GATEWAYS.to_owned())),
                Who::Flow(_) => {
                    let namespaces = called.places.iter().map(|place| &place.namespace);
                    all.extend(namespaces.map(|namespace| account(namespace, FLOWS)));
                }
                Who::Service(id) => all.extend(self.accounts(*id)?),
                Who::Identity(text) => {
                    let identity = text.strip_prefix("spiffe://");
                    let identity =
                        identity.ok_or("it knows nobody by other identities than those of SPIFFE")?;
                    if identity.trim_end_matches('*').contains('*') {
                        return Err("a `*` in an identity stands for anything at its end alone");
                    }
                    all.insert(identity.to_owned());
                }
            }
        }
        Ok(all.into_iter().collect())
    }

    /// The identity that the program says of a service, or the ServiceAccounts that have the names of its Services.
    fn accounts(&self, id: ServiceId) -> Result<Vec<String>, &'static str> {
        let policy = self
            .program
            .service(id)
            .and_then(|service| self.program.policy(service.policy));
        let said = policy.and_then(|policy| policy.tls.as_ref()?.identity.as_deref());
        if let Some(identity) = said.and_then(|identity| identity.strip_prefix("spiffe://")) {
            return Ok(vec![identity.to_owned()]);
        }
        let known = self.known.get(id.index()).and_then(Option::as_ref);
        let known = known.ok_or("who calls is no Service of the cluster")?;
        let places = known.places.iter();
        Ok(places
            .map(|place| account(&place.namespace, &place.name))
            .collect())
    }

    /// Both sides always show certificates, or where they can, in each namespace with a service.
    fn peers(&self) -> Vec<Manifest> {
        let Some(mtls) = self.program.mesh.mtls else {
            return Vec::new();
        };
        let places = self.known.iter().flatten().flat_map(|known| &known.places);
        let namespaces: BTreeSet<&String> = places.map(|place| &place.namespace).collect();
        let span = self.program.origins.span("mesh").unwrap_or_default();
        let one = |namespace: &String| {
            let mode = match mtls {
                Mtls::Strict => "STRICT",
                Mtls::Permissive => "PERMISSIVE",
            };
            let metadata = metadata(self.program, self.options, "default", namespace, span);
            let spec = Peers {
                mtls: PeerMode { mode },
            };
            let mut manifest = object("PeerAuthentication", VERSION, metadata, spec);
            // All have the one name that means the whole namespace.
            manifest.path = format!("peerauthentication-{}.yaml", object_name(namespace));
            manifest
        };
        namespaces.into_iter().map(one).collect()
    }

    /// A rule cannot be held; where the interpreter fills, all rules of the service are left to it.
    fn report(&mut self, problem: &Problem, number: usize) {
        let severity = match self.options.interpreter_fills {
            true => Severity::Warning,
            false => Severity::Error,
        };
        let span = self
            .program
            .origins
            .span(&format!("access/{number}"))
            .unwrap_or_default();
        self.found.add_beside(problem.diagnostic(TARGET, severity, span));
    }

    /// How rules are held is the same for all of them, and is said once.
    fn warn(&mut self) {
        let origins = &self.program.origins;
        let span = origins.span("access/0").or_else(|| origins.span("mesh"));
        let problem = Problem::Part(Setting::Access);
        self.found
            .add_beside(problem.diagnostic(TARGET, Severity::Warning, span.unwrap_or_default()));
    }
}

/// Some requests of somebody.
struct Made {
    principals: Vec<String>,
    paths: Vec<String>,
    of: Match,
}

impl Made {
    /// As Istio has it. What lets somebody in names the port, and what keeps somebody out does not: on a port without HTTP
    /// the one fits nothing, and the other everything.
    fn rule(&self, port: Option<u16>) -> PolicyRule {
        let operation = Operation {
            methods: self.of.method.iter().cloned().collect(),
            paths: self.paths.clone(),
            ports: port.iter().map(u16::to_string).collect(),
        };
        let source = || Source {
            principals: self.principals.clone(),
            ..Source::default()
        };
        let when = self.of.headers.iter().map(|(name, value)| When {
            key: format!("request.headers[{name}]"),
            values: vec![value.clone()],
        });
        PolicyRule {
            from: if self.principals.is_empty() {
                Vec::new()
            } else {
                vec![From { source: source() }]
            },
            to: if operation == Operation::default() {
                Vec::new()
            } else {
                vec![To { operation }]
            },
            when: when.collect(),
        }
    }
}

fn service(what: What) -> Option<ServiceId> {
    match what {
        What::Service(id) | What::Operation(id, _) => Some(id),
        What::Flow(_) => None,
    }
}

fn account(namespace: &str, name: &str) -> String {
    format!("cluster.local/ns/{namespace}/sa/{name}")
}

/// Paths as rules compare them: `{*}` is a segment, `{**}` any number, and a `*` at the end anything.
fn paths(path: &Path) -> Result<Vec<String>, &'static str> {
    let text = match path {
        Path::Prefix(all) if all == "/" => return Ok(Vec::new()),
        Path::Exact(path) | Path::Prefix(path) => path.clone(),
        Path::Pattern(pattern) => {
            let segments = pattern
                .segments
                .iter()
                .map(|segment| segment.as_deref().unwrap_or("{*}"));
            segments.map(|segment| format!("/{segment}")).collect()
        }
    };
    let literal = text.replace("{*}", "");
    if literal.contains(['*', '{', '}']) {
        return Err("a `*` in a path stands for anything there");
    }
    Ok(match path {
        Path::Exact(_) => vec![text],
        Path::Prefix(_) => vec![text.clone(), format!("{text}/*")],
        Path::Pattern(pattern) if pattern.rest => vec![text.clone(), format!("{text}/{{**}}")],
        Path::Pattern(_) => vec![text],
    })
}
