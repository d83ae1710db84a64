//! The files of a document: the one that the author names, and those that it refers to.

use super::document::{self, Node};
use crate::{World, world};
use flowmesh_diagnostics::{SourceId, Sources, Span};
use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    rc::Rc,
};

/// What is wrong with a document.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    /// In words.
    pub(super) why: String,
    /// Where in the document; nothing where there is none.
    pub(super) place: Option<Span>,
    /// What to do.
    pub(super) help: Option<&'static str>,
}

/// Reads files once each.
pub(super) struct Files<'a> {
    world: &'a dyn World,
    sources: &'a mut Sources,
    known: HashMap<String, Result<(SourceId, Rc<Node>), Problem>>,
    hasher: DefaultHasher,
}

impl Problem {
    pub(super) fn new(why: impl Into<String>, place: Option<Span>) -> Self {
        Self {
            why: why.into(),
            place,
            help: None,
        }
    }

    pub(super) fn with(mut self, help: &'static str) -> Self {
        self.help = Some(help);
        self
    }
}

impl<'a> Files<'a> {
    pub(super) fn new(world: &'a dyn World, sources: &'a mut Sources) -> Self {
        Self {
            world,
            sources,
            known: HashMap::new(),
            hasher: DefaultHasher::new(),
        }
    }

    /// The text of a file and its number.
    pub(super) fn text(&mut self, path: &str) -> Result<(SourceId, String), Problem> {
        let text = world::read(self.world, path)
            .map_err(|why| Problem::new(format!("`{path}` cannot be read: {why}"), None))?;
        let source = self.sources.add(path, text.clone());
        (source, path, &text).hash(&mut self.hasher);
        Ok((source, text))
    }

    /// Of all texts that were read, and their numbers.
    pub(super) fn digest(&self) -> u64 {
        self.hasher.finish()
    }

    /// The document in a file.
    pub(super) fn open(&mut self, path: &str) -> Result<(SourceId, Rc<Node>), Problem> {
        if let Some(known) = self.known.get(path) {
            return known.clone();
        }
        let read = self.text(path).and_then(|(source, text)| {
            let root = document::read(source, &text);
            let root = root.map_err(|broken| Problem::new(broken.why, Some(broken.span)))?;
            Ok((source, root))
        });
        self.known.insert(path.to_owned(), read.clone());
        read
    }

    /// What a `$ref` leads to, seen from the file in which it stands.
    pub(super) fn follow(&mut self, reference: &str, from: Span) -> Result<Rc<Node>, Problem> {
        let (file, pointer) = reference.split_once('#').unwrap_or((reference, ""));
        let here = self
            .sources
            .get(from.source)
            .map_or("", |source| source.name.as_str());
        let path = if file.is_empty() {
            Some(here.to_owned())
        } else {
            beside(here, file)
        };
        let path =
            path.ok_or_else(|| Problem::new(format!("`{reference}` leads outside the project"), Some(from)))?;
        let (_, root) = self.open(&path).map_err(|problem| Problem {
            place: problem.place.or(Some(from)),
            ..problem
        })?;
        let mut at = root;
        for step in pointer.split('/').skip(1) {
            let step = unescape(step);
            let next = match step.parse::<usize>() {
                Ok(number) if !at.is_map() => at.items().get(number).cloned(),
                _ => at.get(&step).cloned(),
            };
            at = next.ok_or_else(|| {
                Problem::new(
                    format!("`{reference}` leads nowhere: there is no `{step}`"),
                    Some(from),
                )
            })?;
        }
        Ok(at)
    }
}

/// A path beside another file; nothing where it leads out of the project.
pub(crate) fn beside(file: &str, path: &str) -> Option<String> {
    if path.starts_with('/') || path.contains("://") || path.contains('\\') {
        return None;
    }
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut words: Vec<&str> = Vec::new();
    for word in folder.split('/').chain(path.split('/')) {
        match word {
            "" | "." => {}
            ".." => drop(words.pop()?),
            word => words.push(word),
        }
    }
    Some(words.join("/"))
}

/// A step of a JSON pointer as a key.
fn unescape(step: &str) -> String {
    let mut bytes = Vec::with_capacity(step.len());
    let mut rest = step.as_bytes();
    while let [first, after @ ..] = rest {
        let code = match (first, after) {
            (b'%', [a, b, ..]) => std::str::from_utf8(&[*a, *b])
                .ok()
                .and_then(|digits| u8::from_str_radix(digits, 16).ok()),
            _ => None,
        };
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() {
            after.get(2..).unwrap_or_default()
        } else {
            after
        };
    }
    String::from_utf8_lossy(&bytes)
        .replace("~1", "/")
        .replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use super::{beside, unescape};

    #[test]
    fn a_path_stays_in_the_project() {
        assert_eq!(
            beside("shop/pay.flow", "pay.yaml").as_deref(),
            Some("shop/pay.yaml")
        );
        assert_eq!(
            beside("shop/pay.flow", "../api/pay.yaml").as_deref(),
            Some("api/pay.yaml")
        );
        assert_eq!(beside("pay.flow", "../pay.yaml"), None);
        assert_eq!(beside("pay.flow", "/etc/passwd"), None);
        assert_eq!(beside("pay.flow", "https://example.com/a.yaml"), None);
    }

    #[test]
    fn steps_of_a_pointer_are_unescaped() {
        assert_eq!(unescape("~1pets~1%7Bid%7D"), "/pets/{id}");
        assert_eq!(unescape("a~0b%"), "a~b%");
    }
}
