//! Objects held to the rules (`x-kubernetes-validations`) of their definitions, as a cluster does when they are made.
//!
//! 1. [`filled`]: what the definition says where an object says nothing, since rules see that
//! 2. [`typed`]: values of CEL from the object, by the types of the schema
//! 3. [`broken`]: every rule at every place where the object has something, and lists in which nothing may stand twice

use crate::cel::{self, Value};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// A rule of a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Where it stands: `spec.rules[].matches`; `{}` is every value of a map.
    pub path: String,
    /// What must hold.
    pub rule: String,
    /// What is said where it does not.
    pub message: String,
}

impl Rule {
    fn of(path: &str, rule: &Json) -> Self {
        let text = |name: &str| rule[name].as_str().unwrap_or_default().to_owned();
        Self {
            path: path.to_owned(),
            rule: text("rule"),
            message: text("message"),
        }
    }

    /// Whether it compares an object with what it was before, and so says nothing of one that is new.
    #[must_use]
    pub fn is_transition(&self) -> bool {
        let names = self.rule.split(|c: char| !c.is_alphanumeric() && c != '_');
        names.into_iter().any(|name| name == "oldSelf")
    }

    /// Why nothing can be said of it; nothing where something can.
    #[must_use]
    pub fn unknown(&self) -> Option<String> {
        match cel::parse(&self.rule) {
            Err(error) => Some(error),
            Ok(expr) => {
                let unknown: Vec<String> = cel::unknown(&expr)
                    .into_iter()
                    .filter(|name| name != "oldSelf")
                    .collect();
                (!unknown.is_empty()).then(|| unknown.join(", "))
            }
        }
    }
}

/// All rules of a schema.
#[must_use]
pub fn rules(schema: &Json) -> Vec<Rule> {
    let mut all = Vec::new();
    gather(schema, "", &mut all);
    all
}

fn gather(schema: &Json, path: &str, all: &mut Vec<Rule>) {
    all.extend(own(schema).map(|rule| Rule::of(path, rule)));
    for (name, schema) in fields(schema) {
        gather(schema, &below(path, name), all);
    }
    for (part, mark) in [("items", "[]"), ("additionalProperties", "{}")] {
        if schema[part].is_object() {
            gather(&schema[part], &format!("{path}{mark}"), all);
        }
    }
}

/// What an object breaks: where, and what the rule says of it; or why it could not be evaluated, which is the same to a cluster.
#[must_use]
pub fn broken(schema: &Json, object: &Json) -> Vec<String> {
    let mut all = Vec::new();
    look(schema, &filled(schema, object), "", &mut all);
    all
}

fn look(schema: &Json, object: &Json, path: &str, all: &mut Vec<String>) {
    if object.is_null() {
        return;
    }
    let mut value = None;
    for rule in own(schema)
        .map(|rule| Rule::of(path, rule))
        .filter(|rule| !rule.is_transition())
    {
        let value = value.get_or_insert_with(|| typed(schema, object, path.is_empty()));
        let outcome = cel::parse(&rule.rule).and_then(|expr| cel::evaluate(&expr, value));
        match outcome {
            Ok(Value::Bool(true)) => {}
            Ok(_) => all.push(format!("{path}: {}", rule.said())),
            Err(error) => all.push(format!("{path}: {} ({error})", rule.said())),
        }
    }
    if let Some(twice) = twice(schema, object) {
        all.push(format!("{path}: duplicate value: {twice}"));
    }
    let properties: BTreeMap<_, _> = fields(schema).collect();
    for (name, value) in object.as_object().into_iter().flatten() {
        let schema = properties
            .get(name)
            .copied()
            .unwrap_or(&schema["additionalProperties"]);
        look(schema, value, &below(path, name), all);
    }
    for (at, value) in object.as_array().into_iter().flatten().enumerate() {
        look(&schema["items"], value, &format!("{path}[{at}]"), all);
    }
}

/// What stands twice in a list in which nothing may: an item, or the keys of one.
fn twice(schema: &Json, object: &Json) -> Option<Json> {
    let items = object.as_array()?;
    let key = |item: &Json| match schema["x-kubernetes-list-type"].as_str() {
        Some("set") => Some(item.clone()),
        Some("map") => {
            let names = schema["x-kubernetes-list-map-keys"]
                .as_array()
                .into_iter()
                .flatten();
            Some(
                names
                    .map(|name| item[name.as_str().unwrap_or_default()].clone())
                    .collect(),
            )
        }
        _ => None,
    };
    let keys: Vec<Json> = items.iter().filter_map(key).collect();
    let twice = keys
        .iter()
        .enumerate()
        .find(|(at, key)| keys.iter().take(*at).any(|earlier| earlier == *key));
    twice.map(|(_, key)| key.clone())
}

