//! Which route of a gateway comes first: that of Gateway API, whatever order they are written in.

use flowmesh_diagnostics::Span;
use flowmesh_ir::{
    expr::{Context, Expr},
    gateway::{Route, Segment},
};
use std::cmp::Reverse;

/// Sorts: a host, then all below a longer name; a path without gaps, then one with parameters, then a longer prefix; then
/// a method, more headers, more of the query; then as written.
pub(super) fn sort(routes: &mut [(Route, Span)]) {
    routes.sort_by_key(|(route, _)| rank(route));
}

type Rank = (
    (u8, Reverse<usize>),
    u8,
    Vec<u8>,
    Reverse<usize>,
    bool,
    Reverse<usize>,
    Reverse<usize>,
    (bool, bool),
);

fn rank(route: &Route) -> Rank {
    let gaps = route
        .path
        .iter()
        .any(|segment| matches!(segment, Segment::Param(_) | Segment::Any));
    let class = match route.path.last() {
        Some(Segment::Rest) => 2,
        _ if gaps => 1,
        _ => 0,
    };
    let has_pattern = |name: &flowmesh_ir::Name| {
        route
            .patterns
            .iter()
            .any(|pattern| pattern.of.as_ref() == Some(name))
    };
    let kinds = |segment: &Segment| match segment {
        Segment::Literal(_) => 0,
        Segment::Param(name) if has_pattern(name) => 1,
        Segment::Param(_) | Segment::Any => 2,
        Segment::Rest => 3,
    };
    let host = match route.host.as_deref() {
        Some(host) => (u8::from(host.starts_with("*.")), Reverse(host.len())),
        None => (2, Reverse(0)),
    };
    let length = |segment: &Segment| match segment {
        Segment::Literal(text) => text.len().saturating_add(1),
        Segment::Rest => 0,
        _ => 2,
    };
    let (headers, query) = route.condition.as_ref().map_or((0, 0), |condition| {
        (uses(condition, "headers"), uses(condition, "query"))
    });
    (
        // An exact host is one, however long it is.
        if host.0 == 0 { (0, Reverse(0)) } else { host },
        class,
        if class == 1 {
            route.path.iter().map(kinds).collect()
        } else {
            Vec::new()
        },
        Reverse(route.path.iter().map(length).sum()),
        route.method.is_none(),
        Reverse(headers),
        Reverse(query),
        (route.patterns.is_empty(), route.condition.is_none()),
    )
}

/// How often a condition looks at a part of the request.
fn uses(expr: &Expr, part: &str) -> usize {
    match expr {
        Expr::Field(of, name) if **of == Expr::Context(Context::Request) => usize::from(name == part),
        Expr::Field(of, _) | Expr::Unary(_, of) | Expr::Widen(of, _) | Expr::As(of, _) => uses(of, part),
        Expr::Index(a, b) | Expr::Binary(_, a, b) => uses(a, part).saturating_add(uses(b, part)),
        _ => 0,
    }
}

/// Routes to which no request comes, each with the one that takes them all.
pub(super) fn shadowed(routes: &[(Route, Span)]) -> Vec<(Span, Span)> {
    let mut found = Vec::new();
    for (at, (route, span)) in routes.iter().enumerate() {
        let by = routes.iter().take(at).find(|(before, _)| swallows(before, route));
        found.extend(by.map(|(_, by)| (*span, *by)));
    }
    found
}

fn swallows(before: &Route, route: &Route) -> bool {
    let condition = before.condition.is_none() || before.condition == route.condition;
    let method = before.method.is_none() || before.method == route.method;
    let patterns = before.patterns.is_empty() || before.patterns == route.patterns;
    condition && method && patterns && serves(before, route) && covers(&before.path, &route.path)
}

/// Whether the one is for every host that the other is for.
fn serves(all: &Route, some: &Route) -> bool {
    let (Some(all), Some(some)) = (&all.host, &some.host) else {
        return all.host.is_none();
    };
    // `*.shop.example` is for what ends in `.shop.example`.
    let below = all.strip_prefix('*').is_some_and(|end| some.ends_with(end));
    all == some || below
}

