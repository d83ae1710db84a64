//! Colours: of what is typed, of values, and of what is said beside them. `anstream` takes them out where nobody would
//! see them.

use flowmesh_frontend::{
    ide::{NameKind, TokenKind},
    parse::{Piece, pieces},
    syntax::SyntaxKind as K,
};
use nu_ansi_term::{Color, Style};
use std::{collections::HashMap, ops::Range};

/// Words that begin a declaration or a statement where they stand first, and are names elsewhere.
const FIRST: &[&str] = &[
    "use", "config", "secret", "type", "enum", "error", "event", "policy", "service", "fn", "flow",
    "gateway", "allow", "deny", "schedule", "test", "mesh", "migrate", "mock", "expect", "always", "send",
    "start", "emit", "advance", "crash", "cancel", "op", "at", "step", "view", "on", "race", "try", "spawn",
    "tag", "lock", "route", "key",
];

/// A text in its colours, as far as it is known what its words are, and else by how it is written.
pub(super) fn known(text: &str, tokens: &[(Range<usize>, TokenKind)]) -> Vec<(Style, String)> {
    let by_place: HashMap<&Range<usize>, TokenKind> =
        tokens.iter().map(|(range, kind)| (range, *kind)).collect();
    let mut at = 0_usize;
    let mut all = styled(text);
    for (style, piece) in &mut all {
        let range = at..at.saturating_add(piece.len());
        at = range.end;
        if let Some(named) = by_place.get(&range).and_then(|kind| named(*kind)) {
            *style = named;
        }
    }
    all
}

/// The colour of what something stands for; nothing where its form says it as well.
fn named(kind: TokenKind) -> Option<Style> {
    Some(match kind {
        TokenKind::Keyword => Color::Blue.bold(),
        TokenKind::Name(NameKind::Flow | NameKind::Function | NameKind::Operation) | TokenKind::Native => {
            Color::Magenta.normal()
        }
        TokenKind::Name(NameKind::Type | NameKind::Error | NameKind::Event | NameKind::Case)
        | TokenKind::BuiltinType => Color::Cyan.normal(),
        TokenKind::Name(NameKind::Service | NameKind::Gateway | NameKind::Policy | NameKind::Module) => {
            Color::Cyan.bold()
        }
        TokenKind::Name(_) | TokenKind::Setting | TokenKind::Word => Style::new(),
        TokenKind::Builtin => Color::Blue.normal(),
        TokenKind::Number | TokenKind::Text | TokenKind::Comment | TokenKind::Doc | TokenKind::Operator => {
            return None;
        }
    })
}

/// A text in its colours, piece by piece.
fn styled(text: &str) -> Vec<(Style, String)> {
    let (word, code) = match text.trim_start().starts_with(':') {
        true => text.split_at(directive(text)),
        false => ("", text),
    };
    let mut all = Vec::new();
    if !word.is_empty() {
        all.push((Color::Cyan.bold(), word.to_owned()));
    }
    let mut first = word.is_empty();
    for piece in pieces(code) {
        let text = code.get(piece.start..piece.end).unwrap_or_default();
        all.push((style(piece, text, first), text.to_owned()));
        first = match piece.kind {
            K::Whitespace => first || text.contains('\n'),
            K::BraceOpen | K::Equals | K::Arrow => true,
            kind => kind.is_comment(),
        };
    }
    all
}

/// Where the word of a directive ends.
fn directive(text: &str) -> usize {
    let begun = text.find(':').map_or(0, |at| at.saturating_add(1));
    let rest = text.get(begun..).unwrap_or_default();
    rest.find(char::is_whitespace)
        .map_or(text.len(), |at| at.saturating_add(begun))
}

fn style(piece: Piece, text: &str, first: bool) -> Style {
    match piece.kind {
        kind if kind.is_comment() => Color::DarkGray.italic(),
        K::Quote | K::Chars => Color::Green.normal(),
        K::NumberToken | K::TrueKw | K::FalseKw | K::NoneKw => Color::Yellow.normal(),
        K::Stray => Color::Red.normal(),
        K::Word if first && FIRST.contains(&text) => Color::Blue.bold(),
        K::Word if text.starts_with(|c: char| c.is_ascii_uppercase()) => Color::Cyan.normal(),
        K::Word => Style::new(),
        kind if kind.is_word() => Color::Blue.bold(),
        _ => Style::new(),
    }
}

