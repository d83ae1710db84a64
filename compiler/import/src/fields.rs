//! The fields of an object, taken one by one; what nobody took is not known, and is said.

use crate::{
    found::Found,
    node::{Node, Value},
};
use std::collections::BTreeSet;

/// An object of which fields are taken.
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    pub(crate) node: &'a Node,
    /// How people find it: `spec.http`.
    path: String,
    taken: BTreeSet<&'a str>,
}

impl<'a> Fields<'a> {
    /// The fields of a value; none, and a word about it, where it is no object.
    pub(crate) fn of(node: &'a Node, path: impl Into<String>, found: &mut Found) -> Self {
        let path = path.into();
        if !matches!(node.value, Value::Object(_) | Value::Null) {
            found.bad_value(node, &path, "an object");
        }
        Self {
            node,
            path,
            taken: BTreeSet::new(),
        }
    }

    /// A field; one that is `null` is not there.
    pub(crate) fn take(&mut self, name: &str) -> Option<&'a Node> {
        let Value::Object(all) = &self.node.value else {
            return None;
        };
        let (key, node) = all.iter().find(|(key, _)| key == name)?;
        self.taken.insert(key);
        (node.value != Value::Null).then_some(node)
    }

    /// A field that is a text, or could be one.
    pub(crate) fn text(&mut self, name: &str, found: &mut Found) -> Option<String> {
        let node = self.take(name)?;
        let text = node.text();
        if text.is_none() {
            found.bad_value(node, &self.of_field(name), "a text");
        }
        text
    }

    /// A field that is a number from 0 on.
    pub(crate) fn count(&mut self, name: &str, found: &mut Found) -> Option<u32> {
        let node = self.take(name)?;
        let count = match &node.value {
            Value::Int(it) => u32::try_from(*it).ok(),
            Value::Float(it) if *it >= 0.0 && *it <= f64::from(u32::MAX) => {
                format!("{:.0}", it.round()).parse().ok()
            }
            Value::Text(text) => text.parse().ok(),
            _ => None,
        };
        if count.is_none() {
            found.bad_value(node, &self.of_field(name), "a number from 0 on");
        }
        count
    }

    /// A field that is true or false.
    pub(crate) fn flag(&mut self, name: &str, found: &mut Found) -> Option<bool> {
        let node = self.take(name)?;
        if let Value::Bool(it) = node.value {
            return Some(it);
        }
        found.bad_value(node, &self.of_field(name), "true or false");
        None
    }

    /// The elements of a field.
    pub(crate) fn items(&mut self, name: &str) -> &'a [Node] {
        self.take(name).map_or(&[], Node::items)
    }

    /// The texts of a field.
    pub(crate) fn texts(&mut self, name: &str, found: &mut Found) -> Vec<String> {
        let path = self.of_field(name);
        let items = self.items(name).iter();
        let read = |node: &Node| {
            let text = node.text();
            if text.is_none() {
                found.bad_value(node, &path, "a text");
            }
            text
        };
        items.filter_map(read).collect()
    }

    /// The fields of a field.
    pub(crate) fn object(&mut self, name: &str, found: &mut Found) -> Option<Fields<'a>> {
        let node = self.take(name)?;
        Some(Fields::of(node, self.of_field(name), found))
    }

    /// The objects of a list.
    pub(crate) fn objects(&mut self, name: &str, found: &mut Found) -> Vec<Fields<'a>> {
        let path = self.of_field(name);
        let items = self.items(name).iter();
        items.map(|node| Fields::of(node, path.clone(), found)).collect()
    }

    /// Names and texts: labels, headers.
    pub(crate) fn pairs(&mut self, name: &str, found: &mut Found) -> Vec<(String, String)> {
        let Some(fields) = self.object(name, found) else {
            return Vec::new();
        };
        let Value::Object(all) = &fields.node.value else {
            return Vec::new();
        };
        let pair = |(key, node): &(String, Node)| match node.text() {
            Some(text) => Some((key.clone(), text)),
            None => {
                found.bad_value(node, &fields.of_field(key), "a text");
                None
            }
        };
        all.iter().filter_map(pair).collect()
    }

    /// Fields that say nothing about what a program does.
    pub(crate) fn skip(&mut self, names: &[&str]) {
        for name in names {
            self.take(name);
        }
    }

    /// Fields that the language has no counterpart for.
    pub(crate) fn lost(&mut self, names: &[(&str, &str)], found: &mut Found) {
        for (name, words) in names {
            if let Some(node) = self.take(name) {
                found.lost(node, &format!("`{}`: {words}", self.of_field(name)));
            }
        }
    }

    /// Whether every field was taken.
    pub(crate) fn is_whole(&self) -> bool {
        match &self.node.value {
            Value::Object(all) => all.iter().all(|(name, _)| self.taken.contains(name.as_str())),
            _ => true,
        }
    }

    /// What nobody took is not known.
    pub(crate) fn end(self, found: &mut Found) {
        let Value::Object(all) = &self.node.value else {
            return;
        };
        for (name, node) in all {
            if !self.taken.contains(name.as_str()) {
                found.unknown_field(node, &self.of_field(name));
            }
        }
    }

    /// A field of it, as people find it.
    pub(crate) fn of_field(&self, name: &str) -> String {
        match self.path.as_str() {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        }
    }
}
