//! What stands beside the word: what follows it, what is there already, and where its line begins.

use crate::{
    check::WORD,
    syntax::{SyntaxKind as K, SyntaxNode, SyntaxToken},
};

/// What follows the word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::ide::completion) struct After {
    /// `(`, perhaps only so that the word can be read
    pub(in crate::ide::completion) call: bool,
    /// `(` that the author wrote
    pub(in crate::ide::completion) brackets: bool,
    /// `.name`
    pub(in crate::ide::completion) member: Option<String>,
    /// Whether something else follows on the same line that begins a word, a text or a number.
    pub(in crate::ide::completion) more: bool,
    /// The literal that it is compared or computed with, or that follows.
    pub(in crate::ide::completion) literal: Option<K>,
    /// Whether a block begins on the same line.
    pub(in crate::ide::completion) block: bool,
    /// The word that follows on the same line, and whether it is gone over: `x in`.
    pub(in crate::ide::completion) word: Option<String>,
    pub(in crate::ide::completion) gone_over: bool,
}

/// Names that stand beside the word already.
pub(super) fn given(token: &SyntaxToken) -> Vec<String> {
    let Some(list) = token.parent_ancestors().find(|node| {
        matches!(
            node.kind(),
            K::Settings
                | K::OperationBody
                | K::Record
                | K::Call
                | K::Service
                | K::Gateway
                | K::Binds
                | K::Block
                | K::Match
                | K::MatchExpr
                | K::List
        )
    }) else {
        return Vec::new();
    };
    let name = |child: SyntaxNode| match child.kind() {
        K::Setting | K::Entry | K::Bind => child.children().next().map(|name| name.to_string()),
        K::Argument => child
            .children()
            .find(|name| name.kind() == K::Name)
            .map(|name| name.to_string()),
        K::Arm | K::ExprArm => child
            .descendants()
            .find(|node| node.kind() == K::CasePattern)
            .and_then(|pattern| pattern.children().filter(|child| child.kind() == K::Name).last())
            .map(|name| name.to_string()),
        K::Expr => Some(child.to_string()),
        _ => None,
    };
    let names = list.children().filter_map(name);
    names.filter(|name| !name.contains(WORD)).collect()
}

pub(super) fn after(token: &SyntaxToken) -> After {
    let mut after = After::default();
    let mut next = token.next_token();
    if next.as_ref().is_some_and(|next| next.kind() == K::RoundOpen) {
        after.call = true;
        return after;
    }
    let mut line = true;
    let rest = token.text_range().end();
    after.literal = literal(token);
    let whole = token
        .parent_ancestors()
        .last()
        .map_or_else(String::new, |root| root.to_string());
    let rest = whole.get(usize::from(rest)..).unwrap_or("");
    let line_rest = rest.lines().next().unwrap_or("");
    // Without what stands in texts.
    let bare: String = line_rest.split('"').step_by(2).collect();
    after.block = bare.contains(" {");
    let mut words = line_rest.split_whitespace();
    let first = words.next().unwrap_or("");
    let word: String = first
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    after.word = Some(word).filter(|word| !word.is_empty());
    after.gone_over = words.next() == Some("in");
    while let Some(token) = next.take_if(|token| token.kind().is_trivia()) {
        line &= !token.text().contains('\n') && !token.kind().is_comment();
        next = token.next_token();
    }
    let Some(token) = next else { return after };
    if matches!(token.kind(), K::Dot | K::QuestionDot) {
        let name = token.next_token().filter(|name| name.kind().is_word());
        after.member = name.map(|name| name.text().to_owned());
    }
    after.more = line && (token.kind().is_word() || matches!(token.kind(), K::NumberToken | K::Quote));
    after
}

/// The literal after an operator that follows the word, or right behind it.
fn literal(token: &SyntaxToken) -> Option<K> {
    let mut tokens = std::iter::successors(token.next_token(), SyntaxToken::next_token);
    let mut next = || tokens.find(|token| !token.kind().is_trivia());
    let first = next()?;
    let operator = matches!(
        first.kind(),
        K::EqualsEquals
            | K::NotEquals
            | K::Less
            | K::LessEquals
            | K::Greater
            | K::GreaterEquals
            | K::Plus
            | K::Minus
            | K::Star
            | K::Slash
    );
    let literal = if operator { next()? } else { first };
    matches!(literal.kind(), K::NumberToken | K::Quote).then(|| literal.kind())
}

pub(super) fn before_line(text: &str, at: u32) -> &str {
    let before = text.get(..at as usize).unwrap_or("");
    before.rsplit('\n').next().unwrap_or("")
}

/// Whether a line is indented more than the one before, which opens nothing.
pub(super) fn goes_on(text: &str, at: u32) -> bool {
    let before = text.get(..at as usize).unwrap_or("");
    let mut lines = before.rsplit('\n');
    let own = lines.next().unwrap_or("");
    let Some(last) = lines.find(|line| !line.trim().is_empty()) else {
        return false;
    };
    let indent = |line: &str| line.len() - line.trim_start().len();
    own.trim().is_empty() && indent(own) > indent(last) && !last.trim_end().ends_with(['{', '(', '[', ','])
}

pub(super) fn begins(line: &str) -> bool {
    let line = line.trim_end();
    line.is_empty() || ["{", "->", "else"].iter().any(|end| line.ends_with(end))
}

/// The first node around that is neither a name nor a part of an expression.
pub(super) fn within(token: &SyntaxToken) -> Option<K> {
    let kinds = token.parent_ancestors().map(|node| node.kind());
    let mut around = kinds.skip_while(|kind| {
        matches!(
            kind,
            K::Name | K::Reference | K::Operand | K::Expr | K::Argument | K::Member
        )
    });
    around.next()
}

/// The names in the value beside a name.
pub(super) fn holds(token: &SyntaxToken) -> Vec<String> {
    let setting = token.parent().and_then(|name| name.parent());
    let Some(setting) = setting.filter(|setting| matches!(setting.kind(), K::Setting | K::Entry)) else {
        return Vec::new();
    };
    let Some(record) = setting.descendants().find(|node| node.kind() == K::Record) else {
        return Vec::new();
    };
    let entries = record.children().filter(|entry| entry.kind() == K::Entry);
    entries
        .filter_map(|entry| entry.children().next())
        .map(|name| name.to_string())
        .collect()
}
