//! The first page: what there is, and who calls whom.

use crate::{
    Page,
    links::Links,
    page::{page as around, picture, section, table},
    text::{block, code, escaped, first},
};
use flowmesh_graph::calls;
use flowmesh_ir::{FlowId, GatewayId, Program, ServiceId, print};

fn body(program: &Program, links: &Links<'_>) -> String {
    let mut body = format!("<h1>{}</h1>\n", escaped(&program.name));
    body += &section("Who calls whom", &picture(&calls(program)));
    let flows = (0u32..).map(FlowId).zip(&program.flows);
    let flows: Vec<_> = flows
        .map(|(id, flow)| vec![links.flow(id), first(flow.doc.as_deref())])
        .collect();
    body += &section("Flows", &table(&["flow", "what it does"], &flows));
    let services = (0u32..).map(ServiceId).zip(&program.services);
    let services: Vec<_> = services
        .map(|(id, service)| vec![links.service(id), first(service.doc.as_deref())])
        .collect();
    body += &section("Services", &table(&["service", "what it does"], &services));
    let gateways = (0u32..).map(GatewayId).zip(&program.gateways);
    let gateways: Vec<_> = gateways
        .map(|(id, gateway)| vec![links.gateway(id), first(gateway.doc.as_deref())])
        .collect();
    body += &section("Gateways", &table(&["gateway", "what it is for"], &gateways));
    let schedules = program.schedules.iter().map(|one| {
        vec![
            code(&one.name),
            code(&print::when(&one.when)),
            links.flow(one.flow),
            first(one.doc.as_deref()),
        ]
    });
    let schedules: Vec<_> = schedules.collect();
    body += &section("Schedules", &table(&["schedule", "when", "flow", ""], &schedules));
    let configs = program.configs.iter().map(|one| {
        let default = one
            .default
            .as_ref()
            .map_or("has to be given".to_owned(), |value| code(&print::value(value)));
        vec![
            code(&one.name),
            code(&print::type_text(program, &one.ty)),
            default,
        ]
    });
    let configs: Vec<_> = configs.collect();
    body += &section(
        "Settings from outside",
        &table(&["config", "type", "default"], &configs),
    );
    let secrets: Vec<_> = program.secrets.iter().map(|name| vec![code(name)]).collect();
    body += &section("Secrets", &table(&["secret"], &secrets));
    let types: Vec<String> = program
        .types
        .iter()
        .map(|def| print::said::definition(program, def))
        .collect();
    body += &section("Types", &block(&types));
    let errors: Vec<String> = program
        .errors
        .iter()
        .skip(flowmesh_ir::program::BUILTIN_ERRORS.len())
        .map(|def| print::said::error(program, def))
        .collect();
    body + &section("Errors", &block(&errors))
}

pub(crate) fn page(program: &Program, links: &Links<'_>) -> Page {
    around(program, links, "index.html", "Overview", &body(program, links))
}
