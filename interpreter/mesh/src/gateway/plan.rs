//! What a gateway does with a visit, as far as that can be said without anybody being asked: where it leads, and whether
//! that is allowed. The same for visitors and for those who want to know why.

use super::behind::Visit;
use crate::decide::{
    access::{Verdict, judge},
    tree::{Tree, parameters},
};
use flowmesh_ir::{
    GatewayId, Name, PolicyId, Program,
    access::{Mode, Rule, What, Who, derived},
    expr::Expr,
    gateway::{Gateway, Route, Target},
};
use std::sync::Arc;

/// Says whether a condition holds of a visit; `None` where it has no value.
pub type Holds<'h> = dyn Fn(&Expr, &Visit) -> Option<bool> + 'h;

/// What a gateway does with visits, as one version of a program says.
pub struct Plan {
    program: Arc<Program>,
    id: GatewayId,
    tree: Tree,
    access: Vec<Rule>,
}

/// How a route whose path fits is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// It takes the visit.
    Taken,
    /// It is for another method.
    Method,
    /// Its condition does not hold, or has no value.
    Condition,
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
        let gateway = program.gateways.get(id.index())?;
        let tree = Tree::new(gateway.routes.iter().map(|route| route.path.as_slice()));
        let mut access = program.access.clone();
        if program.mesh.access == Mode::Derived {
            access.extend(derived(&program));
        }
        Some(Self {
            program,
            id,
            tree,
            access,
        })
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

    /// The routes whose path fits, in the order of their precedence.
    pub fn fitting(&self, segments: &[String]) -> Vec<(usize, &Route)> {
        let numbers = self.tree.find(segments).into_iter();
        let numbers = numbers.map(|number| usize::try_from(number).unwrap_or(usize::MAX));
        numbers
            .filter_map(|number| Some((number, self.gateway()?.routes.get(number)?)))
            .collect()
    }

    /// Looks at routes until one takes the visit, which then has its parameters.
    pub fn choose(&self, visit: &mut Visit, holds: &Holds<'_>) -> Vec<(usize, Fit)> {
        let mut looked = Vec::new();
        for (number, route) in self.fitting(&visit.request.segments) {
            let fit = self.look(route, visit, holds);
            looked.push((number, fit));
            if fit == Fit::Taken {
                break;
            }
        }
        looked
    }

    fn look(&self, route: &Route, visit: &mut Visit, holds: &Holds<'_>) -> Fit {
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

    /// The next route that would take the visit if the one that does were not there.
    pub fn runner_up(&self, visit: &Visit, taken: usize, holds: &Holds<'_>) -> Option<usize> {
        let fitting = self.fitting(&visit.request.segments).into_iter();
        let mut behind = fitting.skip_while(|(number, _)| *number != taken).skip(1);
        let mut visit = visit.clone();
        let fits = |(_, route): &(usize, &Route)| self.look(route, &mut visit, holds) == Fit::Taken;
        behind.find(fits).map(|(number, _)| number)
    }

    /// The policy that holds for what a route leads to, or for the gateway where it has none.
    #[must_use]
    pub fn policy(&self, route: Option<&Route>) -> Option<PolicyId> {
        let said = route.and_then(|route| route.policy).or(self.gateway()?.policy);
        said.or_else(|| match route?.target {
            Target::Service { service, .. } => Some(self.program.service(service)?.policy),
            Target::Operation {
                service, operation, ..
            } => {
                let operations = &self.program.service(service)?.operations;
                Some(operations.get(operation.index())?.policy)
            }
            Target::Flow { .. } | Target::Redirect { .. } => None,
        })
    }

    /// How many of ten thousand traces are recorded that begin with visits of a route; all where nothing is said.
    pub(super) fn share(&self, route: Option<&Route>) -> Option<u32> {
        let policy = self.policy(route).and_then(|policy| self.program.policy(policy));
        let own = policy.and_then(|policy| policy.trace.as_ref());
        own.or(self.program.mesh.trace.as_ref()).map(|trace| trace.sample)
    }

    /// Whether the visit may go there.
    pub fn judge(&self, what: What, visit: &Visit, holds: &Holds<'_>) -> Verdict {
        let mut holds = |condition: &Expr| holds(condition, visit);
        let rules = (self.access.as_slice(), self.program.mesh.access);
        judge(rules, what, &|who| self.is(who, visit), &mut holds)
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
            Who::Gateway(id) => *id == self.id,
            Who::Identity(pattern) => visit
                .certificate
                .as_deref()
                .is_some_and(|shown| fits(pattern, shown)),
            Who::Flow(_) | Who::Service(_) => false,
        }
    }

    /// What a route leads to, for people; a redirection leads to nothing of the program.
    #[must_use]
    pub fn name(&self, target: &Target) -> Option<String> {
        let service = |id| self.program.service(id).map(|service| service.name.clone());
        let named = |name: Name| name.to_string();
        match target {
            Target::Flow { flow, .. } => self.program.flow(*flow).map(|flow| named(flow.name.clone())),
            Target::Service { service: id, .. } => service(*id).map(named),
            Target::Operation {
                service: id,
                operation,
                ..
            } => {
                let operations = &self.program.service(*id)?.operations;
                let operation = operations.get(operation.index())?;
                Some(format!("{}.{}", service(*id)?, operation.name))
            }
            Target::Redirect { .. } => None,
        }
    }
}

/// Whether an identity is one of those that a rule names: `spiffe://domain/path`, where a `*` at the end stands for anything.
fn fits(pattern: &str, shown: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => shown.starts_with(start),
        None => pattern == shown,
    }
}
