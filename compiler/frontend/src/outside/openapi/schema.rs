//! Types from schemas: objects become records, enumerations enums, and what cannot be said becomes `json` with a note.

use super::{object::Object, rule};
use crate::{
    ast::{Case, Expr, Field, Item, ItemKind, Type},
    outside::{
        document::Node,
        files::{Files, Problem},
        name::{Taken, capitalised, is_word},
        tree,
    },
};
use flowmesh_diagnostics::Span;
use flowmesh_ir::{Name, program::BUILTIN_ERRORS};
use std::{collections::HashMap, rc::Rc};

/// How deep schemas may stand in each other without a name between them.
const DEEPEST: u32 = 48;

/// How many schemas of one document are looked at.
const MOST: u32 = 200_000;

/// A type with what else a schema says of its values.
#[derive(Clone, Debug)]
pub(super) struct Typed {
    pub(super) ty: Type,
    pub(super) rule: Option<Expr>,
    /// What could not be said.
    pub(super) note: Option<String>,
    pub(super) kind: Kind,
}

/// What a type is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A text, a number, an enum: it can stand in a path, a query or a header.
    Simple,
    /// A list of those.
    Several,
    /// Anything else.
    Whole,
}

/// What a schema is, before it has a name.
pub(super) enum Shape {
    Record(Vec<Field>),
    /// Cases, and the property that tells them apart where there is one.
    Enum(Option<Name>, Vec<Case>),
    Plain(Typed),
}

/// Makes the types of a document.
pub(super) struct Types<'f, 'w> {
    pub(super) files: &'f mut Files<'w>,
    pub(super) items: Vec<Item>,
    pub(super) taken: Taken,
    /// Schemas that have a name, by their place.
    known: HashMap<Span, (Typed, bool)>,
    /// References that lead nowhere.
    pub(super) problems: Vec<Problem>,
    seen: u32,
}

impl<'f, 'w> Types<'f, 'w> {
    pub(super) fn new(files: &'f mut Files<'w>) -> Self {
        let mut taken = Taken::default();
        for (name, _) in BUILTIN_ERRORS {
            taken.free(name);
        }
        Self {
            files,
            items: Vec::new(),
            taken,
            known: HashMap::new(),
            problems: Vec::new(),
            seen: 0,
        }
    }

    /// What stands behind a `$ref`, and the node itself where there is none.
    pub(super) fn target(&mut self, node: &Rc<Node>) -> Rc<Node> {
        let mut at = Rc::clone(node);
        for _ in 0..DEEPEST {
            let Some(reference) = at.entry("$ref") else {
                return at;
            };
            let (text, span) = (reference.value.text().unwrap_or_default(), reference.value.span);
            match self.files.follow(text, span) {
                Ok(next) => at = next,
                Err(problem) => {
                    self.problems.push(problem);
                    return at;
                }
            }
        }
        let why = "this `$ref` leads to itself";
        self.problems.push(Problem::new(why, Some(node.span)));
        at
    }

    /// The type of a schema; `hint` is what it is called if it needs a name.
    pub(super) fn schema(&mut self, node: &Rc<Node>, hint: &str, depth: u32) -> Typed {
        self.seen = self.seen.saturating_add(1);
        if depth > DEEPEST || self.seen > MOST {
            return json(node.span, Some("it is nested too deep".to_owned()));
        }
        if let Some(reference) = node.str("$ref") {
            let last = reference.rsplit(['/', '#']).find(|word| !word.is_empty());
            let name = last
                .map_or(hint, |last| last.split('.').next().unwrap_or(last))
                .to_owned();
            let target = self.target(node);
            if target.entry("$ref").is_some() {
                return json(node.span, Some("its `$ref` leads nowhere".to_owned()));
            }
            let place = node.get("$ref").map_or(node.span, |value| value.span);
            return self.component(&target, &name, place);
        }
        let empty = nullable(node);
        match self.shape(node, hint, depth) {
            Shape::Plain(typed) => or_none(typed, empty),
            other => {
                let name = self.taken.free(&capitalised(hint));
                self.declare(&name, node, other);
                or_none(of_name(&name, node.span, Kind::Whole), empty)
            }
        }
    }

