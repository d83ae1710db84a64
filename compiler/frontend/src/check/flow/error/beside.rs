//! What can be wrong with what flows hear, with what runs beside them, and with what they start elsewhere.

use crate::resolve::did_you_mean;
use flowmesh_diagnostics::{Code, Diagnostic, Span};
use flowmesh_ir::Name;

/// What is wrong, with its facts.
#[derive(Clone, Debug)]
pub(crate) enum Beside {
    /// A signal promises an answer that nothing gives.
    NotAnswered {
        name: Name,
        span: Span,
        awaited: Option<Span>,
    },
    /// A signal is awaited and handled.
    HeardTwice {
        name: Name,
        span: Span,
        handled: Span,
    },
    HandledTwice {
        name: Name,
        span: Span,
        first: Span,
    },
    /// A handler may end without the answer that the signal promises.
    NoAnswer {
        name: Name,
        span: Span,
        declared: Span,
    },
    UnknownParam {
        name: Name,
        signal: Name,
        span: Span,
        declared: Span,
        near: Option<Name>,
    },
    /// A condition that no other fiber changes anything of.
    Stuck {
        span: Span,
        /// What the condition is about.
        places: Vec<(Span, &'static str)>,
    },
    NotAwaitable {
        found: String,
        span: Span,
    },
    GivesNothing {
        name: String,
        span: Span,
    },
    UnknownEvent {
        name: Name,
        span: Span,
        near: Option<Name>,
    },
    NotAnEvent {
        name: Name,
        kind: &'static str,
        span: Span,
    },
    NoEvent {
        span: Span,
    },
    TriggerParam {
        flow: Name,
        event: Name,
        span: Span,
        declared: Span,
    },
    TaskFalls {
        span: Span,
    },
    TaskNeverAwaited {
        name: Name,
        span: Span,
    },
    NotSpawnable {
        span: Span,
    },
    NotCancellable {
        found: String,
        span: Span,
    },
    NotStartable {
        span: Span,
    },
    WithFlow {
        name: String,
        span: Span,
    },
    StreamCalled {
        name: String,
        span: Span,
    },
    NoSubsets {
        name: Name,
        span: Span,
        declared: Span,
    },
    NotAService {
        name: Name,
        kind: Option<&'static str>,
        span: Span,
        near: Option<Name>,
    },
    NoSetting {
        name: Name,
        span: Span,
        near: Option<Name>,
    },
    SettingForm {
        name: Name,
        form: &'static str,
        span: Span,
    },
    NoTurns {
        span: Span,
    },
    DelayTwice {
        delay: Span,
        debounce: Span,
    },
    ViewInside {
        name: Name,
        span: Span,
    },
}

impl Beside {
    /// In words.
    pub(crate) fn diagnostic(self) -> Diagnostic {
        match self {
            Self::NotAnswered { .. }
            | Self::HeardTwice { .. }
            | Self::HandledTwice { .. }
            | Self::NoAnswer { .. }
            | Self::UnknownParam { .. } => self.of_signals(),
            Self::Stuck { .. }
            | Self::NotAwaitable { .. }
            | Self::GivesNothing { .. }
            | Self::UnknownEvent { .. }
            | Self::NotAnEvent { .. }
            | Self::NoEvent { .. }
            | Self::TriggerParam { .. } => self.of_waits(),
            Self::TaskFalls { .. }
            | Self::TaskNeverAwaited { .. }
            | Self::NotSpawnable { .. }
            | Self::NotCancellable { .. }
            | Self::NotStartable { .. }
            | Self::WithFlow { .. }
            | Self::StreamCalled { .. } => self.of_tasks(),
            other => other.of_heads(),
        }
    }

    fn of_signals(self) -> Diagnostic {
        match self {
            Self::NotAnswered { name, span, awaited } => {
                let message = format!("nothing answers the signal `{name}`");
                let diagnostic = Diagnostic::error(Code(450), span, message);
                let diagnostic = match awaited {
                    Some(awaited) => diagnostic.and(awaited, "an `await` hears it and gives no answer"),
                    None => diagnostic,
                };
                diagnostic.help(format!("answer it: `on {name}(...) {{ return ... }}`"))
            }
            Self::HeardTwice { name, span, handled } => {
                let message = format!("`{name}` is awaited here, and handled elsewhere");
                Diagnostic::error(Code(451), span, message)
                    .and(handled, "the handler takes every one")
                    .help("await a condition over a `var` that the handler assigns")
            }
            Self::HandledTwice { name, span, first } => {
                Diagnostic::error(Code(452), span, format!("`{name}` has a handler already"))
                    .and(first, "the first")
                    .help("put both into one handler")
            }
            Self::NoAnswer { name, span, declared } => {
                let message = format!("the handler of `{name}` may end without an answer");
                Diagnostic::error(Code(453), span, message)
                    .and(declared, "the answer it promises")
                    .help("end every way through it with `return`")
            }
            Self::UnknownParam {
                name,
                signal,
                span,
                declared,
                near,
            } => {
                let message = format!("the signal `{signal}` carries no `{name}`");
                let diagnostic = Diagnostic::error(Code(472), span, message).and(declared, "the signal");
                did_you_mean(diagnostic, near.as_deref(), span)
            }
            other => other.of_waits(),
        }
    }

