//! The words for what can be wrong with names and types.

mod forms;
mod sample;

pub(crate) use sample::sample;

use super::error::Error;
use crate::resolve::did_you_mean;
use flowmesh_diagnostics::{Code, Diagnostic, Span};
use flowmesh_ir::{Name, expr::Binary};
use sample::{Otherwise as _, in_a_text};

impl Error {
    pub(crate) fn of_names(self) -> Diagnostic {
        match self {
            Self::UnknownName { name, span, near } => did_you_mean(
                Diagnostic::error(Code(204), span, format!("unknown name `{name}`")),
                near.as_deref(),
                span,
            ),
            Self::UnknownType { name, span, near } => did_you_mean(
                Diagnostic::error(Code(205), span, format!("unknown type `{name}`")),
                near.as_deref(),
                span,
            ),
            Self::NotDeclared { name, span, near } => {
                let diagnostic = Diagnostic::error(Code(212), span, format!("unknown error `{name}`"));
                match near {
                    None => diagnostic.help(format!("declare it: `error {name}(reason: string)`")),
                    near => did_you_mean(diagnostic, near.as_deref(), span),
                }
            }
            Self::NotAValue { name, kind, span } => Diagnostic::error(
                Code(211),
                span,
                format!("expected a value, found the {kind} `{name}`"),
            ),
            Self::NotAType { name, kind, span } => Diagnostic::error(
                Code(211),
                span,
                format!("expected a type, found the {kind} `{name}`"),
            ),
            Self::WrongKind { name, kind, span } => Diagnostic::error(
                Code(211),
                span,
                format!("expected an error, found the {kind} `{name}`"),
            ),
            Self::WholeContext { name, parts, span } => {
                let parts: Vec<_> = parts.iter().map(|part| format!("`{name}.{part}`")).collect();
                Diagnostic::error(
                    Code(211),
                    span,
                    format!("expected a value, found all of `{name}`"),
                )
                .help(format!("take a part of it: {}", parts.join(", ")))
            }
            other => unreached(&other),
        }
    }

    pub(crate) fn of_parts(self) -> Diagnostic {
        match self {
            Self::UnknownField {
                name,
                owner,
                span,
                near,
            } => {
                let message = format!("`{owner}` has no field `{name}`");
                did_you_mean(Diagnostic::error(Code(302), span, message), near.as_deref(), span)
            }
            Self::MethodNotCalled { name, span } => {
                Diagnostic::error(Code(302), span, format!("`{name}` is a method, not a field"))
                    .help(format!("call it: `.{name}()`"))
            }
            Self::UnknownMethod {
                name,
                owner,
                span,
                near,
            } => {
                let message = format!("`{owner}` has no method `{name}`");
                did_you_mean(Diagnostic::error(Code(313), span, message), near.as_deref(), span)
            }
            Self::UnknownCase {
                name,
                owner,
                span,
                near,
            } => {
                let message = format!("`{owner}` has no case `{name}`");
                did_you_mean(Diagnostic::error(Code(310), span, message), near.as_deref(), span)
            }
            Self::Missing {
                names,
                of,
                what,
                span,
            } => {
                let plural = if names.len() == 1 { "" } else { "s" };
                let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
                Diagnostic::error(
                    Code(303),
                    span,
                    format!("`{of}` lacks the {what}{plural} {}", names.join(", ")),
                )
                .help(format!("add {}", names.join(", ")))
            }
            Self::UnknownArgument { name, of, span, near } => {
                let message = format!("`{of}` takes no `{name}`");
                did_you_mean(Diagnostic::error(Code(304), span, message), near.as_deref(), span)
            }
            Self::TooMany { of, most, span } => {
                let most = if most == 0 {
                    "no arguments".to_owned()
                } else {
                    format!("at most {most}")
                };
                Diagnostic::error(
                    Code(304),
                    span,
                    format!("one argument too many: `{of}` takes {most}"),
                )
                .help("remove it")
                .fix("remove it", span, "")
            }
            Self::Doubled { name, span, first } => {
                Diagnostic::error(Code(305), span, format!("`{name}` is given twice"))
                    .and(first, "given here first")
                    .help("remove one of them")
            }
            other => unreached(&other),
        }
    }

    pub(crate) fn of_flows(self) -> Diagnostic {
        match self {
            Self::CallInside { name, span } => Diagnostic::error(
                Code(410),
                span,
                format!("the call of `{name}` stands inside an expression"),
            )
            .help("bind it with `let` first: a call is a step of its own"),
            Self::CallsFlow { name, span } => Diagnostic::error(
                Code(411),
                span,
                format!("the call of the flow `{name}` stands inside an expression"),
            )
            .help("bind it with `let` first: the child is waited for"),
            Self::Impure { name, span } => {
                Diagnostic::error(Code(417), span, format!("`{name}` stands outside a flow"))
                    .help("call it in a flow, where it is remembered, and pass on what it gives")
            }
            Self::FailValue { name, span } => Diagnostic::error(
                Code(419),
                span,
                format!("expected a value, found the error `{name}`"),
            )
            .help(format!("end the flow with it: `fail {name}(...)`")),
            other => unreached(&other),
        }
    }

