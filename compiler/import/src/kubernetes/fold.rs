//! Routes of a mesh as a service has them: which requests go where, and operations with settings of their own.
//!
//! A service says once what holds for its requests, and an operation may say otherwise. So requests by one method and one
//! path whose settings differ become an operation; other requests whose settings differ are said to be lost.

mod operation;

use super::traffic::{Match, Route, Says, Split, Text, may_repeat};
use crate::found::Found;
use operation::path_of;

pub(crate) use operation::{Operation, is_plain, segments};

/// Requests that go to one place.
#[derive(Clone, Debug)]
pub(crate) struct Led {
    /// Any of these; none fits every request.
    pub(crate) matches: Vec<Match>,
    pub(crate) to: Split,
    pub(crate) notes: Vec<String>,
}

/// A service's part of some routes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Folded {
    pub(crate) says: Says,
    /// Whether also what may not be repeated is copied.
    pub(crate) writes: bool,
    /// Whether the routes themselves tell what may be repeated from what may not.
    pub(crate) told_apart: bool,
    pub(crate) operations: Vec<Operation>,
    pub(crate) led: Vec<Led>,
}

/// Folds routes of which the first that fits holds.
pub(crate) fn fold(routes: &[Route], found: &mut Found) -> Folded {
    let mut folded = usual(routes);
    for route in routes {
        for one in &route.matches {
            folded.operation(route, one, found);
        }
    }
    folded.shadowed(routes);
    for route in routes {
        folded.lead(route, found);
    }
    folded
}

/// What holds for the requests of no operation: what the last route says, or what the one says that takes, of the same
/// requests, those that may be repeated.
fn usual(routes: &[Route]) -> Folded {
    let Some(last) = routes.last() else {
        return Folded::default();
    };
    let idempotent = |route: &&Route| {
        route.to == last.to
            && route
                .matches
                .iter()
                .any(|one| one.method.as_ref().is_some_and(Text::is_idempotent))
    };
    let pair = routes
        .iter()
        .filter(idempotent)
        .find(|route| is_unsent(&route.says, &last.says));
    let says = pair.map_or(&last.says, |route| &route.says).clone();
    Folded {
        writes: pair.is_none() || last.says.mirror.is_some(),
        told_apart: pair.is_some(),
        says,
        ..Folded::default()
    }
}

/// Whether the second is what holds of the first for requests that may not be repeated.
pub(crate) fn is_unsent(first: &Says, second: &Says) -> bool {
    let unsent = first.unsent();
    second == &unsent || second == &unsent.without_mirror()
}

impl Folded {
    /// What holds for requests that may not be repeated.
    fn unsent(&self) -> Says {
        match self.writes {
            true => self.says.unsent(),
            false => self.says.unsent().without_mirror(),
        }
    }

    /// Whether what a route says of a match is what holds anyway.
    fn plain(&self, one: &Match, says: &Says) -> bool {
        match &one.method {
            Some(Text::Exact(method)) if may_repeat(method) => says == &self.says,
            Some(Text::Exact(_)) if self.told_apart => says == &self.unsent(),
            Some(Text::Exact(_)) => says == &self.says || says == &self.unsent(),
            _ => says == &self.says || (self.told_apart && says == &self.unsent()),
        }
    }

    /// Makes an operation of a match whose settings differ.
    fn operation(&mut self, route: &Route, one: &Match, found: &mut Found) {
        if self.plain(one, &route.says) {
            return;
        }
        let Some((method, path)) = path_of(one) else {
            found.lost(
                &route.node,
                "what a route says of some requests otherwise than of the rest; a service says it of all, and an operation \
                 of a method and a path",
            );
            return;
        };
        let below = is_below(one);
        if below {
            let words =
                "what a route says of all that is below a path: an operation says it of one more segment";
            found.part(&route.node, words);
        }
        let known = self
            .operations
            .iter()
            .find(|known| known.method == method && known.path == path);
        match known {
            None => self.operations.push(Operation {
                says: Some(route.says.clone()),
                below,
                ..Operation::new(method, path)
            }),
            Some(known) if known.says.as_ref() == Some(&route.says) => {}
            Some(_) => found.lost(
                &route.node,
                "what a route says of an operation otherwise where another condition holds",
            ),
        }
    }

