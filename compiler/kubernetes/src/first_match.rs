//! Routes times operations, for targets to which the first route that fits holds, as it does to a program. They compare
//! prefixes as texts, so that what a condition says of the start of a path means the same there; one of whole segments, as
//! gateways have them, is two.

use crate::{
    matcher::{Match, Path},
    operation::requests,
    problem::Problem,
    work::Work,
};
use flowmesh_ir::service::{EffectKind, Operation};
use std::collections::BTreeMap;

/// Whether requests may be sent twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    /// They may.
    May,
    /// Only where nothing of them was sent.
    Unsent,
}

/// The methods of requests that may be repeated whatever they are for (RFC 9110, 9.2.2).
pub(crate) const IDEMPOTENT: [&str; 6] = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"];

/// Whether requests by a method may be repeated.
pub(crate) fn again(method: &str) -> Again {
    match IDEMPOTENT.contains(&method) {
        true => Again::May,
        false => Again::Unsent,
    }
}

/// A match by each method by which requests may be repeated; a match has one method.
pub(crate) fn by_method(one: &Match) -> Vec<Match> {
    match &one.method {
        Some(method) => match again(method) {
            Again::May => vec![one.clone()],
            Again::Unsent => Vec::new(),
        },
        None => {
            let each = IDEMPOTENT.iter().map(|method| Match {
                method: Some((*method).to_owned()),
                ..one.clone()
            });
            each.collect()
        }
    }
}

/// Requests that fit all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fit {
    pub(crate) path: Compared,
    pub(crate) methods: Methods,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) query: BTreeMap<String, String>,
}

/// How a path is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Compared {
    /// Every one fits.
    Any,
    /// This one.
    Exact(String),
    /// Those that begin with this text.
    Prefix(String),
    /// Those of which all fits a regular expression.
    Regex(String),
}

/// By which methods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Methods {
    Any,
    One(String),
    /// All by which requests may be repeated.
    Idempotent,
}

/// Some of the requests of a service, and what holds for them.
pub(crate) struct Part<S> {
    of: Match,
    /// Of those only what goes by a method that says that it may be repeated.
    idempotent: bool,
    says: S,
}

impl Fit {
    /// The requests of a match of which the path stands below the prefix: `/a` does not begin with `/a/`.
    pub(crate) fn below(one: &Match) -> Self {
        Self {
            path: match &one.path {
                Path::Prefix(all) if all == "/" => Compared::Any,
                Path::Prefix(path) => Compared::Prefix(format!("{path}/")),
                Path::Exact(path) => Compared::Exact(path.clone()),
                Path::Pattern(pattern) => Compared::Regex(pattern.regex()),
            },
            methods: one.method.clone().map_or(Methods::Any, Methods::One),
            headers: one.headers.clone(),
            query: one.query.clone(),
        }
    }

    /// All requests of a match, that of the prefix itself among them: what fits any of these.
    pub(crate) fn any_of(one: &Match) -> Vec<Self> {
        let below = Self::below(one);
        let itself = match &one.path {
            Path::Prefix(path) if path != "/" => Some(Self {
                path: Compared::Exact(path.clone()),
                ..below.clone()
            }),
            _ => None,
        };
        itself.into_iter().chain([below]).collect()
    }
}

/// The requests that fit a condition and are an operation's: neither has the path itself that all others are below.
pub(crate) fn both(one: &Match, other: &Match) -> Option<Match> {
    let found = one.and(other)?;
    let itself = |of: &Match| match (&of.path, &found.path) {
        (Path::Prefix(prefix), Path::Exact(path)) => prefix != "/" && prefix == path,
        _ => false,
    };
    (!itself(one) && !itself(other)).then_some(found)
}

