//! What a gateway does with a visit, as far as that can be said without anybody being asked: where it leads, and whether
//! that is allowed. The same for visitors and for those who want to know why.

use super::{behind::Visit, measured, record::Called, side::Side};
use crate::decide::{
    access::{Verdict, judge},
    canonical::Canonical,
    tree::{Entry, Tree, parameters},
};
use flowmesh_ir::{
    GatewayId, Name, PolicyId, Program, ServiceId,
    access::{Rule, What, Who, onward, rules},
    expr::Expr,
    gateway::{Gateway, Part, Pattern, Route, Segment, Target, compile},
    traffic::Priority,
};
use regex::Regex;
use std::sync::Arc;

/// Says whether a condition holds of a visit; `None` where it has no value.
pub type Holds<'h> = dyn Fn(&Expr, &Visit) -> Option<bool> + 'h;

/// What a gateway does with visits, as one version of a program says.
pub struct Plan {
    program: Arc<Program>,
    id: GatewayId,
    tree: Tree,
    /// For each route, its patterns.
    patterns: Vec<Patterns>,
    access: Vec<Rule>,
    side: Side,
    called: Arc<[Called]>,
}

/// The patterns of a route, each with the number of the segment that it is for; none is for the whole path.
type Patterns = Vec<(Option<usize>, Regex)>;

/// How a route whose path fits is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// It takes the visit.
    Taken,
    /// It is for another method.
    Method,
    /// A part of its path must look otherwise.
    Pattern,
    /// Its condition does not hold, or has no value.
    Condition,
}

/// What came of looking for the route of a visit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// The routes that were looked at; if one takes the visit, it is the last.
    pub all: Vec<(usize, Fit)>,
    /// The next route that would take the visit if the one that does were not there.
    pub runner_up: Option<usize>,
}

impl Looked {
    /// The route that takes the visit.
    #[must_use]
    pub fn taken(&self) -> Option<usize> {
        let last = self.all.last().filter(|(_, fit)| *fit == Fit::Taken);
        last.map(|(number, _)| *number)
    }
}

/// What a rule about the target says of a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    /// Which, by its number; those behind the last of the program were derived from its calls.
    pub rule: usize,
    /// Whether it is about whoever asks, and about all that is asked for.
    pub applies: bool,
    /// Whether its condition holds; `None` where it has no value.
    pub holds: Option<bool>,
}

impl Plan {
    /// The plan of a gateway; `None` where the program has none of this number.
    #[must_use]
    pub fn new(program: Arc<Program>, id: GatewayId) -> Option<Self> {
        let access = rules(&program);
        Self::with(program, id, access, Side::Front)
    }

    /// The plan of a gateway beside a service. All rules are written in its program: those that the calls of the program
    /// need follow from the program as it was, and not from what was added to it.
    #[must_use]
    pub fn beside(program: Arc<Program>, id: GatewayId, side: Side) -> Option<Self> {
        let access = program.access.clone();
        Self::with(program, id, access, side)
    }

    fn with(program: Arc<Program>, id: GatewayId, access: Vec<Rule>, side: Side) -> Option<Self> {
        let gateway = program.gateways.get(id.index())?;
        let tree = Tree::new(gateway.routes.iter().map(Entry::from));
        let patterns = gateway.routes.iter().map(patterns);
        let patterns = patterns.collect::<Option<_>>()?;
        Some(
            Self {
                program,
                id,
                tree,
                patterns,
                access,
                side,
                called: Arc::default(),
            }
            .with_names(),
        )
    }

    fn with_names(mut self) -> Self {
        let routes = self.gateway().map_or(&[][..], |gateway| &gateway.routes);
        let called = routes.iter().map(|route| Called {
            name: measured::name(route).into(),
            target: self.name(&route.target),
        });
        self.called = called.collect();
        self
    }

    /// What its routes are called, in their order.
    #[must_use]
    pub fn called(&self) -> &Arc<[Called]> {
        &self.called
    }

    /// The gateway as it is written.
    #[must_use]
    pub fn gateway(&self) -> Option<&Gateway> {
        self.program.gateways.get(self.id.index())
    }

    /// Its program.
    #[must_use]
    pub fn program(&self) -> &Arc<Program> {
        &self.program
    }

    /// Where it stands.
    #[must_use]
    pub fn side(&self) -> &Side {
        &self.side
    }

