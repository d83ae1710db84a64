//! Who may call what: for each service that rules name its intentions.
//!
//! Of all sources Consul takes the one that names whoever calls, else `*`, and of its permissions the first that fits; what
//! fits none is what the installation says, which nobody knows here. So each source has all rules that are about it, the
//! denials first, and ends with a denial.

use super::{
    INTENTIONS, Known, TARGET,
    callers::FLOWS,
    claims::{self, Tokens, Unheld},
    object,
    router::Http,
    span,
};
use crate::{
    Manifest, Options, condition,
    first_match::{Compared, Fit, both},
    manifest::{metadata, object_name},
    matcher::{Match, Path},
    operation::requests,
    problem::Problem,
    setting::Setting,
};
use flowmesh_diagnostics::{Diagnostics, Severity};
use flowmesh_ir::{
    GatewayId, OperationId, Program, ServiceId,
    access::{Mode, Rule, What, Who, rules},
};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Everyone of whom nothing is said.
const ANYONE: &str = "*";

/// What `ServiceIntentions` say.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Spec {
    destination: Destination,
    sources: Vec<Source>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Destination {
    name: String,
}

/// Somebody, and whether they may, or what of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Source {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    permissions: Vec<Permission>,
}

/// Some requests, and whether they may be made. One that looks at nothing is none to Consul.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Permission {
    action: &'static str,
    http: Http,
    /// What their token must say. Where it says something else, no permission behind this one is looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    jwt: Option<Tokens>,
}

/// What a rule says of a service.
struct Said {
    allow: bool,
    /// Nothing is anyone.
    who: Option<BTreeSet<String>>,
    matches: Vec<Match>,
}

/// The rules of a program on their way to manifests.
struct Rules<'a> {
    program: &'a Program,
    options: &'a Options<'a>,
    known: &'a [Option<Known>],
    /// The gateways that are written.
    written: &'a BTreeSet<GatewayId>,
    all: Vec<Rule>,
}

/// The intentions of a program.
pub(super) fn manifests(
    program: &Program,
    options: &Options<'_>,
    (known, written): (&[Option<Known>], &BTreeSet<GatewayId>),
    found: &mut Diagnostics,
) -> Vec<Manifest> {
    let rules = Rules {
        program,
        options,
        known,
        written,
        all: rules(program),
    };
    let mut all = Vec::new();
    for (id, own) in (0..).map(ServiceId).zip(known) {
        let Some(own) = own.as_ref().filter(|_| rules.named(id)) else {
            continue;
        };
        let said = rules.said(id, own).and_then(|said| Ok((said, rules.tokens(id)?)));
        match said {
            Ok((said, tokens)) => all.extend(rules.intentions(id, own, &said, &tokens)),
            // Where the interpreter fills, all rules of the service are left to it.
            Err((number, reason)) => {
                let severity = match options.interpreter_fills {
                    true => Severity::Warning,
                    false => Severity::Error,
                };
                let span = span(program, &format!("access/{number}"));
                found.add_beside(Problem::Rule { reason }.diagnostic(TARGET, severity, span));
            }
        }
    }
    if !all.is_empty() {
        // How rules are held is the same for all of them, and is said once.
        let origins = &program.origins;
        let span = origins.span("access/0").or_else(|| origins.span("mesh"));
        let problem = Problem::Part(Setting::Access);
        found.add_beside(problem.diagnostic(TARGET, Severity::Warning, span.unwrap_or_default()));
    }
    all
}

