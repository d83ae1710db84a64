//! Retries that multiply: a gateway repeats a flow that repeats itself, whose calls are repeated, and come back.

use super::{Whole, link};
use crate::{
    ast::{ExprKind, ItemKind},
    check::time as shown,
    resolve::Resolved,
};
use flowmesh_diagnostics::{Code, Diagnostic, Span};
use flowmesh_ir::{
    FlowId, GatewayId, OperationId, PolicyId, Program, ServiceId, StateId,
    flow::{End, Target, Tie},
    gateway::{Route, Target as Led},
    worst,
};
use std::collections::{HashMap, HashSet};

/// So many attempts of one call are taken without a word.
const ENOUGH: u64 = 10;

/// How far a chain is followed.
const DEEPEST: usize = 16;

/// Something that asks for several attempts.
#[derive(Clone, Copy)]
struct Factor {
    what: What,
    attempts: u64,
}

/// Who asks for them.
#[derive(Clone, Copy)]
enum What {
    /// The head of a flow.
    Flow(FlowId),
    /// A route of a gateway.
    Route(GatewayId, usize),
    /// What holds for an operation.
    Operation(ServiceId, OperationId),
}

/// What was met on the way so far.
struct Walk<'w, 'a> {
    whole: &'w mut Whole<'a>,
    chain: Vec<Factor>,
    reported: HashSet<Span>,
    /// The greatest product with which each flow was met, by depth. With a smaller one nothing new is found.
    met: HashMap<FlowId, [u64; DEEPEST]>,
}

/// How often each flow begins anew when it fails, and where that was said.
pub(super) type Again = Vec<Option<(u64, Span)>>;

/// What the heads of flows say.
pub(super) fn again(resolved: &Resolved, program: &Program) -> Again {
    let tables = &resolved.tables;
    // Those that are made for what they are given come after all others, each where its template stands.
    let made = program.flows.iter().skip(tables.flows.len()).filter_map(|flow| {
        let place = program.origins.span(&format!("flow/{}", flow.name))?;
        let mut templates = tables.templates.iter();
        templates.find(|declared| resolved.item(declared).is_some_and(|item| item.span == place))
    });
    let flows = tables.flows.iter().chain(made);
    flows
        .map(|declared| match resolved.item(declared).map(|item| &item.kind) {
            Some(ItemKind::Flow(flow)) => {
                let setting = flow
                    .settings
                    .iter()
                    .find(|setting| setting.name.text == "retry")?;
                let ExprKind::Record(parts) = &setting.value.kind else {
                    return None;
                };
                let said = parts.iter().find(|(name, _)| name.text == "attempts");
                let attempts = match said.map(|(_, value)| &value.kind) {
                    Some(ExprKind::Int(attempts)) => u64::try_from(*attempts).ok()?,
                    _ => 3,
                };
                Some((attempts, setting.name.span.to(setting.value.span)))
            }
            _ => None,
        })
        .collect()
}

pub(super) fn check(whole: &mut Whole<'_>) {
    let program = whole.program;
    let called = called(program);
    let mut walk = Walk {
        whole,
        chain: Vec::new(),
        reported: HashSet::new(),
        met: HashMap::new(),
    };
    for id in (0u32..).map(FlowId).take(program.flows.len()) {
        if !called.contains(&id) {
            walk.follow(id, 0);
        }
    }
    for (id, gateway) in (0u32..).map(GatewayId).zip(&program.gateways) {
        for (at, route) in gateway.routes.iter().enumerate() {
            match &route.target {
                Led::Flow { flow, .. } => walk.route(id, at, route, |walk| walk.follow(*flow, 0)),
                Led::Operation {
                    service, operation, ..
                } => walk.led((id, at, route), *service, *operation),
                Led::Service { .. } | Led::Redirect { .. } => {}
            }
        }
    }
}

/// The flows that another one waits for: their chains begin there.
fn called(program: &Program) -> HashSet<FlowId> {
    let mut called = HashSet::new();
    for (id, flow) in (0u32..).map(FlowId).zip(&program.flows) {
        for state in &flow.states {
            if let End::Start(start) = &state.end
                && start.tie == Tie::Child
                && start.flow != id
            {
                called.insert(start.flow);
            }
        }
    }
    called
}

impl Walk<'_, '_> {
    /// Goes on with one more factor, if it is one.
    fn with(&mut self, what: What, attempts: u64, then: impl FnOnce(&mut Self)) {
        let length = self.chain.len();
        if attempts > 1 {
            self.chain.push(Factor { what, attempts });
        }
        then(self);
        self.chain.truncate(length);
    }

    fn policy_of(&self, id: GatewayId, route: &Route) -> Option<PolicyId> {
        let gateway = self.whole.program.gateway(id);
        route.policy.or(gateway.and_then(|gateway| gateway.policy))
    }

    fn route(&mut self, id: GatewayId, at: usize, route: &Route, then: impl FnOnce(&mut Self)) {
        let policy = self.policy_of(id, route);
        let attempts = policy.map_or(1, |policy| self.attempts(policy));
        self.with(What::Route(id, at), attempts, then);
    }

    fn attempts(&self, policy: PolicyId) -> u64 {
        let policy = self.whole.program.policy(policy);
        policy.map_or(1, |policy| u64::from(worst::attempts(policy)))
    }

