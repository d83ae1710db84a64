//! Operations from paths and methods: where each parameter goes, what comes back, which status means which error.

use super::{
    Api,
    parameter::{Parameter, Way},
    reply,
    schema::{doc_of, with_note},
};
use crate::{
    ast::{self, Expr, ExprKind, Field, Ident, Setting, TextPart},
    outside::{
        document::{Entry, Node},
        name::{Taken, snake},
        tree,
    },
};
use flowmesh_diagnostics::Span;
use std::rc::Rc;

/// The methods that the language can send.
const METHODS: [&str; 7] = ["get", "head", "post", "put", "patch", "delete", "options"];

impl Api<'_, '_> {
    /// All operations of a document.
    pub(super) fn operations(&mut self, root: &Node, base: &str) -> Vec<ast::Operation> {
        let mut taken = Taken::default();
        let mut made = Vec::new();
        for path in root.get("paths").map(|paths| paths.entries()).unwrap_or_default() {
            if !path.key.starts_with('/') {
                continue;
            }
            let item = self.types.target(&path.value);
            for entry in item.entries() {
                if METHODS.contains(&entry.key.as_str()) {
                    made.push(self.operation(base, path, &item, entry, &mut taken));
                }
            }
        }
        made
    }

    fn operation(
        &mut self,
        base: &str,
        path: &Entry,
        item: &Node,
        entry: &Entry,
        taken: &mut Taken,
    ) -> ast::Operation {
        let node = &entry.value;
        let id = node.entry("operationId").map(|id| &id.value);
        let written = id.and_then(|id| id.text()).map(str::to_owned);
        let name = taken.free(&snake(
            &written.unwrap_or_else(|| format!("{} {}", entry.key, path.key)),
        ));
        let place = id.map_or(entry.span, |id| id.span);
        let mut parameters = self.parameters(item, node, &path.key, &name);
        let body = self.body(node, &name, &mut parameters);
        let reply = self.reply(node, &name);
        let notes: Vec<String> = parameters
            .iter()
            .filter_map(|p| p.note.clone())
            .chain(reply.note)
            .collect();
        let note = (!notes.is_empty()).then(|| notes.join("; "));
        let doc = with_note(doc_of(node), note);
        let sent = |way: Way| parameters.iter().filter(move |parameter| parameter.way == way);
        let mut settings = Vec::new();
        settings.extend(record("query", sent(Way::Query)));
        settings.extend(record("headers", sent(Way::Header)));
        settings.extend(body.map(|name| setting("body", tree::word(name.text, name.span))));
        settings.extend(sent(Way::Key).map(|p| setting("key", tree::word(p.name.text.clone(), p.name.span))));
        ast::Operation {
            doc,
            span: entry.span.to(node.span),
            name: tree::ident(name, place),
            path: template(base, path, &parameters),
            params: parameters
                .into_iter()
                .filter(|p| p.way != Way::Nowhere)
                .map(field)
                .collect(),
            result: reply.ty,
            stream: reply.stream,
            fails: reply.fails,
            binding: tree::ident(entry.key.to_uppercase(), entry.span),
            settings,
            on: reply.on,
        }
    }

    /// The body as a parameter; its name.
    fn body(&mut self, node: &Node, operation: &str, parameters: &mut Vec<Parameter>) -> Option<Ident> {
        let body = self.types.target(node.get("requestBody")?);
        let content = body.get("content")?;
        let (schema, note) = reply::content(content);
        let typed = match schema {
            Some(schema) => self.types.schema(&schema, &format!("{operation}_body"), 0),
            None => super::schema::json(body.span, note),
        };
        let mut taken = Taken::default();
        for parameter in parameters.iter() {
            taken.free(&parameter.name.text);
        }
        let name = tree::ident(taken.free("body"), body.span);
        let parameter = Parameter {
            name: name.clone(),
            wire: String::new(),
            way: Way::Body,
            doc: doc_of(&body),
            ty: typed.ty,
            rule: typed.rule,
            note: typed.note.map(|note| format!("the body is {note}")),
        };
        // What must be given stands first, so that calls can leave out the rest.
        let after = parameters
            .iter()
            .position(|p| matches!(p.ty.kind, ast::TypeKind::Optional(_)));
        parameters.insert(after.unwrap_or(parameters.len()), parameter);
        Some(name)
    }
}

fn field(parameter: Parameter) -> Field {
    Field {
        doc: parameter.doc,
        name: parameter.name,
        ty: parameter.ty,
        rule: parameter.rule,
    }
}

fn setting(name: &'static str, value: Expr) -> Setting {
    let name = tree::ident(name, value.span);
    Setting { name, value }
}

/// `query: { "per-page": per_page }`
fn record<'p>(name: &'static str, parameters: impl Iterator<Item = &'p Parameter>) -> Option<Setting> {
    let entry = |parameter: &Parameter| {
        let (name, span) = (parameter.name.text.clone(), parameter.name.span);
        (tree::ident(parameter.wire.clone(), span), tree::word(name, span))
    };
    let entries: Vec<(Ident, Expr)> = parameters.map(entry).collect();
    let span = entries.first()?.0.span;
    Some(setting(name, tree::of_kind(ExprKind::Record(entries), span)))
}

/// `/pets/{petId}` with its parameters as expressions, behind the path of the server.
fn template(base: &str, path: &Entry, parameters: &[Parameter]) -> Expr {
    let mut parts = vec![TextPart::Literal(base.to_owned())];
    let mut rest = path.key.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, behind)) = after.split_once('}') else {
            break;
        };
        parts.push(TextPart::Literal(before.to_owned()));
        let parameter = parameters.iter().find(|p| p.way == Way::Path && p.wire == name);
        let word = parameter.map_or_else(|| name.into(), |p| p.name.text.clone());
        parts.push(TextPart::Expr(tree::word(word, path.span)));
        rest = behind;
    }
    parts.push(TextPart::Literal(rest.to_owned()));
    tree::of_kind(ExprKind::Text(joined(parts)), path.span)
}

/// Without empty texts, and with texts side by side as one.
fn joined(parts: Vec<TextPart>) -> Vec<TextPart> {
    let mut out: Vec<TextPart> = Vec::with_capacity(parts.len());
    for part in parts {
        match (out.last_mut(), part) {
            (_, TextPart::Literal(text)) if text.is_empty() => {}
            (Some(TextPart::Literal(before)), TextPart::Literal(text)) => before.push_str(&text),
            (_, part) => out.push(part),
        }
    }
    out
}

/// The names between braces in a path.
pub(super) fn names_in(path: &str) -> Vec<&str> {
    let pieces = path.split('{').skip(1);
    pieces
        .filter_map(|piece| piece.split_once('}'))
        .map(|(name, _)| name)
        .collect()
}

/// The path of the first server, which stands before every path of the document.
pub(super) fn base(root: &Rc<Node>) -> String {
    let url = root
        .get("servers")
        .and_then(|servers| servers.items().first())
        .and_then(|server| server.str("url"));
    let url = url.unwrap_or_default();
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.find('/').and_then(|at| rest.get(at..)).unwrap_or(""),
        None => url,
    };
    let path = path.trim_end_matches('/');
    if path.contains('{') || !path.starts_with('/') {
        String::new()
    } else {
        path.to_owned()
    }
}

/// Where an operation without any place of its own stands.
pub(super) fn place(entry: &Entry) -> Span {
    entry.span.to(entry.value.span)
}
