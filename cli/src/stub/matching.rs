//! Which operation a request is for: by its method and the pieces of its path.

use super::Behind;
use flowmesh_ir::{
    Program,
    expr::Expr,
    service::{Method, Operation, Piece, Service},
    ty::Field,
};

/// An operation that was asked for, with the values of its path in order.
pub(crate) struct Match<'a> {
    /// The service.
    pub(crate) service: &'a Service,
    /// The operation.
    pub(crate) operation: &'a Operation,
    /// Parameters and their encoded texts from the path.
    pub(crate) values: Vec<(&'a Field, &'a str)>,
}

/// The operation of these services that fits best: the one with the most literal text in its path.
pub(crate) fn find<'a>(
    program: &'a Program,
    services: &[Behind],
    method: &str,
    path: &'a str,
) -> Option<Match<'a>> {
    let mut best: Option<(usize, Match<'a>)> = None;
    for behind in services {
        let Some(service) = program.services.get(behind.service) else {
            continue;
        };
        let Some(path) = behind.inner(path) else {
            continue;
        };
        for operation in service
            .operations
            .iter()
            .filter(|operation| answers(operation.method, method))
        {
            let Some(values) = fit(operation, path) else {
                continue;
            };
            let literal = literal_length(operation);
            if best.as_ref().is_none_or(|(most, _)| literal > *most) {
                best = Some((
                    literal,
                    Match {
                        service,
                        operation,
                        values,
                    },
                ));
            }
        }
    }
    best.map(|(_, found)| found)
}

fn answers(method: Method, asked: &str) -> bool {
    method.as_str() == asked
}

fn literal_length(operation: &Operation) -> usize {
    let length = |piece: &Piece| match piece {
        Piece::Literal(text) => text.len(),
        Piece::Value(_) => 0,
    };
    operation.path.iter().map(length).sum()
}

/// The values of a path, if its literal pieces are where they should be. A value ends where the next literal
/// begins, and never crosses a `/`.
fn fit<'a>(operation: &'a Operation, path: &'a str) -> Option<Vec<(&'a Field, &'a str)>> {
    let mut rest = path;
    let mut values = Vec::new();
    let mut pieces = operation.path.iter().peekable();
    while let Some(piece) = pieces.next() {
        match piece {
            Piece::Literal(text) => rest = rest.strip_prefix(text.as_str())?,
            Piece::Value(expr) => {
                let segment = rest.split('/').next().unwrap_or_default();
                let end = match pieces.peek() {
                    Some(Piece::Literal(next)) if !next.starts_with('/') => segment.find(next.as_str())?,
                    _ => segment.len(),
                };
                let (value, behind) = rest.split_at_checked(end)?;
                if value.is_empty() {
                    return None;
                }
                if let Some(field) = parameter(operation, expr) {
                    values.push((field, value));
                }
                rest = behind;
            }
        }
    }
    rest.is_empty().then_some(values)
}

/// The parameter that an expression is, where it is nothing more.
pub(crate) fn parameter<'a>(operation: &'a Operation, expr: &Expr) -> Option<&'a Field> {
    match expr {
        Expr::Slot(slot) => operation.params.get(slot.index()),
        _ => None,
    }
}
