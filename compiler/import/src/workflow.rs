//! The DSL of Serverless Workflow 1.0: a workflow as a flow.
//!
//! 1. [`jq`]: runtime expressions
//! 2. [`task`]: what a task has beside what it does: when, input, output, where it leads
//! 3. [`call`]: services that are called, and how failures are repeated
//! 4. [`flow`]: tasks as statements; [`block`]: those with tasks within
//! 5. [`schema`]: types from JSON Schema; [`infer`]: from what is read, where there is none
//!
//! What tasks hand on to each other is one variable without a type, as it is there. What a workflow is given is read by its type,
//! too, and keeps what it has beside.

mod block;
mod call;
mod event;
mod flow;
mod infer;
mod jq;
mod schema;
mod task;

use crate::{callee::Callees, found::Found, node::Node, out::Out};
use flow::Flow;

/// Whether documents are workflows.
pub(crate) fn looks_so(documents: &[Node]) -> bool {
    documents
        .iter()
        .any(|node| node.get("document").is_some_and(|it| it.get("dsl").is_some()))
}

/// What all workflows of a program share.
#[derive(Debug, Default)]
struct Shared {
    callees: Callees,
    /// Events by the types that others have for them.
    events: Vec<(String, String)>,
    declared: Vec<String>,
    /// Workflows by name, and their flows.
    flows: Vec<(String, String)>,
}

/// The program of workflows, a flow for each.
pub(crate) fn import(documents: &[Node], found: &mut Found) -> String {
    let mut shared = Shared::default();
    for node in documents {
        let name = node
            .get("document")
            .and_then(|it| it.get("name"))
            .and_then(Node::text)
            .unwrap_or_default();
        let own = shared.callees.flow(&name);
        shared.flows.push((name, own));
    }
    let known = shared.flows.clone();
    let mut flows = Vec::new();
    for (node, (_, name)) in documents.iter().zip(known) {
        flows.push(Flow::write(node, &name, &mut shared, found));
    }
    let mut out = Out::default();
    for declared in &shared.declared {
        out.line(declared);
    }
    for (_, name) in &shared.events {
        out.line(format!("event {name}(data: json)"));
    }
    shared.callees.write(&mut out);
    if flows.iter().any(|flow| flow.contains("shown(")) {
        out.line("/// A value as people read it: a text as it is, everything else as JSON.");
        out.line("fn shown(value: json) -> string = if value.kind() == \"string\" { value as string } else { value.text() }");
    }
    for flow in flows {
        out.gap();
        out.line(flow);
    }
    out.notes(&found.notes());
    out.text()
}
