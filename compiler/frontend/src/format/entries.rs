//! Lists of things with lines of their own: which comments and blank lines belong to which.

use super::spacing::line_breaks;
use super::{Doc, Printer};
use crate::syntax::{SyntaxElement, SyntaxKind};
use pretty::DocAllocator as _;

/// Something in a list, with what stands around it.
#[derive(Debug)]
pub(super) struct Entry {
    /// Whether a blank line stands before all of it.
    pub(super) blank: bool,
    /// Comments on lines of their own before it.
    pub(super) before: Vec<SyntaxElement>,
    /// Whether a blank line stands after each of them.
    blanks: Vec<bool>,
    /// The thing; nothing where only comments are left.
    pub(super) node: Option<SyntaxElement>,
    /// Whether a comma stands after it.
    comma: bool,
    /// A comment on the line on which it ends.
    pub(super) after: Option<SyntaxElement>,
}

/// The entries among the parts of a node; commas and semicolons are left out.
pub(super) fn entries(elements: impl Iterator<Item = SyntaxElement>) -> Vec<Entry> {
    let mut list: Vec<Entry> = Vec::new();
    let mut next = Entry::new();
    let mut lines = 2;
    for element in elements {
        match element.kind() {
            SyntaxKind::Whitespace => lines += line_breaks(&element),
            SyntaxKind::Comma => {
                if let Some(last) = list.last_mut() {
                    last.comma = true;
                }
            }
            SyntaxKind::Semicolon => {}
            kind if kind.is_comment() => {
                match list.last_mut() {
                    Some(Entry {
                        after: after @ None, ..
                    }) if lines == 0 => *after = Some(element),
                    _ => next.comment(element, lines > 1),
                }
                lines = 0;
            }
            _ => {
                next.thing(element, lines > 1);
                list.push(std::mem::replace(&mut next, Entry::new()));
                lines = 0;
            }
        }
    }
    if !next.before.is_empty() {
        next.blanks.push(false);
        list.push(next);
    }
    list
}

impl Entry {
    fn new() -> Self {
        Self {
            blank: false,
            before: Vec::new(),
            blanks: Vec::new(),
            node: None,
            comma: false,
            after: None,
        }
    }

    fn comment(&mut self, comment: SyntaxElement, blank: bool) {
        self.blank_before_next(blank);
        self.before.push(comment);
    }

    fn thing(&mut self, thing: SyntaxElement, blank: bool) {
        self.blank_before_next(blank);
        self.node = Some(thing);
    }

    fn blank_before_next(&mut self, blank: bool) {
        if self.before.is_empty() {
            self.blank = blank;
        } else {
            self.blanks.push(blank);
        }
    }

    /// Whether it is wrong.
    pub(super) fn is_bad(&self) -> bool {
        self.node.as_ref().is_some_and(|node| node.kind().is_bad())
    }

    /// Whether its end is where it is only because of the comma after it.
    pub(super) fn ends_by_comma(&self) -> bool {
        self.comma && self.is_bad()
    }

    /// Whether a comment belongs to it.
    pub(super) fn has_comment(&self) -> bool {
        !self.before.is_empty() || self.after.is_some()
    }
}

impl<'a> Printer<'a> {
    /// An entry with its comments.
    pub(super) fn entry(self, entry: &Entry) -> Doc<'a> {
        self.entry_with(entry, |element| self.element(element))
    }

    /// The same, with another way to print the thing itself.
    pub(super) fn entry_with(self, entry: &Entry, print: impl Fn(&SyntaxElement) -> Doc<'a>) -> Doc<'a> {
        let arena = self.arena;
        let mut doc = arena.nil();
        let last = entry.before.len().saturating_sub(1);
        for (at, (comment, blank)) in entry.before.iter().zip(&entry.blanks).enumerate() {
            doc = doc.append(self.element(comment));
            if at < last || entry.node.is_some() {
                doc = doc.append(self.line_end(*blank));
            }
        }
        if let Some(node) = &entry.node {
            doc = doc.append(print(node));
        }
        match &entry.after {
            Some(comment) => doc.append(arena.space()).append(self.element(comment)),
            None => doc,
        }
    }

    /// The end of a line, and a blank line after it where one belongs. The blank line is text, since a hard line
    /// would indent it.
    pub(super) fn line_end(self, blank: bool) -> Doc<'a> {
        if blank {
            self.arena.text("\n").append(self.arena.hardline())
        } else {
            self.arena.hardline()
        }
    }
}
