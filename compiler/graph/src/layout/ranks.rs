//! In which rank each node stands, and the nodes that edges get: one for their words, and one for each rank that they cross.

use super::{Size, of};

/// The most bends of all edges together. What is drawn of a graph with more is no picture that anybody reads; edges beyond that
/// go straight.
const BENDS_MAX: usize = 20_000;

/// A graph in ranks, of which every link leads from one rank to the next, as long as there is room for all bends.
#[derive(Clone, Debug, Default)]
pub(super) struct Ranked {
    rank: Vec<usize>,
    size: Vec<Size>,
    /// How many nodes are those of the graph; the others are of edges.
    own: usize,
    /// For each edge the nodes on its way, from the upper to the lower.
    chains: Vec<Vec<usize>>,
    /// For each edge the node with its words.
    words: Vec<Option<usize>>,
    /// For each edge how straight it should be.
    weight: Vec<f64>,
}

impl Ranked {
    /// How many nodes there are, those of edges among them.
    pub(super) fn len(&self) -> usize {
        self.rank.len()
    }

    pub(super) fn rank_of(&self, node: usize) -> usize {
        of(&self.rank, node)
    }

    pub(super) fn size(&self, node: usize) -> Size {
        of(&self.size, node)
    }

    /// Whether it is a bend of an edge, which should not be one.
    pub(super) fn is_bend(&self, node: usize) -> bool {
        node >= self.own
    }

    pub(super) fn chain(&self, edge: usize) -> &[usize] {
        self.chains.get(edge).map_or(&[], Vec::as_slice)
    }

    pub(super) fn words(&self, edge: usize) -> Option<usize> {
        of(&self.words, edge)
    }

    /// Every link, from the upper to the lower, and how straight it should be.
    pub(super) fn links(&self) -> impl Iterator<Item = (usize, usize, f64)> {
        let chains = self.chains.iter().zip(&self.weight);
        chains.flat_map(|(chain, weight)| {
            let lower = chain.iter().skip(1);
            chain
                .iter()
                .zip(lower)
                .map(|(upper, lower)| (*upper, *lower, *weight))
        })
    }

    /// The nodes of each rank, in the order of the program.
    pub(super) fn ranks(&self) -> Vec<Vec<usize>> {
        let count = self.rank.iter().max().map_or(0, |last| last + 1);
        let mut ranks = vec![Vec::new(); count];
        for (node, rank) in self.rank.iter().enumerate() {
            if let Some(rank) = ranks.get_mut(*rank) {
                rank.push(node);
            }
        }
        ranks
    }
}

/// Finds ranks. An edge goes down two of them, so that its words have one between.
pub(super) fn ranked(
    sizes: &[Size],
    edges: &[(usize, usize)],
    back: &[bool],
    words: &[Size],
    weights: Vec<f64>,
) -> Ranked {
    let down: Vec<Option<(usize, usize)>> = edges
        .iter()
        .zip(back)
        .map(|((from, to), back)| match (from == to, back) {
            // One that leads to where it begins goes around.
            (true, _) => None,
            (false, true) => Some((*to, *from)),
            (false, false) => Some((*from, *to)),
        })
        .collect();
    let mut ranked = Ranked {
        rank: longest(sizes.len(), &down),
        size: sizes.to_vec(),
        own: sizes.len(),
        weight: weights,
        ..Ranked::default()
    };
    for (edge, down) in down.iter().enumerate() {
        let (chain, words) = match down {
            Some((upper, lower)) => ranked.led(*upper, *lower, of(words, edge)),
            None => (Vec::new(), None),
        };
        ranked.chains.push(chain);
        ranked.words.push(words);
    }
    ranked
}

impl Ranked {
    fn led(&mut self, upper: usize, lower: usize, words: Size) -> (Vec<usize>, Option<usize>) {
        let (first, last) = (self.rank_of(upper), self.rank_of(lower));
        let (mut chain, mut named) = (vec![upper], None);
        let room = self.own.saturating_add(BENDS_MAX).saturating_sub(self.len());
        for rank in first + 1..last {
            let node = self.len();
            // They stand where the edge begins: whoever reads it has just been there.
            let holds = rank == first + 1 && words.width > 0.0;
            if !holds && last - first > room {
                continue;
            }
            self.rank.push(rank);
            self.size.push(if holds { words } else { Size::default() });
            named = named.or(holds.then_some(node));
            chain.push(node);
        }
        chain.push(lower);
        (chain, named)
    }
}

/// Twice the longest way from where nothing leads to; what nothing leads to stands right above what it leads to.
fn longest(nodes: usize, edges: &[Option<(usize, usize)>]) -> Vec<usize> {
    let mut waits = vec![0_usize; nodes];
    let mut out: Vec<Vec<usize>> = vec![Vec::new(); nodes];
    for (from, to) in edges.iter().flatten() {
        if let (Some(out), Some(waits)) = (out.get_mut(*from), waits.get_mut(*to)) {
            out.push(*to);
            *waits += 1;
        }
    }
    let sources: Vec<usize> = (0..nodes).filter(|node| of(&waits, *node) == 0).collect();
    let mut rank = vec![0_usize; nodes];
    let mut open = sources.clone();
    while let Some(at) = open.pop() {
        let below = of(&rank, at) + 2;
        for to in out.get(at).into_iter().flatten() {
            if let (Some(rank), Some(waits)) = (rank.get_mut(*to), waits.get_mut(*to)) {
                *rank = below.max(*rank);
                *waits -= 1;
                if *waits == 0 {
                    open.push(*to);
                }
            }
        }
    }
    for source in sources {
        let above = out
            .get(source)
            .into_iter()
            .flatten()
            .map(|to| of(&rank, *to))
            .min();
        if let (Some(above), Some(rank)) = (above, rank.get_mut(source)) {
            *rank = above.saturating_sub(2);
        }
    }
    rank
}
