//! What a gateway does with a visit, as far as that can be said without anybody being asked: where it leads, and whether
//! that is allowed. The same for visitors and for those who want to know why.

use super::{behind::Visit, side::Side};
use crate::decide::{
    access::{Verdict, judge},
    tree::{Tree, parameters},
};
use flowmesh_ir::{
    GatewayId, Name, Program,
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
    side: Side,
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
        let mut access = program.access.clone();
        if program.mesh.access == Mode::Derived {
            access.extend(derived(&program));
        }
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
        let tree = Tree::new(gateway.routes.iter().map(|route| route.path.as_slice()));
        Some(Self {
            program,
            id,
            tree,
            access,
            side,
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

    /// Where it stands.
    #[must_use]
    pub fn side(&self) -> &Side {
        &self.side
    }

    /// What a visit calls that was led to a target; a redirection calls nothing.
    #[must_use]
    pub fn what(&self, target: &Target, visit: &Visit) -> Option<What> {
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
        if let Side::Outbound(outbound) = &self.side {
            let host = outbound.hosts.get(visit.request.host.as_str());
            return host.map(|number| (*number, Fit::Taken)).into_iter().collect();
        }
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
            Who::Identity(pattern) => visit
                .certificate
                .as_deref()
                .is_some_and(|shown| fits(pattern, shown)),
            named => self.side.is(self.id, named, visit.certificate.as_deref()),
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
