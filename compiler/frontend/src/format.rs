//! Prints a file in the one style of the language: two blanks of indentation, at most 100 columns.
//!
//! It works on the lossless tree. Every comment stays, at most one blank line stays, and what could not be parsed
//! stays as it is. The way of a node: `Printer::node` chooses; `lists` prints what stands between brackets,
//! `statements` what has lines of its own, `spacing` says where a blank belongs.

mod entries;
mod expressions;
mod lists;
mod spacing;
mod statements;

use crate::parse::{Tree, tree_of};
use crate::syntax::{SyntaxElement, SyntaxKind, SyntaxNode, SyntaxToken};
use flowmesh_diagnostics::Diagnostics;
use pretty::{Arena, DocAllocator as _, DocBuilder};

/// The widest line, where it can be helped.
const WIDTH: usize = 100;

/// The columns of one level of indentation.
const INDENT: isize = 2;

/// How often a text with mistakes is formatted until nothing changes any more.
const ROUNDS: usize = 4;

/// The text in the style of the language. Errors elsewhere in the text do not matter; only a text that is too large or
/// too deep to be read at all is refused.
///
/// Formatting what was formatted changes nothing. The tree of a text with mistakes is a guess in places, and another one
/// once its lines are laid out, so such a text is formatted until it stays as it is, or else left as it was.
pub fn format(text: &str) -> Result<String, Diagnostics> {
    let tree = tree_of(text)?;
    let mut last = formatted(text, &tree);
    if tree.is_sound {
        return Ok(last);
    }
    for _ in 0..ROUNDS {
        // What is laid out may be too large or too deep to be read where the text was not.
        let Ok(tree) = tree_of(&last) else { break };
        let next = formatted(&last, &tree);
        if next == last {
            return Ok(last);
        }
        last = next;
    }
    Ok(text.to_owned())
}

fn formatted(text: &str, tree: &Tree) -> String {
    let Tree { root, broken, .. } = tree;
    let mut out = String::with_capacity(text.len());
    for (at, entry) in entries::entries(root.children_with_tokens()).iter().enumerate() {
        let node = entry.node.as_ref().and_then(SyntaxElement::as_node);
        let apart = entry.blank || node.is_some_and(stands_apart) || at > 0 && out.ends_with("\n}\n");
        if at > 0 && apart {
            out.push('\n');
        }
        let is_broken =
            node.is_some_and(|node| broken.iter().any(|at| node.text_range().contains((*at).into())));
        let arena = Arena::new();
        let printer = Printer { arena: &arena };
        let doc = if is_broken {
            printer.entry_with(entry, |e| printer.verbatim(e))
        } else {
            printer.entry(entry)
        };
        // A `String` takes whatever is written to it.
        if doc.into_doc().render_fmt(WIDTH, &mut out).is_err() {
            return text.to_owned();
        }
        out.push('\n');
    }
    out
}

/// Declarations with a body of several lines have blank lines around them.
fn stands_apart(node: &SyntaxNode) -> bool {
    matches!(
        node.kind(),
        SyntaxKind::Service | SyntaxKind::Gateway | SyntaxKind::Test | SyntaxKind::FlowItem
    )
}

type Doc<'a> = DocBuilder<'a, Arena<'a>>;

/// Makes documents for the `pretty` crate out of nodes.
#[derive(Clone, Copy)]
struct Printer<'a> {
    arena: &'a Arena<'a>,
}

