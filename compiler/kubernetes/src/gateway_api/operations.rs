//! Which requests are which operation's, as far as a route can tell.

use super::rules::Waits;
use crate::{
    matcher::{Match, Path, is_path},
    problem::Problem,
    work::Work,
};
use flowmesh_ir::service::{Operation, Piece};

/// The requests of an operation that needs a rule of its own, and how long they may take.
pub(super) struct Timed {
    pub(super) of: Match,
    pub(super) waits: Waits,
}

impl Work<'_, '_> {
    /// The operations whose timeouts are not the service's, and those that would be taken for one of them.
    pub(super) fn operations(&mut self) -> Option<Vec<Timed>> {
        let service = self.service;
        let default = Waits::of(self.program, service.policy);
        let all: Vec<(&Operation, Timed)> = service
            .operations
            .iter()
            .map(|operation| {
                let waits = Waits::of(self.program, operation.policy);
                (
                    operation,
                    Timed {
                        of: requests(operation),
                        waits,
                    },
                )
            })
            .collect();
        for (at, (operation, timed)) in all.iter().enumerate() {
            let alike = |(_, other): &&(_, Timed)| other.of == timed.of && other.waits != timed.waits;
            if let Some((other, _)) = all.iter().take(at).find(alike) {
                let (one, other) = (operation.name.clone(), other.name.clone());
                let places = [format!("/{one}@timeout"), format!("/{one}"), String::new()];
                self.report(&Problem::Alike { one, other }, &places);
                return None;
            }
        }
        let differs = |timed: &Timed| timed.waits != default;
        let shadowed = |timed: &Timed| {
            all.iter()
                .any(|(_, other)| other.waits != timed.waits && covers(&other.of, &timed.of))
        };
        let needed: Vec<bool> = all
            .iter()
            .map(|(_, timed)| differs(timed) || shadowed(timed))
            .collect();
        let kept = all.into_iter().zip(needed).filter(|(_, needed)| *needed);
        Some(kept.map(|((_, timed), _)| timed).collect())
    }
}

/// The requests that may be an operation's: those below what stands before its first parameter.
fn requests(operation: &Operation) -> Match {
    let method = Some(operation.method.as_str().to_owned());
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

/// Whether some requests of the second would be taken for the first's.
fn covers(first: &Match, second: &Match) -> bool {
    let (Path::Exact(path) | Path::Prefix(path)) = &second.path else {
        return false;
    };
    // An exact path is never that of an operation with a parameter, and two of one exact path are alike.
    matches!(first.path, Path::Prefix(_)) && first.method == second.method && first.path.covers(path)
}
