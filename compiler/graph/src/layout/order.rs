//! The order of nodes within their rank: sweeps down and up, in which each goes to the middle of its neighbours, and of which
//! that with the fewest crossings is kept.

use super::{of, ranks::Ranked};

/// How many sweeps there are; more change little.
const SWEEPS: usize = 12;

/// The most links of which crossings are counted after each sweep.
const COUNTED_MAX: usize = 20_000;

/// The nodes of each rank, from left to right.
pub(super) fn order(ranked: &Ranked) -> Vec<Vec<usize>> {
    let sides = Sides::of(ranked);
    let mut order = first(ranked, &sides);
    let mut best = (crossings(&order, &sides), order.clone());
    for sweep in 0..SWEEPS {
        if best.0 == 0 {
            break;
        }
        let count = order.len();
        let mut seats = seats(&order, ranked.len());
        for step in 1..count {
            let (rank, sides) = match sweep % 2 == 0 {
                true => (step, &sides.above),
                false => (count - 1 - step, &sides.below),
            };
            if let Some(rank) = order.get_mut(rank) {
                settle(rank, sides, &seats);
                sit(&mut seats, rank);
            }
        }
        let found = crossings(&order, &sides);
        if found < best.0 {
            best = (found, order.clone());
        }
    }
    best.1
}

/// The neighbours of each node.
struct Sides {
    above: Vec<Vec<usize>>,
    below: Vec<Vec<usize>>,
}

impl Sides {
    fn of(ranked: &Ranked) -> Self {
        let mut sides = Self {
            above: vec![Vec::new(); ranked.len()],
            below: vec![Vec::new(); ranked.len()],
        };
        for (upper, lower, _) in ranked.links() {
            if let (Some(below), Some(above)) = (sides.below.get_mut(upper), sides.above.get_mut(lower)) {
                below.push(lower);
                above.push(upper);
            }
        }
        sides
    }
}

/// As a walk down from the first node meets them: what hangs together stands together.
fn first(ranked: &Ranked, sides: &Sides) -> Vec<Vec<usize>> {
    let mut order: Vec<Vec<usize>> = vec![Vec::new(); ranked.ranks().len()];
    let mut seen = vec![false; ranked.len()];
    for root in ranked.ranks().into_iter().flatten() {
        let mut open = vec![root];
        while let Some(at) = open.pop() {
            match seen.get_mut(at) {
                Some(seen) if !*seen => *seen = true,
                _ => continue,
            }
            if let Some(rank) = order.get_mut(ranked.rank_of(at)) {
                rank.push(at);
            }
            open.extend(sides.below.get(at).into_iter().flatten().rev());
        }
    }
    order
}

/// Where in its rank each node stands.
fn seats(order: &[Vec<usize>], nodes: usize) -> Vec<usize> {
    let mut seats = vec![0; nodes];
    order.iter().for_each(|rank| sit(&mut seats, rank));
    seats
}

/// Notes where those of a rank stand.
fn sit(seats: &mut [usize], rank: &[usize]) {
    for (seat, node) in rank.iter().enumerate() {
        if let Some(known) = seats.get_mut(*node) {
            *known = seat;
        }
    }
}

/// Each to the mean of its neighbours; who has none keeps its seat.
fn settle(rank: &mut [usize], sides: &[Vec<usize>], seats: &[usize]) {
    let wish = |node: usize| {
        let all = sides.get(node).map_or(&[][..], Vec::as_slice);
        let sum: usize = all.iter().map(|other| of(seats, *other)).sum();
        match all.len() {
            0 => of(seats, node) as f64,
            count => sum as f64 / count as f64,
        }
    };
    // Those that are alike keep their order.
    rank.sort_by(|one, other| wish(*one).total_cmp(&wish(*other)));
}

/// How many links cross, which is how many pairs of them are the other way round below; counted while sorting.
fn crossings(order: &[Vec<usize>], sides: &Sides) -> usize {
    let nodes = sides.above.len();
    let seats = seats(order, nodes);
    let mut all = 0;
    for rank in order {
        let mut ends = Vec::new();
        for node in rank {
            let mut below: Vec<usize> = sides
                .below
                .get(*node)
                .into_iter()
                .flatten()
                .map(|other| of(&seats, *other))
                .collect();
            below.sort_unstable();
            ends.extend(below);
        }
        if ends.len() > COUNTED_MAX {
            return usize::MAX;
        }
        all += inversions(&mut ends);
    }
    all
}

/// By merging halves, which counts and sorts.
fn inversions(ends: &mut [usize]) -> usize {
    let half = ends.len() / 2;
    if half == 0 {
        return 0;
    }
    let (left, right) = ends.split_at_mut(half);
    let mut count = inversions(left) + inversions(right);
    let (mut lefts, mut rights) = (left.iter().copied().peekable(), right.iter().copied().peekable());
    let mut merged = Vec::with_capacity(half * 2 + 1);
    let mut remaining = half;
    loop {
        match (lefts.peek(), rights.peek()) {
            (Some(one), Some(other)) if one <= other => {
                merged.extend(lefts.next());
                remaining -= 1;
            }
            (_, Some(_)) => {
                merged.extend(rights.next());
                count += remaining;
            }
            (Some(_), None) => merged.extend(lefts.next()),
            (None, None) => break,
        }
    }
    ends.copy_from_slice(&merged);
    count
}

#[cfg(test)]
mod tests {
    use super::inversions;

    #[test]
    fn pairs_the_other_way_round_are_counted() {
        assert_eq!(inversions(&mut [0, 1, 2]), 0);
        assert_eq!(inversions(&mut [2, 1, 0]), 3);
        assert_eq!(inversions(&mut [1, 1, 0, 2, 0]), 5);
        assert_eq!(inversions(&mut []), 0);
    }
}
