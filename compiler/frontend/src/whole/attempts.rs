//! Retries that multiply: a gateway repeats a flow that repeats itself, whose calls are repeated, and come back.

use super::{Whole, link};
use crate::{
    ast::{ExprKind, ItemKind},
    check::time as shown,
    resolve::Resolved,
};
use flowmesh_diagnostics::{Code, Diagnostic, Span};
use flowmesh_ir::{
    FlowId, PolicyId, StateId,
    flow::{End, Tie},
    gateway::Target as Led,
    worst,
};

/// So many attempts of one call are taken without a word.
const ENOUGH: u64 = 10;

/// How far a chain is followed.
const DEEPEST: usize = 16;

/// One place that asks for several attempts.
#[derive(Clone)]
struct Factor {
    what: String,
    attempts: u64,
    place: Option<Span>,
}

/// How often each flow begins anew when it fails, and where that was said.
pub(super) type Again = Vec<Option<(u64, Span)>>;

/// What the heads of flows say.
pub(super) fn again(resolved: &Resolved) -> Again {
    let flows = resolved.tables.flows.iter();
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
    let mut reported = Vec::new();
    for (id, _) in whole.flows() {
        if !is_called(whole, id) {
            follow(whole, id, Vec::new(), 0, &mut reported);
        }
    }
    let program = whole.program;
    for gateway in &program.gateways {
        for (at, route) in gateway.routes.iter().enumerate() {
            let own = factor_of_route(whole, gateway.name.as_str(), at, route.policy.or(gateway.policy));
            match &route.target {
                Led::Flow { flow, .. } => follow(whole, *flow, own, 0, &mut reported),
                Led::Operation {
                    service, operation, ..
                } => {
                    let Some(found) = whole.operation(*service, *operation) else {
                        continue;
                    };
                    let place = whole.span(&format!("gateway/{}/{at}", gateway.name));
                    let name = whole.operation_name(*service, *operation);
                    let said = whole.said(*service, *operation, "retry");
                    let chain = with(own, factor(whole, &name, found.policy, said));
                    judge(whole, &chain, found.policy, place, &mut reported);
                }
                _ => {}
            }
        }
    }
}

/// Whether another flow waits for this one, whose chain then begins there.
fn is_called(whole: &Whole<'_>, id: FlowId) -> bool {
    whole.flows().any(|(other, flow)| {
        let child =
            |end: &End| matches!(end, End::Start(start) if start.flow == id && start.tie == Tie::Child);
        other != id && flow.states.iter().any(|state| child(&state.end))
    })
}

fn with(mut chain: Vec<Factor>, factor: Option<Factor>) -> Vec<Factor> {
    chain.extend(factor);
    chain
}

fn factor(whole: &Whole<'_>, what: &str, policy: PolicyId, place: Option<Span>) -> Option<Factor> {
    let attempts = u64::from(worst::attempts(whole.program.policy(policy)?));
    (attempts > 1).then(|| Factor {
        what: format!("`{what}`"),
        attempts,
        place,
    })
}

fn factor_of_route(whole: &Whole<'_>, gateway: &str, at: usize, policy: Option<PolicyId>) -> Vec<Factor> {
    let place = whole
        .span(&format!("gateway/{gateway}@retry"))
        .or(whole.span(&format!("gateway/{gateway}/{at}")));
    let found = policy.and_then(|policy| factor(whole, gateway, policy, place));
    found.into_iter().collect()
}

fn follow(whole: &mut Whole<'_>, id: FlowId, chain: Vec<Factor>, depth: usize, reported: &mut Vec<Span>) {
    let Some(flow) = whole.program.flow(id).filter(|_| depth < DEEPEST) else {
        return;
    };
    let again = whole.again.get(id.index()).copied().flatten();
    let own = again
        .filter(|(attempts, _)| *attempts > 1)
        .map(|(attempts, place)| Factor {
            what: format!("`{}`", flow.name),
            attempts,
            place: Some(place),
        });
    let chain = with(chain, own);
    for (at, state) in (0u32..).map(StateId).zip(&flow.states) {
        if let End::Start(start) = &state.end
            && start.tie == Tie::Child
            && start.flow != id
        {
            follow(
                whole,
                start.flow,
                chain.clone(),
                depth.saturating_add(1),
                reported,
            );
        }
        let Some(target) = worst::target(&state.end) else {
            continue;
        };
        let name = whole.operation_name(target.service, target.operation);
        let place = whole.state_span(flow, at);
        let said = whole.said(target.service, target.operation, "retry");
        let here = with(chain.clone(), factor(whole, &name, target.policy, said));
        judge(whole, &here, target.policy, place, reported);
        let back = whole
            .operation(target.service, target.operation)
            .and_then(|operation| link::back(whole.program, target.service, operation));
        if let Some((gateway, number, route)) = back
            && let Led::Flow { flow: next, .. } = &route.target
            && *next != id
        {
            let policy = route.policy.or(gateway.policy);
            let mut here = here;
            here.extend(factor_of_route(whole, &gateway.name, number, policy));
            follow(whole, *next, here, depth.saturating_add(1), reported);
        }
    }
}

/// The outermost place that asks for several attempts, where a setting of its own does.
fn outer(whole: &Whole<'_>, chain: &[Factor]) -> Option<(String, Span)> {
    let (_, outer) = chain.split_last()?;
    outer.iter().find_map(|factor| {
        let place = factor.place?;
        let text = whole.sources.get(place.source)?.slice(place);
        text.starts_with("retry").then(|| (factor.what.clone(), place))
    })
}

/// Says how often, and for how long, the call at the end of a chain can be tried; `policy` is its own.
fn judge(
    whole: &mut Whole<'_>,
    chain: &[Factor],
    policy: PolicyId,
    place: Option<Span>,
    reported: &mut Vec<Span>,
) {
    let product = chain
        .iter()
        .fold(1u64, |product, factor| product.saturating_mul(factor.attempts));
    let Some(span) = place.filter(|span| chain.len() > 1 && product > ENOUGH && !reported.contains(span))
    else {
        return;
    };
    reported.push(span);
    let numbers: Vec<String> = chain.iter().map(|factor| factor.attempts.to_string()).collect();
    let own = whole.program.policy(policy);
    let around = product / own.map_or(1, |policy| u64::from(worst::attempts(policy))).max(1);
    let ms = own.map_or(0, worst::call_ms).saturating_mul(around);
    let message = format!(
        "this can be tried {} = {product} times and take {}, while what it calls is in trouble already",
        numbers.join(" x "),
        shown(ms)
    );
    let mut diagnostic = Diagnostic::warning(Code(550), span, message);
    for factor in chain {
        let text = format!("{} is tried {} times", factor.what, factor.attempts);
        diagnostic = factor
            .place
            .into_iter()
            .fold(diagnostic, |d, place| d.and(place, text.clone()));
    }
    diagnostic =
        diagnostic.help("repeat in one place, nearest to what fails, and say `retry: none` in the others");
    if let Some((what, setting)) = outer(whole, chain) {
        diagnostic = diagnostic.fix(format!("repeat {what} no more"), setting, "");
    }
    whole.report(diagnostic);
}
