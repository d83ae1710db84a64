//! What each word of a text is, for its colour: from the tree, and from what the names stand for.

use super::{
    names::{NameKind, Role},
    snapshot::Snapshot,
};
use crate::{
    check::{FactKind, Ty},
    resolve::Def,
    syntax::{SyntaxKind as K, SyntaxToken},
};
use flowmesh_diagnostics::{SourceId, Span};
use std::collections::HashMap;

/// What a word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TokenKind {
    /// A name that a program declares.
    Name(NameKind),
    /// A function or method of the library.
    Native,
    /// A built-in type.
    BuiltinType,
    /// A value or a part that the surroundings give: `run`, `reply`.
    Builtin,
    /// A setting.
    Setting,
    /// A word that only a setting knows: `ewma`.
    Word,
    /// A word of the language.
    Keyword,
    /// A number, with its unit.
    Number,
    /// A part of a text.
    Text,
    /// A comment.
    Comment,
    /// A comment that documents something.
    Doc,
    /// An operator.
    Operator,
}

/// A word and what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// The word.
    pub span: Span,
    /// What it is.
    pub kind: TokenKind,
    /// Whether it is declared here.
    pub declared: bool,
    /// Whether it is of the library.
    pub library: bool,
}

/// The words of a text in order; of a part of it alone, if one is named.
#[must_use]
pub fn tokens(snapshot: &Snapshot, source: SourceId, range: Option<Span>) -> Vec<Token> {
    let Some(tree) = snapshot.tree(source) else {
        return Vec::new();
    };
    let names: HashMap<Span, (NameKind, bool, Span)> = snapshot
        .names()
        .of_text(source)
        .map(|name| (name.span, (name.kind, name.role == Role::Declared, name.declared)))
        .collect();
    let facts = snapshot.analysis.checked.facts.iter();
    let facts: HashMap<Span, &FactKind> = facts
        .filter(|fact| fact.span.source == source)
        .map(|fact| (fact.span, &fact.kind))
        .collect();
    let all = tree
        .descendants_with_tokens()
        .filter_map(|element| element.into_token());
    let wanted = |span: Span| range.is_none_or(|range| span.start < range.end && range.start < span.end);
    all.filter_map(|token| {
        let place = token.text_range();
        let span = Span::new(source, place.start().into(), place.end().into());
        if !wanted(span) {
            return None;
        }
        if let Some((kind, declared, at)) = names.get(&span) {
            return Some(Token {
                span,
                kind: TokenKind::Name(*kind),
                declared: *declared,
                library: !snapshot.is_own(at.source),
            });
        }
        let kind = of_fact(facts.get(&span).copied()).or_else(|| of_syntax(&token))?;
        Some(Token {
            span,
            kind,
            declared: false,
            library: kind == TokenKind::Native,
        })
    })
    .collect()
}

fn of_fact(fact: Option<&FactKind>) -> Option<TokenKind> {
    Some(match fact? {
        FactKind::Native(_) => TokenKind::Native,
        FactKind::Setting(_) => TokenKind::Setting,
        FactKind::Builtin(_, _, "a built-in type") => TokenKind::BuiltinType,
        FactKind::Builtin(..) => TokenKind::Builtin,
        FactKind::Def(Def::Error(_)) => TokenKind::Name(NameKind::Error),
        FactKind::Local(_, Ty::Unit) => return None,
        FactKind::Local(..) => TokenKind::Name(NameKind::Local),
        FactKind::Field(..) => TokenKind::Name(NameKind::Field),
        _ => return None,
    })
}

/// Where nothing is known of a word, what the tree makes of it.
fn of_syntax(token: &SyntaxToken) -> Option<TokenKind> {
    let parent = token.parent().map(|parent| parent.kind());
    Some(match token.kind() {
        K::Comment => TokenKind::Comment,
        K::Doc | K::ModuleDoc => TokenKind::Doc,
        K::NumberToken => TokenKind::Number,
        K::Quote | K::Chars => TokenKind::Text,
        K::Word if parent == Some(K::Reference) => match token.text() {
            "run" | "reply" | "request" | "caller" | "scheduled" | "it" => TokenKind::Builtin,
            _ => TokenKind::Word,
        },
        K::Word if parent == Some(K::Name) => match token.parent()?.parent().map(|outer| outer.kind()) {
            Some(K::Setting) => TokenKind::Setting,
            Some(K::Let | K::For | K::Catch) => TokenKind::Name(NameKind::Local),
            Some(K::NamedType) => TokenKind::Name(NameKind::Type),
            Some(K::Entry | K::Member | K::Argument | K::Field) => TokenKind::Name(NameKind::Field),
            _ => return None,
        },
        K::Word if matches!(parent, Some(K::Binding | K::GatewayMethod)) => TokenKind::Word,
        K::Word if parent.is_some_and(K::is_bad) => return None,
        kind if kind.is_word() => TokenKind::Keyword,
        kind if kind.is_operator() => TokenKind::Operator,
        _ => return None,
    })
}
