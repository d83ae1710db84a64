//! A flow as a graph for Graphviz.

use super::{
    drawn::{Shape, drawn, ways},
    expr::Printer,
};
use crate::{FlowId, Program};

/// One flow as a graph: a node for each state, an edge for each way on. `None` where there is no such flow.
#[must_use]
pub fn dot(program: &Program, flow: FlowId) -> Option<String> {
    let flow = program.flow(flow)?;
    let printer = Printer::of_flow(program, flow);
    let mut text = format!("digraph {} {{\n", quoted(&flow.name));
    text += "  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n";
    text += "  edge [fontname=\"sans-serif\", fontsize=10];\n";
    text += &format!(
        "  begin [shape=circle, label=\"\", width=0.2];\n  begin -> s{};\n",
        flow.entry
    );
    for (at, state) in flow.states.iter().enumerate() {
        let node = drawn(program, flow, &printer, state);
        let shape = match node.shape {
            Shape::Step => ", style=\"rounded,bold\"",
            Shape::Plain => "",
            Shape::Begins => ", shape=trapezium",
            Shape::Ends => ", shape=invtrapezium",
            Shape::Choice => ", shape=diamond",
            Shape::Done => ", shape=oval",
            Shape::Fails => ", shape=oval, color=red",
        };
        text += &format!(
            "  s{at} [label={}{shape}];\n",
            quoted(format!("s{at}: {}", node.label).trim_end_matches([':', ' ']))
        );
        for way in ways(program, flow, &printer, &state.end) {
            let label = if way.label.is_empty() {
                String::new()
            } else {
                format!(" [label={}]", quoted(&way.label))
            };
            text += &format!("  s{at} -> s{}{label};\n", way.to);
        }
    }
    Some(text + "}\n")
}

/// A quoted identifier of the DOT language: only quotes and backslashes are special in it.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