impl Rules<'_> {
    /// Whether rules say who may call a service; else everybody may whom the installation lets.
    fn named(&self, id: ServiceId) -> bool {
        let mut what = self.all.iter().flat_map(|rule| &rule.what);
        self.program.mesh.access == Mode::Derived || what.any(|what| service(*what) == Some(id))
    }

    /// All that is said of a service; or the number of the rule that cannot be held, and why.
    fn said(&self, id: ServiceId, own: &Known) -> Result<Vec<Said>, Unheld> {
        let mut all = Vec::new();
        for (number, rule) in self.all.iter().enumerate() {
            let what = rule.what.iter().copied();
            let what: Vec<What> = what.filter(|what| service(*what) == Some(id)).collect();
            if claims::asks(rule) && own.outside.is_none() {
                let denial = claims::denial(rule).filter(|_| !what.is_empty());
                denial.map_or(Ok(()), |reason| Err((number, reason)))?;
            } else if !what.is_empty() {
                all.push(self.rule(rule, &what, own).map_err(|reason| (number, reason))?);
            }
        }
        Ok(all)
    }

    /// What the tokens of visitors must say, by the names of their gateways.
    fn tokens(&self, id: ServiceId) -> Result<BTreeMap<String, Tokens>, Unheld> {
        let mut all = BTreeMap::new();
        let gateways = (0..).map(GatewayId).zip(&self.program.gateways);
        for (gateway, declared) in gateways.filter(|(_, declared)| declared.jwt.is_some()) {
            let asked = claims::asked(self.program, self.options, &self.all, (gateway, id))?;
            // A gateway that is not written has no providers; its visitors are not let in.
            if let Some(asked) = asked.filter(|_| self.written.contains(&gateway)) {
                let tokens = Tokens::of(declared, Some(&asked));
                all.insert(object_name(&declared.name), tokens);
            }
        }
        Ok(all)
    }

    fn rule(&self, rule: &Rule, what: &[What], own: &Known) -> Result<Said, &'static str> {
        let conditions = match &rule.condition {
            None => vec![Match::all()],
            Some(condition) => condition::matches(self.program, self.options, condition)?,
        };
        let mut matches = Vec::new();
        for what in what {
            let of = self.requests(*what);
            // Nobody is let in by more than is meant; to keep somebody out by more is safe.
            let is_part = matches!(what, What::Operation(..));
            if rule.allow && is_part && matches!(of.path, Path::Prefix(_)) {
                return Err(
                    "an operation with a parameter that is a part of a segment cannot be told from others",
                );
            }
            matches.extend(conditions.iter().filter_map(|one| both(one, &of)));
        }
        if own.outside.is_some() && matches.iter().any(|one| *one != Match::all()) {
            return Err("connections to what is outside of the cluster are not looked into");
        }
        if matches.iter().any(|one| !one.query.is_empty()) {
            return Err("rules look at no parameters of the query");
        }
        Ok(Said {
            allow: rule.allow,
            who: self.names(&rule.who)?,
            matches,
        })
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

    /// Who that is to Consul; nothing is anyone.
    fn names(&self, who: &[Who]) -> Result<Option<BTreeSet<String>>, &'static str> {
        let mut all = BTreeSet::new();
        for one in who {
            match one {
                Who::Anyone => return Ok(None),
                Who::Gateway(id) => {
                    let gateway = self.program.gateways.get(id.0 as usize);
                    all.extend(gateway.map(|gateway| object_name(&gateway.name)));
                }
                Who::Flow(_) => drop(all.insert(FLOWS.to_owned())),
                Who::Service(id) => {
                    let own = self.known.get(id.index()).and_then(Option::as_ref);
                    let own = own.filter(|own| own.outside.is_none());
                    let own = own.ok_or("who calls is no Service of the cluster")?;
                    all.extend(own.places.iter().map(|place| place.name.clone()));
                }
                Who::Identity(text) => {
                    let name = name_of(text).ok_or(
                        "of identities it knows those of its own services, `spiffe://UUID.consul/ns/default/dc/DATACENTER/svc/NAME`",
                    )?;
                    all.insert(name.to_owned());
                }
            }
        }
        Ok(Some(all))
    }

    /// The intentions of a service, for each of its names but those at which only splits stand.
    fn intentions(
        &self,
        id: ServiceId,
        own: &Known,
        said: &[Said],
        tokens: &BTreeMap<String, Tokens>,
    ) -> Vec<Manifest> {
        let named = said.iter().flat_map(|said| &said.who).flatten();
        let named: BTreeSet<&String> = named.chain(tokens.keys()).collect();
        let mut sources: Vec<Source> = named
            .into_iter()
            .map(|name| {
                source(
                    name,
                    &said.iter().filter(|said| said.is_of(name)).collect::<Vec<_>>(),
                    tokens.get(name),
                )
            })
            .collect();
        sources.push(source(
            ANYONE,
            &said.iter().filter(|said| said.who.is_none()).collect::<Vec<_>>(),
            None,
        ));
        let first = self.all.iter().position(|rule| {
            let mut what = rule.what.iter();
            what.any(|what| service(*what) == Some(id))
        });
        let place = first.map_or_else(|| "mesh".to_owned(), |first| format!("access/{first}"));
        let origin = span(self.program, &place);
        let namespace = own.namespace().unwrap_or("default");
        let places = own.places.iter().map(|place| place.name.as_str());
        let names: BTreeSet<&str> = places.chain([own.name.as_str()]).collect();
        let one = |name: &str| {
            let spec = Spec {
                destination: Destination {
                    name: name.to_owned(),
                },
                sources: sources.clone(),
            };
            let metadata = metadata(self.program, self.options, name, namespace, origin);
            object(INTENTIONS, metadata, spec)
        };
        names.into_iter().map(one).collect()
    }
}