/// Whether every path of the one is a path of the other.
fn covers(all: &[Segment], some: &[Segment]) -> bool {
    match (all, some) {
        ([Segment::Rest], _) | ([], []) => true,
        ([Segment::Literal(a), rest @ ..], [Segment::Literal(b), others @ ..]) => {
            a == b && covers(rest, others)
        }
        (
            [Segment::Param(_) | Segment::Any, rest @ ..],
            [
                Segment::Literal(_) | Segment::Param(_) | Segment::Any,
                others @ ..,
            ],
        ) => covers(rest, others),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{covers, sort};
    use flowmesh_diagnostics::Span;
    use flowmesh_ir::{
        expr::Expr,
        gateway::{Route, Segment, Target},
        service::Method,
    };

    fn path(text: &str) -> Vec<Segment> {
        let segments = text.split('/').filter(|segment| !segment.is_empty());
        segments
            .map(|segment| match segment {
                "**" => Segment::Rest,
                "*" => Segment::Any,
                text => Segment::Literal(text.to_owned()),
            })
            .collect()
    }

    fn route(method: Option<Method>, text: &str) -> (Route, Span) {
        let route = Route {
            host: None,
            patterns: Vec::new(),
            method,
            path: path(text),
            condition: None,
            target: Target::Redirect {
                to: Expr::Text(Vec::new()),
                status: 302,
            },
            policy: None,
            rewrite: None,
        };
        (route, Span::default())
    }

    #[test]
    fn the_more_exact_route_comes_first() {
        let mut routes = vec![
            route(None, "/**"),
            route(None, "/a/*"),
            route(None, "/a/b/**"),
            route(None, "/a/b"),
            route(Some(Method::Get), "/a/b"),
        ];
        sort(&mut routes);
        let order: Vec<_> = routes
            .iter()
            .map(|(route, _)| (route.method.is_some(), route.path.clone()))
            .collect();
        let expected = [
            (true, path("/a/b")),
            (false, path("/a/b")),
            (false, path("/a/*")),
            (false, path("/a/b/**")),
            (false, path("/**")),
        ];
        assert_eq!(order, expected);
    }

    #[test]
    fn a_host_comes_before_those_below_a_name_and_these_before_any() {
        let of = |host: Option<&str>, path: &str| {
            let (mut route, span) = route(None, path);
            route.host = host.map(str::to_owned);
            (route, span)
        };
        let mut routes = vec![
            of(None, "/a/b"),
            of(Some("*.example"), "/a"),
            of(Some("*.shop.example"), "/**"),
            of(Some("a.example"), "/**"),
            of(Some("longer.example"), "/a"),
        ];
        sort(&mut routes);
        let hosts: Vec<_> = routes.iter().map(|(route, _)| route.host.as_deref()).collect();
        let expected = [
            Some("longer.example"),
            Some("a.example"),
            Some("*.shop.example"),
            Some("*.example"),
            None,
        ];
        assert_eq!(hosts, expected);
        let below = (of(Some("*.example"), "/**").0, of(Some("*.shop.example"), "/a").0);
        assert!(super::swallows(&below.0, &below.1) && !super::swallows(&below.1, &below.0));
        let (exact, name) = (of(Some("*.example"), "/**").0, of(Some("example"), "/a").0);
        assert!(!super::swallows(&exact, &name));
    }

    #[test]
    fn a_prefix_covers_what_is_below_it() {
        assert!(covers(&path("/a/**"), &path("/a/b/c")));
        assert!(covers(&path("/a/**"), &path("/a")));
        assert!(covers(&path("/a/*"), &path("/a/b")));
        assert!(!covers(&path("/a/*"), &path("/a/**")));
        assert!(!covers(&path("/a/b"), &path("/a/*")));
    }
}
