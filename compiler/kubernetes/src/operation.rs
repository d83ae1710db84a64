//! Which requests are an operation's, as closely as a target can tell that compares segments.

use crate::matcher::{Match, Path, Pattern, is_path};
use flowmesh_ir::service::{Binding, Operation, Piece};

/// The requests of an operation; those below what stands before its first parameter, where that is not a segment of its own.
pub(crate) fn requests(operation: &Operation) -> Match {
    let path = match &operation.binding {
        Binding::Grpc { service, method } => Path::Exact(format!("/{service}/{method}")),
        _ => path(&operation.path),
    };
    Match {
        path,
        method: Some(operation.method.as_str().to_owned()),
        ..Match::all()
    }
}

fn path(pieces: &[Piece]) -> Path {
    let (mut segments, mut open) = (Vec::new(), String::new());
    for piece in pieces {
        match piece {
            Piece::Literal(text) => {
                let text = text.split(['?', '#']).next().unwrap_or_default();
                let mut parts = text.split('/');
                open.push_str(parts.next().unwrap_or_default());
                for part in parts {
                    segments.push(Some(std::mem::replace(&mut open, part.to_owned())));
                }
            }
            // Before the first slash stands nothing, so that the first of the segments is none.
            Piece::Value(_) if open.is_empty() && !segments.is_empty() => open.push_str(GAP),
            Piece::Value(_) => return below(segments),
        }
    }
    segments.push(Some(open));
    let odd = |segment: &Option<String>| {
        let text = segment.as_deref().unwrap_or_default();
        text != GAP && !is_segment(text)
    };
    match segments.iter().position(odd) {
        Some(at) => {
            segments.truncate(at);
            below(segments)
        }
        None => pattern(segments, false),
    }
}

/// What stands for a parameter until it is a gap; no path has it.
const GAP: &str = "\0";

/// Segments, behind the nothing before the first slash.
fn pattern(segments: Vec<Option<String>>, rest: bool) -> Path {
    let gap = |segment: Option<String>| segment.filter(|segment| segment != GAP);
    let segments = segments.into_iter().skip(1).map(gap).collect();
    Pattern { segments, rest }.path()
}

/// All that begins with these segments.
fn below(mut segments: Vec<Option<String>>) -> Path {
    let odd = |segment: &Option<String>| {
        let text = segment.as_deref().unwrap_or_default();
        text != GAP && (text.is_empty() || !is_segment(text))
    };
    let known = segments.iter().skip(1).position(odd);
    segments.truncate(known.map_or(segments.len(), |at| at.saturating_add(1)));
    pattern(segments, true)
}

fn is_segment(segment: &str) -> bool {
    segment.is_empty() || is_path(&format!("/{segment}"))
}

#[cfg(test)]
mod tests {
    use super::{Path, Pattern, path};
    use flowmesh_ir::{SlotId, expr::Expr, service::Piece};

    /// A path as operations have it, with `{}` for parameters.
    fn of(text: &str) -> Path {
        let mut pieces = Vec::new();
        for (at, literal) in text.split("{}").enumerate() {
            if at > 0 {
                pieces.push(Piece::Value(Expr::Slot(SlotId(0))));
            }
            pieces.push(Piece::Literal(literal.to_owned()));
        }
        path(&pieces)
    }

    #[test]
    fn parameters_are_segments_that_may_be_anything() {
        assert_eq!(of("/orders"), Path::Exact("/orders".to_owned()));
        assert_eq!(of("/orders?open=true"), Path::Exact("/orders".to_owned()));
        assert_eq!(of("/"), Path::Exact("/".to_owned()));
        let segments = |names: &[&str]| {
            names
                .iter()
                .map(|name| (*name != "*").then(|| (*name).to_owned()))
                .collect()
        };
        let pattern = |names: &[&str]| {
            Path::Pattern(Pattern {
                segments: segments(names),
                rest: false,
            })
        };
        assert_eq!(of("/orders/{}"), pattern(&["orders", "*"]));
        assert_eq!(of("/orders/{}/lines/{}"), pattern(&["orders", "*", "lines", "*"]));
    }

    #[test]
    fn where_a_parameter_is_a_part_of_a_segment_all_below_may_be_meant() {
        assert_eq!(of("/orders/{}.json"), Path::Prefix("/orders".to_owned()));
        assert_eq!(of("/orders/v{}/x"), Path::Prefix("/orders".to_owned()));
        assert_eq!(of("/{}{}"), Path::Prefix("/".to_owned()));
    }
}
