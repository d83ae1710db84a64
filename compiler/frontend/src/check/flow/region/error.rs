//! What can be wrong with regions, and with the ways out of them.

use crate::resolve::did_you_mean;
use flowmesh_diagnostics::{Code, Diagnostic, Span};
use flowmesh_ir::Name;

/// What is wrong, with its facts.
#[derive(Clone, Debug)]
pub(in crate::check) enum Error {
    /// `break`, `return` or `goto` would lead out of `finally`.
    OutOfFinally {
        word: &'static str,
        span: Span,
    },
    /// A number of `parallel(...)` that cannot be.
    Number {
        name: &'static str,
        span: Span,
        found: i64,
        most: Option<(usize, Span)>,
    },
    /// An argument of `parallel(...)` without its name.
    Unnamed {
        span: Span,
        name: &'static str,
    },
    /// A word after `rest:` that is none of the three.
    Rest {
        span: Span,
        near: Option<Name>,
    },
    /// `rest` where all branches are needed.
    RestOfNothing {
        span: Span,
    },
    /// Statements of a `parallel` that wait for each other.
    Circle {
        names: Vec<(Name, Span)>,
    },
    /// A round that runs beside others assigns a `var` of theirs.
    AssignInRound {
        name: Name,
        span: Span,
        declared: Span,
    },
    /// The rounds of a `for` whose value is taken give none.
    NoRoundValue {
        span: Span,
        last: Option<Span>,
    },
    UnknownState {
        name: Name,
        span: Span,
        near: Option<Name>,
        any: bool,
    },
    UnreachableState {
        name: Name,
        span: Span,
    },
    /// A state that is not directly in the body of a flow.
    StateInside {
        span: Span,
    },
    /// A statement after a state that is none.
    AfterState {
        span: Span,
        state: Span,
    },
    /// A `goto` that stands in no state.
    GotoOutside {
        span: Span,
        any: bool,
    },
    UnknownStep {
        name: Name,
        span: Span,
        near: Option<Name>,
    },
    /// A lock is taken while the same one is held.
    Held {
        span: Span,
        first: Span,
    },
    /// The title of a step is not known before it runs.
    Title {
        span: Span,
    },
    /// A `catch` after `catch any`.
    AfterAny {
        span: Span,
        any: Span,
    },
    /// Nothing in a `try`, or in a flow that is tried again, fails so.
    NeverInTry {
        error: Name,
        span: Span,
        body: Span,
        flow: bool,
    },
    /// A wait that is longer than the deadline around it.
    OverDeadline {
        span: Span,
        around: Span,
        inner: String,
        outer: String,
    },
}

impl Error {
    /// In words.
    pub(in crate::check) fn diagnostic(self) -> Diagnostic {
        match self {
            Self::UnknownState { .. }
            | Self::UnreachableState { .. }
            | Self::StateInside { .. }
            | Self::AfterState { .. }
            | Self::GotoOutside { .. }
            | Self::UnknownStep { .. }
            | Self::Title { .. } => self.of_names(),
            Self::OutOfFinally { .. }
            | Self::Held { .. }
            | Self::AfterAny { .. }
            | Self::NeverInTry { .. }
            | Self::OverDeadline { .. } => self.of_ways(),
            other => other.of_branches(),
        }
    }

    fn of_branches(self) -> Diagnostic {
        match self {
            Self::Number { name, span, found, most } => {
                let message = match &most {
                    Some((most, _)) => format!("`{name}` is {found}, and there are {most} branches"),
                    None => format!("`{name}` is {found}, expected 1 or more"),
                };
                let diagnostic = Diagnostic::error(Code(424), span, message);
                match most {
                    Some((most, branches)) => diagnostic
                        .and(branches, "the branches")
                        .help(format!("ask for {most} at the most"))
                        .fix(format!("need {most}"), span, most.to_string()),
                    None => diagnostic.fix(format!("{name} 1"), span, "1"),
                }
            }
            Self::Unnamed { span, name } => {
                Diagnostic::error(Code(423), span, format!("expected `{name}:` before this"))
                    .help("say what each number is for: `limit`, `need` or `rest`")
                    .fix(
                        format!("write `{name}:`"),
                        Span {
                            end: span.start,
                            ..span
                        },
                        format!("{name}: "),
                    )
            }
            Self::Rest { span, near } => {
                let message = "expected `cancel`, `finish` or `later` after `rest:`";
                let diagnostic = Diagnostic::error(Code(425), span, message);
                match near {
                    None => diagnostic
                        .help("the rest is cancelled and undone, goes on unheard, or is awaited before the next time"),
                    near => did_you_mean(diagnostic, near.as_deref(), span),
                }
            }
            Self::RestOfNothing { span } => {
                Diagnostic::warning(Code(425), span, "all branches are needed, so there is no rest")
                    .help("say how many are needed with `need:`, or leave `rest` out")
            }
            Self::Circle { names } => circle(names),
            Self::AssignInRound { name, span, declared } => Diagnostic::error(
                Code(427),
                span,
                format!("`{name}` is shared by rounds that run side by side"),
            )
            .and(declared, "bound outside of them")
            .help("let each round give a value as its last statement, and take them all: `let all = for ... { }`"),
            Self::NoRoundValue { span, last } => {
                let diagnostic =
                    Diagnostic::error(Code(428), span, "the rounds of this `for` give no value");
                let diagnostic = match last {
                    Some(last) => diagnostic.and(last, "the last statement of a round"),
                    None => diagnostic,
                };
                diagnostic.help("end the body with the value of the round, alone on its line")
            }
            other => other.of_ways(),
        }
    }

