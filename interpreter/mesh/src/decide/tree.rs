//! The routes of a gateway as a tree: by host, then over the segments of their paths, then by a part of the request that
//! must be one text, so that a request looks only at routes that may fit, however many others there are.

mod leaf;

use flowmesh_ir::{
    expr::Expr,
    gateway::{Part, Route, Segment, needs},
};
use leaf::Leaf;
use std::collections::HashMap;

/// Routes by what they are for.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// By the host as it is.
    exact: HashMap<Box<str>, Node>,
    /// By what stands behind `*.`.
    below: HashMap<Box<str>, Node>,
    any: Node,
}

/// What a tree has to know of a route.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'r> {
    /// For which host it is.
    pub host: Option<&'r str>,
    /// For which path.
    pub path: &'r [Segment],
    /// What else must hold.
    pub condition: Option<&'r Expr>,
}

/// What a request says of a part of it.
pub type Says<'s> = dyn Fn(Part<'_>) -> Option<String> + 's;

#[derive(Clone, Debug, Default)]
struct Node {
    literals: HashMap<Box<str>, Node>,
    /// Any one segment: `*`, `{id}`.
    any: Option<Box<Node>>,
    /// Routes that end here.
    here: Leaf,
    /// Routes that go on from here to wherever: `**`.
    rest: Leaf,
}

impl<'r> From<&'r Route> for Entry<'r> {
    fn from(route: &'r Route) -> Self {
        Self {
            host: route.host.as_deref(),
            path: &route.path,
            condition: route.condition.as_ref(),
        }
    }
}

impl Tree {
    /// All routes, in the order of their precedence.
    pub fn new<'r>(routes: impl IntoIterator<Item = Entry<'r>>) -> Self {
        let mut tree = Self::default();
        for (number, route) in (0u32..).zip(routes) {
            let root = match route.host {
                None => &mut tree.any,
                Some(host) => match host.strip_prefix("*.") {
                    None => tree.exact.entry(host.into()).or_default(),
                    Some(name) => tree.below.entry(name.into()).or_default(),
                },
            };
            // The host is looked at already.
            let needs = route.condition.map(needs).unwrap_or_default();
            let need = needs.into_iter().find(|(part, _)| *part != Part::Host);
            root.insert(route.path, number, need);
        }
        tree
    }

    /// The routes that may fit, those of higher precedence first: host and path do, and of parts of the request that must
    /// be one text, one is. Without `says`, whatever the request says beside host and path.
    #[must_use]
    pub fn find(&self, host: &str, segments: &[String], says: Option<&Says<'_>>) -> Vec<u32> {
        let mut found = Vec::new();
        if let Some(root) = self.exact.get(host) {
            root.find(segments, says, &mut found);
        }
        if !self.below.is_empty() {
            for root in above(host).filter_map(|name| self.below.get(name)) {
                root.find(segments, says, &mut found);
            }
        }
        self.any.find(segments, says, &mut found);
        found.sort_unstable();
        found
    }
}

/// The names that a host is below: of `a.b.c`, `b.c` and `c`.
fn above(host: &str) -> impl Iterator<Item = &str> {
    let dots = host.match_indices('.');
    dots.filter_map(move |(at, dot)| host.get(at.saturating_add(dot.len())..))
}

impl Node {
    fn insert(&mut self, path: &[Segment], number: u32, need: Option<(Part<'_>, &str)>) {
        let Some((first, rest)) = path.split_first() else {
            self.here.insert(number, need);
            return;
        };
        let next = match first {
            Segment::Literal(text) => self.literals.entry(text.as_str().into()).or_default(),
            Segment::Param(_) | Segment::Any => self.any.get_or_insert_default(),
            Segment::Rest => {
                self.rest.insert(number, need);
                return;
            }
        };
        next.insert(rest, number, need);
    }

    /// No node is visited twice: there is one way to each.
    fn find(&self, segments: &[String], says: Option<&Says<'_>>, found: &mut Vec<u32>) {
        self.rest.find(says, found);
        let Some((first, rest)) = segments.split_first() else {
            self.here.find(says, found);
            return;
        };
        if let Some(next) = self.literals.get(first.as_str()) {
            next.find(rest, says, found);
        }
        // An empty segment is the slash at the end of a path, and no name of anything.
        if let Some(next) = self.any.as_ref().filter(|_| !first.is_empty()) {
            next.find(rest, says, found);
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
