//! Who may call what: calls that the rules deny, gateways that nobody may enter, allowances that nobody needs.

use super::Whole;
use flowmesh_diagnostics::{Code, Diagnostic, Span};
use flowmesh_ir::{
    FlowId, GatewayId, Name, Program, StateId,
    access::{Rule, What, Who, onward, targets},
    gateway::Gateway,
    print::what as shown,
};

pub(super) fn check(whole: &mut Whole<'_>) {
    for (id, flow) in whole.flows() {
        for (at, state) in (0u32..).map(StateId).zip(&flow.states) {
            for what in targets(&state.end) {
                call(whole, id, at, what);
            }
        }
    }
    gateways(whole);
    unused(whole);
}

/// What the rules say of one call.
pub(super) enum Verdict {
    /// A rule allows it, or none speaks of what is called.
    Fine,
    /// A rule denies it.
    Denied(usize),
    /// Rules speak of what is called, and none of them of who calls.
    Forgotten(Vec<usize>),
    /// No rule speaks of it at all.
    Open,
}

pub(super) fn verdict(program: &Program, who: &Who, what: What) -> Verdict {
    let rules = || program.access.iter().enumerate();
    let meets = |rule: &Rule| {
        rule.who.iter().any(|known| known.covers(who)) && rule.what.iter().any(|known| known.covers(what))
    };
    // A denial with a condition may never hold; that is for the one who calls to find out.
    let denied = rules().find(|(_, rule)| !rule.allow && rule.condition.is_none() && meets(rule));
    if let Some((at, _)) = denied {
        return Verdict::Denied(at);
    }
    if rules().any(|(_, rule)| rule.allow && meets(rule)) {
        return Verdict::Fine;
    }
    let naming: Vec<usize> = rules()
        .filter(|(_, rule)| rule.what.iter().any(|known| names(*known, what)))
        .map(|(at, _)| at)
        .collect();
    if naming.is_empty() {
        Verdict::Open
    } else {
        Verdict::Forgotten(naming)
    }
}

/// Whether a rule about one speaks of the other's service or flow.
fn names(known: What, what: What) -> bool {
    let service = |what| match what {
        What::Service(id) | What::Operation(id, _) => Some(id),
        What::Flow(_) => None,
    };
    known == what || service(known).is_some() && service(known) == service(what)
}

fn call(whole: &mut Whole<'_>, id: FlowId, at: StateId, what: What) {
    let verdict = verdict(whole.program, &Who::Flow(id), what);
    if matches!(verdict, Verdict::Fine | Verdict::Open) {
        return;
    }
    let Some(flow) = whole.program.flow(id) else {
        return;
    };
    let Some(span) = whole.state_span(flow, at) else {
        return;
    };
    // Rules know a flow that is made for what it is given by the name that all that are made of it have.
    let given = whole.span(&format!("flow/{}/given", flow.name));
    let name = match given.and(flow.name.split('.').next()) {
        Some(name) => Name::from(name),
        None => flow.name.clone(),
    };
    let called = shown(whole.program, what);
    let (message, rules) = match verdict {
        Verdict::Denied(rule) => (
            format!("`{name}` may not call `{called}`: a rule denies it"),
            vec![rule],
        ),
        Verdict::Forgotten(rules) => (
            format!("`{name}` may not call `{called}`: rules name it, and none allows this"),
            rules,
        ),
        Verdict::Fine | Verdict::Open => return,
    };
    let denied = message.ends_with("denies it");
    let mut diagnostic = whole.made_for(flow, Diagnostic::error(Code(530), span, message));
    let first = rules.iter().find_map(|at| whole.span(&format!("access/{at}")));
    for at in rules {
        let place = whole.span(&format!("access/{at}"));
        let text = if denied {
            "this rule"
        } else {
            "what no rule allows is denied, since this names it"
        };
        diagnostic = place.into_iter().fold(diagnostic, |d, place| d.and(place, text));
    }
    diagnostic = diagnostic.help(if denied {
        "take the denial back, or leave the call out: no allowance is stronger".to_owned()
    } else {
        format!("write `allow {name} to {called}`, or leave the call out")
    });
    if let (false, Some(rule)) = (denied, first) {
        let before = Span::new(rule.source, rule.start, rule.start);
        let text = format!("allow {name} to {called}\n");
        diagnostic = diagnostic.fix(format!("allow {name} to call {called}"), before, text);
    }
    whole.report(diagnostic);
}

