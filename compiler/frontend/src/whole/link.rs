//! Where services of the program are gateways of the same program: a call then comes back into it.

use flowmesh_ir::{
    Program, ServiceId, Value,
    expr::Expr,
    gateway::{Gateway, Route, Segment},
    service::{Operation, Piece},
};

/// The route of a gateway of this program to which a call of an operation comes, with its gateway and number.
pub(super) fn back<'p>(
    program: &'p Program,
    service: ServiceId,
    operation: &Operation,
) -> Option<(&'p Gateway, usize, &'p Route)> {
    let known = program.service(service)?;
    let addresses: Vec<String> = known
        .subsets
        .iter()
        .flat_map(|subset| &subset.addresses)
        .filter_map(|address| text(program, address))
        .collect();
    let gateway = program.gateways.iter().find(|gateway| {
        let mut listens = gateway.listen.iter().filter_map(|listen| text(program, listen));
        listens.any(|listen| addresses.contains(&listen))
    })?;
    let path = segments(operation);
    let mut routes = gateway.routes.iter().enumerate();
    let (at, route) = routes.find(|(_, route)| {
        let method = route.method.is_none_or(|method| method == operation.method);
        method && fits(&route.path, &path)
    })?;
    Some((gateway, at, route))
}

/// An address as far as it is known, in one form.
fn text(program: &Program, expr: &Expr) -> Option<String> {
    let value = match expr {
        Expr::Constant(value) => value,
        Expr::Config(id) => program.config(*id)?.default.as_ref()?,
        _ => return None,
    };
    let Value::String(text) = value else { return None };
    Some(text.trim_end_matches('/').replace("//localhost", "//127.0.0.1"))
}

/// The segments of the path of an operation; nothing for what is computed.
fn segments(operation: &Operation) -> Vec<Option<String>> {
    let mut text = String::new();
    for piece in &operation.path {
        match piece {
            Piece::Literal(literal) => text += literal,
            Piece::Value(_) => text.push('\0'),
        }
    }
    let segments = text.split('/').filter(|segment| !segment.is_empty());
    segments
        .map(|segment| (!segment.contains('\0')).then(|| segment.to_owned()))
        .collect()
}

fn fits(route: &[Segment], path: &[Option<String>]) -> bool {
    match (route, path) {
        ([Segment::Rest], _) | ([], []) => true,
        ([Segment::Literal(literal), rest @ ..], [Some(text), others @ ..]) => {
            literal == text && fits(rest, others)
        }
        ([Segment::Param(_) | Segment::Any, rest @ ..], [_, others @ ..]) => fits(rest, others),
        _ => false,
    }
}
