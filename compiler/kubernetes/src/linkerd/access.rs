//! Who may come in: for each Service of which rules say something a `Server`, and who may, as `AuthorizationPolicy`s of it, or of
//! routes to it where rules tell requests apart.
//!
//! Linkerd has no denials: it lets nobody in at a `Server` unless something does, so that a denial is what is left out. Where
//! that would let in more than the program says, nothing is written and the rule is reported.
//!
//! Probes of the cluster are let in by Linkerd itself where there are no routes. Where there are, they are let in at the path
//! of `health`, as Linkerd has it for those it knows.

mod callers;
mod cells;
pub(super) mod kinds;
pub(super) mod rate;
mod verdict;
mod writer;

use super::{
    Known, TARGET,
    precedence::{Entry, settled},
};
use crate::{
    Manifest, Options, condition,
    matcher::{Match, Path, is_path},
    problem::Problem,
    setting::Setting,
};
use callers::Callers;
use flowmesh_diagnostics::{Diagnostics, Severity};
use flowmesh_ir::{
    Program, ServiceId,
    access::{Mode, Mtls, Rule, What, Who, rules},
};
use std::collections::BTreeMap;
use verdict::{Rules, Unheld};
use writer::Writer;

/// The policies of a program.
pub(super) fn manifests(
    program: &Program,
    options: &Options<'_>,
    known: &[Option<Known>],
    found: &mut Diagnostics,
) -> Vec<Manifest> {
    let mut gate = Gate {
        program,
        options,
        known,
        found,
        servers: BTreeMap::new(),
    };
    let services = (0..).map(ServiceId).zip(known);
    let known = services.filter_map(|(id, known)| Some((id, known.as_ref()?)));
    known.flat_map(|(id, own)| gate.of(id, own)).collect()
}

/// The rules of a program on their way to manifests.
struct Gate<'a, 'd> {
    program: &'a Program,
    options: &'a Options<'a>,
    known: &'a [Option<Known>],
    found: &'d mut Diagnostics,
    /// Whose the pods and ports are that have a Server: Linkerd takes one for each.
    servers: BTreeMap<(String, u16), ServiceId>,
}

/// Who may do what, where it is known: of the whole service, or cell by cell.
struct Lets {
    cells: Vec<(Match, Callers)>,
    /// What probes ask for, where they would be kept out.
    probe: Option<Match>,
    /// The requests of each route.
    entries: Vec<Entry>,
    /// Where a rule of it stands.
    said: String,
}

impl Gate<'_, '_> {
    /// What a service lets in.
    fn of(&mut self, id: ServiceId, own: &Known) -> Vec<Manifest> {
        let Some(service) = self.program.service(id) else {
            return Vec::new();
        };
        if own.outside.is_some() {
            self.outside(id);
            return Vec::new();
        }
        let lets = self.lets(id, own).unwrap_or_else(|(number, reason)| {
            self.report(&Problem::Rule { reason }, number);
            None
        });
        let strict = self.program.mesh.mtls == Some(Mtls::Strict);
        if lets.is_some() {
            self.warn(Setting::Access, &["access/0", "mesh"]);
        }
        if strict {
            self.warn(Setting::Mtls, &["mesh"]);
        }
        let limited = rate::requests(self.program, service);
        if lets.is_none() && !strict && limited.is_none() {
            return Vec::new();
        }
        let access_policy = match (&lets, strict) {
            (Some(_), _) => "deny",
            (None, true) => "all-authenticated",
            (None, false) => "all-unauthenticated",
        };
        let said = lets
            .as_ref()
            .map_or_else(|| format!("service/{}", service.name), |lets| lets.said.clone());
        let writer = Writer {
            program: self.program,
            options: self.options,
            service,
            own,
            said,
            strict,
        };
        let mut made = writer.servers(access_policy);
        self.one_server(id, own);
        if let Some(rate) = limited {
            made.extend(writer.each(|metadata| rate::manifest(metadata, rate)));
        }
        made.extend(lets.iter().flat_map(|lets| writer.lets(lets)));
        made
    }

    /// Reports two Servers of the same pods.
    fn one_server(&mut self, id: ServiceId, own: &Known) {
        for place in &own.places {
            let other = self.servers.insert((place.host(), place.port), id);
            let services = (
                self.program.service(id),
                other.and_then(|other| self.program.service(other)),
            );
            let (Some(one), Some(other)) = services else {
                continue;
            };
            let at = format!("service/{}", one.name);
            let span = self.program.origins.span(&at).unwrap_or_default();
            let (one, other) = (one.name.clone(), other.name.clone());
            let problem = Problem::Same { one, other };
            self.found
                .add_beside(problem.diagnostic(TARGET, Severity::Error, span));
        }
    }

