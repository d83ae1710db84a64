//! The page of a flow: how it is started, what it does, how long that may take.

use crate::{
    Page,
    links::Links,
    page::{page as around, picture, section, table},
    text::{block, code, escaped, markdown},
};
use flowmesh_ir::{
    FlowId, Program,
    access::{What, Who},
    flow::{End, Flow},
    gateway, print, worst,
};

pub(crate) fn page(program: &Program, id: FlowId, links: &Links<'_>) -> Option<Page> {
    let flow = program.flow(id)?;
    let mut body = format!("<h1>{}</h1>\n", escaped(&flow.name));
    body += &markdown(flow.doc.as_deref().unwrap_or_default());
    let mut lines = vec![print::said::signature(program, flow)];
    lines.extend(
        print::said::heads(program, flow)
            .into_iter()
            .map(|line| format!("  {line}")),
    );
    body += &block(&lines);
    if let Some(graph) = flowmesh_graph::flow(program, id) {
        body += &section("What it does", &picture(&graph));
    }
    body += &calls(program, id, flow, links);
    body += &section("How it starts", &starts(program, id, links));
    Some(around(
        program,
        links,
        links.flow_page(id),
        &format!("flow {}", flow.name),
        &body,
    ))
}

fn calls(program: &Program, id: FlowId, flow: &Flow, links: &Links<'_>) -> String {
    let Some(worst) = worst::flows(program).into_iter().find(|worst| worst.flow == id) else {
        return String::new();
    };
    let rows: Vec<Vec<String>> = worst
        .calls
        .iter()
        .map(|call| {
            let state = flow.states.get(call.state.index());
            let undo = state.and_then(|state| match &state.end {
                End::Call(one) => one.undo.as_ref(),
                _ => None,
            });
            let undo = undo.map(|undo| links.operation(undo.target.service, undo.target.operation));
            vec![
                links.operation(call.service, call.operation),
                call.attempts.to_string(),
                worst::Time::of(call.ms).to_string(),
                undo.unwrap_or_default(),
            ]
        })
        .collect();
    let all = format!(
        "<p>A run takes {} at the most.</p>\n",
        escaped(&worst.time.to_string())
    );
    let table = table(&["call", "attempts", "at the most", "undone by"], &rows);
    section("How long that may take", &(all + &table))
}

fn starts(program: &Program, id: FlowId, links: &Links<'_>) -> String {
    let mut rows = Vec::new();
    for (number, gateway) in program.gateways.iter().enumerate() {
        let here = u32::try_from(number)
            .map(flowmesh_ir::GatewayId)
            .unwrap_or(flowmesh_ir::GatewayId(u32::MAX));
        for route in &gateway.routes {
            if matches!(&route.target, gateway::Target::Flow { flow, .. } if *flow == id) {
                rows.push(vec!["a visitor of".to_owned(), links.gateway(here)]);
            }
        }
    }
    for schedule in program.schedules.iter().filter(|schedule| schedule.flow == id) {
        rows.push(vec!["the schedule".to_owned(), code(&schedule.name)]);
    }
    if let Some(trigger) = program.flow(id).and_then(|flow| flow.trigger.as_ref()) {
        let name = program
            .events
            .get(trigger.event.index())
            .map_or("?", |event| event.name.as_str());
        rows.push(vec!["the event".to_owned(), code(name)]);
    }
    for (other, flow) in (0u32..).map(FlowId).zip(&program.flows) {
        let begins = |end: &End| matches!(end, End::Start(start) if start.flow == id);
        if flow.states.iter().any(|state| begins(&state.end)) {
            rows.push(vec!["the flow".to_owned(), links.flow(other)]);
        }
    }
    rows.dedup();
    let rules = flowmesh_ir::access::rules(program);
    for rule in rules
        .iter()
        .filter(|rule| rule.what.iter().any(|what| what.covers(What::Flow(id))))
    {
        let anyone = rule
            .who
            .iter()
            .any(|who| matches!(who, Who::Anyone | Who::Identity(_) | Who::Service(_)));
        if anyone {
            rows.push(vec![
                "by a rule".to_owned(),
                code(&print::said::rule(program, rule)),
            ]);
        }
    }
    rows.push(vec![
        "a person or a program".to_owned(),
        code(&format!(
            "flowmesh runs start {}",
            program.flow(id).map_or("?", |flow| flow.name.as_str())
        )),
    ]);
    table(&["started by", ""], &rows)
}
