//! Who may call whom: the mesh as a picture, and the rules as they are and as they are derived.

use crate::{
    Page,
    links::Links,
    page::{page as around, picture, section, table},
    text::{block, code},
};
use flowmesh_ir::{
    Program,
    access::{Mode, Rule, What, Who, derived, rules},
    print,
};
use std::collections::BTreeSet;

pub(crate) fn page(program: &Program, links: &Links<'_>) -> Page {
    let mut body = "<h1>Who may call whom</h1>\n".to_owned();
    body += &picture(&flowmesh_graph::mesh(program));
    let written: Vec<String> = program
        .access
        .iter()
        .map(|rule| print::said::rule(program, rule))
        .collect();
    body += &section("The rules", &block(&written));
    if program.mesh.access == Mode::Derived {
        let made: Vec<String> = derived(program)
            .iter()
            .map(|rule| print::said::rule(program, rule))
            .collect();
        body += &section("What the program's own calls need beside", &block(&made));
    }
    body += &section("By those who call", &by_caller(program, links));
    let open: Vec<Vec<String>> = open(program)
        .into_iter()
        .map(|what| vec![links.what(what)])
        .collect();
    body += &section("Open to everybody", &table(&["no rule names it"], &open));
    around(program, links, "access.html", "Who may call whom", &body)
}

fn by_caller(program: &Program, links: &Links<'_>) -> String {
    let all = rules(program);
    let callers: BTreeSet<&Who> = all.iter().flat_map(|rule| &rule.who).collect();
    let rows: Vec<Vec<String>> = callers
        .into_iter()
        .map(|who| {
            let said = |allow: bool| {
                let of = all
                    .iter()
                    .filter(|rule| rule.allow == allow && rule.who.contains(who));
                let names: Vec<String> = of.flat_map(|rule| shown(rule, links)).collect();
                names.join(", ")
            };
            let name = match who {
                Who::Anyone => "anyone".to_owned(),
                Who::Gateway(id) => format!("visitors of {}", links.gateway(*id)),
                Who::Flow(id) => links.flow(*id),
                Who::Service(id) => links.service(*id),
                Who::Identity(identity) => code(identity),
            };
            vec![name, said(true), said(false)]
        })
        .collect();
    table(
        &[
            "caller",
            "<span class=\"yes\">may call</span>",
            "<span class=\"no\">may not call</span>",
        ],
        &rows,
    )
}

fn shown(rule: &Rule, links: &Links<'_>) -> Vec<String> {
    let when = if rule.condition.is_some() {
        " <span class=\"soft\">(sometimes)</span>"
    } else {
        ""
    };
    rule.what
        .iter()
        .map(|what| format!("{}{when}", links.what(*what)))
        .collect()
}

/// What no rule names.
fn open(program: &Program) -> Vec<What> {
    if program.mesh.access == Mode::Derived {
        return Vec::new();
    }
    let flows = (0u32..)
        .map(flowmesh_ir::FlowId)
        .take(program.flows.len())
        .map(What::Flow);
    let services = (0u32..)
        .map(flowmesh_ir::ServiceId)
        .take(program.services.len())
        .map(What::Service);
    let named = |what: &What| {
        let mut all = program.access.iter().flat_map(|rule| &rule.what);
        all.any(|known| known.covers(*what) || what.covers(*known))
    };
    flows.chain(services).filter(|what| !named(what)).collect()
}