    /// Who may call what is outside of the cluster, nobody there asks; of the program's own flows and gateways, flowmesh does.
    fn outside(&mut self, id: ServiceId) {
        let names = |what: &What| verdict::service(*what) == Some(id);
        let own = |rule: &Rule| {
            let mut who = rule.who.iter();
            rule.allow && who.all(|who| matches!(who, Who::Flow(_) | Who::Gateway(_)))
        };
        let unheld = |rule: &Rule| rule.what.iter().any(names) && !own(rule);
        if let Some(number) = self.program.access.iter().position(unheld) {
            let reason = "nothing of what is outside of the cluster is in the mesh, to ask who calls";
            self.report(&Problem::Rule { reason }, number);
        }
    }

    /// Who may do what; nothing where no rule says anything of the service.
    fn lets(&self, id: ServiceId, own: &Known) -> Result<Option<Lets>, Unheld> {
        let all = rules(self.program);
        let names = |what: &What| verdict::service(*what) == Some(id);
        let first = all.iter().position(|rule| rule.what.iter().any(names));
        if first.is_none() && self.program.mesh.access != Mode::Derived {
            return Ok(None);
        }
        let first = first.unwrap_or_default();
        let mut conditions = Vec::with_capacity(all.len());
        for (number, rule) in all.iter().enumerate() {
            conditions.push(match &rule.condition {
                Some(condition) if rule.what.iter().any(names) => {
                    condition::matches(self.program, self.options, condition)
                        .map_err(|reason| (number, reason))?
                }
                _ => vec![Match::all()],
            });
        }
        let rules = Rules {
            program: self.program,
            known: self.known,
            own,
            id,
            all,
            conditions,
        };
        let atoms: Vec<Match> = rules.atoms();
        let mut told = Vec::new();
        for cell in cells::cells(&atoms).map_err(|reason| (first, reason))? {
            let callers = rules.callers(&cell)?;
            told.push((cell, callers));
        }
        let mut lets = Lets {
            cells: cells::needed(told),
            probe: self.probe(id).filter(|probe| !rules.owns(probe)),
            entries: Vec::new(),
            said: match self.program.access.get(first) {
                Some(_) => format!("access/{first}"),
                None => "mesh".to_owned(),
            },
        };
        let reason = "some requests fit two of its routes alike, and not the same may send both";
        lets.entries = lets.entries().ok_or((first, reason))?;
        Ok(Some(lets))
    }

    /// What probes ask for: only those that change nothing are let in.
    fn probe(&self, id: ServiceId) -> Option<Match> {
        let policy = self.program.policy(self.program.service(id)?.policy)?;
        let health = policy.health.as_ref()?;
        let path = health.path.split(['?', '#']).next().unwrap_or_default();
        let read = matches!(health.method.as_str(), "GET" | "HEAD");
        (read && is_path(path)).then(|| Match {
            path: Path::Exact(path.to_owned()),
            method: Some(health.method.as_str().to_owned()),
            ..Match::all()
        })
    }

    /// A rule cannot be held; where the interpreter fills, all rules of the service are left to it.
    fn report(&mut self, problem: &Problem, number: usize) {
        let severity = match self.options.interpreter_fills {
            true => Severity::Warning,
            false => Severity::Error,
        };
        let span = self.program.origins.span(&format!("access/{number}"));
        self.found
            .add_beside(problem.diagnostic(TARGET, severity, span.unwrap_or_default()));
    }

    /// How rules are held is the same for all of them, and is said once.
    fn warn(&mut self, setting: Setting, places: &[&str]) {
        let span = places.iter().find_map(|place| self.program.origins.span(place));
        let problem = Problem::Part(setting);
        self.found
            .add_beside(problem.diagnostic(TARGET, Severity::Warning, span.unwrap_or_default()));
    }
}

impl Lets {
    /// Those who may something, each once: a route for each of them.
    fn objects(&self) -> Vec<&Callers> {
        let mut all: Vec<&Callers> = Vec::new();
        for (_, callers) in &self.cells {
            if !all.contains(&callers) {
                all.push(callers);
            }
        }
        all
    }

    /// The requests of each route, by its number; those of probes are behind all others. Nothing where Linkerd would not take
    /// each request for what it is.
    fn entries(&self) -> Option<Vec<Entry>> {
        let objects = self.objects();
        let probe = self.probe.iter().map(|probe| (probe, objects.len()));
        let cells = self.cells.iter().map(|(of, callers)| {
            let object = objects.iter().position(|one| *one == callers);
            (of, object.unwrap_or_default())
        });
        let entries = probe.chain(cells);
        let entries = entries.map(|(of, object)| (Entry::new(of.clone(), object, object), ()));
        let settled = settled(entries.collect()).ok()?;
        Some(settled.into_iter().map(|(entry, ())| entry).collect())
    }
}
