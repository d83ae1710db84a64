//! Other services that policies send requests to, or copies of them, and that the rules let nobody go on to.

use super::{
    Whole,
    access::{Verdict, by_certificate, meets, verdict},
};
use flowmesh_diagnostics::{Code, Diagnostic, Span};
use flowmesh_ir::{
    GatewayId, Name, Program, StateId,
    access::{Rule, What, Who, onward},
    print::what as shown,
};
use std::collections::BTreeSet;

pub(super) fn check(whole: &mut Whole<'_>) {
    let program = whole.program;
    if program.access.is_empty() {
        return;
    }
    for (id, flow) in whole.flows() {
        let mut seen = BTreeSet::new();
        for (at, state) in (0u32..).map(StateId).zip(&flow.states) {
            for other in onward::of_state(program, &state.end) {
                let span = whole.state_span(flow, at);
                if seen.insert(other) && never(program, &Who::Flow(id), other) {
                    let rule = format!("allow {} to {}", flow.name, shown(program, other));
                    tell(whole, &flow.name, (other, &rule), span);
                }
            }
        }
    }
    for (id, gateway) in (0u32..).map(GatewayId).zip(&program.gateways) {
        let mut seen = BTreeSet::new();
        for (at, route) in gateway.routes.iter().enumerate() {
            let own = route.policy.or(gateway.policy);
            let policy = own.or_else(|| route.target.policy(program));
            for other in policy
                .into_iter()
                .flat_map(|policy| onward::under(program, policy))
            {
                let certified = by_certificate(program, gateway, other);
                if seen.insert(other) && !certified && never(program, &Who::Gateway(id), other) {
                    let rule = format!("allow gateway {} to {}", gateway.name, shown(program, other));
                    tell(whole, &gateway.name, (other, &rule), whole.route_span(id, at));
                }
            }
        }
    }
}

/// Whether the rules never let somebody go on to a service, nor to a part of it.
fn never(program: &Program, who: &Who, other: What) -> bool {
    let part = |rule: &Rule| {
        let known = rule.who.iter().any(|known| known.covers(who));
        rule.allow && known && rule.what.iter().any(|what| meets(*what, other))
    };
    match verdict(program, who, other) {
        Verdict::Fine | Verdict::Open => false,
        Verdict::Denied(_) => true,
        Verdict::Forgotten(_) => !program.access.iter().any(part),
    }
}

fn tell(whole: &mut Whole<'_>, who: &Name, (other, rule): (What, &str), span: Option<Span>) {
    let Some(span) = span else { return };
    let other = shown(whole.program, other);
    let message = format!(
        "nothing of `{who}` ever goes on to `{other}`: a policy would send it there, and the rules do not let it"
    );
    let help = format!("write `{rule}`, or take `{other}` out of the policy");
    whole.report(Diagnostic::warning(Code(557), span, message).help(help));
}
