//! The page of a gateway: where it listens, whom it believes, and where it leads.

use crate::{
    Page,
    links::Links,
    page::{page as around, section, table},
    text::{block, code, escaped, markdown},
};
use flowmesh_ir::{GatewayId, Program, gateway::Target, print};

pub(crate) fn page(program: &Program, id: GatewayId, links: &Links<'_>) -> Option<Page> {
    let gateway = program.gateway(id)?;
    let mut body = format!("<h1>{}</h1>\n", escaped(&gateway.name));
    body += &markdown(gateway.doc.as_deref().unwrap_or_default());
    let rows: Vec<Vec<String>> = gateway
        .routes
        .iter()
        .map(|route| {
            let to = match &route.target {
                Target::Flow { flow, .. } => links.flow(*flow),
                Target::Operation {
                    service, operation, ..
                } => links.operation(*service, *operation),
                Target::Service { service, .. } => links.service(*service),
                Target::Redirect { status, .. } => format!("elsewhere, {status}"),
            };
            let when = if route.condition.is_some() {
                "under a condition"
            } else {
                ""
            };
            vec![code(&flowmesh_graph::asked(route)), when.to_owned(), to]
        })
        .collect();
    body += &section("Where it leads", &table(&["request", "", "to"], &rows));
    let text = print::said::gateway(program, gateway);
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    body += &section("All that holds", &block(&lines));
    Some(around(
        program,
        links,
        links.gateway_page(id),
        &format!("gateway {}", gateway.name),
        &body,
    ))
}
