//! Joins what pest found with the tokens of the text into the lossless tree.

use super::cover::Covered;
use super::kinds::kind_of;
use super::tokens::Token;
use crate::syntax::{Flow, SyntaxKind, SyntaxNode};
use flowmesh_grammar::Rule;
use pest::iterators::Pairs;
use rowan::Language as _;

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
    let mut rules: Vec<(Rule, usize)> = Vec::new();
    let mut bad = Vec::new();
    build.start(SyntaxKind::Module);
    for event in pairs.tokens() {
        match event {
            pest::Token::Start { rule, pos } => {
                rules.push((rule, pos.pos()));
                if let Some(kind) = kind_of(rule) {
                    build.up_to(covered.to_source(pos.pos()));
                    build.past_trivia();
                    build.start(kind);
                }
            }
            pest::Token::End { rule, pos } => {
                let start = rules.pop().map_or(0, |(_, start)| start);
                let Some(kind) = kind_of(rule) else { continue };
                if kind.is_bad() {
                    let within = rules.last().map(|(rule, _)| *rule);
                    bad.push(Bad {
                        rule,
                        within,
                        start,
                        end: pos.pos(),
                    });
                }
                build.without_trailing_trivia(covered.to_source(pos.pos()));
                build.inner.finish_node();
            }
        }
    }
    (build.finish(), bad)
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
