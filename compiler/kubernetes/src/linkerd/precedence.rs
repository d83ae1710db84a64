//! Which of two matches a request is taken for, where it fits both.
//!
//! Linkerd says that it goes by Gateway API: an exact path, a longer prefix, a method, more headers, more of the query. Its
//! proxies count how much of the path fits, so that an exact path and a prefix of the same length are alike to them, and a
//! regular expression is as long as the path. Only what both say is relied on. Of equals in one object the first holds; of
//! those in two objects the older one, which nobody knows here.

mod apart;

use crate::{
    http_route::RouteMatch,
    matcher::{Match, Path},
};
use std::{
    cmp::Ordering::{self, Equal, Greater, Less},
    collections::BTreeSet,
};

/// Some requests, what is done with them, and which object says so.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) of: Match,
    /// Paths that it would fit and that are not of it.
    pub(super) except: BTreeSet<String>,
    /// Two of the same number are the same to whoever sends the request.
    pub(super) outcome: usize,
    pub(super) object: usize,
}

/// The entries as they may be written: as they are, or those with a parameter without the fixed paths of others.
///
/// # Errors
/// Two entries, of which the first should hold where a request fits both, and perhaps does not.
pub(super) fn settled<T: Clone>(entries: Vec<(Entry, T)>) -> Result<Vec<(Entry, T)>, (T, T)> {
    let plain = |entries: &[(Entry, T)]| {
        let entries: Vec<Entry> = entries.iter().map(|(entry, _)| entry.clone()).collect();
        turned_round(&entries)
    };
    if plain(&entries).is_none() {
        return Ok(entries);
    }
    let entries = apart::apart(entries);
    let more = |at: usize| entries.get(at).map(|(_, more)| more.clone());
    match plain(&entries).and_then(|(first, second)| more(first).zip(more(second))) {
        Some(both) => Err(both),
        None => Ok(entries),
    }
}

/// Two entries, of which the first should hold where a request fits both, and perhaps does not.
fn turned_round(entries: &[Entry]) -> Option<(usize, usize)> {
    for (second, later) in entries.iter().enumerate() {
        let before = entries.get(..second).unwrap_or_default();
        for (first, earlier) in before.iter().enumerate() {
            if earlier.outcome == later.outcome {
                continue;
            }
            let Some(both) = earlier.and(later) else {
                continue;
            };
            // Whatever keeps the later one from these requests will do: it is looked at on its own.
            let of_both = |path: &String| {
                both.path.covers(path) && !earlier.except.contains(path) && !later.except.contains(path)
            };
            let whole = |one: &Entry| covers(&one.of, &both) && !one.except.iter().any(of_both);
            let kept = |one: &Entry| whole(one) && beats(one, later);
            if !before.iter().any(kept) {
                return Some((first, second));
            }
        }
    }
    None
}

impl Entry {
    /// All requests that fit.
    pub(super) fn new(of: Match, outcome: usize, object: usize) -> Self {
        Self {
            of,
            except: BTreeSet::new(),
            outcome,
            object,
        }
    }

    /// The requests that are of both.
    fn and(&self, other: &Self) -> Option<Match> {
        let both = self.of.and(&other.of)?;
        let left_out = |path: &String| self.except.contains(path) || other.except.contains(path);
        let none = matches!(&both.path, Path::Exact(path) if left_out(path));
        (!none).then_some(both)
    }

    /// As a route has it.
    pub(super) fn matching(&self) -> RouteMatch {
        let mut one = RouteMatch::from(&self.of);
        if let Path::Pattern(pattern) = &self.of.path
            && !self.except.is_empty()
        {
            one.path.value = apart::regex(pattern, &self.except);
        }
        one
    }
}

/// Whether all requests of the second are the first's too.
pub(super) fn covers(first: &Match, second: &Match) -> bool {
    first.and(second).as_ref() == Some(second)
}

/// Whether an entry holds rather than a later one, whatever request fits both.
fn beats(earlier: &Entry, later: &Entry) -> bool {
    let (a, b) = (&earlier.of, &later.of);
    let rest = (a.method.is_some(), a.headers.len(), a.query.len()).cmp(&(
        b.method.is_some(),
        b.headers.len(),
        b.query.len(),
    ));
    let one_object = earlier.object == later.object;
    paths(&a.path, &b.path).iter().all(|path| match path.then(rest) {
        Greater => true,
        Equal => one_object,
        Less => false,
    })
}

/// How two paths may compare where a request fits both.
fn paths(a: &Path, b: &Path) -> Vec<Ordering> {
    let reversed = |all: Vec<Ordering>| all.into_iter().map(Ordering::reverse).collect();
    match (a, b) {
        (Path::Prefix(a), Path::Prefix(b)) => vec![a.len().cmp(&b.len())],
        (Path::Exact(_), Path::Exact(_)) | (Path::Pattern(_), Path::Pattern(_)) => vec![Equal],
        (Path::Exact(_), Path::Pattern(_)) => vec![Equal, Greater],
        (a, Path::Prefix(prefix)) if a.covers(prefix) => vec![Equal, Greater],
        (_, Path::Prefix(_)) => vec![Greater],
        (Path::Pattern(_) | Path::Prefix(_), _) => reversed(paths(b, a)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Entry, Match, Path, turned_round};

    fn entry(path: Path, method: Option<&str>, object: usize) -> Entry {
        let method = method.map(str::to_owned);
        let of = Match {
            path,
            method,
            ..Match::all()
        };
        Entry::new(of, object, object)
    }

    fn exact(path: &str) -> Path {
        Path::Exact(path.to_owned())
    }

    fn prefix(path: &str) -> Path {
        Path::Prefix(path.to_owned())
    }

    #[test]
    fn an_exact_path_and_a_prefix_of_its_length_are_told_apart_by_what_follows() {
        let a = |method| entry(exact("/a"), method, 0);
        let b = |path: &str, method| entry(prefix(path), method, 1);
        assert_eq!(turned_round(&[a(None), b("/", Some("GET"))]), None);
        assert_eq!(turned_round(&[a(Some("GET")), b("/a", None)]), None);
        assert_eq!(turned_round(&[a(None), b("/a", Some("GET"))]), Some((0, 1)));
        assert_eq!(turned_round(&[a(None), b("/a", None)]), Some((0, 1)));
    }

    #[test]
    fn equals_are_told_apart_in_one_object_only() {
        let mut all = [entry(exact("/a"), None, 0), entry(exact("/a"), None, 1)];
        assert_eq!(turned_round(&all), Some((0, 1)));
        all[1].object = 0;
        assert_eq!(turned_round(&all), None);
    }

    #[test]
    fn what_is_kept_from_a_later_one_by_another_is_no_trouble() {
        let header = |value: &str| [("x".to_owned(), value.to_owned())].into();
        let mut narrow = entry(exact("/a"), None, 0);
        narrow.of.headers = header("1");
        let mut wide = entry(prefix("/"), None, 1);
        wide.of.headers = header("1");
        let later = entry(exact("/a"), None, 2);
        assert_eq!(turned_round(&[wide.clone(), later.clone()]), Some((0, 1)));
        assert_eq!(turned_round(&[narrow, wide, later]), None);
    }
}
