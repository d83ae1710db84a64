//! YAML and JSON with the place of every part, since what a document says is shown beside what the author says.

use flowmesh_diagnostics::{SourceId, Span};
use granit_parser::{Event, Parser, ScalarStyle};
use std::{collections::HashMap, rc::Rc};

/// How deep a document may be nested.
const DEEPEST: usize = 128;

/// A part of a document. Parts that an anchor names are shared.
#[derive(Debug)]
pub(super) struct Node {
    /// Where it stands.
    pub(super) span: Span,
    /// What it is.
    pub(super) kind: NodeKind,
}

/// What a part is.
#[derive(Debug)]
pub(super) enum NodeKind {
    /// A text; a plain one may mean a number, a truth or nothing.
    Scalar { text: String, plain: bool },
    /// A list.
    List(Vec<Rc<Node>>),
    /// Entries in the order in which they stand.
    Map(Vec<Entry>),
}

/// An entry of a map.
#[derive(Debug)]
pub(super) struct Entry {
    /// Its key.
    pub(super) key: String,
    /// Where the key stands.
    pub(super) span: Span,
    /// Its value.
    pub(super) value: Rc<Node>,
}

/// Why a text is no document.
#[derive(Debug)]
pub(super) struct Broken {
    /// In words.
    pub(super) why: String,
    /// Where.
    pub(super) span: Span,
}

/// Reads a document; of several in one file the first.
pub(super) fn read(source: SourceId, text: &str) -> Result<Rc<Node>, Broken> {
    let mut reader = Reader {
        source,
        open: Vec::new(),
        anchors: HashMap::new(),
    };
    let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
    for event in Parser::new_from_str(text) {
        let (event, place) = event.map_err(|error| {
            let at = error.marker().byte_offset().and_then(|at| u32::try_from(at).ok());
            let at = at.unwrap_or(0).min(end);
            let why = error.info().lines().next().unwrap_or_default().to_owned();
            Broken {
                why,
                span: Span::new(source, at, at),
            }
        })?;
        let range = place.byte_range().unwrap_or_default();
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX).min(end);
        let span = Span::new(source, offset(range.start), offset(range.end));
        if let Some(root) = reader.event(event, span)? {
            return Ok(root);
        }
    }
    Err(Broken {
        why: "the document is empty".to_owned(),
        span: Span::new(source, 0, 0),
    })
}

/// A list or map that is being read.
struct Open {
    span: Span,
    anchor: usize,
    list: Option<Vec<Rc<Node>>>,
    map: Vec<Entry>,
    key: Option<(String, Span)>,
}

struct Reader {
    source: SourceId,
    open: Vec<Open>,
    anchors: HashMap<usize, Rc<Node>>,
}

impl Reader {
    /// Takes the next event; gives the whole document with its last.
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<Option<Rc<Node>>, Broken> {
        Ok(match event {
            Event::Scalar(text, style, anchor, _) => {
                let plain = style == ScalarStyle::Plain;
                let kind = NodeKind::Scalar {
                    text: text.into_owned(),
                    plain,
                };
                self.keep(anchor, Rc::new(Node { span, kind }))
            }
            Event::Alias(anchor) => {
                let known = self.anchors.get(&anchor).cloned();
                let known = known.ok_or_else(|| Broken {
                    why: "an alias stands before its anchor".to_owned(),
                    span,
                })?;
                self.put(known)
            }
            Event::SequenceStart(_, anchor, _) => self.begin(span, anchor, Some(Vec::new()))?,
            Event::MappingStart(_, anchor, _) => self.begin(span, anchor, None)?,
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            _ => None,
        })
    }

    fn begin(
        &mut self,
        span: Span,
        anchor: usize,
        list: Option<Vec<Rc<Node>>>,
    ) -> Result<Option<Rc<Node>>, Broken> {
        if self.open.len() >= DEEPEST {
            let why = format!("the document is nested more than {DEEPEST} levels deep");
            return Err(Broken { why, span });
        }
        self.open.push(Open {
            span,
            anchor,
            list,
            map: Vec::new(),
            key: None,
        });
        Ok(None)
    }

