//! The requests of a service apart by what rules say of them.
//!
//! Linkerd takes a request for one route, the most specific. So there is a cell for whatever several operations and conditions
//! have in common: then the most specific cell of a request is all that is to be known of it.

use crate::{linkerd::precedence::covers, matcher::Match};

/// As many cells are told apart.
const CELLS_MAX: usize = 128;

/// All that some matches have in common, with all requests at the end: what is narrower stands before what is wider.
///
/// # Errors
/// There are too many.
pub(super) fn cells(atoms: &[Match]) -> Result<Vec<Match>, &'static str> {
    let mut all = vec![Match::all()];
    for atom in atoms {
        let both: Vec<Match> = all.iter().filter_map(|known| known.and(atom)).collect();
        for one in both {
            if !all.contains(&one) {
                all.push(one);
            }
        }
        if all.len() > CELLS_MAX {
            return Err("it tells too many kinds of requests apart");
        }
    }
    let wider = |one: &Match| all.iter().filter(|other| covers(other, one)).count();
    let mut ordered: Vec<(usize, Match)> = all.iter().map(|one| (wider(one), one.clone())).collect();
    ordered.sort_by_key(|(wider, _)| std::cmp::Reverse(*wider));
    Ok(ordered.into_iter().map(|(_, one)| one).collect())
}

/// The cells that are needed, where some say the same as all that are wider.
pub(super) fn needed<T: PartialEq>(cells: Vec<(Match, T)>) -> Vec<(Match, T)> {
    let same = |one: &(Match, T)| {
        let wider = |other: &&(Match, T)| other.0 != one.0 && covers(&other.0, &one.0);
        let mut all = cells.iter().filter(wider).peekable();
        all.peek().is_some() && all.all(|other| other.1 == one.1)
    };
    let kept: Vec<bool> = cells.iter().map(|one| !same(one)).collect();
    let kept = cells.into_iter().zip(kept).filter(|(_, kept)| *kept);
    kept.map(|(cell, _)| cell).collect()
}
