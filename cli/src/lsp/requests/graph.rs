//! `flowmesh/graph`: the picture of the flow under the cursor, or of who calls whom where no flow is.

use super::Answer;
use crate::lsp::{
    from_protocol::{at, offset},
    state::{Seen, State},
    to_protocol::Paper,
};
use flowmesh_diagnostics::{SourceId, Span};
use flowmesh_graph::{Graph, calls, draw, flow, layout};
use flowmesh_ir::{FlowId, Program};
use serde_json::{Value, json};

/// The picture, its nodes with where they stand in the text, and the one under the cursor. While a program is wrong, there is no
/// picture of it: the editor keeps the one that it has.
pub(super) fn graph(state: &mut State, params: &Value) -> Answer {
    let at = at(params)?;
    let client = state.client.clone();
    let Some(Seen {
        desk,
        snapshot,
        source,
    }) = state.seen(&at.uri)
    else {
        return Ok(Value::Null);
    };
    let Some(program) = &snapshot.analysis.program else {
        return Ok(Value::Null);
    };
    let text = snapshot
        .sources
        .get(source)
        .map_or("", |source| source.text.as_ref());
    let offset = offset(at.position, text, client.encoding);
    let (picture, name) = picture(program, source, offset);
    let mut paper = Paper::new(&snapshot.sources, &client);
    let mut nodes = Vec::new();
    for node in &picture.nodes {
        let location = node.span.and_then(|span| paper.location(&desk, span));
        // What stands in another document has no range in this one.
        let here = location.as_ref().filter(|location| location.uri == at.uri);
        let range = here.map(|location| location.range.clone());
        let location = location.map(|location| location.shown());
        nodes.push(json!({ "id": node.id, "kind": node.kind.name(), "range": range, "location": location }));
    }
    let current = innermost(&picture, source, offset);
    Ok(json!({
        "title": picture.title,
        "flow": name,
        "svg": draw::svg(&picture, &layout(&picture)),
        "nodes": nodes,
        "current": current,
    }))
}

fn picture(program: &Program, source: SourceId, offset: u32) -> (Graph, Option<String>) {
    let flows = (0u32..).map(FlowId).zip(&program.flows);
    let here = flows.filter_map(|(id, flow)| {
        let span = program.origins.span(&format!("flow/{}", flow.name))?;
        is_in(span, source, offset).then_some((id, flow.name.to_string()))
    });
    let named = here
        .last()
        .and_then(|(id, name)| Some((flow(program, id)?, Some(name))));
    named.unwrap_or_else(|| (calls(program), None))
}

/// The node of the smallest place around the cursor.
fn innermost(picture: &Graph, source: SourceId, offset: u32) -> Option<&str> {
    let around = picture.nodes.iter().filter_map(|node| Some((node.span?, node)));
    let around = around
        .filter(|(span, node)| node.kind != flowmesh_graph::Kind::Begin && is_in(*span, source, offset));
    around
        .min_by_key(|(span, _)| span.end - span.start)
        .map(|(_, node)| node.id.as_str())
}

fn is_in(span: Span, source: SourceId, offset: u32) -> bool {
    span.source == source && span.start <= offset && offset <= span.end
}