impl Work<'_, '_> {
    /// The requests of a service apart by what holds for them, the more specific first; `says` is what holds for those of an
    /// operation, or of none. Nothing where something was reported.
    pub(crate) fn parts<S: PartialEq>(
        &mut self,
        says: impl Fn(Option<&Operation>, Again) -> Option<S>,
    ) -> Option<Vec<Part<S>>> {
        let service = self.service;
        let mut parts = Vec::with_capacity(service.operations.len());
        for operation in service
            .operations
            .iter()
            .filter(|operation| !operation.binding.is_local())
        {
            let again = match operation.effect {
                EffectKind::Once => Again::Unsent,
                EffectKind::Read | EffectKind::Idempotent | EffectKind::Keyed => Again::May,
            };
            let part = Part {
                of: requests(operation),
                idempotent: false,
                says: says(Some(operation), again)?,
            };
            parts.push((operation, part));
        }
        for (at, (operation, part)) in parts.iter().enumerate() {
            let alike = |(_, other): &&(&Operation, Part<S>)| other.of == part.of && other.says != part.says;
            if let Some((other, _)) = parts.iter().take(at).find(alike) {
                let (one, other) = (operation.name.clone(), other.name.clone());
                let places = [format!("/{one}"), String::new()];
                self.report(&Problem::Alike { one, other }, &places);
                return None;
            }
        }
        let [may, unsent] = [Again::May, Again::Unsent].map(|again| says(None, again));
        let others = others(may?, unsent?);
        let mut parts: Vec<Part<S>> = parts.into_iter().map(|(_, part)| part).collect();
        // Where the same holds for all, nothing needs to be told apart.
        if let [only] = others.as_slice()
            && parts.iter().all(|part| part.says == only.says)
        {
            return Some(others);
        }
        parts.sort_by_key(|part| part.of.rank());
        parts.extend(others);
        Some(parts)
    }
}

/// The requests of no operation.
fn others<S: PartialEq>(may: S, unsent: S) -> Vec<Part<S>> {
    let part = |idempotent: bool, says: S| Part {
        of: Match::all(),
        idempotent,
        says,
    };
    match may == unsent {
        true => vec![part(false, may)],
        false => vec![part(true, may), part(false, unsent)],
    }
}

/// The requests that fit some matches, apart by what holds for them.
pub(crate) fn routes<'p, S: PartialEq>(
    alternatives: &[Match],
    parts: &'p [Part<S>],
) -> Vec<(Vec<Fit>, &'p S)> {
    let mut routes: Vec<(Vec<Fit>, &S)> = Vec::new();
    for part in parts {
        let found = alternatives.iter().filter_map(|one| both(one, &part.of));
        let found = found.filter(|one| {
            !part.idempotent
                || one
                    .method
                    .as_deref()
                    .is_none_or(|method| again(method) == Again::May)
        });
        let mut fits: Vec<Fit> = found.map(|one| Fit::below(&one)).collect();
        if part.idempotent {
            for one in fits.iter_mut().filter(|one| one.methods == Methods::Any) {
                one.methods = Methods::Idempotent;
            }
        }
        if fits.is_empty() {
            continue;
        }
        match routes.last_mut() {
            Some((known, before)) if **before == part.says => {
                fits.retain(|one| !known.contains(one));
                known.extend(fits);
            }
            _ => routes.push((fits, &part.says)),
        }
    }
    routes
}

#[cfg(test)]
mod tests {
    use super::{Compared, Fit, both};
    use crate::matcher::{Match, Path};

    fn of(path: Path) -> Match {
        Match { path, ..Match::all() }
    }

    #[test]
    fn a_path_does_not_begin_with_itself_and_a_slash() {
        let (below, itself) = (Path::Prefix("/a".to_owned()), Path::Exact("/a".to_owned()));
        assert_eq!(
            Fit::below(&of(below.clone())).path,
            Compared::Prefix("/a/".to_owned())
        );
        assert_eq!(both(&of(below.clone()), &of(itself.clone())), None);
        assert_eq!(both(&of(itself.clone()), &of(below.clone())), None);
        let inside = of(Path::Exact("/a/b".to_owned()));
        assert_eq!(both(&of(below.clone()), &inside), Some(inside));
        assert_eq!(both(&Match::all(), &of(itself.clone())), Some(of(itself)));
        let paths = Fit::any_of(&of(below)).into_iter().map(|fit| fit.path);
        let both = [
            Compared::Exact("/a".to_owned()),
            Compared::Prefix("/a/".to_owned()),
        ];
        assert_eq!(paths.collect::<Vec<_>>(), both);
    }
}
