//! A path with a parameter, without the fixed paths that are somebody else's.
//!
//! Proxies prefer neither `/items/search` to `/items/[^/]+` nor the other way round, so where the two are in two objects, the
//! second is written without the first: `/items/` and anything but `search`.

use super::{Entry, covers};
use crate::matcher::{Match, Path, Pattern, quoted};
use std::{collections::BTreeSet, fmt::Write};

/// The entries, of which those with one parameter leave out the fixed paths of other objects before them.
pub(super) fn apart<T: Clone>(entries: Vec<(Entry, T)>) -> Vec<(Entry, T)> {
    let mut all: Vec<(Entry, T)> = Vec::with_capacity(entries.len());
    for (mut entry, more) in entries {
        if !has_one_gap(&entry.of.path) {
            all.push((entry, more));
            continue;
        }
        let fixed = |earlier: &Entry| match &earlier.of.path {
            Path::Exact(path) if earlier.object != entry.object && earlier.and(&entry).is_some() => {
                Some(path.clone())
            }
            _ => None,
        };
        entry.except = all.iter().filter_map(|(earlier, _)| fixed(earlier)).collect();
        // What of these paths is not the other's is still its own.
        for path in &entry.except {
            let path = Path::Exact(path.clone());
            let of = Match {
                path,
                ..entry.of.clone()
            };
            if !all.iter().any(|(earlier, _)| covers(&earlier.of, &of)) {
                all.push((Entry::new(of, entry.outcome, entry.object), more.clone()));
            }
        }
        all.push((entry, more));
    }
    all
}

fn has_one_gap(path: &Path) -> bool {
    match path {
        Path::Pattern(pattern) => {
            !pattern.rest
                && pattern
                    .segments
                    .iter()
                    .filter(|segment| segment.is_none())
                    .count()
                    == 1
        }
        Path::Exact(_) | Path::Prefix(_) => false,
    }
}

/// A pattern with one gap as a regular expression that some paths do not fit.
pub(super) fn regex(pattern: &Pattern, except: &BTreeSet<String>) -> String {
    let gap = pattern.segments.iter().position(Option::is_none);
    let segment = |path: &String| Some(path.split('/').nth(gap?.saturating_add(1))?.to_owned());
    let words: BTreeSet<String> = except.iter().filter_map(segment).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).chain([""]).collect();
    let mut text = String::new();
    for segment in &pattern.segments {
        text.push('/');
        match segment {
            Some(literal) => text.push_str(&quoted(literal)),
            None => text.push_str(&none_of(&words)),
        }
    }
    text
}

/// A part of a path that is none of some words; it may be nothing unless that is one of them.
fn none_of(words: &[&str]) -> String {
    let begin: BTreeSet<char> = words.iter().filter_map(|word| word.chars().next()).collect();
    let mut others = String::from("[^/");
    let mut text = String::new();
    for sign in begin {
        let escaped = match sign.is_ascii_alphanumeric() {
            true => String::from(sign),
            false => format!("\\{sign}"),
        };
        others.push_str(&escaped);
        let rest: Vec<&str> = words.iter().filter_map(|word| word.strip_prefix(sign)).collect();
        // A text never fails to take more text.
        let _ = write!(text, "|{escaped}{}", none_of(&rest));
    }
    let some = format!("({others}][^/]*{text})");
    match words.contains(&"") {
        true => some,
        false => format!("{some}?"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Entry, Match, Path, Pattern, apart, regex};
    use crate::linkerd::precedence::turned_round;

    fn pattern(segments: &[Option<&str>]) -> Pattern {
        Pattern {
            segments: segments
                .iter()
                .map(|segment| segment.map(str::to_owned))
                .collect(),
            rest: false,
        }
    }

    #[test]
    fn a_word_is_left_out_letter_by_letter() {
        let except = ["/a/no/b".to_owned()].into();
        let found = regex(&pattern(&[Some("a"), None, Some("b")]), &except);
        assert_eq!(found, "/a/([^/n][^/]*|n([^/o][^/]*|o([^/][^/]*))?)/b");
    }

    #[test]
    fn a_fixed_path_and_one_with_a_parameter_are_told_apart_in_two_objects() {
        let of = |path: Path, method: Option<&str>| Match {
            path,
            method: method.map(str::to_owned),
            ..Match::all()
        };
        let search = of(Path::Exact("/items/search".to_owned()), Some("GET"));
        let gap = Path::Pattern(pattern(&[Some("items"), None]));
        let all = Entry::new(Match::all(), 2, 2);
        for method in [None, Some("GET")] {
            let read = of(gap.clone(), method);
            let entries = vec![
                (Entry::new(search.clone(), 0, 0), 0),
                (Entry::new(read, 1, 1), 1),
                (all.clone(), 2),
            ];
            let plain: Vec<Entry> = entries.iter().map(|(entry, _)| entry.clone()).collect();
            let made: Vec<Entry> = apart(entries).into_iter().map(|(entry, _)| entry).collect();
            assert_eq!(turned_round(&made), None);
            assert_eq!(turned_round(&plain).is_some(), method.is_some());
            // Other methods of the fixed path are still the other's.
            assert_eq!(made.len(), if method.is_some() { 3 } else { 4 });
        }
    }
}
