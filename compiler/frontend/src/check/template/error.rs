//! What can be wrong with templates and with what is given to them.

use crate::resolve::did_you_mean;
use flowmesh_diagnostics::{Code, Diagnostic, Span};
use flowmesh_ir::Name;

/// What is wrong, with its facts.
#[derive(Clone, Debug)]
pub(crate) enum Error {
    /// A service, a subset or an operation as the type of something else than a parameter of a flow.
    NoValue { span: Span },
    /// A rule over what is no value, and the type before it.
    RuleOfOperation { span: Span, ty: Span },
    /// A subset of something that is no service that the flow takes before.
    SubsetOfNothing {
        name: Name,
        span: Span,
        services: Vec<Name>,
    },
    /// A subset that the flow does not take, of a service that it takes.
    NotTaken {
        name: Name,
        service: Name,
        span: Span,
        near: Option<Name>,
    },
    /// A domain error of an operation that is taken, of which nobody knows what it fails with.
    CatchOfTaken {
        error: Name,
        name: Name,
        span: Span,
        taken: Span,
    },
    /// A template that an event is to start.
    Triggered { name: Name, span: Span },
    /// Something else than what is taken.
    NotGiven {
        param: Name,
        ty: String,
        span: Span,
        declared: Span,
    },
    /// One subset for two parameters.
    SubsetTwice {
        name: Name,
        param: Name,
        first: Name,
        span: Span,
        declared: Span,
    },
    /// An operation that cannot be called as it is taken.
    Unfit {
        operation: Name,
        param: Name,
        ty: String,
        why: String,
        span: Span,
        /// The operation.
        declared: Span,
        /// The parameter.
        taken: Span,
    },
    /// A call of an operation that is taken, whose errors nobody catches.
    FailsWithAnything { name: Name, span: Span, taken: Span },
    /// More copies than a program may have.
    TooManyCopies { span: Span },
}

impl Error {
    /// In words.
    pub(crate) fn diagnostic(self) -> Diagnostic {
        match self {
            Self::NoValue { span } => Diagnostic::error(
                Code(330),
                span,
                "services, subsets and operations are no values: only a parameter of a flow may be one",
            )
            .help("take it as a parameter of the flow itself, as it is: `flow f(target: service)`"),
            Self::RuleOfOperation { span, ty } => Diagnostic::error(
                Code(330),
                span,
                "a rule is over a value, and nothing here is one yet",
            )
            .fix(
                "remove the rule",
                Span {
                    start: ty.end,
                    ..span
                },
                "",
            ),
            Self::SubsetOfNothing { name, span, services } => {
                let message = format!("the flow takes no service `{name}` before this");
                let diagnostic = Diagnostic::error(Code(331), span, message);
                match services.as_slice() {
                    known if known.contains(&name) => {
                        diagnostic.help("take the service first, and its subsets after it")
                    }
                    [] => diagnostic.help(format!("take it as well: `{name}: service`")),
                    [only] => diagnostic.help(format!("did you mean `{only}`?")).fix(
                        format!("replace by {only}"),
                        span,
                        only.to_string(),
                    ),
                    _ => diagnostic.help("name one of the services that it takes"),
                }
            }
            Self::NotTaken {
                name,
                service,
                span,
                near,
            } => {
                let message = format!("the flow takes no subset `{name}` of `{service}`");
                let diagnostic = Diagnostic::error(Code(331), span, message);
                match near {
                    Some(near) => did_you_mean(diagnostic, Some(&near), span),
                    None => diagnostic.help(format!("take it: `{name}: subset of {service}`")),
                }
            }
            Self::Triggered { name, span } => Diagnostic::error(
                Code(332),
                span,
                format!("no event can start `{name}`, since nobody says what it is given"),
            )
            .help("let a flow of its own hear the event, and call this one"),
            other => other.of_given(),
        }
    }

    fn of_given(self) -> Diagnostic {
        match self {
            Self::NotGiven {
                param,
                ty,
                span,
                declared,
            } => {
                let (wanted, help) = match ty.as_str() {
                    "service" => ("a service", "write the name of a service"),
                    ty if ty.starts_with("subset") => (
                        "a subset",
                        "write the name of a subset, as in `at NAME: ...` of the service",
                    ),
                    _ => ("an operation", "write `SERVICE.OPERATION`, without `()`"),
                };
                Diagnostic::error(Code(333), span, format!("expected {wanted}, found something else"))
                    .and(declared, format!("`{param}` is `{ty}`"))
                    .help(help)
            }
            Self::SubsetTwice {
                name,
                param,
                first,
                span,
                declared,
            } => Diagnostic::error(
                Code(333),
                span,
                format!("`{name}` is given for `{first}` already, and `{param}` is another subset"),
            )
            .and(declared, format!("`{param}` is taken here"))
            .help("give two subsets"),
            Self::Unfit {
                operation,
                param,
                ty,
                why,
                span,
                declared,
                taken,
            } => Diagnostic::error(Code(334), span, format!("`{operation}` does not fit: {why}"))
                .and(taken, format!("`{param}` is `{ty}`"))
                .and(declared, "it is declared here")
                .help("declare an operation that takes and gives just that; a service may have several on one path"),
            Self::FailsWithAnything { name, span, taken } => Diagnostic::error(
                Code(335),
                span,
                format!("`{name}` may fail with anything, and nothing catches it"),
            )
            .and(taken, "it is taken here, and declares its own errors")
            .help("add `catch any as e -> ...`"),
            Self::CatchOfTaken {
                error,
                name,
                span,
                taken,
            } => Diagnostic::error(
                Code(335),
                span,
                format!("whether `{name}` fails with `{error}` is not known here"),
            )
            .and(taken, "it may be any operation")
            .help("write `catch any as e -> ...`"),
            _ => {
                let span = match self {
                    Self::TooManyCopies { span } => span,
                    _ => Span::default(),
                };
                Diagnostic::error(
                    Code(336),
                    span,
                    "the program needs more than 1000 copies of flows that take services or operations",
                )
                .help("let such flows call each other with the same things in the same order")
            }
        }
    }
}
