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
    /// A setting of a flow after its first statement.
    LateSetting { name: String },
    /// A declaration among statements.
    NotInFlow { word: String },
    /// `x = await t`, `return await t`
    AwaitElsewhere,
    /// `let x = await s as y`
    BoundTwice,
    /// `let x = await { }`
    ArmsBound,
    /// `on approve(by: string) { }`
    TypeHeard,
    /// `x of 20`
    ShareOf,
    /// A bracket that is never closed.
    Unclosed {
        sign: String,
        missing: char,
        /// Where it is, if the place is where its end is missed.
        opened: Option<(u32, u32)>,
        /// Where its end is missed, and everything that is missing there.
        at: u32,
        all: String,
    },
    /// A `}` whose `{` is missing at the end of an earlier line.
    NoOpening { after: String, closed: (u32, u32) },
    /// A word that is nearly one with which something begins here.
    Misspelt {
        expected: String,
        found: String,
        near: Option<&'static str>,
    },
    /// A bracket that was never opened.
    Unopened { sign: String },
    /// A text that is never closed.
    UnclosedText { in_hole: bool },
    /// A spelling of other languages.
    Foreign { found: String, say: String },
    /// `;`
    Semicolon,
    /// `;` at many places.
    Semicolons(Vec<u32>),
    /// `'text'`, and whether it has an end
    SingleQuotes { closed: bool },
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
        let at = |(start, end): (u32, u32)| Span::new(span.source, start, end);
        let diagnostic = match self {
            Self::Unclosed {
                opened: Some(opened), ..
            } => diagnostic.and(at(*opened), "it is opened here"),
            Self::NoOpening { closed, .. } => diagnostic.and(at(*closed), "this `}` closes it"),
            _ => diagnostic,
        };
        self.fixed(diagnostic, span)
    }

    fn code(&self) -> u16 {
        match self {
            Self::Unexpected { .. } | Self::MissingComma { .. } | Self::StraySign(_) => 101,
            Self::LateSetting { .. } => 120,
            Self::AwaitElsewhere | Self::BoundTwice | Self::ArmsBound => 121,
            Self::TypeHeard => 122,
            Self::NotInFlow { .. } => 123,
            Self::ShareOf => 124,
            Self::Unclosed { .. } | Self::Unopened { .. } | Self::NoOpening { .. } => 103,
            Self::Misspelt { .. } => 110,
            Self::UnclosedText { .. } => 104,
            Self::Foreign { .. } | Self::Semicolon | Self::Semicolons(_) | Self::SingleQuotes { .. } => 105,
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
            Self::LateSetting { name } => format!("the setting `{name}` stands after a statement"),
            Self::NotInFlow { word } => format!("expected a statement, found the declaration `{word}`"),
            Self::AwaitElsewhere => "expected an expression, found `await`".to_owned(),
            Self::BoundTwice => "this `await` gives its value two names".to_owned(),
            Self::ArmsBound => "an `await` with arms gives no value".to_owned(),
            Self::TypeHeard => "expected a name alone, found its type".to_owned(),
            Self::ShareOf => "expected a percentage before `of`".to_owned(),
            Self::Unclosed {
                sign,
                missing,
                opened: None,
                ..
            } => {
                format!("this `{sign}` is never closed by `{missing}`")
            }
            Self::Unclosed { sign, missing, .. } => {
                format!("expected `{missing}` here at the latest, to close a `{sign}`")
            }
            Self::NoOpening { after, .. } => format!("expected `{{` after `{after}`"),
            Self::Misspelt { expected, found, .. } => format!("expected {expected}, found `{found}`"),
            Self::Unopened { sign } if sign == "{" => format!("this `{sign}` is one too many"),
            Self::Unopened { sign } => format!("this `{sign}` closes nothing"),
            Self::UnclosedText { in_hole: false } => "this text is never closed by `\"`".to_owned(),
            Self::UnclosedText { in_hole: true } => "a `{` in this text is never closed by `}`".to_owned(),
            Self::Foreign { found, say } => format!("expected `{say}`, found `{found}`"),
            Self::Semicolon | Self::Semicolons(_) => "expected no `;`".to_owned(),
            Self::SingleQuotes { .. } => "expected a text in double quotes, found single quotes".to_owned(),
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
            Self::LateSetting { .. } => "settings of a flow stand before its first statement",
            Self::NotInFlow { .. } => "declarations stand beside the flow, not in it",
            Self::AwaitElsewhere => "bind it first, without a type: `let x = await ...`",
            Self::BoundTwice => "keep the name after `let` and remove `as`",
            Self::ArmsBound => "declare a `var` before it and assign it in the arms",
            Self::TypeHeard => "the types stand where the signal is declared: `on approve(by) { }`",
            Self::ShareOf => "write a share of a number: `50% of 20`",
            Self::UnclosedText { in_hole: false } => "texts of several lines stand between `\"\"\"`",
            Self::UnclosedText { in_hole: true } => "a `{` that is meant as a character is written `\\{`",
            Self::Foreign { say, .. } => return Some(format!("write `{say}`")),
            Self::Semicolon => "statements need no sign at their end: remove it",
            Self::Semicolons(places) => {
                let count = places.len();
                return Some(format!(
                    "statements need no sign at their end: remove all {count} of them"
                ));
            }
            Self::Misspelt { near: Some(near), .. } => return Some(format!("did you mean `{near}`?")),
            Self::Misspelt { .. } => {
                "a statement is a call, an assignment, or begins with a word such as `let` or `return`"
            }
            Self::Unclosed {
                missing, at: _, all, ..
            } => {
                return Some(format!(
                    "add `{}`",
                    if all.is_empty() {
                        missing.to_string()
                    } else {
                        all.clone()
                    }
                ));
            }
            Self::Unopened { .. } => "remove it, or open it where it belongs",
            Self::NoOpening { .. } => "add `{` at the end of this line",
            Self::MissingComma { .. } => "write `,` between entries on one line",
            Self::NumberTooLarge { .. } => {
                "take a smaller number, or a `string` if nothing is computed with it"
            }
            Self::SingleQuotes { .. } => "write `\"` on both sides",
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
        let after = Span {
            start: span.end,
            ..span
        };
        let before = Span {
            end: span.start,
            ..span
        };
        match self {
            Self::Foreign { found, say } if found == "#" => {
                let sign = Span {
                    end: span.start + 1,
                    ..span
                };
                diagnostic.fix("begin it with `//`", sign, say.clone())
            }
            Self::Foreign { say, .. } if !say.contains(' ') && say != "//" => {
                let blank = if say == "not" { " " } else { "" };
                diagnostic.fix(format!("replace by `{say}`"), span, format!("{say}{blank}"))
            }
            Self::Misspelt { near: Some(near), .. } => {
                diagnostic.fix(format!("replace by `{near}`"), span, *near)
            }
            Self::Semicolon => diagnostic.fix("remove `;`", span, ""),
            Self::Semicolons(places) => places
                .iter()
                .skip(1)
                .fold(diagnostic.fix("remove every `;`", span, ""), |diagnostic, at| {
                    diagnostic.and_edit(Span::new(span.source, *at, at + 1), "")
                }),
            Self::SingleQuotes { closed: true } => diagnostic
                .fix(
                    "write double quotes",
                    Span {
                        end: span.start + 1,
                        ..span
                    },
                    "\"",
                )
                .and_edit(
                    Span {
                        start: span.end.saturating_sub(1),
                        ..span
                    },
                    "\"",
                ),
            Self::Unclosed { at, all, .. } => {
                let blank = if all.starts_with('}') { " " } else { "" };
                diagnostic.fix(
                    format!("add `{all}`"),
                    Span::new(span.source, *at, *at),
                    format!("{blank}{all}"),
                )
            }
            Self::Unopened { sign } => diagnostic.fix(format!("remove `{sign}`"), span, ""),
            Self::NoOpening { .. } => diagnostic.fix("add `{`", after, " {"),
            Self::MissingComma { .. } => diagnostic.fix("add `,`", before, ", "),
            Self::UnknownUnit {
                number,
                unit,
                nearest: Some(nearest),
            } => {
                let digits = number.strip_suffix(unit.as_str()).unwrap_or(number);
                diagnostic.fix(
                    format!("write {digits}{nearest}"),
                    span,
                    format!("{digits}{nearest}"),
                )
            }
            Self::UnknownEscape { escape } => {
                diagnostic.fix("write a backslash as it is", span, format!("\\{escape}"))
            }
            _ => diagnostic,
        }
    }
}
