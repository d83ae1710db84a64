//! A graph for Mermaid, which pages of documents draw.

use crate::{Direction, Graph, Kind, Way};
use std::fmt::Write as _;

/// The graph.
#[must_use]
pub fn mermaid(graph: &Graph) -> String {
    let direction = match graph.direction {
        Direction::Down => "TD",
        Direction::Right => "LR",
    };
    let mut out = format!(
        "---\ntitle: {}\n---\nflowchart {direction}\n",
        titled(&graph.title)
    );
    for (number, node) in graph.nodes.iter().enumerate() {
        let words = quoted(&node.lines.join("\n"));
        let _ = match node.kind {
            Kind::Begin => writeln!(out, "  n{number}(( ))"),
            Kind::Choice => writeln!(out, "  n{number}{{{{{words}}}}}"),
            Kind::Begins | Kind::Ends => writeln!(out, "  n{number}[/{words}/]"),
            Kind::Done | Kind::Fails | Kind::Event | Kind::Schedule => {
                writeln!(out, "  n{number}([{words}])")
            }
            Kind::Gateway => writeln!(out, "  n{number}>{words}]"),
            Kind::Service => writeln!(out, "  n{number}[[{words}]]"),
            Kind::Step | Kind::Plain | Kind::Flow | Kind::Outside => writeln!(out, "  n{number}[{words}]"),
        };
    }
    for edge in &graph.edges {
        let line = match edge.kind {
            Way::Next => "-->",
            Way::Caught | Way::Late | Way::Beside => "-.->",
            Way::Denied => "--x",
        };
        let label = match edge.label.is_empty() {
            true => String::new(),
            false => format!("|{}|", quoted(&edge.label)),
        };
        let _ = writeln!(out, "  n{} {line}{label} n{}", edge.from, edge.to);
    }
    out
}

/// A quoted text, in which signs of HTML and the number sign, which begins the name of a sign, are written by their names.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for sign in text.chars() {
        match sign {
            '"' => out.push_str("#quot;"),
            '#' => out.push_str("#35;"),
            '<' => out.push_str("#lt;"),
            '>' => out.push_str("#gt;"),
            '&' => out.push_str("#amp;"),
            '`' => out.push_str("#96;"),
            '\n' => out.push_str("<br>"),
            sign if sign.is_control() => out.push(' '),
            sign => out.push(sign),
        }
    }
    out.push('"');
    out
}

/// A text of YAML.
fn titled(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''").replace('\n', " "))
}
