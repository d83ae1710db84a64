//! Paths by their segments, some of which may be anything.

use super::{Path, is_path};
use flowmesh_ir::gateway::Segment;

/// Segments that a path must have, each as it stands or any one; behind them nothing, or anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    /// `None` is any one segment that is not empty.
    pub(crate) segments: Vec<Option<String>>,
    /// Whether more segments may follow.
    pub(crate) rest: bool,
}

impl Pattern {
    /// A path as a pattern.
    pub(super) fn of(path: &Path) -> Self {
        let segments = |path: &str| {
            let inside = path.strip_prefix('/').unwrap_or(path);
            inside
                .split('/')
                .map(|segment| Some(segment.to_owned()))
                .collect()
        };
        match path {
            Path::Pattern(pattern) => pattern.clone(),
            Path::Exact(path) => Self {
                segments: segments(path),
                rest: false,
            },
            Path::Prefix(path) => Self {
                segments: if path == "/" { Vec::new() } else { segments(path) },
                rest: true,
            },
        }
    }

    /// The path of a route; `None` where a match cannot have one of its segments.
    pub(crate) fn of_route(path: &[Segment]) -> Option<Self> {
        let mut found = Self {
            segments: Vec::new(),
            rest: false,
        };
        for segment in path {
            match segment {
                Segment::Literal(text) if is_path(&format!("/{text}")) => {
                    found.segments.push(Some(text.clone()));
                }
                Segment::Literal(_) => return None,
                Segment::Param(_) | Segment::Any => found.segments.push(None),
                Segment::Rest => found.rest = true,
            }
        }
        if found.segments.is_empty() && !found.rest {
            found.segments.push(Some(String::new()));
        }
        Some(found)
    }

    /// The simplest path that means the same.
    pub(crate) fn path(self) -> Path {
        let literal: Option<Vec<&str>> = self.segments.iter().map(Option::as_deref).collect();
        match literal {
            Some(segments) if self.rest => Path::Prefix(format!("/{}", segments.join("/"))),
            Some(segments) => Path::Exact(format!("/{}", segments.join("/"))),
            None => Path::Pattern(self),
        }
    }

    /// The paths that fit both.
    pub(super) fn and(&self, other: &Self) -> Option<Self> {
        let (longer, shorter) = if self.segments.len() >= other.segments.len() {
            (self, other)
        } else {
            (other, self)
        };
        let same = longer.segments.len() == shorter.segments.len();
        if !same && !shorter.rest {
            return None;
        }
        let mut segments = longer.segments.clone();
        for (segment, wanted) in segments.iter_mut().zip(&shorter.segments) {
            match (&segment, wanted) {
                (Some(is), Some(wanted)) if is != wanted => return None,
                (Some(is), None) if is.is_empty() => return None,
                (None, Some(wanted)) if wanted.is_empty() => return None,
                (None, Some(_)) => segment.clone_from(wanted),
                _ => {}
            }
        }
        Some(Self {
            segments,
            rest: longer.rest && (shorter.rest || !same),
        })
    }

    /// Whether a path fits.
    pub(super) fn covers(&self, path: &str) -> bool {
        let whole = Self::of(&Path::Exact(path.to_owned()));
        self.and(&whole).is_some()
    }

    /// How much of it stands as it is.
    pub(super) fn length(&self) -> usize {
        let literal = self.segments.iter().flatten();
        literal.map(|segment| segment.len().saturating_add(1)).sum()
    }

    /// As a regular expression of RE2 over the whole path.
    pub(crate) fn regex(&self) -> String {
        let mut text = String::new();
        for segment in &self.segments {
            text.push('/');
            match segment {
                Some(literal) => text.push_str(&quoted(literal)),
                None => text.push_str("[^/]+"),
            }
        }
        if self.rest {
            text.push_str("(/.*)?");
        }
        text
    }
}

/// A text as a regular expression that is this text only.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for sign in text.chars() {
        if !sign.is_ascii_alphanumeric() && !"/-_~%".contains(sign) {
            quoted.push('\\');
        }
        quoted.push(sign);
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::{Path, Pattern};

    fn pattern(text: &str) -> Path {
        let rest = text.ends_with("/**");
        let inside = text.trim_end_matches("/**").trim_start_matches('/');
        let segment = |text: &str| (text != "*").then(|| text.to_owned());
        let segments = inside.split('/').map(segment).collect();
        Pattern { segments, rest }.path()
    }

    #[test]
    fn what_has_no_gaps_is_a_path_or_a_prefix() {
        assert_eq!(pattern("/a/b"), Path::Exact("/a/b".to_owned()));
        assert_eq!(pattern("/a/b/**"), Path::Prefix("/a/b".to_owned()));
    }

    #[test]
    fn paths_that_fit_both_fit_segment_by_segment() {
        let and = |a: &str, b: &str| pattern(a).and(&pattern(b));
        assert_eq!(and("/a/*", "/a/b"), Some(pattern("/a/b")));
        assert_eq!(and("/a/*", "/*/b"), Some(pattern("/a/b")));
        assert_eq!(and("/a/*/**", "/a/b/*"), Some(pattern("/a/b/*")));
        assert_eq!(and("/a/*", "/a/b/**"), Some(pattern("/a/b")));
        assert_eq!(and("/a/*/c", "/a/**"), Some(pattern("/a/*/c")));
        assert_eq!(and("/a/*/c/**", "/a/**"), Some(pattern("/a/*/c/**")));
        assert_eq!(and("/a/*", "/b/*"), None);
        assert_eq!(and("/a/*", "/a"), None);
        assert_eq!(and("/a/*", "/a/b/c/**"), None);
        let all = Path::Prefix("/".to_owned());
        assert_eq!(pattern("/a/*").and(&all), Some(pattern("/a/*")));
    }

    #[test]
    fn a_regular_expression_says_the_same() {
        let Path::Pattern(found) = pattern("/a.b/*/c/**") else {
            panic!("it has a gap");
        };
        assert_eq!(found.regex(), r"/a\.b/[^/]+/c(/.*)?");
        assert!(found.covers("/a.b/7/c") && found.covers("/a.b/7/c/d/e"));
        assert!(!found.covers("/a.b//c") && !found.covers("/a.b/7/cd") && !found.covers("/a.b/7"));
    }
}
