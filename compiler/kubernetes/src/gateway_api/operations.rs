//! The requests of a service apart by what holds for them, as far as a route can tell.

use super::says::{Again, IDEMPOTENT, Says};
use crate::{
    matcher::{Match, Path, is_path},
    problem::Problem,
    work::Work,
};
use flowmesh_ir::service::{Binding, EffectKind, Operation, Piece};

/// Some of the requests of a service, and what holds for them.
pub(super) struct Part {
    pub(super) of: Match,
    pub(super) says: Says,
}

impl Work<'_, '_> {
    /// The parts, of which the first that a request fits is its own; the last takes every request. `says` is what holds for
    /// the requests of an operation, or of none. Nothing where something was reported.
    pub(super) fn operations(
        &mut self,
        says: impl Fn(Option<&Operation>, Again) -> Option<Says>,
    ) -> Option<Vec<Part>> {
        let service = self.service;
        let mut parts: Vec<(&Operation, Part)> = Vec::with_capacity(service.operations.len());
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
                says: says(Some(operation), again)?,
            };
            let alike = |(_, other): &&(&Operation, Part)| other.of == part.of && other.says != part.says;
            if let Some((other, _)) = parts.iter().find(alike) {
                let (one, other) = (operation.name.clone(), other.name.clone());
                let places = [format!("/{one}@timeout"), format!("/{one}"), String::new()];
                self.report(&Problem::Alike { one, other }, &places);
                return None;
            }
            parts.push((operation, part));
        }
        let mut parts: Vec<Part> = parts.into_iter().map(|(_, part)| part).collect();
        parts.sort_by_key(|part| part.of.rank());
        parts.extend(others(&says(None, Again::May)?, says(None, Again::Unsent)?));
        Some(needed(parts))
    }
}

/// The requests of no operation.
fn others(may: &Says, unsent: Says) -> Vec<Part> {
    let mut parts = Vec::new();
    if *may != unsent {
        parts.extend(IDEMPOTENT.map(|method| Part {
            of: Match {
                method: Some(method.to_owned()),
                ..Match::all()
            },
            says: may.clone(),
        }));
    }
    parts.push(Part {
        of: Match::all(),
        says: unsent,
    });
    parts
}

/// Without the parts whose requests would be treated alike by what follows.
fn needed(parts: Vec<Part>) -> Vec<Part> {
    let mut kept: Vec<Part> = Vec::with_capacity(parts.len());
    for part in parts.into_iter().rev() {
        // Of those that follow, the last stands first.
        let mut following = kept
            .iter()
            .rev()
            .filter_map(|later| Some((later, later.of.and(&part.of)?)));
        let same = following.find_map(|(later, both)| match later.says == part.says {
            true => (both == part.of).then_some(true),
            false => Some(false),
        });
        if same != Some(true) {
            kept.push(part);
        }
    }
    kept.reverse();
    kept
}

/// The requests that may be an operation's: those below what stands before its first parameter.
fn requests(operation: &Operation) -> Match {
    let method = Some(operation.method.as_str().to_owned());
    if let Binding::Grpc { service, method: of } = &operation.binding {
        let path = Path::Exact(format!("/{service}/{of}"));
        return Match {
            path,
            method,
            ..Match::all()
        };
    }
    let mut text = String::new();
    let mut whole = true;
    for piece in &operation.path {
        match piece {
            Piece::Literal(literal) => text += literal,
            Piece::Value(_) => {
                whole = false;
                break;
            }
        }
    }
    let text = text.split(['?', '#']).next().unwrap_or_default();
    let path = if whole && is_path(text) {
        Path::Exact(text.to_owned())
    } else {
        Path::Prefix(below(text))
    };
    Match {
        path,
        method,
        ..Match::all()
    }
}

/// The longest prefix of whole segments before the end of a text.
fn below(text: &str) -> String {
    let cut = text.rfind('/').and_then(|at| text.get(..at)).unwrap_or_default();
    if is_path(cut) {
        cut.to_owned()
    } else {
        "/".to_owned()
    }
}
