//! The order of a gateway's routes: of two matches that fit, Consul prefers that with the longer text for its path, whatever
//! it means. So where a later one would be preferred, the earlier is said by a regular expression that is longer.

use super::led::Way;
use crate::{
    first_match::{Compared, Fit},
    matcher::{Match, quoted},
};
use std::cmp::Reverse;

/// One match of a way, as Consul sees it and as it can be compared with others.
#[derive(Clone)]
pub(super) struct Seen {
    pub(super) fit: Fit,
    pub(super) of: Match,
}

/// What Consul prefers by, the smaller first.
fn rank(fit: &Fit) -> (Reverse<usize>, Reverse<usize>, Reverse<usize>) {
    let length = match &fit.path {
        Compared::Any => 1,
        Compared::Exact(text) | Compared::Prefix(text) | Compared::Regex(text) => text.len(),
    };
    (
        Reverse(length),
        Reverse(fit.headers.len()),
        Reverse(fit.query.len()),
    )
}

/// Makes the order of the ways that in which Consul prefers them; the numbers of two that it would take the other way round,
/// where that cannot be.
pub(super) fn keep(ways: &mut [Way]) -> Option<(usize, usize)> {
    for at in (0..ways.len()).rev() {
        let (before, after) = ways.split_at_mut(at + 1);
        let Some(way) = before.last_mut() else { continue };
        for number in 0..way.seen.len() {
            let Some(own) = way.seen.get(number) else { continue };
            let preferred = |other: &&Way| {
                let turned = |seen: &Seen| rank(&seen.fit) < rank(&own.fit) && seen.of.and(&own.of).is_some();
                !other.is_like(way) && other.may_meet(way) && other.seen.iter().any(turned)
            };
            let others: Vec<&Way> = after.iter().filter(preferred).collect();
            let Some(first) = others.first() else { continue };
            let longest = others.iter().flat_map(|other| &other.seen);
            let longest = longest.map(|seen| rank(&seen.fit).0.0).max().unwrap_or_default();
            if way.rewrites() {
                return Some((way.number, first.number));
            }
            if let Some(own) = way.seen.get_mut(number) {
                own.fit.path = longer(&own.fit.path, longest + 1);
            }
        }
    }
    None
}

/// The same paths by a regular expression of a length at least.
fn longer(path: &Compared, length: usize) -> Compared {
    let mut regex = match path {
        Compared::Any => "/.*".to_owned(),
        Compared::Exact(text) => quoted(text),
        Compared::Prefix(text) => format!("{}.*", quoted(text)),
        Compared::Regex(regex) => regex.clone(),
    };
    while regex.len() < length {
        regex = format!("(?:{regex})");
    }
    Compared::Regex(regex)
}

#[cfg(test)]
mod tests {
    use super::{Compared, longer};

    #[test]
    fn a_longer_expression_means_the_same() {
        let exact = Compared::Exact("/a.b".to_owned());
        assert_eq!(longer(&exact, 3), Compared::Regex(r"/a\.b".to_owned()));
        assert_eq!(longer(&exact, 8), Compared::Regex(r"(?:/a\.b)".to_owned()));
        assert_eq!(
            longer(&Compared::Prefix("/a/".to_owned()), 1),
            Compared::Regex("/a/.*".to_owned())
        );
        assert_eq!(longer(&Compared::Any, 7), Compared::Regex("(?:/.*)".to_owned()));
    }
}
