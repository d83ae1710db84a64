//! A gateway takes the most specific route that fits, others the first: where these are two, the later says that it is not
//! for what the earlier takes.

use super::way::Way;
use crate::kubernetes::condition::not;
use std::cmp::Reverse;

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

/// Makes the first route that fits in the order of writing the one that is taken.
pub(crate) fn keep(ways: &mut Vec<Way>) {
    let all = std::mem::take(ways);
    for way in all {
        if !ways.iter().any(|before| swallows(before, &way)) {
            ways.push(way);
        }
    }
    for later in 1..ways.len() {
        for _ in 0..MAX_KEPT {
            let Some(way) = ways.get(later) else { break };
            let before = ways.iter().take(later).find(|before| {
                let apart = before
                    .whole()
                    .is_some_and(|whole| way.terms.contains(&not(&whole)));
                let same = before.to == way.to && before.settings == way.settings;
                !same && !apart && rank(way) < rank(before) && overlap(before, way)
            });
            let Some(condition) = before.and_then(Way::whole) else {
                break;
            };
            // Headers within count as asked for, too.
            let asks = before.map_or((0, 0), |before| before.asks);
            let Some(way) = ways.get_mut(later) else { break };
            way.terms.push(not(&condition));
            way.asks = (way.asks.0 + asks.0, way.asks.1 + asks.1);
        }
    }
}

/// Whether every request that fits the second fits the first, as far as that is plain.
fn swallows(before: &Way, way: &Way) -> bool {
    let method = before.method.is_none() || before.method == way.method;
    let terms = before.terms.is_empty() || before.terms == way.terms;
    method && terms && before.path == way.path && before.hosts == way.hosts
}

/// Whether some request may fit both.
fn overlap(a: &Way, b: &Way) -> bool {
    let methods = a.method.is_none() || b.method.is_none() || a.method == b.method;
    let named = |way: &Way| !way.hosts.is_empty() && way.hosts.iter().all(|host| !host.starts_with("*."));
    let hosts = !(named(a) && named(b)) || a.hosts.iter().any(|host| b.hosts.contains(host));
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
    use super::paths;

    #[test]
    fn paths_overlap_where_some_path_fits_both() {
        assert!(paths("/a/*", "/a/b") && paths("/**", "/a") && paths("/a/**", "/a/b/c"));
        assert!(!paths("/a", "/b") && !paths("/a", "/a/b") && !paths("/a/**", "/b/**"));
    }
}