fn gateways(whole: &mut Whole<'_>) {
    let program = whole.program;
    for (id, gateway) in (0u32..).map(GatewayId).zip(&program.gateways) {
        let name = &gateway.name;
        let routes = gateway.routes.iter().enumerate();
        let routes = routes.map(|(at, route)| (format!("gateway/{name}/{at}"), route.target.what()));
        let passes = gateway.passes.iter().enumerate();
        let passes = passes.map(|(at, pass)| {
            (
                format!("gateway/{name}/tls/{at}"),
                Some(What::Service(pass.service)),
            )
        });
        for (place, what) in routes.chain(passes) {
            let (Some(what), Some(span)) = (what, whole.span(&place)) else {
                continue;
            };
            let called = shown(program, what);
            let (message, rules) = match verdict(program, &Who::Gateway(id), what) {
                Verdict::Fine => continue,
                Verdict::Forgotten(_) if by_certificate(program, gateway, what) => continue,
                Verdict::Open => (
                    format!("nothing says who may use `{called}` through `{name}`"),
                    Vec::new(),
                ),
                Verdict::Denied(at) => (
                    format!("every request to `{called}` is refused: a rule denies it"),
                    vec![at],
                ),
                Verdict::Forgotten(rules) => (
                    format!(
                        "every request to `{called}` is refused: rules name it, and none allows visitors of `{name}`"
                    ),
                    rules,
                ),
            };
            let mut diagnostic = Diagnostic::warning(Code(532), span, message);
            for rule in rules {
                let place = whole.span(&format!("access/{rule}"));
                diagnostic = place
                    .into_iter()
                    .fold(diagnostic, |d, place| d.and(place, "this rule"));
            }
            let rule = format!("allow gateway {name} to {called}");
            diagnostic = diagnostic.help(format!(
                "write `{rule}`, with a condition on `caller` where not all may"
            ));
            if let Some(gateway) = whole.span(&format!("gateway/{name}")) {
                let before = Span::new(gateway.source, gateway.start, gateway.start);
                diagnostic = diagnostic.fix(format!("write `{rule}`"), before, format!("{rule}\n\n"));
            }
            whole.report(diagnostic);
        }
    }
}

/// Whether some visitors may by what their certificates say.
pub(super) fn by_certificate(program: &Program, gateway: &Gateway, what: What) -> bool {
    let identity = |who: &Who| matches!(who, Who::Identity(_));
    let allows = |rule: &Rule| {
        rule.allow && rule.who.iter().any(identity) && rule.what.iter().any(|known| known.covers(what))
    };
    let shown = gateway.tls.as_ref().is_some_and(|tls| tls.mutual) || program.mesh.mtls.is_some();
    shown && program.access.iter().any(allows)
}

/// Allowances of flows and gateways whose calls are all known.
fn unused(whole: &mut Whole<'_>) {
    let program = whole.program;
    for (at, rule) in program.access.iter().enumerate() {
        let known = |who: &Who| matches!(who, Who::Flow(_) | Who::Gateway(_));
        if !rule.allow || !rule.who.iter().all(known) {
            continue;
        }
        for (number, what) in rule.what.iter().enumerate() {
            if rule.who.iter().any(|who| calls(program, who, *what)) {
                continue;
            }
            let Some(span) = whole.span(&format!("access/{at}/what/{number}")) else {
                continue;
            };
            let message = format!("nobody whom this rule names calls `{}`", shown(program, *what));
            let mut diagnostic = Diagnostic::warning(Code(531), span, message)
                .help("remove it: what is not needed should not be allowed");
            let path = |number: usize| format!("access/{at}/what/{number}");
            // One comma goes with it.
            let beside = match number {
                0 => whole.span(&path(1)).map(|next| (span.start, next.start)),
                _ => whole.span(&path(number - 1)).map(|before| (before.end, span.end)),
            };
            diagnostic = match (rule.what.len(), beside, whole.span(&format!("access/{at}"))) {
                (1, _, Some(all)) => diagnostic.fix("remove the rule", all, ""),
                (_, Some((start, end)), _) => {
                    diagnostic.fix("remove it from the rule", Span::new(span.source, start, end), "")
                }
                _ => diagnostic,
            };
            whole.report(diagnostic);
        }
    }
}

fn calls(program: &Program, who: &Who, what: What) -> bool {
    match who {
        Who::Flow(id) => program.flow(*id).is_some_and(|flow| {
            let mut all = flow.states.iter().flat_map(|state| targets(&state.end));
            let ends = flow.states.iter().map(|state| &state.end);
            let mut elsewhere = ends.flat_map(|end| onward::of_state(program, end));
            all.any(|called| what.covers(called)) || elsewhere.any(|called| meets(what, called))
        }),
        Who::Gateway(id) => program.gateway(*id).is_some_and(|gateway| {
            let mut all = gateway.leads_to().chain(onward::of_gateway(program, gateway));
            all.any(|called| meets(what, called))
        }),
        _ => true,
    }
}

/// Whether one is a part of the other.
pub(super) fn meets(one: What, other: What) -> bool {
    one.covers(other) || other.covers(one)
}
