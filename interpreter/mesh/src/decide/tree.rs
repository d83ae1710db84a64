//! The routes of a gateway as a tree over the segments of their paths, so that a request looks only at routes whose path
//! fits, however many others there are.

use flowmesh_ir::gateway::Segment;
use std::collections::HashMap;

/// Routes by their paths.
#[derive(Clone, Debug, Default)]
pub struct Tree(Node);

#[derive(Clone, Debug, Default)]
struct Node {
    literals: HashMap<Box<str>, Node>,
    /// Any one segment: `*`, `{id}`.
    any: Option<Box<Node>>,
    /// Routes that end here.
    here: Vec<u32>,
    /// Routes that go on from here to wherever: `**`.
    rest: Vec<u32>,
}

impl Tree {
    /// The paths of all routes, in the order of their precedence.
    pub fn new<'r>(paths: impl IntoIterator<Item = &'r [Segment]>) -> Self {
        let mut root = Node::default();
        for (number, path) in (0u32..).zip(paths) {
            root.insert(path, number);
        }
        Self(root)
    }

    /// The routes whose path fits, those of higher precedence first.
    #[must_use]
    pub fn find(&self, segments: &[String]) -> Vec<u32> {
        let mut found = Vec::new();
        self.0.find(segments, &mut found);
        found.sort_unstable();
        found
    }
}

impl Node {
    fn insert(&mut self, path: &[Segment], number: u32) {
        let Some((first, rest)) = path.split_first() else {
            self.here.push(number);
            return;
        };
        let next = match first {
            Segment::Literal(text) => self.literals.entry(text.as_str().into()).or_default(),
            Segment::Param(_) | Segment::Any => self.any.get_or_insert_default(),
            Segment::Rest => {
                self.rest.push(number);
                return;
            }
        };
        next.insert(rest, number);
    }

    /// No node is visited twice: there is one way to each.
    fn find(&self, segments: &[String], found: &mut Vec<u32>) {
        found.extend(&self.rest);
        let Some((first, rest)) = segments.split_first() else {
            found.extend(&self.here);
            return;
        };
        if let Some(next) = self.literals.get(first.as_str()) {
            next.find(rest, found);
        }
        // An empty segment is the slash at the end of a path, and no name of anything.
        if let Some(next) = self.any.as_ref().filter(|_| !first.is_empty()) {
            next.find(rest, found);
        }
    }
}

/// What the parameters of a path are, in their order; the path is known to fit.
#[must_use]
pub fn parameters(path: &[Segment], segments: &[String]) -> Vec<String> {
    let fitting = path.iter().zip(segments);
    let param = |(of, segment): (&Segment, &String)| matches!(of, Segment::Param(_)).then(|| segment.clone());
    fitting.filter_map(param).collect()
}

#[cfg(test)]
mod tests;
