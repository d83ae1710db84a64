//! Services as their author wrote them: addresses, routes, operations.

use super::{Expr, Field, Ident, Setting, Type};
use flowmesh_diagnostics::Span;

/// `service NAME { ... }`
#[derive(Clone, Debug)]
pub struct Service {
    /// Its name.
    pub name: Ident,
    /// `from "petstore.openapi.yaml"`, `from "shop.proto"`
    pub from: Option<Expr>,
    /// `at: ...` and `at v1: ...`
    pub at: Vec<At>,
    /// `policy: ...`, `timeout: ...`, `auth: ...` and other settings.
    pub settings: Vec<Setting>,
    /// `route { ... }`
    pub route: Option<RouteBlock>,
    /// `op ...`
    pub operations: Vec<Operation>,
}

/// `at: "..."`, `at v1: ["...", "..."]`, `at: { "eu/eu-a": "..." }`
#[derive(Clone, Debug)]
pub struct At {
    /// The word `at`.
    pub span: Span,
    /// The subset.
    pub subset: Option<Ident>,
    /// An address or a list of them; where they stand in zones, those of all zones in a row.
    pub value: Expr,
    /// Where they stand, if that is written.
    pub zones: Vec<Zone>,
}

/// `"eu/eu-a": "..."`, `"eu/eu-b": ["...", "..."]`
#[derive(Clone, Debug)]
pub struct Zone {
    /// The text before the colon.
    pub name: Expr,
    /// How many of the addresses stand there.
    pub addresses: usize,
}

/// `route { when COND -> v1  else -> v1 90%, v2 10% }`
#[derive(Clone, Debug)]
pub struct RouteBlock {
    /// The whole block.
    pub span: Span,
    /// Its rules in order.
    pub rules: Vec<RouteRule>,
}

/// One rule of a route.
#[derive(Clone, Debug)]
pub struct RouteRule {
    /// The whole rule.
    pub span: Span,
    /// The condition; `None` is `else`.
    pub condition: Option<Expr>,
    /// Subsets, with percentages where written.
    pub split: Vec<(Ident, Option<Expr>)>,
}

/// `op NAME(PARAMS) -> TYPE fails ERRORS = METHOD "path" { settings }`
#[derive(Clone, Debug)]
pub struct Operation {
    /// The `///` lines before it.
    pub doc: Option<String>,
    /// The whole declaration.
    pub span: Span,
    /// Its name.
    pub name: Ident,
    /// Its parameters.
    pub params: Vec<Field>,
    /// Its result.
    pub result: Option<Type>,
    /// `-> stream T`: many results, one after the other.
    pub stream: bool,
    /// Its errors.
    pub fails: Vec<Ident>,
    /// The word before the path: `POST`, or a binding of another kind such as `grpc`.
    pub binding: Ident,
    /// The text after it, its `{param}` pieces as expressions.
    pub path: Expr,
    /// `key: ...`, `body: ...`, `timeout: ...`
    pub settings: Vec<Setting>,
    /// `on 402: Declined(reason: ...)`
    pub on: Vec<OnStatus>,
}

/// `on STATUS: Error(...)`
#[derive(Clone, Debug)]
pub struct OnStatus {
    /// The whole entry.
    pub span: Span,
    /// The status: a number literal, or the name of a status of gRPC.
    pub status: Expr,
    /// An error, with arguments or without.
    pub value: Expr,
}
