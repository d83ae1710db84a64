//! What names are called in the protocol: numbers of kinds, and of colours by the legend that the editor is told.

use flowmesh_frontend::ide::{CompletionItem, CompletionKind, NameKind, SymbolKind, Token, TokenKind};

/// The colours, in the order of their numbers.
pub(in crate::lsp) const TOKENS: [&str; 18] = [
    "namespace",
    "type",
    "class",
    "enumMember",
    "parameter",
    "variable",
    "property",
    "event",
    "function",
    "method",
    "macro",
    "keyword",
    "comment",
    "string",
    "number",
    "operator",
    "label",
    "decorator",
];

/// What is said of a colour beside, by the bits of its number.
pub(in crate::lsp) const MODIFIERS: [&str; 4] =
    ["declaration", "defaultLibrary", "documentation", "readonly"];

/// The numbers of a word; nothing of what has no colour.
pub(super) fn token(token: &Token) -> Option<(u32, u32)> {
    let name = match token.kind {
        TokenKind::Name(name) => match name {
            NameKind::Module => "namespace",
            NameKind::Type => "type",
            NameKind::Service | NameKind::Gateway | NameKind::Subset => "class",
            NameKind::Error | NameKind::Case => "enumMember",
            NameKind::Event | NameKind::Signal | NameKind::Schedule => "event",
            NameKind::Policy => "decorator",
            NameKind::Operation => "method",
            NameKind::Function | NameKind::Flow => "function",
            NameKind::Field => "property",
            NameKind::Param => "parameter",
            NameKind::Local | NameKind::State | NameKind::View | NameKind::Config | NameKind::Secret => {
                "variable"
            }
            NameKind::Step => "label",
        },
        TokenKind::Native => "method",
        TokenKind::BuiltinType => "type",
        TokenKind::Builtin => "variable",
        TokenKind::Setting => "property",
        TokenKind::Word => "enumMember",
        TokenKind::Keyword => "keyword",
        TokenKind::Number => "number",
        TokenKind::Text => "string",
        TokenKind::Comment | TokenKind::Doc => "comment",
        TokenKind::Operator => "operator",
    };
    let number = TOKENS.iter().position(|known| *known == name)?;
    let fixed = matches!(
        token.kind,
        TokenKind::Builtin | TokenKind::Name(NameKind::Config | NameKind::Secret)
    );
    let library = token.library || matches!(token.kind, TokenKind::BuiltinType | TokenKind::Builtin);
    let bits = [token.declared, library, token.kind == TokenKind::Doc, fixed];
    let modifiers = bits.iter().rev().fold(0, |all, bit| all << 1 | u32::from(*bit));
    Some((u32::try_from(number).ok()?, modifiers))
}

/// What is offered where something can be written.
pub(super) fn completion(item: &CompletionItem) -> u8 {
    match item.kind {
        CompletionKind::Name(name) => match name {
            NameKind::Operation => 2,
            NameKind::Function | NameKind::Flow => 3,
            NameKind::Field => 5,
            NameKind::Param | NameKind::Local | NameKind::State | NameKind::View => 6,
            NameKind::Service | NameKind::Gateway => 8,
            NameKind::Module | NameKind::Subset => 9,
            NameKind::Policy => 10,
            NameKind::Case => 20,
            NameKind::Config | NameKind::Secret => 21,
            NameKind::Type => 22,
            NameKind::Event | NameKind::Signal | NameKind::Error | NameKind::Schedule | NameKind::Step => 23,
        },
        CompletionKind::Native => 2,
        CompletionKind::Builtin => 21,
        CompletionKind::Setting => 10,
        CompletionKind::Word => 12,
        CompletionKind::Keyword if item.is_snippet => 15,
        CompletionKind::Keyword => 14,
    }
}

/// What a text declares.
pub(super) fn symbol(kind: SymbolKind) -> u8 {
    match kind {
        SymbolKind::Name(name) => named(name),
        SymbolKind::Test => 12,
        SymbolKind::Rule => 17,
        SymbolKind::Route => 6,
    }
}

/// A name, as a symbol.
pub(super) fn named(name: NameKind) -> u8 {
    match name {
        NameKind::Module => 2,
        NameKind::Subset => 3,
        NameKind::Operation => 6,
        NameKind::Field => 8,
        NameKind::Service | NameKind::Gateway => 11,
        NameKind::Flow | NameKind::Function => 12,
        NameKind::Param | NameKind::Local | NameKind::State | NameKind::View => 13,
        NameKind::Config | NameKind::Secret => 14,
        NameKind::Policy => 19,
        NameKind::Case => 22,
        NameKind::Type => 23,
        NameKind::Error | NameKind::Event | NameKind::Signal | NameKind::Schedule | NameKind::Step => 24,
    }
}

#[cfg(test)]
mod tests {
    use super::{MODIFIERS, TOKENS, token};
    use flowmesh_diagnostics::Span;
    use flowmesh_frontend::ide::{NameKind, Token, TokenKind};

    #[test]
    fn numbers_are_those_of_the_legend() {
        let mut one = Token {
            span: Span::default(),
            kind: TokenKind::Name(NameKind::Flow),
            declared: true,
            library: false,
        };
        let (kind, modifiers) = token(&one).unwrap();
        assert_eq!((TOKENS[kind as usize], modifiers), ("function", 1));
        one.kind = TokenKind::Doc;
        one.declared = false;
        let (kind, modifiers) = token(&one).unwrap();
        assert_eq!((TOKENS[kind as usize], modifiers), ("comment", 4));
        assert_eq!(MODIFIERS[2], "documentation");
    }
}
