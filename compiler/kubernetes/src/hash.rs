//! What `ring_hash` and `maglev` look at, if it is something that a proxy can look at.

use flowmesh_ir::{
    Value,
    expr::{Binary, Context, Expr},
};

/// A part of a request that says which endpoint takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Hashed {
    /// A header.
    Header(String),
    /// A parameter of the query.
    Query(String),
    /// The address of the caller.
    Address,
}

/// What an expression looks at.
pub(crate) fn hashed(expr: &Expr) -> Option<Hashed> {
    match expr {
        Expr::Field(of, name) if **of == Expr::Context(Context::Caller) && name == "address" => {
            Some(Hashed::Address)
        }
        Expr::Index(of, index) => {
            let Expr::Field(request, map) = &**of else {
                return None;
            };
            let Expr::Constant(Value::String(name)) = &**index else {
                return None;
            };
            if **request != Expr::Context(Context::Request) {
                return None;
            }
            match map.as_str() {
                "headers" => Some(Hashed::Header(name.to_string())),
                "query" => Some(Hashed::Query(name.to_string())),
                _ => None,
            }
        }
        // Requests without it go anywhere, as by chance.
        Expr::Binary(Binary::Else, of, _) => hashed(of),
        Expr::Text(parts) => match parts.as_slice() {
            [only] => hashed(only),
            _ => None,
        },
        _ => None,
    }
}
