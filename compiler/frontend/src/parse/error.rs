//! What can be wrong with the form of a program, and the words for it.

use flowmesh_diagnostics::{Code, Diagnostic, Span};

/// An error of the parser. Its place lies beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ParseError {
    /// Something else was expected here.
    Unexpected {
        expected: String,
        after: Option<String>,
        found: String,
        help: Option<String>,
    },
    /// A part of the language that this version does not carry out.
    Later { word: String },
    /// A bracket that is never closed.
    Unclosed { sign: String, missing: char },
    /// A bracket that was never opened.
    Unopened { sign: String },
    /// A text that is never closed.
    UnclosedText { in_hole: bool },
    /// A spelling of other languages.
    Foreign { found: String, say: String },
    /// `;`
    Semicolon,
    /// `;` at many places.
    Semicolons(u32),
    /// `'text'`
    SingleQuotes,
    /// A name with letters that no name may have.
    ForeignLetters(String),
    /// A sign that the language does not have.
    StraySign(char),
    /// `10sec`
    UnknownUnit {
        number: String,
        unit: String,
        nearest: Option<&'static str>,
    },
    /// A number that is too large.
    NumberTooLarge { number: String },
    /// `\q`
    UnknownEscape { escape: String },
    /// Two entries on one line without a comma.
    MissingComma { before: String },
    /// Brackets or operators within each other, deeper than the limit.
    TooDeep { limit: usize },
    /// A file beyond the limit.
    TooLarge { limit_mb: usize },
}

impl ParseError {
    /// `found` is how other languages write what is `say` here.
    pub(super) fn foreign(found: &str, say: &str) -> Self {
        Self::Foreign {
            found: found.to_owned(),
            say: say.to_owned(),
        }
    }

    /// The finding at its place.
    pub(super) fn diagnostic(&self, span: Span) -> Diagnostic {
        let diagnostic = Diagnostic::error(Code(self.code()), span, self.message());
        let diagnostic = match self.help() {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        };
        self.fixed(diagnostic, span)
    }

    fn code(&self) -> u16 {
        match self {
            Self::Unexpected { .. } | Self::MissingComma { .. } | Self::StraySign(_) => 101,
            Self::Later { .. } => 102,
            Self::Unclosed { .. } | Self::Unopened { .. } => 103,
            Self::UnclosedText { .. } => 104,
            Self::Foreign { .. } | Self::Semicolon | Self::Semicolons(_) | Self::SingleQuotes => 105,
            Self::ForeignLetters(_) => 106,
            Self::UnknownUnit { .. } | Self::NumberTooLarge { .. } => 107,
            Self::UnknownEscape { .. } => 108,
            Self::TooDeep { .. } | Self::TooLarge { .. } => 109,
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Unexpected {
                expected,
                after: Some(after),
                found,
                ..
            } => {
                format!("expected {expected} after `{after}`, found {found}")
            }
            Self::Unexpected { expected, found, .. } => format!("expected {expected}, found {found}"),
            Self::Later { word } => format!("`{word}` is not part of this version of the language"),
            Self::Unclosed { sign, missing } => format!("this `{sign}` is never closed by `{missing}`"),
            Self::Unopened { sign } => format!("this `{sign}` closes nothing"),
            Self::UnclosedText { in_hole: false } => "this text is never closed by `\"`".to_owned(),
            Self::UnclosedText { in_hole: true } => "a `{` in this text is never closed by `}`".to_owned(),
            Self::Foreign { found, say } => format!("expected `{say}`, found `{found}`"),
            Self::Semicolon | Self::Semicolons(_) => "expected no `;`".to_owned(),
            Self::SingleQuotes => "expected a text in double quotes, found single quotes".to_owned(),
            Self::ForeignLetters(word) => format!("the name `{word}` has letters other than a to z"),
            Self::StraySign(sign) => format!("expected a word or sign of the language, found `{sign}`"),
            Self::UnknownUnit { number, unit, .. } => {
                format!("unknown unit `{unit}` of the number `{number}`")
            }
            Self::NumberTooLarge { number } => format!("the number `{number}` is too large"),
            Self::UnknownEscape { escape } => format!("unknown escape `{escape}` in a text"),
            Self::MissingComma { before } => format!("expected `,` or a new line before `{before}`"),
            Self::TooDeep { limit } => {
                format!("expected at most {limit} levels within each other, found more")
            }
            Self::TooLarge { limit_mb } => {
                format!("expected a file of at most {limit_mb} MB, found a larger one")
            }
        }
    }

    fn help(&self) -> Option<String> {
        let help = match self {
            Self::Unexpected { help, .. } => return help.clone(),
            Self::UnclosedText { in_hole: false } => "texts of several lines stand between `\"\"\"`",
            Self::UnclosedText { in_hole: true } => "a `{` that is meant as a character is written `\\{`",
            Self::Foreign { say, .. } => return Some(format!("write `{say}`")),
            Self::Semicolon => "statements need no sign at their end: remove it",
            Self::Semicolons(count) => {
                return Some(format!(
                    "statements need no sign at their end: remove all {count} of them"
                ));
            }
            Self::SingleQuotes => "write `\"` on both sides",
            Self::ForeignLetters(_) => "names are made of the letters a to z, digits and `_`",
            Self::UnknownUnit {
                nearest: Some(nearest),
                ..
            } => return Some(format!("did you mean `{nearest}`?")),
            Self::UnknownUnit { unit, .. } if unit == "xx" => {
                "there are `1xx` to `5xx` for classes of status codes"
            }
            Self::UnknownUnit { .. } => {
                "there are `ms`, `s`, `m`, `h`, `d`, `w` for durations, and `B`, `KiB`, `MiB`, `GiB`, `KB`, `MB`, `GB` for sizes"
            }
            Self::UnknownEscape { .. } => {
                "there are `\\n`, `\\t`, `\\r`, `\\\"`, `\\\\`, `\\{`, `\\}` and `\\u{...}`; a backslash itself is written `\\\\`"
            }
            Self::TooDeep { .. } => "give the inner part a name of its own, with `let` or `fn`",
            Self::TooLarge { .. } => "divide it into modules and join them with `use`",
            _ => return None,
        };
        Some(help.to_owned())
    }

    fn fixed(&self, diagnostic: Diagnostic, span: Span) -> Diagnostic {
        match self {
            Self::Foreign { say, .. } => diagnostic.fix(format!("replace by `{say}`"), span, say.clone()),
            Self::Semicolon | Self::Semicolons(_) => diagnostic.fix("remove `;`", span, ""),
            _ => diagnostic,
        }
    }
}
