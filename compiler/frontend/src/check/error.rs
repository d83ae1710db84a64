//! What can be wrong with names and types inside bodies.

use crate::resolve::did_you_mean;
use flowmesh_diagnostics::{Code, Diagnostic, Span};
use flowmesh_ir::{Name, expr::Binary};

/// What is wrong, with its facts.
#[derive(Clone, Debug)]
pub(crate) enum Error {
    /// A name that means nothing.
    UnknownName {
        name: Name,
        span: Span,
        near: Option<Name>,
    },
    /// A type that is not declared.
    UnknownType {
        name: Name,
        span: Span,
        near: Option<Name>,
    },
    /// An error that is not declared.
    NotDeclared {
        name: Name,
        span: Span,
        near: Option<Name>,
    },
    /// A name of something that is no value.
    NotAValue {
        name: String,
        kind: &'static str,
        span: Span,
    },
    /// A name of something that is no type.
    NotAType {
        name: Name,
        kind: &'static str,
        span: Span,
    },
    /// A name of something that is no error.
    WrongKind {
        name: Name,
        kind: &'static str,
        span: Span,
    },
    /// `run`, `reply` or `request` without a part.
    WholeContext {
        name: &'static str,
        parts: Vec<&'static str>,
        span: Span,
    },
    /// One type where another is expected.
    Mismatch {
        expected: String,
        found: String,
        span: Span,
        help: Option<String>,
    },
    /// A record without this field.
    UnknownField {
        name: Name,
        owner: String,
        span: Span,
        near: Option<Name>,
    },
    /// A method without its brackets.
    MethodNotCalled { name: Name, span: Span },
    /// A method that the type does not have.
    UnknownMethod {
        name: Name,
        owner: String,
        span: Span,
        near: Option<Name>,
    },
    /// Something that has to be given.
    Missing {
        names: Vec<Name>,
        of: String,
        what: &'static str,
        span: Span,
    },
    /// An argument under a name that is no parameter.
    UnknownArgument {
        name: Name,
        of: String,
        span: Span,
        near: Option<Name>,
    },
    /// More arguments than parameters.
    TooMany { of: String, most: usize, span: Span },
    /// Something given twice.
    Doubled { name: Name, span: Span, first: Span },
    /// An operator on types that it does not know.
    Operator {
        operator: Binary,
        left: String,
        right: String,
        span: Span,
    },
    /// `-` on something that has no opposite.
    Unary { ty: String, span: Span },
    /// An index into something that has no places.
    NoIndex { span: Span, ty: String },
    /// Something that may be absent, used as if it were there.
    MayBeNone { span: Span, ty: String },
    /// Something that is always there, treated as if it might be absent.
    NeverNone { span: Span, operator: &'static str },
    /// A binding whose type nothing says.
    OpenType { name: Name, span: Span },
    /// A `match` that leaves something out.
    NotExhaustive { missing: Vec<String>, span: Span },
    /// An arm behind arms that fit everything.
    ArmNeverTaken { span: Span },
    /// A case that the enum does not have.
    UnknownCase {
        name: Name,
        owner: String,
        span: Span,
        near: Option<Name>,
    },
    /// A case pattern for a value that is of no enum.
    NotAnEnum { ty: String, span: Span },
    /// A regular expression that is none.
    BadPattern { why: String, span: Span },
    /// Functions that call each other in a circle.
    Recursion { names: Vec<Name>, span: Span },
    /// A type that contains itself.
    EndlessType { names: Vec<Name>, span: Span },
    /// A call of something that cannot be called.
    NotCallable { what: String, span: Span },
    /// `a?.b()`
    OptionalCall { name: Name, span: Span },
    /// A call of an enum or alias.
    NoConstructor { name: Name, enum_: bool, span: Span },
    /// A secret as a value.
    Secret { span: Span },
    /// Something from outside where a constant is needed.
    NotConstant { span: Span, what: &'static str },
    /// A lambda that nobody calls.
    Lambda { span: Span },
    /// Something else where a lambda is needed.
    NoLambda { params: usize, span: Span },
    /// A lambda with too many or too few parameters.
    LambdaParams {
        expected: usize,
        found: usize,
        span: Span,
    },
    /// Something that has no plain text.
    NoText { span: Span, ty: String },
    /// A map whose keys are not texts.
    MapKey { found: String, span: Span },
    /// `as` between types that have nothing to do with each other.
    NoConversion { from: String, to: String, span: Span },
    /// Too many levels.
    TooDeep { span: Span },
    /// `25%`, `100/s` and `5xx` outside settings.
    OnlyInSettings { span: Span },
    /// A call of an operation inside an expression.
    CallInside { name: String, span: Span },
    /// A call of a flow.
    CallsFlow { name: String, span: Span },
    /// `now()` and its like outside a flow.
    Impure { name: Name, span: Span },
    /// A rule where no border is.
    RuleInside { span: Span },
    /// An error as a value.
    FailValue { name: String, span: Span },
    /// A name that another branch of a `parallel` binds.
    OtherBranch { name: Name, span: Span, bound: Span },
}

impl Error {
    /// In words.
    pub(crate) fn diagnostic(self) -> Diagnostic {
        match self {
            Self::UnknownName { .. }
            | Self::UnknownType { .. }
            | Self::NotDeclared { .. }
            | Self::NotAValue { .. }
            | Self::NotAType { .. }
            | Self::WrongKind { .. }
            | Self::WholeContext { .. } => self.of_names(),
            Self::Missing { .. }
            | Self::UnknownArgument { .. }
            | Self::TooMany { .. }
            | Self::Doubled { .. }
            | Self::UnknownField { .. }
            | Self::MethodNotCalled { .. }
            | Self::UnknownMethod { .. }
            | Self::UnknownCase { .. } => self.of_parts(),
            Self::CallInside { .. }
            | Self::CallsFlow { .. }
            | Self::Impure { .. }
            | Self::FailValue { .. }
            | Self::OtherBranch { .. } => self.of_flows(),
            Self::NotCallable { .. }
            | Self::OptionalCall { .. }
            | Self::NoConstructor { .. }
            | Self::Secret { .. }
            | Self::NotConstant { .. }
            | Self::Lambda { .. }
            | Self::NoLambda { .. }
            | Self::LambdaParams { .. }
            | Self::TooDeep { .. }
            | Self::RuleInside { .. }
            | Self::OnlyInSettings { .. } => self.of_forms(),
            other => other.of_types(),
        }
    }

    fn of_names(self) -> Diagnostic {
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

    fn of_parts(self) -> Diagnostic {
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
            }
            Self::Doubled { name, span, first } => {
                Diagnostic::error(Code(305), span, format!("`{name}` is given twice"))
                    .and(first, "given here first")
            }
            other => unreached(&other),
        }
    }

    fn of_flows(self) -> Diagnostic {
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
                format!("the flow `{name}` is called, which this version cannot do"),
            )
            .help("share code between flows with `fn`, and start flows from outside"),
            Self::Impure { name, span } => {
                Diagnostic::error(Code(417), span, format!("`{name}()` stands outside a flow"))
                    .help("call it in a flow, where it is remembered, and pass on what it gives")
            }
            Self::FailValue { name, span } => Diagnostic::error(
                Code(419),
                span,
                format!("expected a value, found the error `{name}`"),
            )
            .help(format!("end the flow with it: `fail {name}(...)`")),
            Self::OtherBranch { name, span, bound } => Diagnostic::error(
                Code(414),
                span,
                format!("`{name}` is bound by another branch that runs beside this one"),
            )
            .and(bound, "bound here")
            .help("use it after the `parallel` block"),
            other => unreached(&other),
        }
    }

    fn of_forms(self) -> Diagnostic {
        match self {
            Self::NotCallable { what, span } => {
                Diagnostic::error(Code(314), span, format!("expected a function, found {what}"))
            }
            Self::OptionalCall { name, span } => {
                Diagnostic::error(Code(314), span, format!("`?.{name}(...)` is not a way to call"))
                    .help(format!("write `.map(x => x.{name}(...))`"))
            }
            Self::NoConstructor { name, enum_, span } => {
                let help = if enum_ {
                    format!("name one of its cases: `{name}.case`")
                } else {
                    format!("check a value against it: `x as {name}`")
                };
                Diagnostic::error(Code(314), span, format!("`{name}` is not a record")).help(help)
            }
            Self::Secret { span } => {
                Diagnostic::error(Code(315), span, "a secret cannot be read, so that it cannot leak")
                    .help("hand it to `auth`: `bearer(...)`, `basic(...)` or `api_key(...)`")
            }
            Self::NotConstant { span, what } => Diagnostic::error(
                Code(316),
                span,
                format!("expected a constant, and {what} is not known beforehand"),
            )
            .help("write a literal"),
            Self::Lambda { span } => Diagnostic::error(Code(317), span, "expected a value, found a lambda")
                .help("lambdas are arguments of methods such as `map`"),
            Self::NoLambda { params, span } => {
                let example = if params == 2 { "(a, b) => ..." } else { "x => ..." };
                Diagnostic::error(
                    Code(317),
                    span,
                    format!("expected a lambda `{example}`, found a value"),
                )
            }
            Self::LambdaParams {
                expected,
                found,
                span,
            } => {
                let message = format!("expected a lambda with {expected} parameters, found one with {found}");
                Diagnostic::error(Code(317), span, message)
            }
            Self::RuleInside { span } => Diagnostic::error(
                Code(326),
                span,
                "a rule stands where nothing comes in from outside",
            )
            .help("put it on a type, which is checked where values enter"),
            Self::TooDeep { span } => Diagnostic::error(Code(323), span, "this is nested too deep")
                .help("give a part of it a name of its own"),
            Self::OnlyInSettings { span } => Diagnostic::error(
                Code(324),
                span,
                "expected a value, found a literal that only settings know",
            )
            .help("write a plain number"),
            other => unreached(&other),
        }
    }

    fn of_types(self) -> Diagnostic {
        match self {
            Self::Mismatch {
                expected,
                found,
                span,
                help,
            } => {
                let diagnostic =
                    Diagnostic::error(Code(301), span, format!("expected {expected}, found {found}"));
                help.into_iter().fold(diagnostic, Diagnostic::help)
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
            }
            Self::NeverNone { span, operator } => Diagnostic::warning(
                Code(318),
                span,
                format!("`{operator}` has no use here: the value is never `none`"),
            ),
            Self::OpenType { name, span } => {
                Diagnostic::error(Code(308), span, format!("nothing says what type `{name}` has"))
                    .help(format!("write its type: `{name}: T`"))
            }
            Self::NotExhaustive { missing, span } => not_exhaustive(&missing, span),
            Self::ArmNeverTaken { span } => Diagnostic::warning(
                Code(311),
                span,
                "this arm is never taken: those before it fit everything",
            ),
            Self::NotAnEnum { ty, span } => Diagnostic::error(
                Code(310),
                span,
                format!("expected a pattern for {ty}, found a case of an enum"),
            ),
            Self::BadPattern { why, span } => Diagnostic::error(
                Code(319),
                span,
                format!("this is not a regular expression: {why}"),
            ),
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
            }
            Self::MapKey { found, span } => Diagnostic::error(
                Code(325),
                span,
                format!("the keys of a map are string, found {found}"),
            ),
            Self::NoConversion { from, to, span } => {
                Diagnostic::error(Code(322), span, format!("{from} cannot be read as {to}"))
            }
            other => unreached(&other),
        }
    }
}

fn not_exhaustive(missing: &[String], span: Span) -> Diagnostic {
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

fn circle(names: &[Name]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(" -> ")
}

/// As the author writes it.
fn symbol(operator: Binary) -> &'static str {
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
fn unreached(error: &Error) -> Diagnostic {
    Diagnostic::error(Code(301), Span::default(), format!("{error:?}"))
}
