//! A graph as SVG, which needs nothing else: its colours are those that the reader prefers, light or dark, and each node says
//! where it stands in the text.

use crate::{
    Direction, Edge, Graph, Kind, Node, Way,
    layout::{Course, LINE, Layout, Place, Point, width},
};
use std::fmt::Write as _;

/// How round the corners of boxes are, and how much is cut off of those of choices.
const ROUND: f64 = 6.0;
const CUT: f64 = 12.0;

/// How everything looks.
const STYLE: &str = "
  svg { --paper: #ffffff; --ink: #1f2933; --soft: #52606d; --line: #7b8794; --box: #f5f7fa; --step: #e3f2fd; --edge: #2f6fb2;
        --bad: #b3261e; --pale: #fdecea; --warm: #8a5a00; --service: #e8f5e9; --leaf: #2e7d32; --gate: #f3e8fd; --plum: #7b3fb3; }
  @media (prefers-color-scheme: dark) {
    svg { --paper: #14181d; --ink: #e4e7eb; --soft: #a5b1bd; --line: #7b8794; --box: #1f262e; --step: #16304a; --edge: #6cb2f5;
          --bad: #ff8a80; --pale: #3b1d1c; --warm: #e0b050; --service: #17301a; --leaf: #7fcf85; --gate: #2c1d3d; --plum: #c79bf2; }
  }
  .paper { fill: var(--paper); }
  text { font: 13px system-ui, \"Helvetica Neue\", Arial, sans-serif; fill: var(--ink); text-anchor: middle; }
  .more { fill: var(--soft); font-size: 12px; }
  .words { fill: var(--soft); font-size: 12px; }
  .node .shape { fill: var(--box); stroke: var(--line); stroke-width: 1.2; }
  .begin .shape { fill: var(--ink); stroke: none; }
  .step .shape, .flow .shape { fill: var(--step); stroke: var(--edge); stroke-width: 1.6; }
  .begins .shape, .ends .shape { fill: var(--paper); stroke-dasharray: 5 3; }
  .choice .shape { fill: var(--paper); }
  .done .shape { stroke-width: 2; }
  .fails .shape { fill: var(--pale); stroke: var(--bad); }
  .service .shape { fill: var(--service); stroke: var(--leaf); }
  .gateway .shape { fill: var(--gate); stroke: var(--plum); }
  .event .shape, .schedule .shape { fill: var(--paper); stroke: var(--warm); }
  .outside .shape { fill: var(--paper); stroke-dasharray: 3 3; }
  .chosen .shape { stroke-width: 3; }
  .edge { fill: none; stroke: var(--line); stroke-width: 1.3; }
  .head { fill: var(--line); }
  .edge.caught, .edge.denied { stroke: var(--bad); }
  .edge.caught { stroke-dasharray: 6 3; }
  .head.caught, .head.denied { fill: var(--bad); }
  .edge.late { stroke: var(--warm); stroke-dasharray: 2 3; }
  .head.late { fill: var(--warm); }
  .edge.beside { stroke-dasharray: 1 4; stroke-linecap: round; stroke-width: 1.8; }
";

/// The picture.
#[must_use]
pub fn svg(graph: &Graph, layout: &Layout) -> String {
    let (wide, height) = (layout.width, layout.height);
    let title = escaped(&graph.title);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {wide} {height}\" width=\"{wide}\" height=\"{height}\" \
         role=\"img\" aria-label=\"{title}\">\n<title>{title}</title>\n<style>{STYLE}</style>\n<defs>\n"
    );
    for way in [Way::Next, Way::Caught, Way::Late, Way::Beside, Way::Denied] {
        let name = way.name();
        let _ = writeln!(
            out,
            "<marker id=\"to-{name}\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"7\" markerHeight=\"7\" \
             orient=\"auto-start-reverse\"><path class=\"head {name}\" d=\"M0 0L10 5L0 10z\"/></marker>"
        );
    }
    let _ = writeln!(
        out,
        "</defs>\n<rect class=\"paper\" width=\"{wide}\" height=\"{height}\"/>"
    );
    for (edge, course) in graph.edges.iter().zip(&layout.edges) {
        line(&mut out, graph, edge, course);
    }
    for (node, place) in graph.nodes.iter().zip(&layout.nodes) {
        shape(&mut out, node, *place);
    }
    for (edge, course) in graph.edges.iter().zip(&layout.edges) {
        words(&mut out, edge, course);
    }
    out.push_str("</svg>\n");
    out
}

fn line(out: &mut String, graph: &Graph, edge: &Edge, course: &Course) {
    let Some((first, rest)) = course.points.split_first() else {
        return;
    };
    let name = edge.kind.name();
    let mut path = format!("M{} {}", short(first.x), short(first.y));
    let mut before = *first;
    for point in rest {
        bend(&mut path, before, *point, graph.direction, edge.from == edge.to);
        before = *point;
    }
    let _ = writeln!(
        out,
        "<path class=\"edge {name}\" d=\"{path}\" marker-end=\"url(#to-{name})\"/>"
    );
}

fn bend(path: &mut String, from: Point, to: Point, direction: Direction, straight: bool) {
    let (x, y) = (short(to.x), short(to.y));
    let aligned = match direction {
        Direction::Down => (from.x - to.x).abs() < 0.5,
        Direction::Right => (from.y - to.y).abs() < 0.5,
    };
    let _ = match direction {
        _ if straight || aligned => write!(path, "L{x} {y}"),
        Direction::Down => {
            let middle = short(f64::midpoint(from.y, to.y));
            write!(path, "C{} {middle} {x} {middle} {x} {y}", short(from.x))
        }
        Direction::Right => {
            let middle = short(f64::midpoint(from.x, to.x));
            write!(path, "C{middle} {} {middle} {y} {x} {y}", short(from.y))
        }
    };
}

fn shape(out: &mut String, node: &Node, place: Place) {
    let place_in_text = node.span.map_or(String::new(), |span| {
        format!(
            " data-source=\"{}\" data-start=\"{}\" data-end=\"{}\"",
            span.source.0, span.start, span.end
        )
    });
    let (Point { x, y }, size) = (place.middle, place.size);
    let (left, top) = (x - size.width / 2.0, y - size.height / 2.0);
    let _ = write!(
        out,
        "<g class=\"node {}\" data-id=\"{}\"{place_in_text}>",
        node.kind.name(),
        escaped(&node.id)
    );
    let _ = match node.kind {
        Kind::Begin => write!(
            out,
            "<circle class=\"shape\" cx=\"{}\" cy=\"{}\" r=\"{}\"/>",
            short(x),
            short(y),
            size.width / 2.0
        ),
        Kind::Choice => {
            let (right, bottom) = (left + size.width, top + size.height);
            write!(
                out,
                "<path class=\"shape\" d=\"M{} {}H{}L{} {}L{} {}H{}L{} {}z\"/>",
                short(left + CUT),
                short(top),
                short(right - CUT),
                short(right),
                short(y),
                short(right - CUT),
                short(bottom),
                short(left + CUT),
                short(left),
                short(y)
            )
        }
        kind => {
            let round = match kind {
                Kind::Done | Kind::Fails | Kind::Event | Kind::Schedule => size.height / 2.0,
                _ => ROUND,
            };
            write!(
                out,
                "<rect class=\"shape\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{round}\"/>",
                short(left),
                short(top),
                short(size.width),
                short(size.height)
            )
        }
    };
    lines(
        out,
        &node.lines.iter().map(String::as_str).collect::<Vec<_>>(),
        place.middle,
        "more",
    );
    out.push_str("</g>\n");
}

fn words(out: &mut String, edge: &Edge, course: &Course) {
    if let Some(at) = course.words {
        let all: Vec<&str> = edge.label.split('\n').collect();
        let widest = all.iter().map(|line| width(line)).fold(0.0, f64::max);
        let (mut top, mut height) = (at.y - LINE / 2.0, LINE);
        for _ in all.iter().skip(1) {
            top -= LINE / 2.0;
            height += LINE;
        }
        let _ = write!(
            out,
            "<g class=\"words\"><rect class=\"paper\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{height}\"/>",
            short(at.x - widest / 2.0 - 2.0),
            short(top),
            short(widest + 4.0)
        );
        lines(out, &all, at, "words");
        out.push_str("</g>\n");
    }
}

/// Lines around a middle; those after the first have a class of their own.
fn lines(out: &mut String, all: &[&str], middle: Point, class: &str) {
    let mut y = middle.y + 4.5;
    for _ in all.iter().skip(1) {
        y -= LINE / 2.0;
    }
    for (number, line) in all.iter().enumerate() {
        if line.is_empty() {
            continue;
        }
        let class = match (number, class) {
            (0, "more") => String::new(),
            (_, class) => format!(" class=\"{class}\""),
        };
        let _ = write!(
            out,
            "<text{class} x=\"{}\" y=\"{}\">{}</text>",
            short(middle.x),
            short(y),
            escaped(line)
        );
        y += LINE;
    }
}

/// A length with one digit behind the point.
fn short(length: f64) -> f64 {
    (length * 10.0).round() / 10.0
}

/// Text between and within tags. Signs that no XML may have become spaces.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            sign if sign.is_control() || matches!(sign, '\u{fffe}' | '\u{ffff}') => out.push(' '),
            sign => out.push(sign),
        }
    }
    out
}
