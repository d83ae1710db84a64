//! What comes back: the result, and the errors that some statuses mean.

use super::{
    Api,
    schema::{Typed, doc_of, json},
};
use crate::{
    ast::{Argument, Field, Ident, Item, ItemKind, OnStatus, Type},
    outside::{
        document::{Entry, Node},
        name::capitalised,
        tree,
    },
};
use flowmesh_diagnostics::Span;
use flowmesh_ir::Name;
use std::rc::Rc;

/// What comes back of an operation.
#[derive(Default)]
pub(super) struct Reply {
    pub(super) ty: Option<Type>,
    pub(super) stream: bool,
    pub(super) fails: Vec<Ident>,
    pub(super) on: Vec<OnStatus>,
    pub(super) note: Option<String>,
}

/// An error that was made, and what its body is, so that operations share it.
pub(super) struct Made {
    status: u16,
    body: Option<String>,
    name: Name,
}

/// Types of contents that hold many results.
const STREAMS: [&str; 4] = [
    "text/event-stream",
    "application/x-ndjson",
    "application/jsonl",
    "application/json-seq",
];

impl Api<'_, '_> {
    pub(super) fn reply(&mut self, node: &Node, operation: &str) -> Reply {
        let mut reply = Reply::default();
        let mut results: Vec<Typed> = Vec::new();
        for response in node.get("responses").map(|all| all.entries()).unwrap_or_default() {
            let body = self.types.target(&response.value);
            let good = response.key.starts_with('2');
            if good {
                results.extend(self.result(&body, operation, &mut reply));
            } else if let Some(status) = domain(&response.key) {
                self.failure(status, response, &body, operation, &mut reply);
            }
        }
        let first = results.first().cloned();
        let same = |typed: &Typed| {
            first
                .as_ref()
                .is_some_and(|first| shown(&first.ty) == shown(&typed.ty))
        };
        let typed = match first.clone() {
            Some(first) if !results.iter().all(same) => Some(json(
                first.ty.span,
                Some("its replies have several types".to_owned()),
            )),
            other => other,
        };
        reply.note = typed
            .as_ref()
            .and_then(|typed| typed.note.clone())
            .map(|note| format!("the result is {note}"));
        reply.ty = typed.map(|typed| typed.ty);
        reply
    }

    fn result(&mut self, body: &Node, operation: &str, reply: &mut Reply) -> Option<Typed> {
        let contents = body.get("content")?;
        let stream = contents
            .entries()
            .iter()
            .find(|entry| STREAMS.contains(&media(&entry.key)));
        if let Some(stream) = stream {
            reply.stream = true;
            let schema = stream
                .value
                .get("itemSchema")
                .or_else(|| stream.value.get("schema"))
                .cloned();
            let item = schema.map(|schema| self.types.schema(&schema, &format!("{operation}_item"), 0));
            return Some(item.unwrap_or_else(|| json(stream.span, None)));
        }
        if contents.entries().is_empty() {
            return None;
        }
        Some(match content(contents) {
            (Some(schema), _) => self.types.schema(&schema, &format!("{operation}_result"), 0),
            (None, note) => json(body.span, note),
        })
    }

