//! A graph in the DOT language of Graphviz, which finds places of its own.

use crate::{Direction, Graph, Kind, Way};
use std::fmt::Write as _;

/// The graph.
#[must_use]
pub fn dot(graph: &Graph) -> String {
    let direction = match graph.direction {
        Direction::Down => "TB",
        Direction::Right => "LR",
    };
    let mut out = format!(
        "digraph {} {{\n  rankdir={direction};\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n  \
         edge [fontname=\"sans-serif\", fontsize=10];\n",
        quoted(&graph.title)
    );
    for (number, node) in graph.nodes.iter().enumerate() {
        let more = match node.kind {
            Kind::Begin => ", shape=circle, width=0.2",
            Kind::Step | Kind::Flow => ", style=\"rounded,bold\"",
            Kind::Plain | Kind::Service => "",
            Kind::Begins => ", shape=trapezium",
            Kind::Ends => ", shape=invtrapezium",
            Kind::Choice => ", shape=diamond",
            Kind::Done | Kind::Event | Kind::Schedule => ", shape=oval",
            Kind::Fails => ", shape=oval, color=red",
            Kind::Gateway => ", shape=house",
            Kind::Outside => ", style=\"rounded,dashed\"",
        };
        let _ = writeln!(
            out,
            "  n{number} [label={}{more}];",
            quoted(&node.lines.join("\n"))
        );
    }
    for edge in &graph.edges {
        let mut more = Vec::new();
        if !edge.label.is_empty() {
            more.push(format!("label={}", quoted(&edge.label)));
        }
        match edge.kind {
            Way::Next => {}
            Way::Caught => more.push("color=red, style=dashed".to_owned()),
            Way::Late => more.push("style=dashed".to_owned()),
            Way::Beside => more.push("style=dotted".to_owned()),
            Way::Denied => more.push("color=red, arrowhead=tee".to_owned()),
        }
        let more = match more.is_empty() {
            true => String::new(),
            false => format!(" [{}]", more.join(", ")),
        };
        let _ = writeln!(out, "  n{} -> n{}{more};", edge.from, edge.to);
    }
    out + "}\n"
}

/// A quoted text of the language: only quotes, backslashes and the ends of lines are special in it.
fn quoted(text: &str) -> String {
    let text = text
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!("\"{text}\"")
}
