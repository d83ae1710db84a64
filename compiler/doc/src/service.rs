//! The page of a service: where it is, what holds for it, what it can do, and who calls that.

use crate::{
    Page,
    links::Links,
    page::{page as around, section, table},
    text::{block, code, escaped, markdown},
};
use flowmesh_ir::{
    FlowId, OperationId, Program, ServiceId,
    access::{What, rules, targets},
    print,
    service::EffectKind,
    worst,
};

pub(crate) fn page(program: &Program, id: ServiceId, links: &Links<'_>) -> Option<Page> {
    let service = program.service(id)?;
    let mut body = format!("<h1>{}</h1>\n", escaped(&service.name));
    body += &markdown(service.doc.as_deref().unwrap_or_default());
    body += &section("Where it is", &block(&print::said::whereabouts(program, service)));
    let policy = program.policy(service.policy);
    let settings = policy
        .map(|policy| print::said::settings(program, policy))
        .unwrap_or_default();
    body += &section("What holds for its calls", &block(&settings));
    let mut operations = String::new();
    for (number, operation) in (0u32..).map(OperationId).zip(&service.operations) {
        operations += &format!("<h3 id=\"{0}\">{0}</h3>\n", escaped(&operation.name));
        operations += &markdown(operation.doc.as_deref().unwrap_or_default());
        operations += &block(&print::said::operation(program, service, operation));
        let policy = program.policy(operation.policy);
        let worst = policy.map(|policy| {
            let time = worst::Time::of(worst::call_ms(policy));
            let attempts = match worst::attempts(policy) {
                1 => "one attempt".to_owned(),
                count => format!("{count} attempts"),
            };
            format!("{attempts} and {time} at the most; ")
        });
        let effect = match operation.effect {
            EffectKind::Read => "it changes nothing",
            EffectKind::Idempotent => "it can be repeated",
            EffectKind::Keyed => "it has a key, and can be repeated",
            EffectKind::Once => "it runs at most once",
        };
        operations += &format!("<p class=\"soft\">{}{effect}.</p>\n", worst.unwrap_or_default());
        operations += &callers(program, id, number, links);
    }
    body += &section("What it can do", &operations);
    body += &section("Rules", &said(program, id));
    Some(around(
        program,
        links,
        links.service_page(id),
        &format!("service {}", service.name),
        &body,
    ))
}

fn callers(program: &Program, id: ServiceId, operation: OperationId, links: &Links<'_>) -> String {
    let calls = |flow: &flowmesh_ir::flow::Flow| {
        let mut all = flow.states.iter().flat_map(|state| targets(&state.end));
        all.any(|what| what == What::Operation(id, operation))
    };
    let flows = (0u32..)
        .map(FlowId)
        .zip(&program.flows)
        .filter(|(_, flow)| calls(flow));
    let names: Vec<String> = flows.map(|(flow, _)| links.flow(flow)).collect();
    match names.is_empty() {
        true => String::new(),
        false => format!("<p>Called by {}.</p>\n", names.join(", ")),
    }
}

fn said(program: &Program, id: ServiceId) -> String {
    let about = |what: &What| match what {
        What::Service(service) | What::Operation(service, _) => *service == id,
        What::Flow(_) => false,
    };
    let rows: Vec<Vec<String>> = rules(program)
        .iter()
        .filter(|rule| rule.what.iter().any(about))
        .map(|rule| vec![code(&print::said::rule(program, rule))])
        .collect();
    match rows.is_empty() {
        true => "<p>No rule names it: everybody may call it.</p>\n".to_owned(),
        false => table(&["what the rules say"], &rows),
    }
}
