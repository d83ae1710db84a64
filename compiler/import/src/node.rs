//! What was read: YAML or JSON as a tree, each part with its place.

use flowmesh_diagnostics::{SourceId, Span};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_saphyr::Spanned;
use std::fmt;

/// The most bytes of one file.
pub(crate) const MAX_BYTES: usize = 8 << 20;
/// How deep lists and objects may stand in each other.
const MAX_DEPTH: usize = 100;
/// The most values of one file.
const MAX_NODES: usize = 500_000;
/// The most objects of one file.
const MAX_DOCUMENTS: usize = 10_000;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) span: Span,
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

/// Places are no part of what is said.
impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

/// All documents of a text.
///
/// # Errors
/// Why it cannot be read, and where.
pub(crate) fn read(source: SourceId, text: &str) -> Result<Vec<Node>, (String, Span)> {
    let at = Span::new(source, 0, 0);
    if text.len() > MAX_BYTES {
        return Err((format!("it is larger than {} MiB", MAX_BYTES >> 20), at));
    }
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_events: 2 * MAX_NODES,
            max_documents: MAX_DOCUMENTS,
            max_aliases: 1_000,
            max_anchors: 1_000,
        },
        with_snippet: false,
        strict_booleans: true,
    };
    let found: Result<Vec<Spanned<Value>>, _> = serde_saphyr::from_multiple_with_options(text, options);
    let mut nodes: Vec<Node> = match found {
        Ok(found) => found.into_iter().map(Node::from).collect(),
        Err(error) => {
            let place = error
                .location()
                .and_then(|location| location.span().byte_offset());
            let start = u32::try_from(place.unwrap_or_default()).unwrap_or_default();
            let words = error.to_string().lines().next().unwrap_or_default().to_owned();
            return Err((words, Span::new(source, start, start)));
        }
    };
    nodes.iter_mut().for_each(|node| node.stand_in(source));
    Ok(nodes)
}

impl Node {
    /// Its places are those of a text.
    fn stand_in(&mut self, source: SourceId) {
        self.span.source = source;
        match &mut self.value {
            Value::List(all) => all.iter_mut().for_each(|one| one.stand_in(source)),
            Value::Object(all) => all.iter_mut().for_each(|(_, one)| one.stand_in(source)),
            _ => {}
        }
    }

    /// A field of an object.
    pub(crate) fn get(&self, name: &str) -> Option<&Node> {
        let Value::Object(all) = &self.value else {
            return None;
        };
        all.iter().find(|(key, _)| key == name).map(|(_, node)| node)
    }

    /// A value that is one word, as text.
    pub(crate) fn text(&self) -> Option<String> {
        match &self.value {
            Value::Text(text) => Some(text.clone()),
            Value::Bool(it) => Some(it.to_string()),
            Value::Int(it) => Some(it.to_string()),
            Value::Float(it) => Some(it.to_string()),
            Value::Null | Value::List(_) | Value::Object(_) => None,
        }
    }

    /// The elements of a list; one value stands for a list of it.
    pub(crate) fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(all) => all,
            Value::Null => &[],
            _ => std::slice::from_ref(self),
        }
    }
}

impl From<Spanned<Value>> for Node {
    fn from(found: Spanned<Value>) -> Self {
        let span = found.referenced.span();
        let start = u32::try_from(span.byte_offset().unwrap_or_default()).unwrap_or_default();
        let length = u32::try_from(span.byte_len().unwrap_or_default()).unwrap_or_default();
        Self {
            value: found.value,
            span: Span::new(SourceId(0), start, start.saturating_add(length)),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Read)
    }
}

struct Read;

impl<'de> Visitor<'de> for Read {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_bool<E>(self, it: bool) -> Result<Value, E> {
        Ok(Value::Bool(it))
    }

    fn visit_i64<E>(self, it: i64) -> Result<Value, E> {
        Ok(Value::Int(it))
    }

    fn visit_u64<E>(self, it: u64) -> Result<Value, E> {
        Ok(i64::try_from(it).map_or_else(|_| Value::Text(it.to_string()), Value::Int))
    }

    fn visit_f64<E>(self, it: f64) -> Result<Value, E> {
        Ok(Value::Float(it))
    }

    fn visit_str<E>(self, it: &str) -> Result<Value, E> {
        Ok(Value::Text(it.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<Value, A::Error> {
        let mut found = Vec::new();
        while let Some(one) = all.next_element::<Spanned<Value>>()? {
            found.push(one.into());
        }
        Ok(Value::List(found))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut all: A) -> Result<Value, A::Error> {
        let mut found = Vec::new();
        while let Some((name, one)) = all.next_entry::<String, Spanned<Value>>()? {
            found.push((name, one.into()));
        }
        Ok(Value::Object(found))
    }
}

#[cfg(test)]
mod tests {
    use super::{Value, read};
    use flowmesh_diagnostics::SourceId;

    #[test]
    fn every_value_knows_its_place() {
        let text = "a: 1\n---\nb:\n- yes\n- {c: x}\n";
        let found = read(SourceId(3), text).expect("it is YAML");
        let [one, two] = found.as_slice() else {
            panic!("two documents")
        };
        let a = one.get("a").expect("a");
        assert_eq!((a.value.clone(), a.span.source), (Value::Int(1), SourceId(3)));
        assert_eq!(&text[a.span.start as usize..a.span.end as usize], "1");
        let b = two.get("b").expect("b").items();
        assert_eq!(b[0].text().as_deref(), Some("yes"));
        assert_eq!(&text[b[1].get("c").expect("c").span.start as usize..][..1], "x");
    }

    #[test]
    fn what_is_too_deep_or_too_large_is_refused() {
        let deep = format!("{}1{}", "[".repeat(2_000), "]".repeat(2_000));
        assert!(read(SourceId(0), &deep).is_err());
        assert!(read(SourceId(0), &"a".repeat(super::MAX_BYTES + 1)).is_err());
        assert!(read(SourceId(0), "a: [b").is_err());
    }

    #[test]
    fn json_is_read_too() {
        let found = read(SourceId(0), "{\"a\": [1.5, null, \"\\u00e9\"]}").expect("it is JSON");
        let items = found[0].get("a").expect("a").items().to_vec();
        assert_eq!(items[0].value, Value::Float(1.5));
        assert_eq!(items[1].value, Value::Null);
        assert_eq!(items[2].text().as_deref(), Some("é"));
    }
}
