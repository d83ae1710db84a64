//! Where in its rank each node stands. Each wishes to stand in the middle of its neighbours; the nearest places to all wishes that
//! keep the order and the room between are found by pooling those that would overlap (isotonic regression, Ayer et al. 1955).

use super::{APART, BETWEEN, of, ranks::Ranked};

/// How many sweeps there are.
const SWEEPS: usize = 24;

/// How much more a bend wishes than a node.
const BEND: f64 = 6.0;

/// The middle of each node, from the left.
pub(super) fn across(ranked: &Ranked, order: &[Vec<usize>]) -> Vec<f64> {
    let mut xs = vec![0.0; ranked.len()];
    for rank in order {
        let offsets = offsets(ranked, rank);
        for (node, offset) in rank.iter().zip(offsets) {
            set(&mut xs, *node, offset);
        }
    }
    let mut above: Vec<Vec<(usize, f64)>> = vec![Vec::new(); ranked.len()];
    let mut below = above.clone();
    for (upper, lower, weight) in ranked.links() {
        if let (Some(down), Some(up)) = (below.get_mut(upper), above.get_mut(lower)) {
            down.push((lower, weight));
            up.push((upper, weight));
        }
    }
    for sweep in 0..SWEEPS {
        let both = sweep + 4 >= SWEEPS;
        for step in 0..order.len() {
            let down = sweep % 2 == 0;
            let at = if down { step } else { order.len() - 1 - step };
            let Some(rank) = order.get(at) else { continue };
            let wishes: Vec<(f64, f64)> = rank
                .iter()
                .map(|node| {
                    let (up, low) = (above.get(*node), below.get(*node));
                    let sides: Vec<(usize, f64)> = match (both, down) {
                        (true, _) => up.into_iter().chain(low).flatten().copied().collect(),
                        (false, true) => up.into_iter().flatten().copied().collect(),
                        (false, false) => low.into_iter().flatten().copied().collect(),
                    };
                    wish(ranked, &xs, *node, &sides)
                })
                .collect();
            let offsets = offsets(ranked, rank);
            let places = pooled(&wishes, &offsets);
            for (node, place) in rank.iter().zip(places) {
                set(&mut xs, *node, place);
            }
        }
    }
    // Nothing stands left of the edge.
    let left = (0..ranked.len()).map(|node| of(&xs, node) - ranked.size(node).width / 2.0);
    let least = left.fold(f64::INFINITY, f64::min);
    xs.iter().map(|x| (x - least).round()).collect()
}

/// Where a node wishes to stand, and how much.
fn wish(ranked: &Ranked, xs: &[f64], node: usize, sides: &[(usize, f64)]) -> (f64, f64) {
    if sides.is_empty() {
        return (of(xs, node), 0.1);
    }
    let (mut all, mut sum) = (0.0, 0.0);
    for (other, weight) in sides {
        let straight = ranked.is_bend(node) && ranked.is_bend(*other);
        let weight = if straight { weight * BEND } else { *weight };
        all += weight;
        sum += weight * of(xs, *other);
    }
    (sum / all, all)
}

/// How far each stands from the first where they stand as near as they may.
fn offsets(ranked: &Ranked, rank: &[usize]) -> Vec<f64> {
    let (mut all, mut at, mut before) = (Vec::with_capacity(rank.len()), 0.0, None::<f64>);
    for node in rank {
        let half = ranked.size(*node).width / 2.0;
        if let Some(before) = before {
            at += before + APART + half;
        }
        before = Some(half);
        all.push(at);
    }
    all
}

/// The nearest places to some wishes, with at least the room between them that the offsets have.
fn pooled(wishes: &[(f64, f64)], offsets: &[f64]) -> Vec<f64> {
    // A block of neighbours that stand as near as they may: where its first would be without them, its weight, its length.
    let mut blocks: Vec<(f64, f64, usize)> = Vec::new();
    for ((wish, weight), offset) in wishes.iter().zip(offsets) {
        let mut block = (wish - offset, *weight, 1);
        while let Some(last) = blocks.pop_if(|last| last.0 >= block.0) {
            let weight = last.1 + block.1;
            block = (
                (last.0 * last.1 + block.0 * block.1) / weight,
                weight,
                last.2 + block.2,
            );
        }
        blocks.push(block);
    }
    let places = blocks
        .iter()
        .flat_map(|(at, _, length)| std::iter::repeat_n(*at, *length));
    places.zip(offsets).map(|(at, offset)| at + offset).collect()
}

fn set(xs: &mut [f64], node: usize, x: f64) {
    if let Some(known) = xs.get_mut(node) {
        *known = x;
    }
}

/// The middle of each rank, from the top.
pub(super) fn down(ranked: &Ranked) -> Vec<f64> {
    let (mut all, mut top) = (Vec::new(), 0.0);
    for rank in ranked.ranks() {
        let heights = rank.iter().map(|node| ranked.size(*node).height);
        let height = heights.fold(0.0, f64::max);
        all.push(top + height / 2.0);
        top += height + BETWEEN;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::pooled;

    #[test]
    fn who_would_overlap_stands_side_by_side_around_the_wishes() {
        let offsets = [0.0, 10.0, 20.0];
        let places = |wishes: [f64; 3]| pooled(&wishes.map(|wish| (wish, 1.0)), &offsets);
        assert_eq!(places([0.0, 50.0, 100.0]), [0.0, 50.0, 100.0]);
        assert_eq!(places([30.0, 30.0, 30.0]), [20.0, 30.0, 40.0]);
        assert_eq!(places([0.0, 40.0, 40.0]), [0.0, 35.0, 45.0]);
    }
}
