//! What can be wrong with flows.

mod beside;
mod reuse;
mod target;

pub(crate) use beside::Beside;
pub(crate) use reuse::Unreusable;
pub(crate) use target::Target;

use crate::resolve::did_you_mean;
use flowmesh_diagnostics::{Code, Diagnostic, Span};
use flowmesh_ir::Name;

/// What is wrong, with its facts.
#[derive(Clone, Debug)]
pub(crate) enum Error {
    UnknownOperation {
        operation: Name,
        service: Name,
        span: Span,
        near: Option<Name>,
    },
    Unreachable {
        span: Span,
        /// What ends the way to it.
        after: Span,
    },
    NoReturn {
        name: Name,
        span: Span,
        result: Span,
    },
    NeverAwaited {
        name: Name,
        span: Span,
    },
    UnknownSignal {
        name: Name,
        span: Span,
        near: Option<Name>,
    },
    Endless {
        name: Name,
        span: Span,
    },
    NoWayOut {
        span: Span,
    },
    UnusedLet {
        name: Name,
        span: Span,
    },
    AssignToLet {
        name: Name,
        span: Span,
        declared: Span,
        is_let: bool,
    },
    AssignToItem {
        name: Name,
        span: Span,
    },
    AssignToNothing {
        name: Name,
        span: Span,
        near: Option<Name>,
    },
    NoLoop {
        word: &'static str,
        span: Span,
    },
    TailWithoutCall {
        word: &'static str,
        span: Span,
    },
    NoEffect {
        span: Span,
    },
    NoValue {
        span: Span,
    },
    NoResult {
        name: String,
        span: Span,
    },
    Conflict {
        name: Name,
        span: Span,
        other: Span,
        write: bool,
    },
    ReturnsNothing {
        ty: String,
        span: Span,
    },
    ReturnsSomething {
        flow: Name,
        span: Span,
    },
    CatchFalls {
        span: Span,
    },
    NotAList {
        found: String,
        map: bool,
        span: Span,
    },
    Undeclared {
        error: Name,
        flow: Name,
        span: Span,
        declared: Span,
        /// What is called, and where that says that it fails so.
        call: Option<(String, Option<Span>)>,
    },
    NeverFails {
        error: Name,
        name: Name,
        span: Span,
    },
    CannotHappen {
        error: Name,
        name: String,
        what: &'static str,
        span: Span,
        declared: Span,
    },
    CaughtTwice {
        error: Name,
        span: Span,
        first: Span,
    },
    UndoOnce {
        name: String,
        span: Span,
        declared: Span,
    },
    UndoIsNoCall {
        span: Span,
    },
}

impl Error {
    /// In words.
    pub(crate) fn diagnostic(self) -> Diagnostic {
        match self {
            Self::AssignToLet { .. }
            | Self::AssignToItem { .. }
            | Self::AssignToNothing { .. }
            | Self::UnusedLet { .. }
            | Self::NoEffect { .. }
            | Self::NoValue { .. }
            | Self::NoResult { .. }
            | Self::Conflict { .. } => self.of_bindings(),
            Self::Undeclared { .. }
            | Self::NeverFails { .. }
            | Self::CannotHappen { .. }
            | Self::CaughtTwice { .. }
            | Self::UndoOnce { .. }
            | Self::UndoIsNoCall { .. }
            | Self::CatchFalls { .. }
            | Self::TailWithoutCall { .. }
            | Self::UnknownOperation { .. } => self.of_calls(),
            other => other.of_ways(),
        }
    }

    fn of_bindings(self) -> Diagnostic {
        match self {
            Self::AssignToLet {
                name,
                span,
                declared,
                is_let,
            } => {
                let diagnostic = Diagnostic::error(Code(408), span, format!("`{name}` cannot be changed"))
                    .and(declared, "bound here");
                if is_let {
                    return diagnostic.help(format!("bind it with `var {name} = ...`"));
                }
                diagnostic.help("bind its value to a `var` of another name")
            }
            Self::AssignToItem { name, span } => {
                Diagnostic::error(Code(408), span, format!("`{name}` cannot be changed"))
                    .help("only what a flow binds with `var` can change")
            }
            Self::AssignToNothing { name, span, near } => {
                let diagnostic = Diagnostic::error(Code(204), span, format!("unknown name `{name}`"));
                match near {
                    None => diagnostic.help(format!("bind it first: `var {name} = ...`")),
                    near => did_you_mean(diagnostic, near.as_deref(), span),
                }
            }
            Self::UnusedLet { name, span } => {
                Diagnostic::warning(Code(407), span, format!("`{name}` is never read"))
                    .help(format!("remove it, or call it `_{name}`"))
                    .fix(format!("call it _{name}"), span, format!("_{name}"))
            }
            Self::NoEffect { span } => Diagnostic::error(Code(413), span, "this value goes nowhere")
                .help("bind it with `let`, or remove it")
                .fix("remove it", span, ""),
            Self::NoValue { span } => Diagnostic::error(Code(421), span, "expected a value, found nothing")
                .help("call it without `let`"),
            Self::NoResult { name, span } => {
                Diagnostic::error(Code(421), span, format!("`{name}` gives nothing back"))
                    .help("call it without `let`, or give the operation a result with `->`")
            }
            Self::Conflict {
                name,
                span,
                other,
                write,
            } => {
                let message = if write {
                    format!("two branches that run side by side write `{name}`")
                } else {
                    format!("`{name}` is read here while another branch writes it")
                };
                Diagnostic::error(Code(414), span, message)
                    .and(other, "the other branch writes it here")
                    .help("let each branch bind a name of its own, and join them after the block")
            }
            other => other.of_calls(),
        }
    }

