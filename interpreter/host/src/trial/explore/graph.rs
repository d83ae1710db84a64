//! The states that were found: how each was come to, and where those lead in which something is being undone.

use super::{Move, OTHERWISE};
use std::collections::HashMap;

/// How a state was come to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Way {
    /// From which state, by which move; nothing leads to the first.
    from: Option<(u32, Move)>,
    /// How many moves there are on it.
    steps: usize,
    /// How many of them are otherwise than the test says.
    pub(super) otherwise: usize,
}

impl Way {
    /// How far it leads.
    pub(super) fn distance(self) -> usize {
        let otherwise = self.otherwise.saturating_mul(OTHERWISE);
        self.steps.saturating_add(otherwise)
    }

    /// One move further.
    pub(super) fn on(self, from: u32, by: Move, otherwise: bool) -> Self {
        Self {
            from: Some((from, by)),
            steps: self.steps.saturating_add(1),
            otherwise: self.otherwise.saturating_add(usize::from(otherwise)),
        }
    }
}

/// What a state was before it was come to.
pub(super) enum Entered {
    /// Not known.
    New(u32),
    /// Known, and further away; how far.
    Nearer(u32, usize),
    /// Known, and at least as near.
    Known(u32),
}

impl Entered {
    pub(super) fn at(&self) -> u32 {
        match self {
            Self::New(at) | Self::Nearer(at, _) | Self::Known(at) => *at,
        }
    }
}

/// All states that were found.
#[derive(Default)]
pub(super) struct Graph {
    known: HashMap<u64, u32>,
    nodes: Vec<Node>,
}

struct Node {
    way: Way,
    /// Whether a run is being undone.
    undoing: bool,
    /// Whether all that follows by itself is known.
    closed: bool,
    /// What follows by itself, of a state in which a run is being undone.
    next: Vec<u32>,
}

impl Graph {
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn enter(&mut self, fingerprint: u64, way: Way) -> Entered {
        let new = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        let at = *self.known.entry(fingerprint).or_insert(new);
        let Some(node) = self.nodes.get_mut(at as usize) else {
            self.nodes.push(Node {
                way,
                undoing: false,
                closed: false,
                next: Vec::new(),
            });
            return Entered::New(at);
        };
        let before = (node.way.otherwise, node.way.distance());
        if (way.otherwise, way.distance()) < before {
            node.way = way;
            return Entered::Nearer(at, before.1);
        }
        Entered::Known(at)
    }

    pub(super) fn way(&self, at: u32) -> Way {
        self.nodes
            .get(at as usize)
            .map_or_else(Way::default, |node| node.way)
    }

    pub(super) fn undoing(&mut self, at: u32, undoing: bool) {
        if let Some(node) = self.nodes.get_mut(at as usize) {
            node.undoing = undoing;
        }
    }

    /// Takes note of what follows a state by itself.
    pub(super) fn expanded(&mut self, at: u32, next: Vec<u32>, closed: bool) {
        if let Some(node) = self.nodes.get_mut(at as usize)
            && node.undoing
        {
            node.closed = closed;
            node.next = next;
        }
    }

    /// The moves of a way, the first first.
    pub(super) fn moves(&self, way: Way) -> Vec<Move> {
        let mut moves = Vec::new();
        let mut at = way.from;
        while let Some((from, by)) = at {
            moves.push(by);
            at = self.way(from).from;
        }
        moves.reverse();
        moves
    }

    /// The nearest state from which undoing comes to no end, if nothing else goes otherwise any more.
    pub(super) fn endless(&self) -> Option<u32> {
        let mut ends: Vec<bool> = self
            .nodes
            .iter()
            .map(|node| !node.undoing || !node.closed)
            .collect();
        let leads = |ends: &[bool], node: &Node| {
            let mut next = node.next.iter();
            next.any(|next| ends.get(*next as usize).copied().unwrap_or(true))
        };
        loop {
            let mut changed = false;
            for (at, node) in self.nodes.iter().enumerate().rev() {
                let known = ends.get(at).copied().unwrap_or(true);
                if !known && leads(&ends, node) {
                    changed = true;
                    ends.iter_mut().skip(at).take(1).for_each(|ends| *ends = true);
                }
            }
            if !changed {
                break;
            }
        }
        let endless = self.nodes.iter().zip(&ends).enumerate();
        let endless = endless.filter(|(_, (_, ends))| !**ends);
        let nearest = endless.min_by_key(|(_, (node, _))| node.way.distance());
        nearest.and_then(|(at, _)| u32::try_from(at).ok())
    }
}
