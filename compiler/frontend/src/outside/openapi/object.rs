//! Objects made of several schemas: `allOf` merged.

use super::schema::{Kind, Shape, Typed, Types, json};
use crate::outside::document::{Entry, Node};
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
#[derive(Clone)]
pub(super) struct Property {
    pub(super) key: String,
    pub(super) span: flowmesh_diagnostics::Span,
    pub(super) value: Rc<Node>,
}

impl Object {
    pub(super) fn is_empty(&self) -> bool {
        self.properties.is_empty()
    }

    /// The same without one of its properties.
    pub(super) fn without(&self, key: &str) -> Self {
        let others = self.properties.iter().filter(|property| property.key != key);
        let required = self.required.iter().filter(|name| *name != key);
        Self {
            properties: others.cloned().collect(),
            required: required.cloned().collect(),
        }
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
        // A part that only describes is not one of the value.
        let said: Vec<&Rc<Node>> = parts.iter().filter(|part| says_something(part)).collect();
        if let ([only], None) = (said.as_slice(), node.get("properties")) {
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
    pub(super) fn gather(&mut self, node: &Rc<Node>, object: &mut Object, depth: u32) -> bool {
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
}

impl Typed {
    /// Whether it can be written as one text.
    pub(super) fn is_simple(&self) -> bool {
        self.kind == Kind::Simple
    }
}

/// Whether a schema says anything of its values.
fn says_something(node: &Node) -> bool {
    const WORDS: [&str; 12] = [
        "$ref",
        "type",
        "properties",
        "required",
        "items",
        "allOf",
        "oneOf",
        "anyOf",
        "enum",
        "const",
        "format",
        "pattern",
    ];
    WORDS.iter().any(|word| node.get(word).is_some())
}