    /// Operations that would be taken for another of which something else is said. What is below a path has that path, too.
    fn shadowed(&mut self, routes: &[Route]) {
        let mut more: Vec<Operation> = Vec::new();
        for one in routes.iter().flat_map(|route| &route.matches) {
            let Some((method, path)) = path_of(one) else {
                continue;
            };
            let own = self
                .operations
                .iter()
                .find(|it| it.method == method && it.path == path);
            let says = own.and_then(|it| it.says.clone());
            let root = path
                .split_last()
                .filter(|_| is_below(one))
                .map(|(_, root)| root.to_vec());
            for (path, below) in [(Some(path), is_below(one)), (root, false)] {
                let Some(path) = path else { continue };
                let same = |it: &Operation| it.method == method && it.path == path;
                let wider = |it: &Operation| it.method == method && it.says != says && it.takes(&path);
                if !self.operations.iter().chain(&more).any(same) && self.operations.iter().any(wider) {
                    more.push(Operation {
                        says: says.clone(),
                        below,
                        ..Operation::new(method.clone(), path)
                    });
                }
            }
        }
        self.operations.extend(more);
    }

    /// Where the requests of a route go, but for those of operations.
    fn lead(&mut self, route: &Route, found: &mut Found) {
        if route.redirect.is_some() {
            found.lost(&route.node, "a redirect of calls within the mesh");
            return;
        }
        if route.to.is_empty() {
            found.lost(&route.node, "requests that are led nowhere, and refused");
            return;
        }
        let mut notes = route.notes.clone();
        notes.extend(found.notes());
        let all = || vec![Match::default()];
        let matches = if route.matches.is_empty() {
            all()
        } else {
            route.matches.clone()
        };
        match self.led.last_mut() {
            Some(led) if led.to == route.to => {
                led.matches.extend(matches);
                led.notes.extend(notes);
            }
            _ => self.led.push(Led {
                matches,
                to: route.to.clone(),
                notes,
            }),
        }
    }

    /// Takes away what is said twice: matches of operations and of methods that another match of the same way takes too.
    pub(crate) fn tidy(&mut self) {
        for led in &mut self.led {
            let all = std::mem::take(&mut led.matches);
            for (at, one) in all.iter().enumerate() {
                let before = led.matches.contains(one);
                let wider = all
                    .iter()
                    .enumerate()
                    .any(|(other, wider)| other != at && wider != one && takes(wider, one));
                if !before && !wider {
                    led.matches.push(one.clone());
                }
            }
            if led.matches.iter().any(Match::is_all) {
                led.matches.clear();
            }
        }
        self.unreached();
    }

    /// Takes away what an earlier way takes already.
    fn unreached(&mut self) {
        let mut before: Vec<Match> = Vec::new();
        self.led.retain_mut(|led| {
            let all = led.matches.is_empty();
            led.matches
                .retain(|one| !before.iter().any(|earlier| takes(earlier, one)));
            before.extend(led.matches.iter().cloned());
            all || !led.matches.is_empty()
        });
    }
}

/// Whether a match is for all that is below a path.
fn is_below(one: &Match) -> bool {
    matches!(one.path, Some(Text::Below(_)))
}

/// Whether every request that fits the second fits the first.
pub(crate) fn takes(first: &Match, second: &Match) -> bool {
    let path = match (&first.path, &second.path) {
        (None, _) => true,
        (Some(a), Some(b)) => a == b || text_takes(a, b),
        (Some(_), None) => false,
    };
    let method = match (&first.method, &second.method) {
        (None, _) => true,
        (Some(a), Some(b)) => a == b || matches!(b, Text::Exact(it) if a.is_idempotent() && may_repeat(it)),
        (Some(_), None) => false,
    };
    let host = first.host.is_none() || first.host == second.host;
    let all = |a: &[super::traffic::Named], b: &[super::traffic::Named]| a.iter().all(|one| b.contains(one));
    host && path && method && all(&first.headers, &second.headers) && all(&first.query, &second.query)
}

/// Whether every path that fits the second fits the first, as far as can be told.
fn text_takes(first: &Text, second: &Text) -> bool {
    let begins = |prefix: &str, text: &Text| match text {
        Text::Exact(it) | Text::Prefix(it) | Text::Below(it) => it.starts_with(prefix),
        Text::Regex(_) => segments(text).is_some_and(|all| literal(&all).starts_with(prefix)),
        Text::Suffix(_) | Text::Present => false,
    };
    match first {
        Text::Below(all) if all == "/" => true,
        Text::Prefix(prefix) => begins(prefix, second),
        Text::Below(path) => {
            begins(&format!("{path}/"), second)
                || matches!(second, Text::Exact(it) | Text::Below(it) if it == path)
        }
        _ => false,
    }
}

/// What a path begins with in any case.
fn literal(segments: &[Option<String>]) -> String {
    let known = segments.iter().map_while(Option::as_deref);
    let mut text: String = known.map(|segment| format!("/{segment}")).collect();
    if segments.iter().any(Option::is_none) {
        text.push('/');
    }
    text
}
