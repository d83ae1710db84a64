//! Where the nodes and edges of a graph stand: in ranks, so that what follows stands below, after Sugiyama, Tagawa and Toda
//! (Methods for Visual Understanding of Hierarchical System Structures, 1981).
//!
//! 1. [`cycles`]: edges that lead back are turned around, so that there are ranks at all
//! 2. [`ranks`]: in which rank each node stands; words of edges and long edges have nodes of their own
//! 3. [`order`]: the order within each rank, with few crossings
//! 4. [`place`]: where in its rank each stands, near to what it is connected with
//!
//! Nothing here is by chance, and what is alike stays in the order of the program.

mod cycles;
mod order;
mod place;
mod ranks;
mod text;

pub use text::{LINE, width};

use crate::{Direction, Graph, Kind, Way};
use ranks::Ranked;

/// Between two nodes of a rank, and between two ranks, in pixels.
const APART: f64 = 28.0;
const BETWEEN: f64 = 22.0;

/// Around the whole, and around the words of a node.
const MARGIN: f64 = 16.0;
const PADDING: (f64, f64) = (12.0, 8.0);

/// How much straighter the usual way goes than others.
const MAIN: f64 = 5.0;

/// Where everything stands, in pixels from the upper left.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// How wide the picture is.
    pub width: f64,
    /// How high it is.
    pub height: f64,
    /// Where nodes stand, in the order of the graph.
    pub nodes: Vec<Place>,
    /// Where edges go, in the order of the graph.
    pub edges: Vec<Course>,
}

/// Where a node stands: its middle, and how large it is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Place {
    /// Its middle.
    pub middle: Point,
    /// Its width and height.
    pub size: Size,
}

/// A point.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
}

/// How large something is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Size {
    /// From left to right.
    pub width: f64,
    /// From top to bottom.
    pub height: f64,
}

/// The way of an edge.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Course {
    /// From its beginning to its end.
    pub points: Vec<Point>,
    /// The middle of its words, where it has some.
    pub words: Option<Point>,
}

/// Finds a place for everything.
#[must_use]
pub fn layout(graph: &Graph) -> Layout {
    let turned = graph.direction == Direction::Right;
    let swap = |size: Size| match turned {
        true => Size {
            width: size.height,
            height: size.width,
        },
        false => size,
    };
    let sizes: Vec<Size> = graph
        .nodes
        .iter()
        .map(|node| swap(size(node.kind, &node.lines)))
        .collect();
    let words: Vec<Size> = graph
        .edges
        .iter()
        .map(|edge| swap(text::size(&edge.label)))
        .collect();
    let ends: Vec<(usize, usize)> = graph.edges.iter().map(|edge| (edge.from, edge.to)).collect();
    let back = cycles::back(sizes.len(), &ends);
    let weights = graph
        .edges
        .iter()
        .map(|edge| if edge.kind == Way::Next { MAIN } else { 1.0 });
    let ranked = ranks::ranked(&sizes, &ends, &back, &words, weights.collect());
    let order = order::order(&ranked);
    let (xs, ys) = (place::across(&ranked, &order), place::down(&ranked));
    drawn(graph, &sizes, &back, &ranked, &xs, &ys, turned)
}

/// How large a node is.
fn size(kind: Kind, lines: &[String]) -> Size {
    if kind == Kind::Begin {
        return Size {
            width: 16.0,
            height: 16.0,
        };
    }
    let words = text::size(&lines.join("\n"));
    // What is cut off or round at its corners needs more room.
    let more = match kind {
        Kind::Choice => 14.0,
        Kind::Done | Kind::Fails | Kind::Event | Kind::Schedule => 6.0,
        _ => 0.0,
    };
    let count = if words.height > 0.0 { words.height } else { 0.0 };
    Size {
        width: (words.width + 2.0 * (PADDING.0 + more)).max(24.0),
        height: (count + 2.0 * PADDING.1).max(18.0),
    }
}

fn drawn(
    graph: &Graph,
    sizes: &[Size],
    back: &[bool],
    ranked: &Ranked,
    xs: &[f64],
    ys: &[f64],
    turned: bool,
) -> Layout {
    let at = |node: usize| Point {
        x: of(xs, node) + MARGIN,
        y: of(ys, ranked.rank_of(node)) + MARGIN,
    };
    let point = |point: Point| match turned {
        true => Point {
            x: point.y,
            y: point.x,
        },
        false => point,
    };
    let nodes: Vec<Place> = (0..sizes.len())
        .map(|node| Place {
            middle: point(at(node)),
            size: size(
                graph.nodes.get(node).map_or(Kind::Plain, |node| node.kind),
                graph.nodes.get(node).map_or(&[], |node| &node.lines),
            ),
        })
        .collect();
    let edges = graph.edges.iter().enumerate().map(|(edge, ends)| {
        if ends.from == ends.to {
            return around(nodes.get(ends.from).copied().unwrap_or_default(), &ends.label);
        }
        let chain = ranked.chain(edge);
        let half = |node: usize| ranked.size(node).height / 2.0;
        let mut points: Vec<Point> = Vec::new();
        for (number, node) in chain.iter().enumerate() {
            let middle = at(*node);
            // It begins and ends at the edge of a node, and goes straight through its words.
            let (first, last) = (number == 0, number + 1 == chain.len());
            if !first {
                points.push(Point {
                    y: middle.y - half(*node),
                    ..middle
                });
            }
            if !last {
                points.push(Point {
                    y: middle.y + half(*node),
                    ..middle
                });
            }
        }
        let mut points: Vec<Point> = points.into_iter().map(point).collect();
        if back.get(edge) == Some(&true) {
            points.reverse();
        }
        Course {
            points,
            words: ranked.words(edge).map(|node| point(at(node))),
        }
    });
    let edges: Vec<Course> = edges.collect();
    let (width, height) = bounds(&nodes, &edges, graph);
    Layout {
        width,
        height,
        nodes,
        edges,
    }
}

/// The way of an edge that leads to where it begins: out at the right, and back.
fn around(place: Place, label: &str) -> Course {
    let right = place.middle.x + place.size.width / 2.0;
    let point = |out: f64, down: f64| Point {
        x: right + out,
        y: place.middle.y + down,
    };
    let words = text::size(label).width / 2.0;
    Course {
        points: vec![
            point(0.0, -6.0),
            point(18.0, -6.0),
            point(18.0, 6.0),
            point(0.0, 6.0),
        ],
        words: (words > 0.0).then(|| point(24.0 + words, 0.0)),
    }
}

fn bounds(nodes: &[Place], edges: &[Course], graph: &Graph) -> (f64, f64) {
    let (mut width, mut height) = (0.0_f64, 0.0_f64);
    for place in nodes {
        width = width.max(place.middle.x + place.size.width / 2.0);
        height = height.max(place.middle.y + place.size.height / 2.0);
    }
    for (course, edge) in edges.iter().zip(&graph.edges) {
        for point in &course.points {
            width = width.max(point.x);
            height = height.max(point.y);
        }
        if let Some(words) = course.words {
            width = width.max(words.x + text::size(&edge.label).width / 2.0);
        }
    }
    ((width + MARGIN).ceil(), (height + MARGIN).ceil())
}

/// What is at a place of a table; nothing is not there.
fn of<T: Copy + Default>(table: &[T], at: usize) -> T {
    table.get(at).copied().unwrap_or_default()
}
