//! Programs of services, for tests of what is made from them.

use flowmesh_diagnostics::{SourceId, Span};
use flowmesh_ir::{
    PolicyId, Program, SubsetId, Value,
    expr::{Argument, Binary, Context, Expr},
    policy::{Policy, Timeout},
    program::{BUILTIN_ERRORS, VERSION},
    service::{EffectKind, Method, Operation, Piece, Route, Service, Subset},
    ty::{ErrorDef, Field, Type},
};

/// A text.
pub(crate) fn text(text: &str) -> Expr {
    Expr::Constant(Value::string(text))
}

/// `request.NAME`
pub(crate) fn request(name: &str) -> Expr {
    Expr::Field(Box::new(Expr::Context(Context::Request)), name.into())
}

/// `request.header("NAME")`
pub(crate) fn header(name: &str) -> Expr {
    Expr::Index(Box::new(request("headers")), Box::new(text(name)))
}

/// `left == "RIGHT"`
pub(crate) fn equals(left: Expr, right: &str) -> Expr {
    binary(Binary::Equal, left, text(right))
}

/// Two expressions and what stands between them.
pub(crate) fn binary(operator: Binary, left: Expr, right: Expr) -> Expr {
    Expr::Binary(operator, Box::new(left), Box::new(right))
}

/// `request.path.starts_with("PREFIX")`
pub(crate) fn below(prefix: &str) -> Expr {
    Expr::Native(
        "string.starts_with".into(),
        vec![Argument::Value(request("path")), Argument::Value(text(prefix))],
    )
}

/// A service with these subsets, the routes to them, and no operation yet.
pub(crate) fn service(name: &str, subsets: &[(&str, &str)], routes: Vec<Route>) -> Service {
    let subset = |(name, address): &(&str, &str)| Subset {
        name: (*name).into(),
        addresses: vec![text(address)],
        zones: Vec::new(),
    };
    Service {
        descriptors: None,
        name: name.into(),
        doc: None,
        subsets: subsets.iter().map(subset).collect(),
        address_params: Vec::new(),
        routes,
        policy: PolicyId(0),
        auth: None,
        operations: vec![],
    }
}

/// `when CONDITION -> SPLIT`
pub(crate) fn when(condition: Expr, split: &[(u32, u32)]) -> Route {
    Route {
        condition: Some(condition),
        ..otherwise(split)
    }
}

/// `else -> SPLIT`
pub(crate) fn otherwise(split: &[(u32, u32)]) -> Route {
    let split = split
        .iter()
        .map(|(subset, weight)| (SubsetId(*subset), *weight))
        .collect();
    Route {
        condition: None,
        split,
    }
}

/// An operation whose path has a parameter where there is a `{}`.
pub(crate) fn operation(name: &str, method: Method, path: &str, policy: u32) -> Operation {
    let mut pieces = Vec::new();
    for (at, literal) in path.split("{}").enumerate() {
        if at > 0 {
            pieces.push(Piece::Value(Expr::Slot(flowmesh_ir::SlotId(0))));
        }
        pieces.push(Piece::Literal(literal.to_owned()));
    }
    Operation {
        binding: flowmesh_ir::service::Binding::Http,
        stream: None,
        name: name.into(),
        doc: None,
        params: vec![Field {
            name: "id".into(),
            ty: Type::String,
            rule: None,
        }],
        result: Type::Unit,
        fails: vec![],
        method,
        path: pieces,
        address: Vec::new(),
        query: vec![],
        body: None,
        headers: vec![],
        secret_headers: Vec::new(),
        key: None,
        on: vec![],
        policy: PolicyId(policy),
        effect: EffectKind::Once,
    }
}

/// A policy of timeouts.
pub(crate) fn waits(attempt_ms: u64, total_ms: u64) -> Policy {
    Policy {
        timeout: Timeout {
            attempt_ms,
            total_ms,
            ..Timeout::default()
        },
        ..Policy::default()
    }
}

/// A program of these services; the first policy is every service's.
pub(crate) fn program(policies: Vec<Policy>, services: Vec<Service>) -> Program {
    let field = |(name, ty): &(&str, Type)| Field {
        name: (*name).into(),
        ty: ty.clone(),
        rule: None,
    };
    let errors = BUILTIN_ERRORS.map(|(name, fields)| ErrorDef {
        name: name.into(),
        doc: None,
        fields: fields.iter().map(field).collect(),
    });
    let program = Program {
        version: VERSION,
        name: "shop".into(),
        configs: vec![],
        secrets: vec!["token".into()],
        types: vec![],
        errors: errors.into(),
        policies,
        services: services.into_iter().map(Into::into).collect(),
        functions: vec![],
        flows: vec![],
        ..Program::default()
    };
    assert_eq!(flowmesh_ir::validate(&program), Ok(()));
    program
}

/// The same program with places: each path stands at the number of its line.
pub(crate) fn placed(mut program: Program, places: &[(&str, u32)]) -> Program {
    program.origins.sources = vec!["shop.flow".to_owned()];
    for (path, at) in places {
        program.origins.add(path, Span::new(SourceId(0), *at, *at + 1));
    }
    program
}
