//! What stands between brackets.

use super::entries::{Entry, entries};
use super::spacing::line_breaks;
use super::{Doc, INDENT, Printer};
use crate::syntax::{SyntaxElement, SyntaxKind, SyntaxNode};
use pretty::DocAllocator as _;

/// Words that would go on with the value before them if no comma stood there.
const OPERATORS: &[&str] = &["and", "or", "in", "has", "matches", "as", "where"];

/// A node cut at its brackets.
struct Cut {
    head: Vec<SyntaxElement>,
    open: Option<SyntaxElement>,
    /// A comment on the line of the bracket: it is about that line, and stays there.
    beside: Option<SyntaxElement>,
    inside: Vec<SyntaxElement>,
    rest: Vec<SyntaxElement>,
}

impl Cut {
    fn new(node: &SyntaxNode) -> Self {
        let mut cut = Self {
            head: Vec::new(),
            open: None,
            beside: None,
            inside: Vec::new(),
            rest: Vec::new(),
        };
        for element in node.children_with_tokens() {
            let kind = element.kind();
            if !cut.rest.is_empty() || cut.open.is_some() && kind.closes() {
                cut.rest.push(element);
            } else if kind.is_comment() && cut.is_beside() {
                cut.beside = Some(element);
            } else if cut.open.is_some() {
                cut.inside.push(element);
            } else if kind.opens() {
                cut.open = Some(element);
            } else {
                cut.head.push(element);
            }
        }
        cut
    }

    /// Whether nothing stands behind the bracket yet.
    fn is_beside(&self) -> bool {
        let blank =
            |element: &SyntaxElement| element.kind() == SyntaxKind::Whitespace && line_breaks(element) == 0;
        self.open.is_some() && self.beside.is_none() && self.inside.iter().all(blank)
    }

    /// Whether something in it ends its line.
    fn has_comment(&self, entries: &[Entry]) -> bool {
        self.beside.is_some() || entries.iter().any(Entry::has_comment)
    }

    /// Whether the author began a new line after the bracket.
    fn begins_with_line(&self) -> bool {
        let first = self.inside.first();
        first.is_some_and(|element| element.kind() == SyntaxKind::Whitespace && line_breaks(element) > 0)
    }

    fn entries(&self) -> Vec<Entry> {
        entries(self.inside.iter().cloned())
    }
}