    /// What a visit calls that was led to a target; a redirection calls nothing.
    #[must_use]
    pub fn what(&self, target: &Target, visit: &Visit) -> Vec<What> {
        self.side.what(&self.program, target, visit)
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> GatewayId {
        self.id
    }

    /// All rules, those that were derived behind those that were written.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.access
    }

    /// The routes whose host and path fit, in the order of their precedence.
    #[must_use]
    pub fn fitting(&self, request: &Canonical) -> Vec<(usize, &Route)> {
        let found = self.tree.find(&request.host, &request.segments, None);
        self.numbered(found).collect()
    }

    fn numbered(&self, numbers: Vec<u32>) -> impl Iterator<Item = (usize, &Route)> {
        let routes = self.gateway().map_or(&[][..], |gateway| &gateway.routes);
        let numbers = numbers.into_iter();
        let numbers = numbers.map(|number| usize::try_from(number).unwrap_or(usize::MAX));
        numbers.filter_map(|number| Some((number, routes.get(number)?)))
    }

    /// Looks at the routes that may fit until one takes the visit, which then has its parameters; and on, where it is
    /// `asked` for, until another one would.
    pub fn choose(&self, visit: &mut Visit, holds: &Holds<'_>, asked: bool) -> Looked {
        if let Side::Outbound(outbound) = &self.side {
            let host = outbound.hosts.get(visit.request.host.as_str());
            return Looked {
                all: host.map(|number| (*number, Fit::Taken)).into_iter().collect(),
                runner_up: None,
            };
        }
        let request = &visit.request;
        let says = |part: Part<'_>| request.part(part);
        let found = self.tree.find(&request.host, &request.segments, Some(&says));
        let mut routes = self.numbered(found);
        let all = self.first(&mut routes, visit, holds);
        let mut looked = Looked { all, runner_up: None };
        if asked && looked.taken().is_some() {
            let params = std::mem::take(&mut visit.params);
            let mut fits = |found| self.look(found, visit, holds) == Fit::Taken;
            looked.runner_up = routes.find(|found| fits(*found)).map(|(number, _)| number);
            visit.params = params;
        }
        looked
    }

    /// The routes that take it or do not, also those that need a part of the request to be another text: for those who want
    /// to know why.
    pub fn consider(&self, visit: &mut Visit, holds: &Holds<'_>) -> Vec<(usize, Fit)> {
        let found = self.tree.find(&visit.request.host, &visit.request.segments, None);
        self.first(&mut self.numbered(found), visit, holds)
    }

    fn first<'p>(
        &self,
        routes: &mut impl Iterator<Item = (usize, &'p Route)>,
        visit: &mut Visit,
        holds: &Holds<'_>,
    ) -> Vec<(usize, Fit)> {
        let mut looked = Vec::new();
        for (number, route) in routes {
            let fit = self.look((number, route), visit, holds);
            looked.push((number, fit));
            if fit == Fit::Taken {
                break;
            }
        }
        looked
    }

    fn look(&self, (number, route): (usize, &Route), visit: &mut Visit, holds: &Holds<'_>) -> Fit {
        let patterns = self.patterns.get(number).map_or(&[][..], Vec::as_slice);
        let looks = |(of, regex): &(Option<usize>, Regex)| match of {
            None => regex.is_match(visit.request.path()),
            Some(at) => {
                let segment = visit.request.segments.get(*at);
                segment.is_some_and(|segment| regex.is_match(segment))
            }
        };
        if !patterns.iter().all(looks) {
            return Fit::Pattern;
        }
        if route.method.is_some_and(|method| method != visit.request.method) {
            return Fit::Method;
        }
        visit.params = parameters(&route.path, &visit.request.segments);
        let holds = |condition| holds(condition, visit) == Some(true);
        match route.condition.as_ref().is_none_or(holds) {
            true => Fit::Taken,
            false => Fit::Condition,
        }
    }

    /// The policy that holds for what a route leads to, or for the gateway where it has none.
    #[must_use]
    pub fn policy(&self, route: Option<&Route>) -> Option<PolicyId> {
        let said = route.and_then(|route| route.policy).or(self.gateway()?.policy);
        said.or_else(|| route?.target.policy(&self.program))
    }

    /// Who is let through first by what a policy says.
    pub(super) fn priority(&self, policy: Option<PolicyId>) -> Priority {
        let policy = policy.and_then(|policy| self.program.policy(policy));
        policy.and_then(|policy| policy.priority).unwrap_or_default()
    }

