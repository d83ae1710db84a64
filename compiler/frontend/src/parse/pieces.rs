//! Reads a text again of which most is as it was, as an editor does: declarations that did not change are not read anew.
//!
//! pest reads one declaration after the other, and what it makes of one depends on its own text and on the word behind
//! it alone: every choice is made on the first word, and whatever is optional begins with a word or sign of its own. So
//! a declaration is kept with that word, where the word begins another one, and where all of it fits.
//!
//! INVARIANT: the tree and the bad parts are those of the whole text, read at once.

use super::{
    tokens::Token,
    tree::{self, Bad, Piece},
    words::is_item,
};
use crate::syntax::{Flow, SyntaxKind, SyntaxNode};
use flowmesh_grammar::{FlowParser, Rule};
use pest::Parser as _;
use rowan::{GreenNode, GreenToken, Language as _, NodeOrToken};
use std::collections::HashMap;

/// The declarations of the text that was read last.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    /// By their texts, with the word behind.
    kept: HashMap<Box<str>, GreenNode>,
}

type Green = NodeOrToken<GreenNode, GreenToken>;

impl Pieces {
    /// The tree of a text of which nothing is covered, and the parts that fit no rule. Nothing where pest gives up.
    pub(super) fn read(&mut self, text: &str, tokens: &[Token]) -> Option<(SyntaxNode, Vec<Bad>)> {
        let borders = borders(text, tokens);
        let mut reading = Reading {
            text,
            tokens,
            next: 0,
            at: 0,
            children: Vec::new(),
            bad: Vec::new(),
            known: std::mem::take(&mut self.kept),
            kept: HashMap::new(),
        };
        while let Some(first) = reading.first() {
            let border = borders
                .get(borders.partition_point(|border| *border <= first))
                .copied();
            let stretch = Stretch::new(text, tokens, first, border)?;
            if !reading.again(first, &stretch) {
                reading.anew(&stretch)?;
            }
        }
        reading.tokens_up_to(tokens.len());
        self.kept = reading.kept;
        let root = GreenNode::new(Flow::kind_to_raw(SyntaxKind::Module), reading.children);
        Some((SyntaxNode::new_root(root), reading.bad))
    }
}

/// Tokens that begin a declaration, as declarations are written: at the margin, with no bracket open.
fn borders(text: &str, tokens: &[Token]) -> Vec<usize> {
    let mut depth = 0_usize;
    let mut borders = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if token.kind.opens() {
            depth += 1;
        } else if token.kind.closes() {
            depth = depth.saturating_sub(1);
        }
        let start = token.start as usize;
        let at_margin = text.get(..start).is_some_and(|before| before.ends_with('\n'));
        let word = || text.get(start..token.end as usize).is_some_and(is_item);
        if depth == 0 && at_margin && !token.kind.is_trivia() && word() {
            borders.push(at);
        }
    }
    borders
}

/// The text from one declaration to the next.
struct Stretch<'t> {
    /// With the word behind it.
    key: &'t str,
    /// The end of its last token, but for blanks and comments, and the number of the token behind that.
    end: u32,
    after: usize,
}

impl<'t> Stretch<'t> {
    fn new(text: &'t str, tokens: &[Token], first: usize, border: Option<usize>) -> Option<Self> {
        let own = tokens.get(first..border.unwrap_or(tokens.len()))?;
        let last = own.iter().rposition(|token| !token.kind.is_trivia())?;
        let start = own.first()?.start;
        let end = own.get(last)?.end;
        let behind = match border {
            Some(border) => tokens.get(border)?.end as usize,
            None => text.len(),
        };
        Some(Self {
            key: text.get(start as usize..behind)?,
            end,
            after: first + last + 1,
        })
    }
}

struct Reading<'a> {
    text: &'a str,
    tokens: &'a [Token],
    /// The token that comes next.
    next: usize,
    /// Where pest goes on.
    at: usize,
    children: Vec<Green>,
    bad: Vec<Bad>,
    known: HashMap<Box<str>, GreenNode>,
    kept: HashMap<Box<str>, GreenNode>,
}

impl Reading<'_> {
    /// The next token that is neither blank nor comment.
    fn first(&self) -> Option<usize> {
        let rest = self.tokens.get(self.next..)?;
        Some(self.next + rest.iter().position(|token| !token.kind.is_trivia())?)
    }

    fn tokens_up_to(&mut self, end: usize) {
        for token in self.tokens.get(self.next..end).unwrap_or(&[]) {
            let text = self
                .text
                .get(token.start as usize..token.end as usize)
                .unwrap_or("");
            self.children.push(NodeOrToken::Token(GreenToken::new(
                Flow::kind_to_raw(token.kind),
                text,
            )));
        }
        self.next = self.next.max(end);
    }

    /// Takes a declaration as it was read before.
    fn again(&mut self, first: usize, stretch: &Stretch<'_>) -> bool {
        if let Some((key, node)) = self.known.remove_entry(stretch.key) {
            self.kept.insert(key, node);
        }
        let Some(node) = self.kept.get(stretch.key).cloned() else {
            return false;
        };
        self.tokens_up_to(first);
        self.children.push(NodeOrToken::Node(node));
        self.next = stretch.after;
        self.at = stretch.end as usize;
        true
    }

    /// Lets pest read what comes next. Nothing where it gives up, or makes nothing of it.
    fn anew(&mut self, stretch: &Stretch<'_>) -> Option<()> {
        let rest = self.text.get(self.at..)?;
        let pairs = FlowParser::parse(Rule::first_item, rest).ok()?;
        let end = pairs.clone().next()?.as_span().end();
        let Piece { nodes, bad, tokens } =
            tree::piece(self.text, self.tokens.get(self.next..)?, pairs, self.at);
        if tokens == 0 {
            return None;
        }
        let is_sound = bad.is_empty() && self.next + tokens == stretch.after;
        for child in nodes.children() {
            let child = child.to_owned();
            if let (NodeOrToken::Node(node), true) = (&child, is_sound) {
                self.kept.insert(stretch.key.into(), node.clone());
            }
            self.children.push(child);
        }
        self.bad.extend(bad);
        self.next += tokens;
        self.at += end;
        Some(())
    }
}