impl Rule {
    /// What a cluster says where it is broken; most have a message of their own.
    fn said(&self) -> String {
        if self.message.is_empty() {
            format!("failed rule: {}", self.rule)
        } else {
            self.message.clone()
        }
    }
}

fn own(schema: &Json) -> impl Iterator<Item = &Json> {
    schema["x-kubernetes-validations"]
        .as_array()
        .into_iter()
        .flatten()
}

fn fields(schema: &Json) -> impl Iterator<Item = (&String, &Json)> {
    schema["properties"].as_object().into_iter().flatten()
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

/// The object with what the schema says where it says nothing. A `null` that may not be one is nothing.
#[must_use]
pub fn filled(schema: &Json, object: &Json) -> Json {
    let mut object = object.clone();
    fill(schema, &mut object);
    object
}

fn fill(schema: &Json, object: &mut Json) {
    match object {
        Json::Object(map) => {
            for (name, schema) in fields(schema) {
                let nothing = |value: &Json| value.is_null() && schema["nullable"] != true;
                if map.get(name).is_some_and(nothing) {
                    map.remove(name);
                }
                if let Some(default) = schema.get("default") {
                    map.entry(name.clone()).or_insert_with(|| default.clone());
                }
            }
            for (name, value) in map.iter_mut() {
                let of = schema["properties"]
                    .get(name)
                    .unwrap_or(&schema["additionalProperties"]);
                fill(of, value);
            }
        }
        Json::Array(items) => items.iter_mut().for_each(|item| fill(&schema["items"], item)),
        _ => {}
    }
}

/// A value as rules see it: numbers by their type, fields by the names that they can be called by, nothing that has no type.
fn typed(schema: &Json, object: &Json, root: bool) -> Value {
    match object {
        Json::Null => Value::Null,
        Json::Bool(is) => Value::Bool(*is),
        Json::Number(number) => match number.as_i64().filter(|_| schema["type"] != "number") {
            Some(whole) => Value::Int(whole),
            None => Value::Double(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => of_text(schema, text),
        Json::Array(items) => Value::List(
            items
                .iter()
                .map(|item| typed(&schema["items"], item, false))
                .collect(),
        ),
        Json::Object(map) if schema["additionalProperties"].is_object() => {
            let of = &schema["additionalProperties"];
            let entries = map
                .iter()
                .map(|(key, value)| (cel::Key::Text(key.clone()), typed(of, value, false)));
            Value::Map(entries.collect())
        }
        Json::Object(map) => {
            let mut all = BTreeMap::new();
            for (name, value) in map {
                if let Some(of) = schema["properties"].get(name).filter(|of| has_type(of)) {
                    all.insert(called(name), typed(of, value, false));
                }
            }
            if root || schema["x-kubernetes-embedded-resource"] == true {
                all.extend(known(map));
            }
            Value::Object(all)
        }
    }
}

/// What every object has, whether its definition says so or not: its kind, and the two names that may be seen.
fn known(map: &serde_json::Map<String, Json>) -> Vec<(String, Value)> {
    let texts = |map: &serde_json::Map<String, Json>, names: [&str; 2]| {
        let found = names.map(|name| Some((name.to_owned(), Value::text(map.get(name)?.as_str()?))));
        found.into_iter().flatten().collect::<Vec<_>>()
    };
    let mut all = texts(map, ["apiVersion", "kind"]);
    if let Some(metadata) = map.get("metadata").and_then(Json::as_object) {
        let names = texts(metadata, ["name", "generateName"]);
        all.push(("metadata".to_owned(), Value::Object(names.into_iter().collect())));
    }
    all
}

/// What may be anything has no type, and rules do not see it.
fn has_type(schema: &Json) -> bool {
    schema["type"].is_string() || schema["x-kubernetes-int-or-string"] == true
}

fn of_text(schema: &Json, text: &str) -> Value {
    let (function, argument) = match schema["format"].as_str().unwrap_or_default() {
        "duration" => ("duration", text.to_owned()),
        "date-time" => ("timestamp", text.to_owned()),
        "date" => ("timestamp", format!("{text}T00:00:00Z")),
        _ => return Value::text(text),
    };
    cel::converted(function, &Value::Text(argument)).unwrap_or_else(|| Value::text(text))
}

/// The words of CEL that no field may be called by.
const WORDS: [&str; 21] = [
    "true",
    "false",
    "null",
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

/// What rules call a field.
fn called(name: &str) -> String {
    if WORDS.contains(&name) {
        return format!("__{name}__");
    }
    let name = name.replace("__", "__underscores__");
    name.replace('.', "__dot__")
        .replace('-', "__dash__")
        .replace('/', "__slash__")
}
