//! Who may call what, and what holds for the whole mesh.

pub mod onward;

use crate::{
    FlowId, GatewayId, OperationId, Program, ServiceId,
    expr::Expr,
    flow::{End, Target},
    traffic::{Limit, Trace},
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// `allow WHO to WHAT when COND`, `deny WHO to WHAT when COND`. The order of rules has no meaning; a denial wins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// Whether it allows.
    pub allow: bool,
    /// Who may, or may not.
    pub who: Vec<Who>,
    /// What.
    pub what: Vec<What>,
    /// A bool over [`crate::expr::Context::Caller`] and [`crate::expr::Context::Request`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Expr>,
}

/// Somebody who calls.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// Anyone at all.
    Anyone,
    /// Visitors of a gateway.
    Gateway(GatewayId),
    /// Runs of a flow.
    Flow(FlowId),
    /// A service, by its identity.
    Service(ServiceId),
    /// An identity: `spiffe://domain/path`, where a `*` at the end stands for anything.
    Identity(String),
}

/// Something that is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A flow.
    Flow(FlowId),
    /// A service, with all that it can do.
    Service(ServiceId),
    /// One operation.
    Operation(ServiceId, OperationId),
}

/// `mesh { access: derived, mtls: strict, limit: { rate: 1000/s }, trace: { sample: 10% } }`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Mesh {
    /// Where the rules come from.
    #[serde(default)]
    pub access: Mode,
    /// Whether both sides show certificates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mtls: Option<Mtls>,
    /// What all calls together may do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
    /// What is kept of traces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<Trace>,
}

/// Where the rules come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// They are those that are written; a target that no rule names is open.
    #[default]
    Written,
    /// Beside those that are written, the compiler adds what the program's own calls need; all else is denied.
    Derived,
}

/// Whether both sides show certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mtls {
    /// Always; a side without a certificate is refused.
    Strict,
    /// Where the other side can.
    Permissive,
}

/// All rules of a program, those that are derived behind those that are written.
#[must_use]
pub fn rules(program: &Program) -> Vec<Rule> {
    let mut all = program.access.clone();
    if program.mesh.access == Mode::Derived {
        all.extend(derived(program));
    }
    all
}

/// What the program's own flows and gateways call, and no rule allows yet: the least rules under which it works.
#[must_use]
pub fn derived(program: &Program) -> Vec<Rule> {
    let mut found: BTreeMap<Who, BTreeSet<What>> = BTreeMap::new();
    for (who, what) in calls(program) {
        let allowed = |rule: &Rule| {
            rule.allow
                && rule.who.iter().any(|known| known.covers(&who))
                && rule.what.iter().any(|known| known.covers(what))
        };
        if !program.access.iter().any(allowed) {
            found.entry(who).or_default().insert(what);
        }
    }
    let rule = |(who, what): (Who, BTreeSet<What>)| Rule {
        allow: true,
        who: vec![who],
        what: what.into_iter().collect(),
        condition: None,
    };
    found.into_iter().map(rule).collect()
}

/// Every call that flows and gateways make, or may make elsewhere.
fn calls(program: &Program) -> Vec<(Who, What)> {
    let mut all = Vec::new();
    for (id, flow) in (0u32..).map(FlowId).zip(&program.flows) {
        for state in &flow.states {
            let called = targets(&state.end).chain(onward::of_state(program, &state.end));
            all.extend(called.map(|what| (Who::Flow(id), what)));
        }
    }
    for (id, gateway) in (0u32..).map(GatewayId).zip(&program.gateways) {
        let called = gateway.leads_to().chain(onward::of_gateway(program, gateway));
        all.extend(called.map(|what| (Who::Gateway(id), what)));
    }
    all
}

/// What the end of a state calls: the call, what undoes it, and the flow that it starts.
pub fn targets(end: &End) -> impl Iterator<Item = What> {
    let of = |target: &Target| What::Operation(target.service, target.operation);
    let (called, undo) = match end {
        End::Call(call) => (Some(of(&call.target)), call.undo.as_ref()),
        End::Stream(stream) => (Some(of(&stream.target)), None),
        End::Start(start) => (Some(What::Flow(start.flow)), start.undo.as_ref()),
        _ => (None, None),
    };
    called.into_iter().chain(undo.map(|undo| of(&undo.target)))
}

impl Who {
    /// Whether another is one of these.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        *self == Self::Anyone || self == other
    }
}

impl Mesh {
    /// Whether nothing was said.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl What {
    /// Whether all of another is part of this.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        match (self, other) {
            (Self::Service(all), Self::Operation(one, _)) => all == one,
            _ => self == other,
        }
    }
}
