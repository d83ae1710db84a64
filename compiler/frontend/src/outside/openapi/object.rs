//! Objects made of several schemas: `allOf` merged, `oneOf` as variants where the wire is that of an enum.

use super::schema::{Kind, Shape, Typed, Types, json, nullable, or_none};
use crate::{
    ast::Case,
    outside::{
        document::{Entry, Node},
        name::is_word,
        tree,
    },
};
use std::{collections::HashSet, rc::Rc};

/// How deep parts of `allOf` may stand in each other.
const DEEPEST: u32 = 32;

/// The properties of an object, wherever they were said.
#[derive(Default)]
pub(super) struct Object {
    pub(super) properties: Vec<Property>,
    pub(super) required: HashSet<String>,
}

/// A property.
pub(super) struct Property {
    pub(super) key: String,
    pub(super) span: flowmesh_diagnostics::Span,
    pub(super) value: Rc<Node>,
}

impl Object {
    pub(super) fn is_empty(&self) -> bool {
        self.properties.is_empty()
    }

    /// Takes over what a schema itself says; a later property of the same name stands instead of the first.
    pub(super) fn add(&mut self, node: &Node) {
        let property = |entry: &Entry| Property {
            key: entry.key.clone(),
            span: entry.span,
            value: Rc::clone(&entry.value),
        };
        for entry in node
            .get("properties")
            .map(|all| all.entries())
            .unwrap_or_default()
        {
            match self.properties.iter_mut().find(|known| known.key == entry.key) {
                Some(known) => *known = property(entry),
                None => self.properties.push(property(entry)),
            }
        }
        let required = node.get("required").map(|all| all.items()).unwrap_or_default();
        self.required
            .extend(required.iter().filter_map(|name| name.text()).map(str::to_owned));
    }
}

impl Types<'_, '_> {
    /// `allOf`: one record of all properties, or the only part.
    pub(super) fn merged(&mut self, node: &Rc<Node>, hint: &str, depth: u32) -> Shape {
        let parts: Vec<Rc<Node>> = node
            .get("allOf")
            .map(|all| all.items().to_vec())
            .unwrap_or_default();
        if let ([only], None) = (parts.as_slice(), node.get("properties")) {
            return Shape::Plain(self.schema(only, hint, depth.saturating_add(1)));
        }
        let mut object = Object::default();
        if self.gather(node, &mut object, 0) && !object.is_empty() {
            return self.record(node, &object, hint, depth);
        }
        let note = "not all parts of its `allOf` are objects".to_owned();
        Shape::Plain(json(node.span, Some(note)))
    }

    /// Adds all properties of an object and its parts; false where a part is no object.
    fn gather(&mut self, node: &Rc<Node>, object: &mut Object, depth: u32) -> bool {
        let node = self.target(node);
        let plain = node.get("oneOf").is_none() && node.get("anyOf").is_none() && node.get("enum").is_none();
        let kind = node.str("type").unwrap_or("object");
        if depth > DEEPEST || !plain || kind != "object" {
            return false;
        }
        let parts: Vec<Rc<Node>> = node
            .get("allOf")
            .map(|all| all.items().to_vec())
            .unwrap_or_default();
        let deeper = depth.saturating_add(1);
        let good = parts.iter().all(|part| self.gather(part, object, deeper));
        object.add(&node);
        good
    }

    /// `oneOf` and `anyOf`: `T?`, an enum with payloads, or `json`.
    pub(super) fn one_of(&mut self, node: &Rc<Node>, parts: &Node, hint: &str, depth: u32) -> Shape {
        let is_null = |part: &Rc<Node>| part.str("type") == Some("null");
        let given: Vec<Rc<Node>> = parts
            .items()
            .iter()
            .filter(|part| !is_null(part))
            .cloned()
            .collect();
        let empty = given.len() < parts.items().len();
        if let [only] = given.as_slice() {
            let typed = self.schema(only, hint, depth.saturating_add(1));
            return Shape::Plain(or_none(typed, empty));
        }
        if let (Some(cases), false) = (self.variants(&given, hint, depth), empty) {
            return Shape::Enum(cases);
        }
        let names: Vec<&str> = given.iter().map(|part| title(part)).collect();
        let tagged = match node.get("discriminator").and_then(|tag| tag.str("propertyName")) {
            Some(tag) => format!(" told apart by `{tag}`"),
            None => String::new(),
        };
        let note = format!("it is one of {}{tagged}", names.join(", "));
        Shape::Plain(or_none(json(node.span, Some(note)), empty))
    }

    /// Objects with one property each, `{"card": {...}}`, are the cases of an enum on the wire.
    fn variants(&mut self, parts: &[Rc<Node>], hint: &str, depth: u32) -> Option<Vec<Case>> {
        let mut found: Vec<(String, flowmesh_diagnostics::Span, Rc<Node>)> = Vec::new();
        for part in parts {
            let mut object = Object::default();
            let target = self.target(part);
            if !self.gather(&target, &mut object, 0) {
                return None;
            }
            let [property] = object.properties.as_slice() else {
                return None;
            };
            let payload = self.target(&property.value);
            let again = found.iter().any(|(name, ..)| *name == property.key);
            let good = object.required.contains(&property.key) && is_word(&property.key) && !again;
            if !good || nullable(&payload) {
                return None;
            }
            found.push((property.key.clone(), property.span, payload));
        }
        let mut cases = Vec::with_capacity(found.len());
        for (name, span, payload) in found {
            let mut object = Object::default();
            if !self.gather(&payload, &mut object, 0) || object.is_empty() {
                return None;
            }
            let Shape::Record(fields) = self.record(&payload, &object, &format!("{hint}{name}"), depth)
            else {
                return None;
            };
            let name = tree::ident(name, span);
            cases.push(Case { name, fields });
        }
        (cases.len() > 1).then_some(cases)
    }
}

/// What to call a part in a note.
fn title(part: &Node) -> &str {
    let reference = part.str("$ref").and_then(|text| text.rsplit('/').next());
    reference
        .or_else(|| part.str("title"))
        .or_else(|| part.str("type"))
        .unwrap_or("a schema")
}

impl Typed {
    /// Whether it can be written as one text.
    pub(super) fn is_simple(&self) -> bool {
        self.kind == Kind::Simple
    }
}