    /// A schema that has a name of its own.
    pub(super) fn component(&mut self, node: &Rc<Node>, name: &str, place: Span) -> Typed {
        let again = |typed: &Typed| Typed {
            ty: Type {
                span: place,
                ..typed.ty.clone()
            },
            ..typed.clone()
        };
        if let Some((typed, empty)) = self.known.get(&node.span) {
            return or_none(again(typed), *empty);
        }
        let name = self.taken.free(&capitalised(name));
        let empty = nullable(node);
        // Known before it is looked into, since it may contain itself.
        let first = of_name(&name, place, Kind::Whole);
        self.known.insert(node.span, (first, empty));
        let shape = self.shape(node, &name, 0);
        let kind = match &shape {
            Shape::Enum(None, cases) if cases.iter().all(|case| case.fields.is_empty()) => Kind::Simple,
            Shape::Plain(typed) => typed.kind,
            _ => Kind::Whole,
        };
        self.declare(&name, node, shape);
        let typed = of_name(&name, place, kind);
        self.known.insert(node.span, (typed.clone(), empty));
        or_none(typed, empty)
    }

    pub(super) fn declare(&mut self, name: &Name, node: &Node, shape: Shape) {
        let ident = tree::ident(name.clone(), node.span);
        let mut doc = doc_of(node);
        let kind = match shape {
            Shape::Record(fields) => ItemKind::Record { name: ident, fields },
            Shape::Enum(tag, cases) => ItemKind::Enum {
                name: ident,
                tag,
                cases,
            },
            Shape::Plain(typed) => {
                doc = with_note(doc, typed.note);
                let (ty, rule) = (typed.ty, typed.rule);
                ItemKind::Alias {
                    name: ident,
                    ty,
                    rule,
                }
            }
        };
        self.items.push(Item {
            doc,
            span: node.span,
            kind,
        });
    }

    /// What a schema is, without a name.
    fn shape(&mut self, node: &Rc<Node>, hint: &str, depth: u32) -> Shape {
        if node.get("allOf").is_some() {
            return self.merged(node, hint, depth);
        }
        if let Some(parts) = node.get("oneOf").or_else(|| node.get("anyOf")) {
            return self.one_of(node, &Rc::clone(parts), hint, depth);
        }
        if let Some(values) = node.entry("enum").or_else(|| node.entry("const")) {
            return super::scalar::enumerated(&values.value);
        }
        match kind_of(node) {
            Ok("object") => self.object(node, hint, depth),
            Ok("array") => Shape::Plain(self.array(node, hint, depth)),
            Ok(scalar) => Shape::Plain(super::scalar::typed(node, scalar)),
            Err(note) => Shape::Plain(json(node.span, note)),
        }
    }

    fn array(&mut self, node: &Rc<Node>, hint: &str, depth: u32) -> Typed {
        let items = node.get("items").cloned();
        let item = match items {
            Some(items) => self.item(&items, &format!("{hint}Item"), depth),
            None => json(node.span, None),
        };
        let kind = if item.kind == Kind::Simple {
            Kind::Several
        } else {
            Kind::Whole
        };
        Typed {
            ty: tree::list(Type {
                span: node.span,
                ..item.ty
            }),
            rule: rule::of_list(node),
            note: item.note,
            kind,
        }
    }

    /// The type of what lists and maps hold, where a rule needs a type of its own.
    pub(super) fn item(&mut self, node: &Rc<Node>, hint: &str, depth: u32) -> Typed {
        let typed = self.schema(node, hint, depth.saturating_add(1));
        if typed.rule.is_none() {
            return typed;
        }
        let name = self.taken.free(&capitalised(hint));
        let kind = typed.kind;
        self.declare(&name, node, Shape::Plain(typed));
        of_name(&name, node.span, kind)
    }

    fn object(&mut self, node: &Rc<Node>, hint: &str, depth: u32) -> Shape {
        let mut object = Object::default();
        object.add(node);
        let rest = node.get("additionalProperties").filter(|rest| rest.is_map());
        if !object.is_empty() {
            return self.record(node, &object, hint, depth);
        }
        let value = match rest.cloned() {
            Some(rest) => self.item(&rest, &format!("{hint}Value"), depth),
            None if node.str("additionalProperties") == Some("false") => return Shape::Record(Vec::new()),
            None => json(node.span, None),
        };
        Shape::Plain(Typed {
            ty: tree::map(value.ty),
            rule: None,
            note: value.note,
            kind: Kind::Whole,
        })
    }