    fn of_calls(self) -> Diagnostic {
        match self {
            Self::UnknownOperation {
                operation,
                service,
                span,
                near,
            } => {
                let message = format!("unknown operation `{operation}`");
                let diagnostic = Diagnostic::error(Code(203), span, message);
                match near {
                    None => diagnostic.help(format!("declare it in the service `{service}` with `op`")),
                    near => did_you_mean(diagnostic, near.as_deref(), span),
                }
            }
            Self::Undeclared {
                error,
                flow,
                span,
                declared,
                call,
            } => {
                let message = match &call {
                    Some((call, _)) => format!("`{call}` may fail with `{error}`, which nobody catches"),
                    None => format!("the flow `{flow}` does not declare that it fails with `{error}`"),
                };
                let help = match &call {
                    Some(_) => format!("add `catch {error} as e -> ...`, or declare `fails {error}`"),
                    None => format!("declare `fails {error}`"),
                };
                let diagnostic = Diagnostic::error(Code(601), span, message).and(declared, "the flow");
                let origin = call.and_then(|(_, origin)| origin);
                origin
                    .into_iter()
                    .fold(diagnostic, |d, origin| {
                        d.and(origin, "it is said to fail so here")
                    })
                    .help(help)
            }
            Self::NeverFails { error, name, span } => {
                Diagnostic::warning(Code(605), span, format!("`{name}` never fails with `{error}`"))
                    .help("leave it out of `fails`")
            }
            Self::CannotHappen {
                error,
                name,
                what,
                span,
                declared,
            } => Diagnostic::error(Code(602), span, format!("`{name}` never fails with `{error}`"))
                .and(declared, format!("the {what} declares no such error"))
                .help(match what {
                    "task" => "remove this `catch`".to_owned(),
                    what => format!("remove this `catch`, or add `fails {error}` to the {what}"),
                }),
            Self::CaughtTwice { error, span, first } => {
                Diagnostic::error(Code(604), span, format!("`{error}` is caught twice"))
                    .and(first, "caught here first")
                    .help("remove one of them")
            }
            Self::UndoOnce { name, span, declared } => Diagnostic::error(
                Code(603),
                span,
                format!("`{name}` cannot undo: it must not be repeated"),
            )
            .and(declared, "nothing makes a repetition safe")
            .help("give the operation a `key`: what undoes is repeated until it is done"),
            Self::UndoIsNoCall { span } => {
                Diagnostic::error(Code(606), span, "expected a call of an operation after `undo`")
                    .help("write the call that takes back what this one did, or `undo none` if it may stay")
            }
            Self::CatchFalls { span } => Diagnostic::error(
                Code(416),
                span,
                "the call has a value, and this `catch` gives none",
            )
            .help("give a value instead, or leave with `fail`, `return`, `break` or `continue`"),
            Self::TailWithoutCall { word, span } => Diagnostic::error(
                Code(412),
                span,
                format!("`{word}` belongs to a call of an operation"),
            )
            .help("remove it, or call an operation")
            .fix(format!("remove this `{word}`"), span, ""),
            other => other.of_ways(),
        }
    }

    fn of_ways(self) -> Diagnostic {
        match self {
            Self::Unreachable { span, after } => {
                let diagnostic = Diagnostic::warning(Code(401), span, "this is never reached");
                let ends = Some(after).filter(|after| *after != span);
                ends.into_iter()
                    .fold(diagnostic, |d, after| d.and(after, "this never goes on to it"))
                    .help("remove it, or let something lead to it")
            }
            Self::NoReturn { name, span, result } => {
                Diagnostic::error(Code(402), span, format!("`{name}` may end without a result"))
                    .and(result, "the result it promises")
                    .help("end every way through it with `return` or `fail`")
            }
            Self::NeverAwaited { name, span } => {
                Diagnostic::warning(Code(403), span, format!("nothing awaits the signal `{name}`"))
                    .help(format!("await it: `await {name} as s within 1d else ...`"))
            }
            Self::UnknownSignal { name, span, near } => {
                let diagnostic = Diagnostic::error(Code(404), span, format!("unknown signal `{name}`"));
                match near {
                    None => diagnostic.help(format!("declare it before: `signal {name}()`")),
                    near => did_you_mean(diagnostic, near.as_deref(), span),
                }
            }
            Self::Endless { name, span } => {
                let end = Span {
                    start: span.end,
                    ..span
                };
                Diagnostic::error(
                    Code(405),
                    span,
                    format!("nothing says how long to wait for `{name}`"),
                )
                .help("add `within 2d else ...`, or `forever`")
                .fix("wait forever", end, " forever")
            }
            Self::NoWayOut { span } => Diagnostic::error(Code(406), span, "this loop never ends")
                .help("leave it with `break`, `return` or `fail`, or give it a condition"),
            Self::NoLoop { word, span } => {
                Diagnostic::error(Code(409), span, format!("`{word}` stands outside a loop"))
                    .help("remove it; a flow ends with `return` or `fail`")
                    .fix(format!("remove `{word}`"), span, "")
            }
            Self::ReturnsNothing { ty, span } => Diagnostic::error(
                Code(415),
                span,
                format!("expected a result of type {ty}, found none"),
            )
            .help("write `return VALUE`"),
            Self::ReturnsSomething { flow, span } => {
                Diagnostic::error(Code(415), span, format!("`{flow}` declares no result"))
                    .help("declare one with `-> TYPE`, or write `return` alone")
                    .fix("return nothing", span, "")
            }
            Self::NotAList { found, map, span } => {
                let diagnostic =
                    Diagnostic::error(Code(301), span, format!("expected a list, found {found}"));
                if map {
                    diagnostic.help("go over `.keys()` or `.values()`")
                } else {
                    diagnostic
                }
            }
            other => Diagnostic::error(Code(401), Span::default(), format!("{other:?}")),
        }
    }
}