    fn of_names(self) -> Diagnostic {
        match self {
            Self::UnknownState {
                name,
                span,
                near,
                any,
            } => {
                let diagnostic = Diagnostic::error(Code(430), span, format!("unknown state `{name}`"));
                match near {
                    None if any => diagnostic.help(format!("add `state {name} {{ }}` to the flow")),
                    None => diagnostic.help("the flow has no states"),
                    near => did_you_mean(diagnostic, near.as_deref(), span),
                }
            }
            Self::UnreachableState { name, span } => {
                Diagnostic::error(Code(431), span, format!("nothing leads to the state `{name}`")).help(
                    format!("lead to it with `goto {name}`, let the state before it go on, or remove it"),
                )
            }
            Self::StateInside { span } => {
                Diagnostic::error(Code(432), span, "a state stands directly in the body of a flow")
                    .help("move it out of the block around it")
            }
            Self::AfterState { span, state } => Diagnostic::error(
                Code(432),
                span,
                "expected a state, found a statement after the first state",
            )
            .and(state, "the flow's states begin here")
            .help("move it into a state, or before the first one"),
            Self::GotoOutside { span, any } => {
                let diagnostic = Diagnostic::error(Code(433), span, "`goto` stands outside a state");
                if any {
                    diagnostic.help("what stands before the states leads into the first of them")
                } else {
                    diagnostic.help("write the flow as states: `state open { ... goto paid }`")
                }
            }
            Self::UnknownStep { name, span, near } => {
                let diagnostic = Diagnostic::error(
                    Code(434),
                    span,
                    format!("`{name}` is neither a step of this flow nor a task"),
                );
                match near {
                    None => diagnostic.help(format!("name what is to be cancelled: `step {name} {{ }}`")),
                    near => did_you_mean(diagnostic, near.as_deref(), span),
                }
            }
            Self::Title { span } => {
                Diagnostic::error(Code(436), span, "the title of a step is a text without values").help(
                    "people know a step by its title before it runs; put values into a `log` or a `tag`",
                )
            }
            other => other.of_ways(),
        }
    }

    fn of_ways(self) -> Diagnostic {
        match self {
            Self::OutOfFinally { word, span } => {
                Diagnostic::error(Code(420), span, format!("`{word}` would lead out of `finally`"))
                    .help("what is done last ends by itself; decide after the `try`")
            }
            Self::Held { span, first } => Diagnostic::error(
                Code(435),
                span,
                "this would wait for itself: it is held here already",
            )
            .and(first, "taken here")
            .help("remove the inner one"),
            Self::AfterAny { span, any } => {
                Diagnostic::error(Code(437), span, "nothing is left to catch after `catch any`")
                    .and(any, "this catches every error")
                    .help("put `catch any` last")
            }
            Self::NeverInTry {
                error,
                span,
                body,
                flow,
            } => {
                let (what, help) = if flow {
                    ("flow", "leave it out of `on`")
                } else {
                    ("`try`", "remove this `catch`")
                };
                Diagnostic::error(
                    Code(602),
                    span,
                    format!("nothing in this {what} fails with `{error}`"),
                )
                .and(body, "in here")
                .help(help)
            }
            Self::OverDeadline {
                span,
                around,
                inner,
                outer,
            } => Diagnostic::warning(
                Code(438),
                span,
                format!("{inner} never pass here, because everything around ends after {outer}"),
            )
            .and(around, "the deadline around it")
            .help("give what is around more time, or allow less here"),
            other => Diagnostic::error(Code(420), Span::default(), format!("{other:?}")),
        }
    }
}

/// Every place of a circle, from one name to the next.
fn circle(names: Vec<(Name, Span)>) -> Diagnostic {
    let list: Vec<String> = names.iter().map(|(name, _)| format!("`{name}`")).collect();
    let span = names.first().map(|(_, span)| *span).unwrap_or_default();
    let message = match list.as_slice() {
        [only] => format!("this statement needs {only}, which only it binds"),
        all => format!(
            "these statements wait for each other: {} -> {}",
            all.join(" -> "),
            all.first().map_or("", String::as_str)
        ),
    };
    let diagnostic = Diagnostic::error(Code(426), span, message);
    let others = names.into_iter().skip(1);
    others
        .fold(diagnostic, |diagnostic, (name, span)| {
            diagnostic.and(span, format!("`{name}` is needed here"))
        })
        .help("let one of them do without the other, or run them one after the other")
}
