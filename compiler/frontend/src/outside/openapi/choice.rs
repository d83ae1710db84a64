//! `oneOf` and `anyOf`: an enum where its cases can be told apart, a plain type where all parts are alike, else `json`.

use super::{
    object::Object,
    scalar,
    schema::{Shape, Types, is_null, json, kind_of, nullable, ruled},
};
use crate::{
    ast::Case,
    outside::{
        document::Node,
        name::{Taken, is_word, snake},
        tree,
    },
};
use flowmesh_diagnostics::Span;
use flowmesh_ir::Name;
use std::rc::Rc;

/// An object that is a case of an enum.
struct Part {
    /// What says in JSON that it is this one.
    wire: String,
    node: Rc<Node>,
    object: Object,
}

impl Types<'_, '_> {
    /// What one of several schemas is; whether it may be `null` is the caller's to say.
    pub(super) fn one_of(&mut self, node: &Rc<Node>, parts: &Node, hint: &str, depth: u32) -> Shape {
        let parts = parts.items().iter();
        let given: Vec<Rc<Node>> = parts.filter(|part| !is_null(part)).cloned().collect();
        if let [only] = given.as_slice() {
            return Shape::Plain(self.schema(only, hint, depth.saturating_add(1)));
        }
        if let Some((tag, cases)) = self.tagged(node, &given, hint, depth) {
            return Shape::Enum(Some(tag), cases);
        }
        if let Some(cases) = self.variants(&given, hint, depth) {
            return Shape::Enum(None, cases);
        }
        if let Some(shape) = self.alike(node, &given) {
            return shape;
        }
        let names: Vec<&str> = given.iter().map(|part| title(part)).collect();
        let tagged = match node.get("discriminator").and_then(|tag| tag.str("propertyName")) {
            Some(tag) => format!(" told apart by `{tag}`, and not all of them are objects that it names"),
            None => String::new(),
        };
        let note = format!("it is one of {}{tagged}", names.join(", "));
        Shape::Plain(json(node.span, Some(note)))
    }

    /// Objects that a property tells apart: the discriminator, or one that has another constant in each.
    fn tagged(
        &mut self,
        node: &Rc<Node>,
        given: &[Rc<Node>],
        hint: &str,
        depth: u32,
    ) -> Option<(Name, Vec<Case>)> {
        let mut objects = Vec::with_capacity(given.len());
        for part in given {
            let (target, mut object) = (self.target(part), Object::default());
            if !self.gather(&target, &mut object, 0) {
                return None;
            }
            objects.push((Rc::clone(part), target, object));
        }
        let discriminator = node.get("discriminator").cloned();
        let tag = match discriminator.as_ref().and_then(|tag| tag.str("propertyName")) {
            Some(tag) => tag.to_owned(),
            None => self.constant_property(&objects)?,
        };
        let mut parts = Vec::with_capacity(objects.len());
        for (part, target, object) in objects {
            for wire in self.wires(discriminator.as_deref(), &tag, &part, &target, &object)? {
                let (node, object) = (Rc::clone(&target), object.without(&tag));
                parts.push(Part { wire, node, object });
            }
        }
        let unique = (1..parts.len()).all(|at| {
            let (before, from) = parts.split_at(at);
            from.first()
                .is_some_and(|part| before.iter().all(|earlier| earlier.wire != part.wire))
        });
        if !unique || parts.is_empty() {
            return None;
        }
        let mut taken = Taken::default();
        let mut cases = Vec::with_capacity(parts.len());
        for part in parts {
            cases.push(self.case(&part, &mut taken, hint, depth)?);
        }
        Some((tag.into(), cases))
    }

    fn case(&mut self, part: &Part, taken: &mut Taken, hint: &str, depth: u32) -> Option<Case> {
        let words = snake(&part.wire);
        // A capitalised name is mostly that of the schema, which is a type already.
        let small = part.wire.starts_with(|c: char| c.is_ascii_lowercase());
        let plain = small && is_word(&part.wire) && !words.ends_with('_');
        let name = taken.free(if plain { &part.wire } else { &words });
        let hint = format!("{hint}{name}");
        let fields = match part.object.is_empty() {
            true => Vec::new(),
            false => match self.record(&part.node, &part.object, &hint, depth.saturating_add(1)) {
                Shape::Record(fields) => fields,
                _ => return None,
            },
        };
        let wire = (name != part.wire).then(|| part.wire.clone());
        let name = tree::ident(name, part.node.span);
        Some(Case { name, wire, fields })
    }