impl Said {
    /// Whether it is about somebody.
    fn is_of(&self, name: &str) -> bool {
        self.who.as_ref().is_none_or(|who| who.contains(name))
    }
}

fn service(what: What) -> Option<ServiceId> {
    match what {
        What::Service(id) | What::Operation(id, _) => Some(id),
        What::Flow(_) => None,
    }
}

/// All that is said of somebody, or of those whose tokens say something.
fn source(name: &str, said: &[&Said], tokens: Option<&Tokens>) -> Source {
    let of = |allow: bool| {
        let said = said.iter().filter(|said| said.allow == allow);
        said.flat_map(|said| &said.matches).collect::<Vec<_>>()
    };
    let (denied, allowed) = (of(false), of(true));
    let all = Match::all();
    let wholly = |action: &'static str| Source {
        name: name.to_owned(),
        action: Some(action),
        permissions: Vec::new(),
    };
    if denied.contains(&&all) || (allowed.is_empty() && tokens.is_none()) {
        return wholly("deny");
    }
    if denied.is_empty() && allowed.contains(&&all) && tokens.is_none() {
        return wholly("allow");
    }
    let mut permissions = permissions("deny", &denied);
    match (tokens, allowed.contains(&&all)) {
        (Some(tokens), _) => permissions.push(Permission {
            jwt: Some(tokens.clone()),
            ..rest("allow")
        }),
        (None, true) => permissions.push(rest("allow")),
        (None, false) => {
            permissions.extend(self::permissions("allow", &allowed));
            permissions.push(rest("deny"));
        }
    }
    Source {
        name: name.to_owned(),
        action: None,
        permissions,
    }
}

fn permissions(action: &'static str, matches: &[&Match]) -> Vec<Permission> {
    let mut all: Vec<Permission> = Vec::new();
    for fit in matches.iter().map(|one| Fit::below(one)) {
        let one = Permission {
            action,
            http: Http::from(&fit),
            jwt: None,
        };
        if !all.contains(&one) {
            all.push(one);
        }
    }
    all
}

/// All requests that are left.
fn rest(action: &'static str) -> Permission {
    Permission {
        action,
        http: Http::of(&Compared::Prefix("/".to_owned())),
        jwt: None,
    }
}

/// The name of a service of Consul, by the identity that its proxies show.
fn name_of(identity: &str) -> Option<&str> {
    let (domain, path) = identity.strip_prefix("spiffe://")?.split_once('/')?;
    let parts: Vec<&str> = path.split('/').collect();
    let ["ns", "default", "dc", _, "svc", name] = parts.as_slice() else {
        return None;
    };
    let own = domain.ends_with(".consul") && crate::address::is_label(name);
    own.then_some(*name)
}