    pub(crate) fn of_types(self) -> Diagnostic {
        match self {
            Self::Mismatch {
                expected,
                found,
                span,
                help,
            } => {
                let diagnostic =
                    Diagnostic::error(Code(301), span, format!("expected {expected}, found {found}"));
                let diagnostic = help.into_iter().fold(diagnostic, Diagnostic::help);
                in_a_text(diagnostic, &expected, &found)
            }
            Self::Operator {
                operator,
                left,
                right,
                span,
            } => {
                let symbol = symbol(operator);
                let diagnostic = Diagnostic::error(
                    Code(306),
                    span,
                    format!("`{symbol}` does not work on {left} and {right}"),
                );
                match (operator, left.as_str(), right.as_str()) {
                    (Binary::Add, "string", _) | (Binary::Add, _, "string") => {
                        diagnostic.help("put both into a text: `\"{a}{b}\"`")
                    }
                    (_, "decimal", "float") | (_, "float", "decimal") => {
                        diagnostic.help("turn one of them with `.to_float()` or `.to_decimal()`")
                    }
                    (_, "json", _) | (_, _, "json") | (_, "json?", _) | (_, _, "json?") => {
                        diagnostic.help("check it against a type first, with `as`")
                    }
                    (Binary::Divide, "duration", _) => {
                        diagnostic.help("a duration is divided by whole numbers, and multiplied by any")
                    }
                    _ => diagnostic,
                }
            }
            Self::Unary { ty, span } => {
                Diagnostic::error(Code(306), span, format!("`-` does not work on {ty}"))
            }
            Self::NoIndex { span, ty } => {
                Diagnostic::error(Code(306), span, format!("`[...]` does not work on {ty}"))
                    .help("lists, maps and json have places")
            }
            Self::MayBeNone { span, ty } => {
                Diagnostic::error(Code(307), span, format!("this may be `none`: its type is `{ty}`"))
                    .help("give a value for that case with `??`, or ask `if x != none { ... }` first")
                    .otherwise(&ty)
            }
            Self::NeverNone { span, operator } => Diagnostic::warning(
                Code(318),
                span,
                format!("`{operator}` has no use here: the value is never `none`"),
            )
            .help("take the value as it is"),
            Self::OpenType { name, span } => {
                Diagnostic::error(Code(308), span, format!("nothing says what type `{name}` has"))
                    .help(format!("write its type: `{name}: T`"))
            }
            Self::NotExhaustive { missing, span } => not_exhaustive(&missing, span),
            Self::ArmNeverTaken { span } => Diagnostic::warning(
                Code(311),
                span,
                "this arm is never taken: those before it fit everything",
            )
            .help("remove it, or put it before them"),
            Self::NotAnEnum { ty, span } => Diagnostic::error(
                Code(310),
                span,
                format!("expected a pattern for {ty}, found a case of an enum"),
            ),
            Self::BadPattern { why, span } => Diagnostic::error(
                Code(319),
                span,
                format!("this is not a regular expression: {why}"),
            )
            .help("a sign that is meant as a character stands behind `\\\\`"),
            Self::BadText { why, span } => Diagnostic::error(Code(327), span, why),
            Self::Recursion { names, span } => {
                let message = format!("functions call each other in a circle: {}", circle(&names));
                Diagnostic::error(Code(312), span, message)
                    .help("functions always end; loop in a flow, or use a method such as `fold`")
            }
            Self::EndlessType { names, span } => {
                let message = format!("a value of this type would contain itself: {}", circle(&names));
                Diagnostic::error(Code(320), span, message).help("put a `?` or a list in between")
            }
            Self::NoText { span, ty } => {
                Diagnostic::error(Code(321), span, format!("{ty} has no plain text"))
                    .help("take a part of it, or `.to_json().text()`")
                    .fix(
                        "write it as JSON",
                        Span {
                            start: span.end,
                            ..span
                        },
                        ".to_json().text()",
                    )
            }
            Self::MapKey { found, span } => Diagnostic::error(
                Code(325),
                span,
                format!("the keys of a map are string, found {found}"),
            )
            .help("write `string`, and turn keys into texts with `\"{key}\"`")
            .fix("replace by string", span, "string"),
            Self::NoConversion { from, to, span } => {
                Diagnostic::error(Code(322), span, format!("{from} cannot be read as {to}"))
                    .help("`as` reads json, and turns numbers into each other")
            }
            other => unreached(&other),
        }
    }
}

pub(crate) fn not_exhaustive(missing: &[String], span: Span) -> Diagnostic {
    if missing == ["else"] {
        return Diagnostic::error(Code(309), span, "this `match` does not fit every value")
            .help("end it with `else -> ...`");
    }
    let names: Vec<_> = missing.iter().map(|case| format!("`{case}`")).collect();
    Diagnostic::error(
        Code(309),
        span,
        format!("this `match` leaves out {}", names.join(", ")),
    )
    .help("add an arm for each, or `else -> ...`")
}

pub(crate) fn circle(names: &[Name]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(" -> ")
}

/// As the author writes it.
pub(crate) fn symbol(operator: Binary) -> &'static str {
    match operator {
        Binary::Add => "+",
        Binary::Subtract => "-",
        Binary::Multiply => "*",
        Binary::Divide => "/",
        Binary::Remainder => "%",
        Binary::Equal => "==",
        Binary::NotEqual => "!=",
        Binary::Less => "<",
        Binary::LessEqual => "<=",
        Binary::Greater => ">",
        Binary::GreaterEqual => ">=",
        Binary::And => "and",
        Binary::Or => "or",
        Binary::Else => "??",
        Binary::Matches => "matches",
        Binary::Has => "has",
        Binary::In => "in",
        Binary::Range => "..",
    }
}

/// The families above are chosen by [`Error::diagnostic`]; this keeps the match total without a panic.
pub(crate) fn unreached(error: &Error) -> Diagnostic {
    Diagnostic::error(Code(301), Span::default(), format!("{error:?}"))
}
