//! Routes times operations, in the order in which a program takes them: to Istio the first that fits holds, too.

use super::{
    http::{Again, again, destination, idempotent},
    virtual_service::{HttpMatch, HttpRoute, Weighted},
};
use crate::{address::ServicePort, matcher::Match, operation::requests, problem::Problem, work::Work};
use flowmesh_ir::{
    SubsetId,
    service::{EffectKind, Operation},
};

/// Some of the requests of a service, and what holds for them.
pub(super) struct Part {
    of: Match,
    /// Of those only what goes by a method that says that it may be repeated.
    idempotent: bool,
    says: HttpRoute,
}

impl Work<'_, '_> {
    /// The requests of a service apart by what holds for them, the more specific first; `says` is what holds for those of an
    /// operation, or of none. Nothing where something was reported.
    pub(super) fn parts(
        &mut self,
        says: impl Fn(Option<&Operation>, Again) -> Option<HttpRoute>,
    ) -> Option<Vec<Part>> {
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
            let alike = |(_, other): &&(&Operation, Part)| other.of == part.of && other.says != part.says;
            if let Some((other, _)) = parts.iter().take(at).find(alike) {
                let (one, other) = (operation.name.clone(), other.name.clone());
                let places = [format!("/{one}"), String::new()];
                self.report(&Problem::Alike { one, other }, &places);
                return None;
            }
        }
        let [may, unsent] = [Again::May, Again::Unsent].map(|again| says(None, again));
        let others = others(may?, unsent?);
        let mut parts: Vec<Part> = parts.into_iter().map(|(_, part)| part).collect();
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
fn others(may: HttpRoute, unsent: HttpRoute) -> Vec<Part> {
    let part = |idempotent: bool, says: HttpRoute| Part {
        of: Match::all(),
        idempotent,
        says,
    };
    match may == unsent {
        true => vec![part(false, may)],
        false => vec![part(true, may), part(false, unsent)],
    }
}

/// The requests that fit some matches, apart by what holds for them, and led to one place.
pub(super) fn routes(
    alternatives: &[Match],
    parts: &[Part],
    to: &[Weighted],
) -> Vec<(Vec<HttpMatch>, HttpRoute)> {
    let mut routes: Vec<(Vec<HttpMatch>, HttpRoute)> = Vec::new();
    for part in parts {
        let both = alternatives.iter().filter_map(|one| one.and(&part.of));
        let both = both.filter(|one| {
            !part.idempotent
                || one
                    .method
                    .as_deref()
                    .is_none_or(|method| again(method) == Again::May)
        });
        let mut matches: Vec<HttpMatch> = both.flat_map(|one| HttpMatch::any_of(&one)).collect();
        if part.idempotent {
            for one in matches.iter_mut().filter(|one| one.method.is_none()) {
                one.method = Some(idempotent());
            }
        }
        if matches.is_empty() {
            continue;
        }
        let says = HttpRoute {
            route: to.to_vec(),
            ..part.says.clone()
        };
        match routes.last_mut() {
            Some((known, before)) if *before == says => {
                matches.retain(|one| !known.contains(one));
                known.extend(matches);
            }
            _ => routes.push((matches, says)),
        }
    }
    routes
}

/// Where a split leads.
pub(super) fn weighted(places: &[ServicePort], split: &[(SubsetId, u32)]) -> Option<Vec<Weighted>> {
    let one = |(subset, weight): &(SubsetId, u32)| {
        Some(Weighted {
            destination: destination(places.get(subset.index())?),
            weight: (split.len() > 1).then_some(*weight),
        })
    };
    split.iter().map(one).collect()
}
