//! Parameters of operations: what the document calls them, and by which way they go out.

use super::{
    Api,
    operation::{names_in, place},
    schema::{Kind, Typed, doc_of, or_none, ruled},
};
use crate::{
    ast::{Expr, Ident, Type, TypeKind},
    outside::{
        document::Node,
        name::{Taken, is_word, snake},
        tree,
    },
};
use flowmesh_diagnostics::Span;
use std::rc::Rc;

/// By which way a parameter goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Path,
    Query,
    Header,
    /// The header `Idempotency-Key`.
    Key,
    Body,
    /// It is not sent.
    Nowhere,
}

/// A parameter.
#[derive(Clone, Debug)]
pub(super) struct Parameter {
    pub(super) name: Ident,
    /// What the service calls it.
    pub(super) wire: String,
    pub(super) way: Way,
    pub(super) doc: Option<String>,
    pub(super) ty: Type,
    pub(super) rule: Option<Expr>,
    /// What could not be said, for the documentation of the operation.
    pub(super) note: Option<String>,
}

impl Api<'_, '_> {
    /// The parameters of an operation and of its path, those that must be given first.
    pub(super) fn parameters(
        &mut self,
        item: &Node,
        node: &Node,
        path: &str,
        operation: &str,
    ) -> Vec<Parameter> {
        let mut nodes: Vec<Rc<Node>> = Vec::new();
        for owner in [item, node] {
            for parameter in owner.get("parameters").map(|all| all.items()).unwrap_or_default() {
                let parameter = self.types.target(parameter);
                let same = |known: &Rc<Node>| {
                    ["in", "name"]
                        .iter()
                        .all(|key| known.str(key) == parameter.str(key))
                };
                nodes.retain(|known| !same(known));
                nodes.push(parameter);
            }
        }
        let mut taken = Taken::default();
        let mut made: Vec<Parameter> = Vec::new();
        for node in &nodes {
            made.extend(self.parameter(node, path, operation, &mut taken));
        }
        for name in names_in(path) {
            let known = made.iter().any(|p| p.way == Way::Path && p.wire == name);
            if !known {
                made.push(undeclared(name, item.span, &mut taken));
            }
        }
        made.sort_by_key(|parameter| matches!(parameter.ty.kind, TypeKind::Optional(_)));
        made
    }

    fn parameter(
        &mut self,
        node: &Rc<Node>,
        path: &str,
        operation: &str,
        taken: &mut Taken,
    ) -> Option<Parameter> {
        let entry = node.entry("name")?;
        let wire = entry.value.text()?;
        let way = match node.str("in")? {
            "path" if names_in(path).contains(&wire) => Way::Path,
            "query" => Way::Query,
            // These three the mesh writes by itself.
            "header"
                if ["accept", "content-type", "authorization"].contains(&wire.to_lowercase().as_str()) =>
            {
                return None;
            }
            "header" if wire.eq_ignore_ascii_case("idempotency-key") => Way::Key,
            "header" => Way::Header,
            _ => Way::Nowhere,
        };
        let name = if is_word(wire) {
            taken.free(wire)
        } else {
            taken.free(&snake(wire))
        };
        let typed = match node.get("schema").cloned() {
            Some(schema) => self.types.schema(&schema, &format!("{operation}_{wire}"), 0),
            None => ruled("string", node.span, None),
        };
        let required = way == Way::Path || node.is_true("required");
        let (typed, note) = fitting(node, way, typed, wire, required);
        let way = if note.is_some() && !required {
            Way::Nowhere
        } else {
            way
        };
        Some(Parameter {
            name: tree::ident(name, place(entry)),
            wire: wire.to_owned(),
            way,
            doc: doc_of(node),
            rule: typed.rule.clone(),
            ty: or_none(typed, !required && way != Way::Key).ty,
            note,
        })
    }
}

/// The type of a parameter as its way can carry it, and what had to be left out.
fn fitting(node: &Node, way: Way, typed: Typed, wire: &str, required: bool) -> (Typed, Option<String>) {
    let repeated = way == Way::Query && node.str("explode") != Some("false");
    let good = typed.is_simple() || (typed.kind == Kind::Several && repeated);
    let optional = matches!(typed.ty.kind, TypeKind::Optional(_));
    match way {
        Way::Nowhere => (typed, Some(format!("the cookie `{wire}` is not sent"))),
        Way::Path | Way::Header | Way::Key if good && optional => (present(typed), None),
        _ if good => (typed, None),
        _ => {
            let span = node.span;
            let what = if required {
                "is given as it stands in the request"
            } else {
                "is not sent"
            };
            (
                ruled("string", span, None),
                Some(format!("the parameter `{wire}` {what}")),
            )
        }
    }
}

/// Without the `?`.
fn present(typed: Typed) -> Typed {
    let ty = match typed.ty.kind {
        TypeKind::Optional(inner) => *inner,
        kind => Type {
            span: typed.ty.span,
            kind,
        },
    };
    Typed { ty, ..typed }
}

/// A name in a path that the document forgot to declare.
fn undeclared(name: &str, span: Span, taken: &mut Taken) -> Parameter {
    let free = if is_word(name) {
        taken.free(name)
    } else {
        taken.free(&snake(name))
    };
    Parameter {
        name: tree::ident(free, span),
        wire: name.to_owned(),
        way: Way::Path,
        doc: None,
        ty: tree::named("string", span),
        rule: None,
        note: None,
    }
}
