//! What can be wrong with modules and the names they declare.

use super::Case;
use flowmesh_diagnostics::{Code, Diagnostic, Span};
use flowmesh_ir::Name;

/// What is wrong, with its facts.
#[derive(Clone, Debug)]
pub(crate) enum Error {
    /// The root cannot be read.
    Unreadable {
        path: String,
        reason: String,
        span: Span,
    },
    /// Neither the module nor its parent can be read.
    UnknownModule {
        path: String,
        reason: String,
        span: Span,
    },
    /// Modules use each other.
    ModuleCycle {
        names: Vec<Name>,
        span: Span,
        others: Vec<Span>,
    },
    /// A name is declared where it already means something.
    Twice {
        name: Name,
        span: Span,
        first: Option<Span>,
    },
    /// A `use` that nothing needs.
    UnusedUse { name: Name, span: Span },
    /// An item of another module that begins with `_`.
    Private {
        name: Name,
        module: Name,
        span: Span,
        declared: Span,
    },
    /// A name that is written the other way.
    Written {
        name: Name,
        span: Span,
        case: Case,
        right: String,
    },
    /// A module without this item.
    UnknownItem {
        name: Name,
        module: Name,
        span: Span,
        near: Option<Name>,
    },
}

impl Error {
    /// In words.
    pub(crate) fn diagnostic(self) -> Diagnostic {
        match self {
            Self::Unreadable { path, reason, span } => {
                Diagnostic::error(Code(201), span, format!("cannot read `{path}`: {reason}"))
                    .help("check the path; it is relative to the project's root")
            }
            Self::UnknownModule { path, reason, span } => unknown_module(&path, &reason, span),
            Self::ModuleCycle { names, span, others } => module_cycle(&names, span, others),
            Self::Twice { name, span, first } => twice(&name, span, first),
            Self::UnusedUse { name, span } => Diagnostic::warning(
                Code(207),
                span,
                format!("`{name}` is used nowhere in this module"),
            )
            .help("remove this `use`"),
            Self::Private {
                name,
                module,
                span,
                declared,
            } => Diagnostic::error(
                Code(208),
                span,
                format!("`{name}` belongs to the module `{module}` alone"),
            )
            .and(declared, "names that begin with `_` are private")
            .help(format!(
                "declare it as `{}` to share it",
                name.trim_start_matches('_')
            )),
            Self::Written {
                name,
                span,
                case,
                right,
            } => {
                let (what, how) = match case {
                    Case::Capitalised => ("types and errors", "Capitalised"),
                    Case::Snake => ("everything but types and errors", "snake_case"),
                };
                Diagnostic::warning(Code(209), span, format!("`{name}` is not written as `{right}`"))
                    .help(format!("{what} are written `{how}`"))
                    .fix(format!("rename to {right}"), span, right)
            }
            Self::UnknownItem {
                name,
                module,
                span,
                near,
            } => {
                let diagnostic = Diagnostic::error(
                    Code(210),
                    span,
                    format!("the module `{module}` declares no `{name}`"),
                );
                did_you_mean(diagnostic, near.as_deref(), span)
            }
        }
    }
}

/// With the nearest known name as help and fix, where there is one.
pub(crate) fn did_you_mean(diagnostic: Diagnostic, near: Option<&str>, span: Span) -> Diagnostic {
    match near {
        Some(near) => {
            diagnostic
                .help(format!("did you mean `{near}`?"))
                .fix(format!("replace by {near}"), span, near)
        }
        None => diagnostic,
    }
}

fn unknown_module(path: &str, reason: &str, span: Span) -> Diagnostic {
    let diagnostic = Diagnostic::error(
        Code(201),
        span,
        format!("cannot read the module `{path}`: {reason}"),
    );
    if path.starts_with("std/") {
        let known: Vec<String> = flowmesh_stdlib::sources::SOURCES
            .iter()
            .map(|(path, _)| format!("`{}`", path.trim_end_matches(".flow").replace('/', ".")))
            .collect();
        return diagnostic.help(format!("the library has {}", known.join(", ")));
    }
    diagnostic.help("the path of a `use` begins at the project's root")
}

fn module_cycle(names: &[Name], span: Span, others: Vec<Span>) -> Diagnostic {
    let way = names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(" -> ");
    let diagnostic = Diagnostic::error(
        Code(202),
        span,
        format!("modules use each other in a circle: {way}"),
    );
    let help = "move what both need into a module of its own";
    others
        .into_iter()
        .fold(diagnostic, |d, other| d.and(other, "and so on from here"))
        .help(help)
}

fn twice(name: &Name, span: Span, first: Option<Span>) -> Diagnostic {
    match first {
        Some(first) => Diagnostic::error(Code(206), span, format!("`{name}` is declared twice"))
            .and(first, "declared here first")
            .help("give one of them another name"),
        None => {
            Diagnostic::error(Code(206), span, format!("`{name}` is built in")).help("give it another name")
        }
    }
}
