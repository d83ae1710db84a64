//! The documentation of a program as pages of HTML, which need no server and no script: its flows with their states, its services
//! with what holds for their operations, its gateways, and who may call whom.
//!
//! 1. [`index`]: what there is, and who calls whom
//! 2. [`flow`], [`service`], [`gateway`]: a page each
//! 3. [`access`]: the rules, and who may call what by them
//! 4. [`page`]: what all pages have around them; [`text`]: words of authors as HTML
//!
//! This room knows programs and nothing of their syntax or of files. The same program gives the same pages.

mod access;
mod flow;
mod gateway;
mod index;
mod links;
mod page;
mod service;
mod text;

use flowmesh_ir::{FlowId, GatewayId, Program, ServiceId};
use links::Links;

/// One page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The name of its file.
    pub path: String,
    /// Its text.
    pub html: String,
}

/// All pages of a program, `index.html` first.
#[must_use]
pub fn pages(program: &Program) -> Vec<Page> {
    let links = Links::of(program);
    let mut all = vec![index::page(program, &links)];
    let flows = (0u32..).map(FlowId).take(program.flows.len());
    all.extend(flows.filter_map(|id| flow::page(program, id, &links)));
    let services = (0u32..).map(ServiceId).take(program.services.len());
    all.extend(services.filter_map(|id| service::page(program, id, &links)));
    let gateways = (0u32..).map(GatewayId).take(program.gateways.len());
    all.extend(gateways.filter_map(|id| gateway::page(program, id, &links)));
    all.push(access::page(program, &links));
    all
}