impl<'a> Printer<'a> {
    fn element(self, element: &SyntaxElement) -> Doc<'a> {
        match element {
            SyntaxElement::Node(node) => self.node(node),
            SyntaxElement::Token(token) => self.token(token),
        }
    }

    fn token(self, token: &SyntaxToken) -> Doc<'a> {
        self.arena.text(trimmed(token.text()).to_owned())
    }

    fn verbatim(self, element: &SyntaxElement) -> Doc<'a> {
        self.arena.text(trimmed(&element.to_string()).to_owned())
    }

    fn node(self, node: &SyntaxNode) -> Doc<'a> {
        use SyntaxKind as K;
        match node.kind() {
            kind if kind.is_bad() => self.verbatim(&node.clone().into()),
            K::Text => self.verbatim(&node.clone().into()),
            K::Block | K::TestBlock => self.lines(node),
            K::Service | K::Gateway | K::Migrate | K::Route | K::Match | K::MatchExpr | K::AwaitArms => {
                self.lines(node)
            }
            K::Fields | K::Settings | K::Record | K::Zones | K::OperationBody | K::Enumeration => {
                self.braced(node)
            }
            K::Params | K::Call | K::List | K::Binds | K::HeardNames | K::Arguments => {
                self.bracketed(node, ",")
            }
            K::Index | K::Paren => self.bracketed(node, ""),
            K::Let | K::Assign | K::ExprStatement | K::Return | K::Await => self.with_tails(node),
            K::Expr => self.expr(node),
            K::Mock => self.mock(node),
            K::IfExpr => self.inline(node).group(),
            K::ValueBlock => self.value_block(node),
            _ => self.inline(node),
        }
    }

    /// The parts of a node one after another, with blanks where they belong.
    fn inline(self, node: &SyntaxNode) -> Doc<'a> {
        self.row(node.children_with_tokens(), |_| None)
    }

    /// The same for some elements; `separator` may say what stands before an element instead of a blank.
    fn row(
        self,
        elements: impl Iterator<Item = SyntaxElement>,
        separator: impl Fn(&SyntaxElement) -> Option<Doc<'a>>,
    ) -> Doc<'a> {
        let mut row = Row {
            printer: self,
            doc: self.arena.nil(),
            last: None,
            broken: false,
            lines: 0,
        };
        for element in elements {
            match element.kind() {
                SyntaxKind::Whitespace => row.lines = spacing::line_breaks(&element),
                SyntaxKind::Semicolon => {}
                kind if kind.is_comment() => row = row.comment(&element),
                _ => {
                    let between = separator(&element);
                    row = row.push(&element, between);
                }
            }
        }
        row.doc
    }
}

/// Without blanks at the end. What looks like a blank and is none to the language is wrong where it stands, and stays.
fn trimmed(text: &str) -> &str {
    text.trim_end_matches(|c| c == ' ' || ('\t'..='\r').contains(&c))
}

/// Parts in a row, as far as they were printed.
struct Row<'a> {
    printer: Printer<'a>,
    doc: Doc<'a>,
    last: Option<SyntaxToken>,
    /// Whether a comment ended the line.
    broken: bool,
    /// Line breaks since the last part.
    lines: usize,
}

impl<'a> Row<'a> {
    fn push(mut self, element: &SyntaxElement, between: Option<Doc<'a>>) -> Self {
        let arena = self.printer.arena;
        let part = self.printer.element(element);
        let blank = self
            .last
            .as_ref()
            .is_some_and(|last| spacing::blank_between(last, element));
        self.doc = match between {
            _ if self.broken => self.doc.append(arena.hardline().append(part).nest(INDENT)),
            Some(between) => self.doc.append(between).append(part),
            None if blank => self.doc.append(arena.space()).append(part),
            None => self.doc.append(part),
        };
        self.last = spacing::last_token(element);
        self.broken = false;
        self.lines = 0;
        self
    }

    /// A comment within a row ends its line.
    fn comment(mut self, element: &SyntaxElement) -> Self {
        let arena = self.printer.arena;
        let text = self.printer.element(element);
        self.doc = match (&self.last, self.broken || self.lines > 0) {
            (None, _) => self.doc.append(text),
            (_, true) => self.doc.append(arena.hardline().append(text).nest(INDENT)),
            (_, false) => self.doc.append(arena.space()).append(text),
        };
        self.broken = true;
        self.lines = 0;
        self
    }
}

#[cfg(test)]
mod tests;
