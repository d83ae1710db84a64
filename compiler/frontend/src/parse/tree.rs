//! Joins what pest found with the tokens of the text into the lossless tree.

use super::cover::Covered;
use super::kinds::kind_of;
use super::tokens::Token;
use crate::syntax::{Flow, SyntaxKind, SyntaxNode};
use flowmesh_grammar::Rule;
use pest::iterators::Pairs;
use rowan::{GreenNode, Language as _};

/// A part of the text that fits no rule: where it stands in the covered text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bad {
    pub(super) rule: Rule,
    /// What it stands in.
    pub(super) within: Option<Rule>,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The tree, and the parts that fit no rule, in order.
pub(super) fn tree(
    text: &str,
    tokens: &[Token],
    pairs: Pairs<'_, Rule>,
    covered: &Covered,
) -> (SyntaxNode, Vec<Bad>) {
    let mut build = Build::new(text, tokens);
    build.start(SyntaxKind::Module);
    let bad = build.nodes(pairs, |place| place, |place| covered.to_source(place));
    (build.finish(), bad)
}

/// What one pest parse found from a place of the text on, where nothing is covered: with what is blank or comment before
/// it, but not after it.
pub(super) struct Piece {
    pub(super) nodes: GreenNode,
    pub(super) bad: Vec<Bad>,
    /// So many tokens are in it.
    pub(super) tokens: usize,
}

/// A piece of `text` from `from` on, where these tokens begin.
pub(super) fn piece(text: &str, tokens: &[Token], pairs: Pairs<'_, Rule>, from: usize) -> Piece {
    let mut build = Build::new(text, tokens);
    build.start(SyntaxKind::Module);
    let place = |place: usize| from.saturating_add(place);
    let bad = build.nodes(pairs, place, |place| u32::try_from(place).unwrap_or(u32::MAX));
    build.inner.finish_node();
    Piece {
        nodes: build.inner.finish(),
        bad,
        tokens: build.next,
    }
}

/// The tree of a text that cannot be read: its tokens in a row.
pub(super) fn flat_tree(text: &str, tokens: &[Token]) -> SyntaxNode {
    let mut build = Build::new(text, tokens);
    build.start(SyntaxKind::Module);
    build.finish()
}

struct Build<'a> {
    text: &'a str,
    tokens: &'a [Token],
    next: usize,
    inner: rowan::GreenNodeBuilder<'static>,
}

impl<'a> Build<'a> {
    fn new(text: &'a str, tokens: &'a [Token]) -> Self {
        Self {
            text,
            tokens,
            next: 0,
            inner: rowan::GreenNodeBuilder::new(),
        }
    }

    fn start(&mut self, kind: SyntaxKind) {
        self.inner.start_node(Flow::kind_to_raw(kind));
    }

    fn push(&mut self, token: Token) {
        let text = self
            .text
            .get(token.start as usize..token.end as usize)
            .unwrap_or("");
        self.inner.token(Flow::kind_to_raw(token.kind), text);
        self.next += 1;
    }

    /// The nodes that pest found. `place` says where a place of pest is in the covered text, `to_source` where such a
    /// one is in the author's. Gives the parts that fit no rule.
    fn nodes(
        &mut self,
        pairs: Pairs<'_, Rule>,
        place: impl Fn(usize) -> usize,
        to_source: impl Fn(usize) -> u32,
    ) -> Vec<Bad> {
        let mut rules: Vec<(Rule, usize)> = Vec::new();
        let mut bad = Vec::new();
        for event in pairs.tokens() {
            match event {
                pest::Token::Start { rule, pos } => {
                    let start = place(pos.pos());
                    rules.push((rule, start));
                    if let Some(kind) = kind_of(rule) {
                        self.up_to(to_source(start));
                        self.past_trivia();
                        self.start(kind);
                    }
                }
                pest::Token::End { rule, pos } => {
                    let (start, end) = (rules.pop().map_or(0, |(_, start)| start), place(pos.pos()));
                    let Some(kind) = kind_of(rule) else { continue };
                    if kind.is_bad() {
                        let within = rules.last().map(|(rule, _)| *rule);
                        bad.push(Bad {
                            rule,
                            within,
                            start,
                            end,
                        });
                    }
                    self.without_trailing_trivia(to_source(end));
                    self.inner.finish_node();
                }
            }
        }
        bad
    }

    /// All tokens that begin before `end`.
    fn up_to(&mut self, end: u32) {
        while let Some(token) = self.tokens.get(self.next).filter(|token| token.start < end) {
            self.push(*token);
        }
    }

    /// Trivia that would begin a node goes before it.
    fn past_trivia(&mut self) {
        while let Some(token) = self.tokens.get(self.next).filter(|token| token.kind.is_trivia()) {
            self.push(*token);
        }
    }

    /// The same, but what is blank or comment at the end is left to whatever comes next.
    fn without_trailing_trivia(&mut self, end: u32) {
        let rest = self.tokens.get(self.next..).unwrap_or(&[]);
        let before = rest.iter().take_while(|token| token.start < end);
        let last = before
            .enumerate()
            .filter(|(_, token)| !token.kind.is_trivia())
            .last();
        if let Some((_, last)) = last {
            self.up_to(last.end);
        }
    }

    fn finish(mut self) -> SyntaxNode {
        self.up_to(u32::MAX);
        self.inner.finish_node();
        SyntaxNode::new_root(self.inner.finish())
    }
}