impl<'a> Printer<'a> {
    /// `{ a, b }` on one line if it fits and was on one line, else one entry a line without commas. Where something in it
    /// is wrong, nobody knows which commas are meant.
    pub(super) fn braced(self, node: &SyntaxNode) -> Doc<'a> {
        let cut = Cut::new(node);
        let entries = cut.entries();
        if entries.iter().any(Entry::is_bad) {
            return self.verbatim(&node.clone().into());
        }
        if entries.is_empty() || cut.begins_with_line() || cut.has_comment(&entries) {
            return self.many_lines(&cut, &entries, true);
        }
        let arena = self.arena;
        let mut inside = arena.nil();
        for (at, entry) in entries.iter().enumerate() {
            let comma = if must_have_comma(entry) {
                arena.text(",")
            } else {
                arena.nil().flat_alt(arena.text(","))
            };
            let before = if at > 0 {
                comma.append(arena.line())
            } else {
                arena.line()
            };
            inside = inside.append(before).append(self.entry(entry));
        }
        let body = self.opened(&cut).append(inside.nest(INDENT)).append(arena.line());
        body.append(self.closed(&cut)).group()
    }

    /// `{ a b }` with every entry on a line of its own.
    pub(super) fn lines(self, node: &SyntaxNode) -> Doc<'a> {
        let cut = Cut::new(node);
        self.many_lines(&cut, &cut.entries(), node.kind() == SyntaxKind::Service)
    }

    /// Commas stand only where the next entry would be read as a part of the one before, and only where they may.
    fn many_lines(self, cut: &Cut, entries: &[Entry], commas: bool) -> Doc<'a> {
        if entries.is_empty() && cut.beside.is_none() {
            return self.opened(cut).append(self.closed(cut));
        }
        let mut inside = self.arena.nil();
        for (at, entry) in entries.iter().enumerate() {
            let kept = entries.get(at + 1).is_some_and(must_have_comma) || entry.ends_by_comma();
            let comma = if commas && kept { "," } else { "" };
            let doc = self.entry_with(entry, |element| self.element(element).append(comma));
            inside = inside.append(self.line_end(at > 0 && entry.blank)).append(doc);
        }
        let body = self
            .opened(cut)
            .append(inside.nest(INDENT))
            .append(self.arena.hardline());
        body.append(self.closed(cut))
    }

    /// `(a, b)` on one line if it fits, else one entry a line, `last` after the last.
    pub(super) fn bracketed(self, node: &SyntaxNode, last: &'static str) -> Doc<'a> {
        let cut = Cut::new(node);
        let entries = cut.entries();
        let arena = self.arena;
        let has_comment = cut.has_comment(&entries);
        if entries.is_empty() {
            let line = cut.beside.as_ref().map_or(arena.nil(), |_| arena.hardline());
            return self.opened(&cut).append(line).append(self.closed(&cut));
        }
        if entries.iter().any(Entry::is_bad) {
            return self.verbatim(&node.clone().into());
        }
        if node.kind() == SyntaxKind::Call && !has_comment && embraces(&entries) {
            let between = arena.text(",").append(arena.space());
            let inside = arena.intersperse(entries.iter().map(|entry| self.entry(entry)), between);
            return self.opened(&cut).append(inside).append(self.closed(&cut));
        }
        let line = || {
            if has_comment {
                arena.hardline()
            } else {
                arena.line_()
            }
        };
        let mut inside = line();
        let count = entries.iter().filter(|entry| entry.node.is_some()).count();
        for (at, entry) in entries.iter().enumerate() {
            if at > 0 {
                inside = inside.append(arena.line());
            }
            let comma = match at + 1 == count {
                true => arena.text(last).flat_alt(arena.nil()),
                false if at + 1 > count => arena.nil(),
                false => arena.text(","),
            };
            inside =
                inside.append(self.entry_with(entry, |element| self.element(element).append(comma.clone())));
        }
        self.opened(&cut)
            .append(inside.nest(INDENT))
            .append(line())
            .append(self.closed(&cut))
            .group()
    }

    /// `{ e }` of an `if` that is an expression: broken where the whole `if` is.
    pub(super) fn value_block(self, node: &SyntaxNode) -> Doc<'a> {
        let cut = Cut::new(node);
        let entries = cut.entries();
        if cut.has_comment(&entries) {
            return self.many_lines(&cut, &entries, false);
        }
        let arena = self.arena;
        let inside = arena.concat(entries.iter().map(|entry| arena.line().append(self.entry(entry))));
        self.opened(&cut)
            .append(inside.nest(INDENT))
            .append(arena.line())
            .append(self.closed(&cut))
    }

    /// What stands before the bracket, the bracket, and a comment beside it.
    fn opened(self, cut: &Cut) -> Doc<'a> {
        let doc = self.row(cut.head.iter().chain(&cut.open).cloned(), |_| None);
        match &cut.beside {
            Some(comment) => doc.append(self.arena.space()).append(self.element(comment)),
            None => doc,
        }
    }

    fn closed(self, cut: &Cut) -> Doc<'a> {
        self.row(cut.rest.iter().cloned(), |_| None)
    }
}

/// Whether the entry would be taken for a part of the one before it.
fn must_have_comma(entry: &Entry) -> bool {
    let first = match &entry.node {
        Some(SyntaxElement::Node(node)) if !node.kind().is_bad() => node.first_token(),
        _ => None,
    };
    first.is_some_and(|token| OPERATORS.contains(&token.text()))
}

/// The most characters before a last argument that may begin on the line of the call and end on another.
const BEFORE_LAST: usize = 50;

/// Whether the brackets of a call and of its last argument stand on the same lines: the others are short.
fn embraces(entries: &[Entry]) -> bool {
    let Some((last, others)) = entries.split_last() else {
        return false;
    };
    let short = |entry: &Entry| entry.node.as_ref().map_or(0, |node| node.to_string().len());
    let one_line = |entry: &Entry| {
        entry
            .node
            .as_ref()
            .is_some_and(|node| !node.to_string().contains('\n'))
    };
    let no_comments = !entries.iter().any(Entry::has_comment);
    let few = others.iter().map(short).sum::<usize>() <= BEFORE_LAST && others.iter().all(one_line);
    no_comments
        && few
        && last
            .node
            .as_ref()
            .and_then(SyntaxElement::as_node)
            .is_some_and(ends_with_list)
}

/// Whether an argument is a plain call, record or list that has something in it.
fn ends_with_list(argument: &SyntaxNode) -> bool {
    let Some(expr) = argument.children().find(|child| child.kind() == SyntaxKind::Expr) else {
        return false;
    };
    let mut parts = expr
        .children_with_tokens()
        .filter(|part| !part.kind().is_trivia());
    let (Some(SyntaxElement::Node(operand)), None) = (parts.next(), parts.next()) else {
        return false;
    };
    let is_plain = |part: SyntaxNode| matches!(part.kind(), SyntaxKind::Reference | SyntaxKind::Member);
    let Some(list) = operand.last_child() else {
        return false;
    };
    let is_list = matches!(
        list.kind(),
        SyntaxKind::Call | SyntaxKind::Record | SyntaxKind::List
    );
    let before = operand.children().count().saturating_sub(1);
    is_list && list.first_child().is_some() && operand.children().take(before).all(is_plain)
}