    fn end(&mut self, end: Span) -> Option<Rc<Node>> {
        let open = self.open.pop()?;
        let kind = match open.list {
            Some(items) => NodeKind::List(items),
            None => NodeKind::Map(open.map),
        };
        let end = end.end.max(open.span.end);
        let span = Span::new(self.source, open.span.start, end);
        self.keep(open.anchor, Rc::new(Node { span, kind }))
    }

    fn keep(&mut self, anchor: usize, node: Rc<Node>) -> Option<Rc<Node>> {
        if anchor > 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        self.put(node)
    }

    fn put(&mut self, node: Rc<Node>) -> Option<Rc<Node>> {
        let Some(open) = self.open.last_mut() else {
            return Some(node);
        };
        match (&mut open.list, open.key.take()) {
            (Some(items), _) => items.push(node),
            (None, Some((key, span))) => open.map.push(Entry {
                key,
                span,
                value: node,
            }),
            (None, None) => {
                let key = node.text().unwrap_or_default().to_owned();
                open.key = Some((key, node.span));
            }
        }
        None
    }
}

impl Node {
    /// The text of a scalar.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Option<&Rc<Node>> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The entry of a key.
    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The entries of a map; of anything else none.
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.kind {
            NodeKind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; of anything else none.
    pub(super) fn items(&self) -> &[Rc<Node>] {
        match &self.kind {
            NodeKind::List(items) => items,
            _ => &[],
        }
    }

    /// The text behind a key.
    pub(super) fn str(&self, key: &str) -> Option<&str> {
        self.get(key)?.text()
    }

    /// Whether a key says `true`.
    pub(super) fn is_true(&self, key: &str) -> bool {
        self.str(key) == Some("true")
    }

    /// Whether it is `null` itself, not a text of that name.
    pub(super) fn is_null(&self) -> bool {
        matches!(&self.kind, NodeKind::Scalar { text, plain: true } if matches!(text.as_str(), "null" | "~" | ""))
    }

    /// Whether it is a map.
    pub(super) fn is_map(&self) -> bool {
        matches!(self.kind, NodeKind::Map(_))
    }
}

#[cfg(test)]
mod tests {
    use super::read;
    use flowmesh_diagnostics::SourceId;

    fn of(text: &str) -> std::rc::Rc<super::Node> {
        read(SourceId(0), text).unwrap()
    }

    #[test]
    fn keys_and_values_know_where_they_stand() {
        let text = "a: 1\nb:\n  - é: \"x\"\n";
        let root = of(text);
        let inner = root.get("b").unwrap().items()[0].entry("é").unwrap();
        let span = inner.value.span;
        assert_eq!(&text[span.start as usize..span.end as usize], "\"x\"");
        assert_eq!(&text[inner.span.start as usize..inner.span.end as usize], "é");
    }

    #[test]
    fn json_is_read_too() {
        let root = of("{\"a\": {\"b\": [true, null]}}");
        let items = root.get("a").unwrap().get("b").unwrap().items();
        assert_eq!(items[0].text(), Some("true"));
        assert!(items[1].is_null());
    }

    #[test]
    fn an_anchor_is_shared() {
        let root = of("a: &x {n: 1}\nb: *x\n");
        assert_eq!(root.get("b").unwrap().str("n"), Some("1"));
    }

    #[test]
    fn what_is_broken_says_where() {
        let broken = read(SourceId(0), "a: [1\nb: 2\n").unwrap_err();
        assert!(broken.span.start > 0, "{broken:?}");
        assert!(read(SourceId(0), &"[".repeat(100_000)).is_err());
        assert!(read(SourceId(0), "").is_err());
    }
}
