//! Where services of the program are gateways of the same program: a call then comes back into it.

use super::Whole;
use flowmesh_ir::{
    GatewayId, OperationId, Program, ServiceId, Value,
    expr::Expr,
    gateway::{Route, Segment},
    service::{Operation, Piece, Service},
};
use std::{collections::HashMap, sync::Arc};

/// For each service the gateway of this program that listens at one of its addresses.
pub(super) type Backs = Vec<Option<GatewayId>>;

/// Finds those gateways.
pub(super) fn backs(program: &Program) -> Backs {
    let mut listening: HashMap<String, GatewayId> = HashMap::new();
    for (id, gateway) in (0u32..).map(GatewayId).zip(&program.gateways) {
        for place in gateway.listen.iter().filter_map(|listen| text(program, listen)) {
            listening.entry(place).or_insert(id);
        }
    }
    let gateway = |service: &Arc<Service>| {
        let addresses = service.subsets.iter().flat_map(|subset| &subset.addresses);
        let texts = addresses.filter_map(|address| text(program, address));
        texts.filter_map(|text| listening.get(&text).copied()).min()
    };
    if listening.is_empty() {
        return Backs::new();
    }
    program.services.iter().map(gateway).collect()
}

/// The route of a gateway of this program to which a call of an operation comes, with its gateway and number.
pub(super) fn back<'p>(
    whole: &Whole<'p>,
    service: ServiceId,
    operation: OperationId,
) -> Option<(GatewayId, usize, &'p Route)> {
    let id = whole.backs.get(service.index()).copied().flatten()?;
    let gateway = whole.program.gateway(id)?;
    let operation = whole.operation(service, operation)?;
    let path = segments(operation);
    let mut routes = gateway.routes.iter().enumerate();
    let (at, route) = routes.find(|(_, route)| {
        let method = route.method.is_none_or(|method| method == operation.method);
        method && fits(&route.path, &path)
    })?;
    Some((id, at, route))
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