    /// What the property that tells parts apart holds for one of them: the keys of the mapping that lead to it, the
    /// constant that it has there, or the name of its schema.
    fn wires(
        &mut self,
        discriminator: Option<&Node>,
        tag: &str,
        part: &Node,
        target: &Node,
        object: &Object,
    ) -> Option<Vec<String>> {
        let mut found = Vec::new();
        let mapping = discriminator.and_then(|discriminator| discriminator.get("mapping"));
        for entry in mapping.map(|mapping| mapping.entries()).unwrap_or_default() {
            let to = entry.value.text().unwrap_or_default();
            let to = match to.contains(['/', '#', '.']) {
                true => to.to_owned(),
                false => format!("#/components/schemas/{to}"),
            };
            match self.files.follow(&to, entry.value.span) {
                Ok(led) if led.span == target.span => found.push(entry.key.clone()),
                Ok(_) => {}
                Err(problem) => self.problems.push(problem),
            }
        }
        if found.is_empty() {
            let reference = part.str("$ref").and_then(|text| text.rsplit(['/', '#']).next());
            let constant = self
                .constant(object, tag)
                .or_else(|| reference.map(str::to_owned));
            found.extend(constant);
        }
        (!found.is_empty()).then_some(found)
    }

    /// The property that must be there in all of them, and has another constant in each.
    fn constant_property(&mut self, objects: &[(Rc<Node>, Rc<Node>, Object)]) -> Option<String> {
        let (_, _, first) = objects.first()?;
        let keys: Vec<String> = first
            .properties
            .iter()
            .map(|property| property.key.clone())
            .collect();
        for key in keys {
            let constants: Option<Vec<String>> = objects
                .iter()
                .map(|(_, _, object)| {
                    let required = object.required.contains(&key);
                    required.then(|| self.constant(object, &key)).flatten()
                })
                .collect();
            let Some(mut constants) = constants else { continue };
            constants.sort_unstable();
            if constants.windows(2).all(|pair| pair.first() != pair.last()) {
                return Some(key);
            }
        }
        None
    }

    /// The one text that a property may be.
    fn constant(&mut self, object: &Object, key: &str) -> Option<String> {
        let property = object.properties.iter().find(|property| property.key == key)?;
        let node = self.target(&property.value);
        let only = match (node.get("const"), node.get("enum").map(|values| values.items())) {
            (Some(only), _) => Rc::clone(only),
            (None, Some([only])) => Rc::clone(only),
            _ => return None,
        };
        only.text().map(str::to_owned)
    }

    /// Parts that are all listed values, all texts or all numbers.
    fn alike(&mut self, node: &Rc<Node>, given: &[Rc<Node>]) -> Option<Shape> {
        let targets: Vec<Rc<Node>> = given.iter().map(|part| self.target(part)).collect();
        let mut values = Vec::new();
        for target in &targets {
            match (target.get("const"), target.get("enum")) {
                (Some(only), _) => values.push(Rc::clone(only)),
                (None, Some(several)) => values.extend(several.items().iter().cloned()),
                (None, None) => {}
            }
        }
        let listed = |target: &&Rc<Node>| target.get("const").is_some() || target.get("enum").is_some();
        if !targets.is_empty() && targets.iter().filter(listed).count() == targets.len() {
            return Some(scalar::one_of_values(&values, node.span));
        }
        let kinds: Vec<&str> = targets.iter().map(|target| kind(target)).collect::<Option<_>>()?;
        let name = match kinds.as_slice() {
            [] => return None,
            all if all.iter().all(|kind| *kind == "string") => "string",
            all if all.iter().all(|kind| *kind == "integer") => "int",
            all if all.iter().all(|kind| matches!(*kind, "integer" | "number")) => "float",
            all if all.iter().all(|kind| *kind == "boolean") => "bool",
            _ => return None,
        };
        let mut typed = ruled(name, node.span, None);
        typed.note = Some(format!(
            "`{name}`, since it is one of several with rules of their own"
        ));
        Some(Shape::Plain(typed))
    }

    /// Objects with one property each, `{"card": {...}}`, are the cases of an enum on the wire.
    fn variants(&mut self, parts: &[Rc<Node>], hint: &str, depth: u32) -> Option<Vec<Case>> {
        let mut found: Vec<(String, Span, Rc<Node>)> = Vec::new();
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
            cases.push(Case {
                name,
                wire: None,
                fields,
            });
        }
        (cases.len() > 1).then_some(cases)
    }
}

/// What kind of values a part allows, listed ones included.
fn kind(target: &Node) -> Option<&str> {
    match target.get("const").or_else(|| target.get("enum")) {
        Some(values) => values
            .items()
            .iter()
            .all(|value| value.text().is_some())
            .then_some("string"),
        None => kind_of(target).ok(),
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