    fn product(&self) -> u64 {
        let attempts = self.chain.iter().map(|factor| factor.attempts);
        attempts.fold(1, u64::saturating_mul)
    }

    /// A route that leads to an operation: what the route says holds instead of what the operation does.
    fn led(
        &mut self,
        (id, at, route): (GatewayId, usize, &Route),
        service: ServiceId,
        operation: OperationId,
    ) {
        let Some(own) = self.whole.operation(service, operation).map(|found| found.policy) else {
            return;
        };
        let policy = self.policy_of(id, route).unwrap_or(own);
        let what = match self.attempts(policy) == self.attempts(own) {
            true => What::Operation(service, operation),
            false => What::Route(id, at),
        };
        self.with(what, self.attempts(policy), |walk| {
            walk.judge(policy, |whole| whole.route_span(id, at));
        });
    }

    fn follow(&mut self, id: FlowId, depth: usize) {
        let again = self.whole.again.get(id.index()).copied().flatten();
        let attempts = again.map_or(1, |(attempts, _)| attempts);
        self.with(What::Flow(id), attempts, |walk| {
            let product = walk.product();
            let met = walk.met.entry(id).or_default();
            let known = met
                .iter()
                .take(depth.saturating_add(1))
                .any(|known| *known >= product);
            if let Some(here) = met.get_mut(depth).filter(|_| !known) {
                *here = product;
                walk.states(id, depth);
            }
        });
    }

    fn states(&mut self, id: FlowId, depth: usize) {
        let program = self.whole.program;
        let Some(flow) = program.flow(id) else { return };
        for (at, state) in (0u32..).map(StateId).zip(&flow.states) {
            if let End::Start(start) = &state.end
                && start.tie == Tie::Child
                && start.flow != id
            {
                self.follow(start.flow, depth.saturating_add(1));
            }
            let Some(target) = worst::target(&state.end) else {
                continue;
            };
            let what = What::Operation(target.service, target.operation);
            self.with(what, self.attempts(target.policy), |walk| {
                walk.judge(target.policy, |whole| whole.state_span(flow, at));
                walk.back(id, target, depth);
            });
        }
    }

    /// Where a call comes back into the program.
    fn back(&mut self, id: FlowId, target: &Target, depth: usize) {
        let Some((gateway, number, route)) = link::back(self.whole, target.service, target.operation) else {
            return;
        };
        if let Led::Flow { flow: next, .. } = &route.target
            && *next != id
        {
            self.route(gateway, number, route, |walk| {
                walk.follow(*next, depth.saturating_add(1));
            });
        }
    }

    /// Says how often, and for how long, the call at the end of the chain can be tried; `policy` is its own.
    fn judge(&mut self, policy: PolicyId, place: impl FnOnce(&Whole<'_>) -> Option<Span>) {
        let product = self.product();
        if self.chain.len() < 2 || product <= ENOUGH {
            return;
        }
        let Some(span) = place(self.whole).filter(|span| self.reported.insert(*span)) else {
            return;
        };
        let numbers: Vec<String> = self
            .chain
            .iter()
            .map(|factor| factor.attempts.to_string())
            .collect();
        let own = self.whole.program.policy(policy);
        let around = product / self.attempts(policy).max(1);
        let ms = own.map_or(0, worst::call_ms).saturating_mul(around);
        let message = format!(
            "this can be tried {} = {product} times and take {}, while what it calls is in trouble already",
            numbers.join(" x "),
            shown(ms)
        );
        let mut diagnostic = Diagnostic::warning(Code(550), span, message);
        for factor in &self.chain {
            let (name, place) = factor.what.shown(self.whole);
            let text = format!("`{name}` is tried {} times", factor.attempts);
            diagnostic = place
                .into_iter()
                .fold(diagnostic, |d, place| d.and(place, text.clone()));
        }
        diagnostic = diagnostic
            .help("repeat in one place, nearest to what fails, and say `retry: none` in the others");
        if let Some((what, setting)) = self.outer() {
            diagnostic = diagnostic.fix(format!("repeat `{what}` no more"), setting, "");
        }
        self.whole.report(diagnostic);
    }

    /// The outermost place that asks for several attempts, where a setting of its own does.
    fn outer(&self) -> Option<(String, Span)> {
        let (_, outer) = self.chain.split_last()?;
        outer.iter().find_map(|factor| {
            let (name, place) = factor.what.shown(self.whole);
            let text = self.whole.sources.get(place?.source)?.slice(place?);
            text.starts_with("retry").then_some((name, place?))
        })
    }
}

impl What {
    /// Its name, and where it was said how often.
    fn shown(self, whole: &Whole<'_>) -> (String, Option<Span>) {
        match self {
            Self::Flow(id) => {
                let name = whole.program.flow(id).map(|flow| flow.name.to_string());
                let again = whole.again.get(id.index()).copied().flatten();
                (name.unwrap_or_default(), again.map(|(_, place)| place))
            }
            Self::Route(id, at) => {
                let name = whole.program.gateway(id).map(|gateway| gateway.name.to_string());
                let name = name.unwrap_or_default();
                let said = whole.span(&format!("gateway/{name}@retry"));
                (name, said.or_else(|| whole.route_span(id, at)))
            }
            Self::Operation(service, operation) => {
                let said = whole.said(service, operation, "retry");
                (whole.operation_name(service, operation), said)
            }
        }
    }
}
