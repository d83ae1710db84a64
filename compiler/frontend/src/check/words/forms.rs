//! The words for forms that do not fit where they stand.

use super::unreached;
use crate::check::error::Error;
use flowmesh_diagnostics::{Code, Diagnostic};

impl Error {
    pub(crate) fn of_forms(self) -> Diagnostic {
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
            Self::Secret { span, declared } => {
                let diagnostic = Diagnostic::error(Code(315), span, "a secret cannot be read, so that it cannot leak");
                declared
                    .into_iter()
                    .fold(diagnostic, |found, declared| found.and(declared, "the secret"))
                    .help("let the operation send it: `auth: bearer(...)`, or in its `headers: { x_token: ... }` or `body: { token: ... }`")
            }
            Self::ConfigInRule { span } => Diagnostic::error(
                Code(329),
                span,
                "a rule of a type cannot read a config, since it holds for every value of the type, wherever it was made",
            )
            .help("write a literal, or ask for the config in the flow: `if amount > limit { fail ... }`"),
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
                let example = if expected == 2 {
                    "(a, b) => ..."
                } else {
                    "x => ..."
                };
                let message = format!("expected a lambda `{example}`, found one with {found} parameters");
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
}