    /// How many of ten thousand traces are recorded that begin with visits of a route; all where nothing is said.
    pub(super) fn share(&self, route: Option<&Route>) -> Option<u32> {
        let policy = self.policy(route).and_then(|policy| self.program.policy(policy));
        let own = policy.and_then(|policy| policy.trace.as_ref());
        own.or(self.program.mesh.trace.as_ref()).map(|trace| trace.sample)
    }

    /// The other services to which a policy may send a visit, or a copy of it, as far as the rules let this one go there;
    /// `None` where it sends none elsewhere.
    pub fn onward(&self, policy: PolicyId, visit: &Visit, holds: &Holds<'_>) -> Option<Vec<ServiceId>> {
        let mut others = onward::under(&self.program, policy).peekable();
        others.peek()?;
        let may = |other: What| {
            let What::Service(service) = other else {
                return None;
            };
            let subset = None;
            let called = self.what(&Target::Service { service, subset }, visit);
            let allowed = |what: &What| matches!(self.judge(*what, visit, holds), Verdict::Allowed(_));
            called.iter().all(allowed).then_some(service)
        };
        Some(others.filter_map(may).collect())
    }

    /// Whether the visit may go there.
    pub fn judge(&self, what: What, visit: &Visit, holds: &Holds<'_>) -> Verdict {
        self.judge_by(what, visit, &mut |_, condition| holds(condition, visit))
    }

    /// The same where it is known already what the rules say that are about the target.
    #[must_use]
    pub fn judge_said(&self, what: What, visit: &Visit, said: &[Said]) -> Verdict {
        let of = |number| said.iter().find(|said| said.rule == number);
        self.judge_by(what, visit, &mut |number, _| of(number)?.holds)
    }

    fn judge_by(
        &self,
        what: What,
        visit: &Visit,
        holds: &mut dyn FnMut(usize, &Expr) -> Option<bool>,
    ) -> Verdict {
        let rules = (self.access.as_slice(), self.program.mesh.access);
        judge(rules, what, &|who| self.is(who, visit), holds)
    }

    /// What each rule says that is about the target, or a part of it.
    pub fn said(&self, what: What, visit: &Visit, holds: &Holds<'_>) -> Vec<Said> {
        let mut said = Vec::new();
        for (number, rule) in self.access.iter().enumerate() {
            let about = |known: &What| known.covers(what) || what.covers(*known);
            if !rule.what.iter().any(about) {
                continue;
            }
            let covers = |known: &What| known.covers(what) || (!rule.allow && what.covers(*known));
            let who = rule.who.iter().any(|who| self.is(who, visit));
            said.push(Said {
                rule: number,
                applies: who && rule.what.iter().any(covers),
                holds: rule
                    .condition
                    .as_ref()
                    .map_or(Some(true), |condition| holds(condition, visit)),
            });
        }
        said
    }

    fn is(&self, who: &Who, visit: &Visit) -> bool {
        match who {
            Who::Anyone => true,
            Who::Identity(pattern) => visit
                .certificate
                .as_deref()
                .is_some_and(|shown| fits(pattern, shown)),
            named => self.side.is(self.id, named, visit.certificate.as_deref()),
        }
    }

    /// What a route leads to, for people; a redirection leads to nothing of the program.
    #[must_use]
    pub fn name(&self, target: &Target) -> Option<Name> {
        let service = |id| self.program.service(id).map(|service| service.name.clone());
        match target {
            Target::Flow { flow, .. } => self.program.flow(*flow).map(|flow| flow.name.clone()),
            Target::Service { service: id, .. } => service(*id),
            Target::Operation {
                service: id,
                operation,
                ..
            } => {
                let operations = &self.program.service(*id)?.operations;
                let operation = operations.get(operation.index())?;
                Some(format!("{}.{}", service(*id)?, operation.name).into())
            }
            Target::Redirect { .. } => None,
        }
    }
}

/// The patterns of a route; `None` where one is none, which no program that was checked has.
fn patterns(route: &Route) -> Option<Patterns> {
    let one = |pattern: &Pattern| {
        let regex = compile(&pattern.regex).ok()?;
        let Some(name) = &pattern.of else {
            return Some((None, regex));
        };
        let is = |segment: &Segment| matches!(segment, Segment::Param(known) if known == name);
        Some((Some(route.path.iter().position(is)?), regex))
    };
    route.patterns.iter().map(one).collect()
}

/// Whether an identity is one of those that a rule names: `spiffe://domain/path`, where a `*` at the end stands for anything.
fn fits(pattern: &str, shown: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => shown.starts_with(start),
        None => pattern == shown,
    }
}