    /// A record with these properties; `json` where one that must be there has a name that nobody could write.
    pub(super) fn record(&mut self, node: &Node, object: &Object, hint: &str, depth: u32) -> Shape {
        let mut fields = Vec::new();
        for property in &object.properties {
            let (name, required) = (&property.key, object.required.contains(&property.key));
            if !is_word(name) {
                if required {
                    let note = format!("the property `{name}` is no name of the language");
                    return Shape::Plain(json(node.span, Some(note)));
                }
                continue;
            }
            let hint = format!("{hint}{}", capitalised(name));
            let typed = self.schema(&property.value, &hint, depth.saturating_add(1));
            let typed = or_none(typed, !required);
            fields.push(Field {
                doc: with_note(doc_of(&property.value), typed.note),
                name: tree::ident(name.clone(), property.span),
                ty: typed.ty,
                rule: typed.rule,
            });
        }
        Shape::Record(fields)
    }
}

/// The one type that a schema names or implies, `null` aside.
pub(super) fn kind_of(node: &Node) -> Result<&str, Option<String>> {
    let several = node.get("type").map(|ty| ty.items()).unwrap_or_default();
    let named: Vec<&str> = several
        .iter()
        .filter_map(|item| item.text())
        .filter(|ty| *ty != "null")
        .collect();
    match (node.str("type"), named.as_slice()) {
        (Some(ty), _) => Ok(ty),
        (None, [one]) => Ok(*one),
        (None, [_, ..]) => Err(Some(format!("it is one of several types: {}", named.join(", ")))),
        (None, []) if node.get("properties").is_some() || node.get("additionalProperties").is_some() => {
            Ok("object")
        }
        (None, []) if node.get("items").is_some() => Ok("array"),
        (None, []) if node.get("pattern").is_some() || node.get("format").is_some() => Ok("string"),
        (None, []) => Err(None),
    }
}

/// Whether a schema allows `null`.
pub(super) fn nullable(node: &Node) -> bool {
    let listed = node.get("type").map(|ty| ty.items()).unwrap_or_default();
    let parts = node.get("oneOf").or_else(|| node.get("anyOf"));
    let chosen = parts.map(|parts| parts.items()).unwrap_or_default();
    let valued = node.get("enum").map(|values| values.items()).unwrap_or_default();
    node.is_true("nullable")
        || listed.iter().any(|ty| ty.text() == Some("null"))
        || valued.iter().any(|v| v.is_null())
        || chosen.iter().any(|part| is_null(part))
}

/// Whether a schema allows nothing but `null`.
pub(super) fn is_null(node: &Node) -> bool {
    node.str("type") == Some("null") || node.get("const").is_some_and(|only| only.is_null())
}

/// A built-in type, perhaps with a rule.
pub(super) fn ruled(name: &'static str, span: Span, rule: Option<Expr>) -> Typed {
    Typed {
        ty: tree::named(Name::new_static(name), span),
        rule,
        note: None,
        kind: Kind::Simple,
    }
}

/// What the language cannot say.
pub(super) fn json(span: Span, note: Option<String>) -> Typed {
    Typed {
        ty: tree::named(Name::new_static("json"), span),
        rule: None,
        note: note.map(|note| format!("`json`, since {note}")),
        kind: Kind::Whole,
    }
}

pub(super) fn of_name(name: &Name, span: Span, kind: Kind) -> Typed {
    Typed {
        ty: tree::named(name.clone(), span),
        rule: None,
        note: None,
        kind,
    }
}

/// The type, with a `?` where it may be absent.
pub(super) fn or_none(typed: Typed, absent: bool) -> Typed {
    let ty = if absent {
        tree::optional(typed.ty)
    } else {
        typed.ty
    };
    Typed { ty, ..typed }
}

/// What a schema, parameter or operation says of itself.
pub(super) fn doc_of(node: &Node) -> Option<String> {
    let text = |key: &str| node.str(key).map(str::trim).filter(|text| !text.is_empty());
    match (text("summary"), text("description").or_else(|| text("title"))) {
        (Some(a), Some(b)) if a != b => Some(format!("{a}\n\n{b}")),
        (a, b) => a.or(b).map(str::to_owned),
    }
}

/// Documentation with what could not be said.
pub(super) fn with_note(doc: Option<String>, note: Option<String>) -> Option<String> {
    match (doc, note) {
        (Some(doc), Some(note)) => Some(format!("{doc}\n\n({note})")),
        (None, Some(note)) => Some(format!("({note})")),
        (doc, None) => doc,
    }
}