    fn failure(
        &mut self,
        status: u16,
        response: &Entry,
        body: &Rc<Node>,
        operation: &str,
        reply: &mut Reply,
    ) {
        let schema = body.get("content").and_then(|contents| content(contents).0);
        let typed = schema.map(|schema| {
            self.types
                .schema(&schema, &format!("{operation}_{}", reason(status)), 0)
        });
        let name = self.error(status, typed.as_ref(), body, operation);
        let span = response.span;
        let of_reply = |part: &'static str| tree::field(tree::word("reply", span), part);
        let argument = |name: &'static str, value| Argument {
            name: Some(tree::ident(name, span)),
            value,
        };
        let mut arguments = vec![argument("status", of_reply("status"))];
        if let Some(typed) = typed {
            let kind = crate::ast::ExprKind::As(Box::new(of_reply("body")), typed.ty);
            arguments.push(argument("body", tree::of_kind(kind, span)));
        }
        reply.fails.push(tree::ident(name.clone(), span));
        reply.on.push(OnStatus {
            span,
            status: tree::int(i64::from(status), span),
            value: tree::call(tree::word(name, span), arguments),
        });
    }

    /// The error of a status: one for the whole document where its body is the same everywhere.
    fn error(&mut self, status: u16, typed: Option<&Typed>, body: &Node, operation: &str) -> Name {
        let shape = typed.map(|typed| shown(&typed.ty));
        let known = self
            .errors
            .iter()
            .find(|made| made.status == status && made.body == shape);
        if let Some(known) = known {
            return known.name.clone();
        }
        let other = self.errors.iter().any(|made| made.status == status);
        let reason = capitalised(reason(status));
        let wish = if other {
            format!("{}{reason}", capitalised(operation))
        } else {
            reason
        };
        let wish = if self.types.taken.has(&wish) {
            format!("{wish}Error")
        } else {
            wish
        };
        let name = self.types.taken.free(&wish);
        let field = |name: &'static str, ty: Type| Field {
            doc: None,
            name: tree::ident(name, body.span),
            ty,
            rule: None,
        };
        let mut fields = vec![field("status", tree::named("int", body.span))];
        fields.extend(typed.map(|typed| field("body", typed.ty.clone())));
        self.types.items.push(Item {
            doc: doc_of(body),
            span: body.span,
            kind: ItemKind::Error {
                name: tree::ident(name.clone(), body.span),
                fields,
            },
        });
        self.errors.push(Made {
            status,
            body: shape,
            name: name.clone(),
        });
        name
    }
}

/// The schema of a content that is JSON; else why there is none.
pub(super) fn content(contents: &Node) -> (Option<Rc<Node>>, Option<String>) {
    let is_json = |name: &str| name == "application/json" || name.ends_with("+json") || name == "*/*";
    let json = contents.entries().iter().find(|entry| is_json(media(&entry.key)));
    match (json, contents.entries().first()) {
        (Some(entry), _) => (entry.value.get("schema").cloned(), None),
        (None, Some(entry)) => (None, Some(format!("`{}` is no JSON", media(&entry.key)))),
        (None, None) => (None, None),
    }
}

fn media(key: &str) -> &str {
    key.split(';').next().unwrap_or(key).trim()
}

/// Statuses that mean something to a flow. What any call can end with (a server that fails, a limit, a timeout) stays
/// `UnexpectedStatus`, so that policies and not flows deal with it.
fn domain(status: &str) -> Option<u16> {
    let status: u16 = status.parse().ok()?;
    ((400..500).contains(&status) && !matches!(status, 408 | 425 | 429)).then_some(status)
}

fn reason(status: u16) -> &'static str {
    match status {
        400 => "BadRequest",
        401 => "Unauthorized",
        402 => "PaymentRequired",
        403 => "Forbidden",
        404 => "NotFound",
        405 => "MethodNotAllowed",
        406 => "NotAcceptable",
        409 => "Conflict",
        410 => "Gone",
        411 => "LengthRequired",
        412 => "PreconditionFailed",
        413 => "ContentTooLarge",
        415 => "UnsupportedMediaType",
        422 => "Unprocessable",
        423 => "Locked",
        424 => "FailedDependency",
        428 => "PreconditionRequired",
        451 => "UnavailableForLegalReasons",
        _ => "Refused",
    }
}

/// A type as text, to tell whether two are the same.
fn shown(ty: &Type) -> String {
    use crate::ast::TypeKind;
    match &ty.kind {
        TypeKind::Name(words) => words
            .iter()
            .map(|word| word.text.as_str())
            .collect::<Vec<_>>()
            .join("."),
        TypeKind::Optional(inner) => format!("{}?", shown(inner)),
        TypeKind::List(inner) => format!("[{}]", shown(inner)),
        TypeKind::Map(_, inner) => format!("{{{}}}", shown(inner)),
        // No document describes what only a flow may take.
        TypeKind::Service | TypeKind::Subset(_) | TypeKind::Operation(..) | TypeKind::Bad => String::new(),
    }
}

/// Where a document says nothing at all.
pub(super) fn nowhere(root: &Node) -> Span {
    Span {
        end: root.span.start,
        ..root.span
    }
}
