//! Programs as pictures: the states of a flow, who calls whom, and the mesh between them.
//!
//! 1. [`of`]: a program as a [`Graph`] of nodes and edges
//! 2. [`layout`](mod@layout): where they stand; the same graph has the same places, and a small change moves little
//! 3. [`draw`]: as SVG, for Graphviz, for Mermaid
//!
//! This room knows programs and nothing of their syntax, of editors or of files. It reads no clock and asks no chance.

pub mod draw;
pub mod layout;
mod of;

pub use layout::{Layout, layout};
pub use of::{asked, calls, flow, mesh};

use flowmesh_diagnostics::Span;

/// Something to be drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    /// What it is a picture of.
    pub title: String,
    /// Which way it goes.
    pub direction: Direction,
    /// Its nodes, in the order of the program.
    pub nodes: Vec<Node>,
    /// Its edges.
    pub edges: Vec<Edge>,
}

/// Which way a picture goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// From the top to the bottom.
    #[default]
    Down,
    /// From the left to the right.
    Right,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its name, unique within the graph; what is not touched keeps it when the program changes elsewhere.
    pub id: String,
    /// What it is.
    pub kind: Kind,
    /// Its words; the first line says what it is, others more about it.
    pub lines: Vec<String>,
    /// Where it stands in the text, where it stands anywhere.
    pub span: Option<Span>,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Where a flow begins.
    Begin,
    /// A step of a flow.
    Step,
    /// Something else that a flow does.
    Plain,
    /// Branches of a flow begin.
    Begins,
    /// Branches of a flow end.
    Ends,
    /// One of several ways is taken.
    Choice,
    /// A flow has come to its end.
    Done,
    /// A flow fails.
    Fails,
    /// A flow.
    Flow,
    /// A service, or a part of it.
    Service,
    /// A gateway.
    Gateway,
    /// An event.
    Event,
    /// A schedule.
    Schedule,
    /// Somebody or something that is not of the program.
    Outside,
}

/// An edge between two nodes, by their places in [`Graph::nodes`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Where it begins.
    pub from: usize,
    /// Where it ends.
    pub to: usize,
    /// Its words; none where there is nothing to say.
    pub label: String,
    /// What it is.
    pub kind: Way,
}

/// What an edge is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// The usual way on.
    Next,
    /// After an error.
    Caught,
    /// When a time is over.
    Late,
    /// Something begins beside.
    Beside,
    /// Somebody may not.
    Denied,
}

impl Kind {
    /// What it is called in pictures and for programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Begin => "begin",
            Self::Step => "step",
            Self::Plain => "plain",
            Self::Begins => "begins",
            Self::Ends => "ends",
            Self::Choice => "choice",
            Self::Done => "done",
            Self::Fails => "fails",
            Self::Flow => "flow",
            Self::Service => "service",
            Self::Gateway => "gateway",
            Self::Event => "event",
            Self::Schedule => "schedule",
            Self::Outside => "outside",
        }
    }
}

impl Way {
    /// What it is called in pictures and for programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Caught => "caught",
            Self::Late => "late",
            Self::Beside => "beside",
            Self::Denied => "denied",
        }
    }
}

impl Graph {
    /// Adds a node and says where it is.
    fn add(&mut self, id: String, kind: Kind, lines: Vec<String>, span: Option<Span>) -> usize {
        self.nodes.push(Node {
            id,
            kind,
            lines,
            span,
        });
        self.nodes.len() - 1
    }

    /// Adds an edge, or more words to one that is there.
    fn connect(&mut self, from: usize, to: usize, label: &str, kind: Way) {
        let same = |edge: &&mut Edge| (edge.from, edge.to, edge.kind) == (from, to, kind);
        let label = label.to_owned();
        match self.edges.iter_mut().find(same) {
            Some(edge) if edge.label.split('\n').any(|line| line == label) => {}
            Some(edge) if !edge.label.is_empty() && !label.is_empty() => {
                edge.label = format!("{}\n{label}", edge.label);
            }
            Some(edge) if edge.label.is_empty() && label.is_empty() => {}
            _ => self.edges.push(Edge {
                from,
                to,
                label,
                kind,
            }),
        }
    }
}
