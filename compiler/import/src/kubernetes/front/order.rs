//! A gateway takes the most specific route that fits, others the first: where these are two, the later says that it is not
//! for what the earlier takes.

use super::way::Way;
use crate::kubernetes::condition::not;
use std::{cmp::Reverse, collections::BTreeSet};

/// The most earlier routes that one is kept apart from.
const MAX_KEPT: usize = 32;

/// What the language orders routes by; the smaller goes first, and of equals the one that is written first.
fn rank(way: &Way) -> impl Ord + use<> {
    let segments: Vec<&str> = way.path.split('/').skip(1).collect();
    let class = match segments.last() {
        Some(&"**") => 2,
        _ if segments.contains(&"*") => 1,
        _ => 0,
    };
    let kind = |segment: &&str| match *segment {
        "*" => 2,
        "**" => 3,
        _ => 0,
    };
    let kinds: Vec<u8> = if class == 1 {
        segments.iter().map(kind).collect()
    } else {
        Vec::new()
    };
    let length = |segment: &&str| match *segment {
        "**" => 0,
        "*" => 2,
        text => text.len() + 1,
    };
    let host = way.hosts.iter().map(|host| match host.strip_prefix("*.") {
        Some(_) => (1, Reverse(host.len())),
        None => (0, Reverse(0)),
    });
    (
        host.min().unwrap_or((2, Reverse(0))),
        class,
        kinds,
        Reverse(segments.iter().map(length).sum::<usize>()),
        way.method.is_none(),
        Reverse(way.asks.0),
        Reverse(way.asks.1),
        way.terms.is_empty(),
    )
}

/// Makes the first route that fits in the order of writing the one that is taken; whether each is kept apart from all others.
/// The comments of routes that are not written are kept.
pub(crate) fn keep(ways: &mut Vec<Way>, notes: &mut Vec<String>) -> bool {
    let all = std::mem::take(ways);
    for way in all {
        match ways.iter().any(|before| swallows(before, &way)) {
            true => notes.extend(way.notes),
            false => ways.push(way),
        }
    }
    // What a route takes is what it asks for itself: what earlier ones take is kept from later ones by those.
    let wholes: Vec<Option<String>> = ways.iter().map(Way::whole).collect();
    let mut apart = true;
    let mut done = Vec::new();
    for mut way in std::mem::take(ways) {
        apart &= keep_apart(&mut way, &done, &wholes);
        done.push(way);
    }
    for way in done {
        match way.refuses {
            true => notes.extend(way.notes),
            false => ways.push(way),
        }
    }
    apart
}

/// Keeps a route apart from those before it; whether they are few enough.
fn keep_apart(way: &mut Way, done: &[Way], wholes: &[Option<String>]) -> bool {
    let mut kept = BTreeSet::new();
    loop {
        let next = done
            .iter()
            .zip(wholes)
            .enumerate()
            .find_map(|(at, (before, whole))| {
                let same = before.to == way.to && before.settings == way.settings;
                let first = before.refuses || rank(way) < rank(before);
                let whole = whole.as_ref().filter(|_| !same && !kept.contains(&at))?;
                (first && overlap(before, way)).then_some((at, before.asks, whole))
            });
        let Some((at, asks, whole)) = next else {
            return true;
        };
        if kept.len() == MAX_KEPT {
            return false;
        }
        kept.insert(at);
        way.terms.push(not(whole));
        // Headers within count as asked for, too.
        way.asks = (way.asks.0 + asks.0, way.asks.1 + asks.1);
    }
}

/// Whether every request that fits the second fits the first, as far as that is plain.
fn swallows(before: &Way, way: &Way) -> bool {
    let method = before.method.is_none() || before.method == way.method;
    let terms = before.terms.iter().all(|term| way.terms.contains(term));
    method && terms && covers(&before.path, &way.path) && before.hosts == way.hosts
}

/// Whether every path that fits the second fits the first.
fn covers(a: &str, b: &str) -> bool {
    let (mut a, mut b) = (a.split('/').skip(1), b.split('/').skip(1));
    loop {
        match (a.next(), b.next()) {
            (Some("**"), _) | (None, None) => return true,
            (Some(one), Some(other)) if one == other || (one == "*" && other != "**") => {}
            _ => return false,
        }
    }
}

/// Whether some request may fit both; of two hosts the narrower goes first anyway.
fn overlap(a: &Way, b: &Way) -> bool {
    let methods = a.method.is_none() || b.method.is_none() || a.method == b.method;
    let all = a.hosts.is_empty() && b.hosts.is_empty();
    let hosts = all || a.hosts.iter().any(|host| b.hosts.contains(host));
    methods && hosts && paths(&a.path, &b.path)
}

fn paths(a: &str, b: &str) -> bool {
    let (mut a, mut b) = (a.split('/').skip(1), b.split('/').skip(1));
    loop {
        match (a.next(), b.next()) {
            (Some("**"), _) | (_, Some("**")) | (None, None) => return true,
            (None, Some(_)) | (Some(_), None) => return false,
            (Some(one), Some(other)) if one == other || one == "*" || other == "*" => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{covers, paths};

    #[test]
    fn paths_overlap_where_some_path_fits_both() {
        assert!(paths("/a/*", "/a/b") && paths("/**", "/a") && paths("/a/**", "/a/b/c"));
        assert!(covers("/**", "/a/*") && covers("/a/**", "/a") && covers("/*", "/a") && !covers("/*", "/**"));
        assert!(!covers("/a", "/a/**") && !covers("/a/**", "/**"));
        assert!(!paths("/a", "/b") && !paths("/a", "/a/b") && !paths("/a/**", "/b/**"));
    }
}