    fn of_waits(self) -> Diagnostic {
        match self {
            Self::Stuck { span, places } => {
                let message = "nothing can change this condition while the flow waits for it";
                let diagnostic = Diagnostic::error(Code(454), span, message);
                let places = places.into_iter();
                places
                    .fold(diagnostic, |diagnostic, (place, text)| {
                        diagnostic.and(place, text)
                    })
                    .help("let an `on` handler, a task or another branch assign a `var` of it")
            }
            Self::NotAwaitable { found, span } => {
                let message = format!("expected a signal, an event, a task or a condition, found {found}");
                Diagnostic::error(Code(455), span, message)
                    .help("an operation or a flow is called without `await`: the flow waits for its end")
            }
            Self::GivesNothing { name, span } => {
                let message = format!("`{name}` gives nothing that could have a name");
                Diagnostic::error(Code(456), span, message).help("remove the name")
            }
            Self::UnknownEvent { name, span, near } => {
                let diagnostic = Diagnostic::error(Code(457), span, format!("unknown event `{name}`"));
                match near {
                    None => diagnostic.help(format!("declare it beside the flow: `event {name}()`")),
                    near => did_you_mean(diagnostic, near.as_deref(), span),
                }
            }
            Self::NotAnEvent { name, kind, span } => {
                let message = format!("expected an event, found the {kind} `{name}`");
                Diagnostic::error(Code(457), span, message)
                    .help("declare what is told and heard with `event`")
            }
            Self::NoEvent { span } => Diagnostic::error(Code(458), span, "expected an event after `emit`")
                .help("write `emit NAME(...)` with an event that is declared"),
            Self::TriggerParam {
                flow,
                event,
                span,
                declared,
            } => {
                let message = format!("a flow that `{event}` starts has one parameter, which is the event");
                Diagnostic::error(Code(459), span, message)
                    .and(declared, "the flow")
                    .help(format!("write `flow {flow}(e: {event}) on {event} {{ }}`"))
            }
            other => other.of_tasks(),
        }
    }

    fn of_tasks(self) -> Diagnostic {
        match self {
            Self::TaskFalls { span } => Diagnostic::error(
                Code(453),
                span,
                "this task may end without the value it gives elsewhere",
            )
            .help("end every way through it with `return` and a value"),
            Self::TaskNeverAwaited { name, span } => {
                Diagnostic::warning(Code(460), span, format!("nothing awaits the task `{name}`")).help(
                    format!("`await {name}`, or write `spawn` alone: the flow waits for it at its end"),
                )
            }
            Self::NotSpawnable { span } => {
                let message = "expected a call of an operation or a flow, or a block";
                Diagnostic::error(Code(461), span, message).help("write `spawn { ... }` around it")
            }
            Self::NotCancellable { found, span } => {
                let message = format!("expected a task or the name of a step, found {found}");
                Diagnostic::error(Code(462), span, message)
                    .help("bind a task with `let task = spawn ...`, or name what is done with `step`")
            }
            Self::NotStartable { span } => {
                Diagnostic::error(Code(463), span, "expected a call of a flow after `start`")
                    .help("an operation is called without `start`, or beside the flow with `spawn`")
            }
            Self::WithFlow { name, span } => {
                let message = format!("`{name}` is a flow, which has no policy that `with` could change");
                Diagnostic::error(Code(464), span, message)
                    .help("put `with` on the calls inside it, or `within` around this one")
            }
            Self::StreamCalled { name, span } => {
                let message = format!("`{name}` gives many results, one after the other");
                Diagnostic::error(Code(465), span, message)
                    .help(format!("go over them: `for x in {name}(...) {{ }}`"))
            }
            other => other.of_heads(),
        }
    }

    fn of_heads(self) -> Diagnostic {
        match self {
            Self::NoSubsets { name, span, declared } => {
                let message = format!("`{name}` has no subsets to move its traffic between");
                Diagnostic::error(Code(466), span, message)
                    .and(declared, "the service")
                    .help("name its addresses: `at v1: \"...\"`, `at v2: \"...\"`")
            }
            Self::NotAService {
                name,
                kind,
                span,
                near,
            } => {
                let found = kind.map_or_else(|| "nothing of that name".into(), |kind| format!("a {kind}"));
                let message = format!("expected a service, found {found}: `{name}`");
                did_you_mean(Diagnostic::error(Code(473), span, message), near.as_deref(), span)
            }
            Self::NoSetting { name, span, near } => {
                let message = format!("a flow has no setting `{name}`");
                did_you_mean(Diagnostic::error(Code(469), span, message), near.as_deref(), span)
            }
            Self::SettingForm { name, form, span } => {
                Diagnostic::error(Code(469), span, format!("`{name}` does not fit"))
                    .help(format!("it holds {form}"))
            }
            Self::DelayTwice { delay, debounce } => {
                let message = "a run that waits for a newer one needs no `delay`";
                Diagnostic::error(Code(475), delay, message)
                    .and(debounce, "it waits here")
                    .help("remove the delay, or add it to `wait`")
            }
            Self::NoTurns { span } => {
                Diagnostic::error(Code(474), span, "nothing is said that could take turns")
                    .help("say what does: `per: customer`")
            }
            Self::ViewInside { name, span } => {
                let message = format!("the view `{name}` would be one of many");
                Diagnostic::error(Code(470), span, message)
                    .help("declare it in the flow itself, outside of tasks and handlers")
            }
            other => other.of_signals(),
        }
    }
}