/// A text of the language in its colours.
pub(super) fn code(text: &str) -> String {
    styled(text)
        .iter()
        .map(|(style, text)| style.paint(text).to_string())
        .collect()
}

/// What is said beside something.
pub(super) fn dim(text: &str) -> String {
    Style::new().dimmed().paint(text).to_string()
}

/// A head, or the name of a run.
pub(super) fn name(text: &str) -> String {
    Color::Cyan.paint(text).to_string()
}

/// What has gone well.
pub(super) fn good(text: &str) -> String {
    Color::Green.paint(text).to_string()
}

/// What has not.
pub(super) fn bad(text: &str) -> String {
    Color::Red.paint(text).to_string()
}

/// A value over several lines where one is too short for it.
pub(super) fn laid_out(text: &str, width: usize) -> String {
    let mut out = String::new();
    lay(text, 0, width, &mut out);
    out
}

/// Breaks the outermost brackets of a text that is too wide, and then what is in them.
fn lay(text: &str, depth: usize, width: usize, out: &mut String) {
    let indent = depth.saturating_mul(2);
    let fits = text.chars().count().saturating_add(indent) <= width;
    let (Some((head, inner, tail)), false) = (bracket(text), fits) else {
        return out.push_str(text);
    };
    out.push_str(head);
    for (at, part) in parts(inner).into_iter().enumerate() {
        out.push_str(if at == 0 { "\n" } else { ",\n" });
        out.push_str(&" ".repeat(indent.saturating_add(2)));
        lay(part.trim(), depth.saturating_add(1), width, out);
    }
    out.push('\n');
    out.push_str(&" ".repeat(indent));
    out.push_str(tail);
}

/// A text up to and with its first bracket, what is in that, and its end; nothing if there is nothing in it.
fn bracket(text: &str) -> Option<(&str, &str, &str)> {
    let all = pieces(text);
    let open = all.iter().find(|piece| piece.kind.opens())?;
    let close = all.last().filter(|piece| piece.kind.closes())?;
    let inner = text.get(open.end..close.start)?;
    let nothing = inner.trim().is_empty();
    let whole = (text.get(..open.end)?, inner, text.get(close.start..)?);
    (!nothing).then_some(whole)
}

/// What commas part, outside of brackets.
fn parts(text: &str) -> Vec<&str> {
    let (mut all, mut depth, mut from) = (Vec::new(), 0_usize, 0);
    for piece in pieces(text) {
        match piece.kind {
            kind if kind.opens() => depth = depth.saturating_add(1),
            kind if kind.closes() => depth = depth.saturating_sub(1),
            K::Comma if depth == 0 => {
                all.extend(text.get(from..piece.start));
                from = piece.end;
            }
            _ => {}
        }
    }
    all.extend(text.get(from..));
    all
}

#[cfg(test)]
mod tests {
    use super::{known, laid_out, styled};
    use flowmesh_frontend::ide::{NameKind, TokenKind};
    use nu_ansi_term::{Color, Style};

    #[test]
    fn colours_leave_the_text_as_it_is() {
        for text in [
            "let x = [1, \"a{b}\"] // so\n",
            ":type 1 + 2",
            ":run",
            "flow f() {\n  start g()\n}",
            "\"open",
            "ü = 'x'",
        ] {
            let whole: String = styled(text).into_iter().map(|(_, text)| text).collect();
            assert_eq!(whole, text);
        }
    }

    #[test]
    fn a_word_has_the_colour_of_what_it_stands_for() {
        let tokens = [(0..4, TokenKind::Name(NameKind::Flow))];
        let all = known("test + 1", &tokens);
        assert_eq!(all.first(), Some(&(Color::Magenta.normal(), "test".to_owned())));
        let local = [(0..4, TokenKind::Name(NameKind::Local))];
        assert_eq!(
            known("test", &local).first(),
            Some(&(Style::new(), "test".to_owned()))
        );
    }

    #[test]
    fn a_value_that_is_too_wide_is_broken_at_its_brackets() {
        assert_eq!(laid_out("[1, 2]", 10), "[1, 2]");
        assert_eq!(
            laid_out("Order(id: \"a, (b\", items: [1, 2, 3])", 15),
            "Order(\n  id: \"a, (b\",\n  items: [\n    1,\n    2,\n    3\n  ]\n)"
        );
        assert_eq!(
            laid_out("[\"a long text without brackets\"]", 10),
            "[\n  \"a long text without brackets\"\n]"
        );
        assert_eq!(laid_out("[]", 1), "[]");
    }
}
