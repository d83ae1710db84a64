//! Which requests a rule is for, and which of two rules Gateway API prefers.

mod pattern;

pub(crate) use pattern::{Pattern, quoted};

use std::{
    cmp::Reverse,
    collections::{BTreeMap, btree_map::Entry},
};

/// The requests that fit all parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Match {
    /// Their path.
    pub(crate) path: Path,
    /// Their method, if it matters.
    pub(crate) method: Option<String>,
    /// Headers with their values; names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    /// Query parameters with their values.
    pub(crate) query: BTreeMap<String, String>,
}

/// A path or all below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Path {
    /// This one and all below it by whole segments; without a slash at its end, except for `/`, which is every path.
    Prefix(String),
    /// This one.
    Exact(String),
    /// One whose segments fit.
    Pattern(Pattern),
}

/// How specific a match is; the smaller is preferred. The order is that of Gateway API: an exact path, a longer
/// prefix (with patterns before them), a method, more headers, more query parameters.
pub(crate) type Rank = (
    Reverse<u8>,
    Reverse<usize>,
    Reverse<bool>,
    Reverse<usize>,
    Reverse<usize>,
);

impl Match {
    /// Every request.
    pub(crate) fn all() -> Self {
        let path = Path::Prefix("/".to_owned());
        Self {
            path,
            method: None,
            headers: BTreeMap::new(),
            query: BTreeMap::new(),
        }
    }

    /// The requests that fit both; `None` where there are none.
    pub(crate) fn and(&self, other: &Self) -> Option<Self> {
        let method = match (&self.method, &other.method) {
            (Some(a), Some(b)) if a != b => return None,
            (a, b) => a.clone().or_else(|| b.clone()),
        };
        Some(Self {
            path: self.path.and(&other.path)?,
            method,
            headers: merged(&self.headers, &other.headers)?,
            query: merged(&self.query, &other.query)?,
        })
    }

    /// How specific it is.
    pub(crate) fn rank(&self) -> Rank {
        let (exact, length) = match &self.path {
            Path::Prefix(path) => (0, path.len()),
            Path::Pattern(pattern) => (1, pattern.length()),
            Path::Exact(path) => (2, path.len()),
        };
        (
            Reverse(exact),
            Reverse(length),
            Reverse(self.method.is_some()),
            Reverse(self.headers.len()),
            Reverse(self.query.len()),
        )
    }
}

impl Path {
    /// The paths that fit both.
    pub(crate) fn and(&self, other: &Self) -> Option<Self> {
        let narrower = match (self, other) {
            (_, Self::Exact(path)) if self.covers(path) => other,
            (Self::Exact(path), _) if other.covers(path) => self,
            (Self::Prefix(_), Self::Prefix(path)) if self.covers(path) => other,
            (Self::Prefix(path), Self::Prefix(_)) if other.covers(path) => self,
            (Self::Pattern(_), _) | (_, Self::Pattern(_)) => {
                return Pattern::of(self).and(&Pattern::of(other)).map(Pattern::path);
            }
            _ => return None,
        };
        Some(narrower.clone())
    }

    /// Whether a path fits.
    pub(crate) fn covers(&self, path: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == path,
            Self::Prefix(prefix) => {
                let rest = path.strip_prefix(prefix.trim_end_matches('/'));
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
            Self::Pattern(pattern) => pattern.covers(path),
        }
    }
}

/// What both ask for; `None` where they ask for two values of one name.
fn merged(a: &BTreeMap<String, String>, b: &BTreeMap<String, String>) -> Option<BTreeMap<String, String>> {
    let mut all = a.clone();
    for (name, value) in b {
        match all.entry(name.clone()) {
            Entry::Occupied(known) if known.get() != value => return None,
            Entry::Occupied(_) => {}
            Entry::Vacant(place) => {
                place.insert(value.clone());
            }
        }
    }
    Some(all)
}

/// Whether Gateway API takes a text as a path to compare with.
pub(crate) fn is_path(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-/._~!$&'()*+,;=:@%".contains(c);
    let encoded = |at: usize| {
        let digits = text.get(at + 1..at + 3);
        digits.is_some_and(|digits| {
            digits.chars().all(|c| c.is_ascii_hexdigit()) && !digits.eq_ignore_ascii_case("2f")
        })
    };
    text.len() <= 1024
        && text.starts_with('/')
        && text.chars().all(plain)
        && text.match_indices('%').all(|(at, _)| encoded(at))
        && !text.contains("//")
        && !text.split('/').any(|segment| segment == "." || segment == "..")
}

#[cfg(test)]
mod tests {
    use super::{Match, Path, is_path};

    #[test]
    fn prefixes_are_of_whole_segments() {
        let prefix = Path::Prefix("/a".to_owned());
        assert!(prefix.covers("/a") && prefix.covers("/a/b") && !prefix.covers("/ab"));
        assert!(Path::Prefix("/".to_owned()).covers("/ab"));
        let exact = Path::Exact("/a/b".to_owned());
        assert_eq!(prefix.and(&exact), Some(exact.clone()));
        assert_eq!(exact.and(&Path::Prefix("/b".to_owned())), None);
    }

    #[test]
    fn an_exact_path_beats_a_longer_prefix_and_a_method_beats_headers() {
        let path = |path| Match { path, ..Match::all() };
        let exact = path(Path::Exact("/a".to_owned()));
        assert!(exact.rank() < path(Path::Prefix("/a/b/c".to_owned())).rank());
        let method = Match {
            method: Some("GET".to_owned()),
            ..Match::all()
        };
        let headers = [("x".to_owned(), "1".to_owned()), ("y".to_owned(), "2".to_owned())].into();
        let headers = Match {
            headers,
            ..Match::all()
        };
        assert!(method.rank() < headers.rank() && headers.rank() < Match::all().rank());
    }

    #[test]
    fn paths_that_a_cluster_would_refuse_are_known() {
        for good in ["/", "/a/b", "/a%20b", "/%C3%A4", "/a:b@c"] {
            assert!(is_path(good), "{good}");
        }
        for bad in [
            "", "a", "//", "/a//b", "/./a", "/a/..", "/a%2fb", "/a%2Fb", "/a%2", "/a%zz", "/a b", "/a#b",
            "/ä",
        ] {
            assert!(!is_path(bad), "{bad}");
        }
    }
}
