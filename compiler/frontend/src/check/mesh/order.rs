//! Which route of a gateway comes first: that of Gateway API, whatever order they are written in.

use flowmesh_diagnostics::Span;
use flowmesh_ir::{
    expr::{Context, Expr},
    gateway::{Route, Segment},
};
use std::cmp::Reverse;

/// Sorts: a path without gaps, then one with parameters, then a longer prefix; then a method, more headers, more of the
/// query; then as written.
pub(super) fn sort(routes: &mut [(Route, Span)]) {
    routes.sort_by_key(|(route, _)| rank(route));
}

type Rank = (
    u8,
    Vec<u8>,
    Reverse<usize>,
    bool,
    Reverse<usize>,
    Reverse<usize>,
    bool,
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
    let kinds = |segment: &Segment| match segment {
        Segment::Literal(_) => 0,
        Segment::Param(_) | Segment::Any => 1,
        Segment::Rest => 2,
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
        route.condition.is_none(),
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
    condition && method && covers(&before.path, &route.path)
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
    fn a_prefix_covers_what_is_below_it() {
        assert!(covers(&path("/a/**"), &path("/a/b/c")));
        assert!(covers(&path("/a/**"), &path("/a")));
        assert!(covers(&path("/a/*"), &path("/a/b")));
        assert!(!covers(&path("/a/*"), &path("/a/**")));
        assert!(!covers(&path("/a/b"), &path("/a/*")));
    }
}
