//! What can be wrong with tests.

use crate::resolve::did_you_mean;
use flowmesh_diagnostics::{Code, Diagnostic, Span};
use flowmesh_ir::Name;

/// What is wrong, with its facts.
#[derive(Clone, Debug)]
pub(super) enum Error {
    /// A pattern that calls neither an operation nor a flow.
    NotACall { span: Span },
    /// A start of something that is no flow.
    NotAFlow { span: Span },
    /// A word that is no status of runs.
    UnknownStatus {
        name: Name,
        span: Span,
        near: Option<Name>,
        known: &'static [&'static str],
        /// A run or a span.
        of: &'static str,
    },
    /// A run is needed, and none was started before.
    NoRun { span: Span },
    /// Something that is no run.
    NotARun { found: String, span: Span },
    /// A config after the first start.
    ConfigLate { span: Span },
    /// A config that is not declared.
    UnknownConfig {
        name: Name,
        span: Span,
        near: Option<Name>,
    },
    /// Two tests with one title.
    TitleTwice { title: String, span: Span, first: Span },
    /// An error that what is called never ends with.
    CannotFail {
        error: Name,
        of: String,
        span: Span,
        declared: Span,
    },
    /// A part that a run does not have.
    UnknownPart {
        name: Name,
        flow: Name,
        span: Span,
        near: Option<Name>,
        views: Vec<Name>,
    },
    /// A test without expectations.
    ExpectsNothing { span: Span },
    /// A mock of a target that says something else than whether it is there.
    TargetAnswer { span: Span },
    /// A count that makes no sense.
    Count { least: u32, span: Span },
    /// A signal that the flow does not hear.
    UnknownSignal {
        name: Name,
        flow: Name,
        span: Span,
        near: Option<Name>,
    },
    /// Something else where a signal is needed.
    NotASignal { span: Span },
    /// A pattern that does not say what fits each argument.
    MissingPattern {
        missing: Vec<Name>,
        of: String,
        span: Span,
        /// Nothing is said of any.
        none: bool,
    },
    /// A result of something that has none.
    NoResult { name: String, span: Span },
    /// A step that is no plain text.
    StepIsNoText { span: Span },
    /// A mock, a pattern or a time that depends on a run.
    ReadsRun { span: Span },
    /// A status in a mock of whole calls.
    StatusOfCall {
        span: Span,
        /// What is mocked.
        after: Span,
    },
    /// Attempts of something that has none.
    NoAttempts {
        of: String,
        why: &'static str,
        help: &'static str,
        span: Span,
    },
    /// An error that no single attempt meets.
    NotMet { name: &'static str, span: Span },
    /// A number that is no status.
    NoStatus { expected: &'static str, span: Span },
}

impl Error {
    /// In words.
    pub(super) fn diagnostic(self) -> Diagnostic {
        match self {
            Self::UnknownStatus { .. }
            | Self::NoRun { .. }
            | Self::NotARun { .. }
            | Self::UnknownPart { .. }
            | Self::UnknownSignal { .. }
            | Self::NotASignal { .. }
            | Self::StepIsNoText { .. }
            | Self::ReadsRun { .. } => self.of_runs(),
            Self::NotACall { .. }
            | Self::CannotFail { .. }
            | Self::MissingPattern { .. }
            | Self::NoResult { .. }
            | Self::Count { .. } => self.of_calls(),
            Self::TargetAnswer { span } => {
                let message = "expected `true` or `false` for something that is produced, and nothing else";
                Diagnostic::error(Code(478), span, message)
                    .help("write `mock file(\"report.csv\") -> true`: it is there from now on")
            }
            Self::StatusOfCall { .. }
            | Self::NoAttempts { .. }
            | Self::NotMet { .. }
            | Self::NoStatus { .. } => self.of_attempts(),
            other => other.of_tests(),
        }
    }

    fn of_attempts(self) -> Diagnostic {
        match self {
            Self::StatusOfCall { span, after } => {
                let message = "a status is what one attempt meets, and this mock answers whole calls";
                let end = Span::new(after.source, after.end, after.end);
                Diagnostic::error(Code(495), span, message)
                    .help("let it answer attempts, of which the policy decides how many there are")
                    .fix("answer attempts", end, " attempted")
            }
            Self::NoAttempts { of, why, help, span } => {
                let message = format!("`{of}` {why}, and has no attempts");
                Diagnostic::error(Code(496), span, message).help(help)
            }
            Self::NotMet { name, span } => {
                let help = match name {
                    "UnexpectedStatus" => "write `status 500`",
                    _ => "an attempt meets `Timeout`, `Unavailable`, `Unknown`, `BadReply` or a status",
                };
                let message = format!("no single attempt meets `{name}`");
                Diagnostic::error(Code(497), span, message).help(help)
            }
            _ => {
                let (expected, span) = match self {
                    Self::NoStatus { expected, span } => (expected, span),
                    _ => ("a status", Span::default()),
                };
                Diagnostic::error(Code(498), span, format!("expected {expected}"))
                    .help("a call that goes well is answered by its result")
            }
        }
    }

    fn of_runs(self) -> Diagnostic {
        match self {
            Self::UnknownStatus {
                name,
                span,
                near,
                known,
                of,
            } => {
                let diagnostic = Diagnostic::error(Code(481), span, format!("no {of} is ever `{name}`"));
                match near {
                    Some(near) => did_you_mean(diagnostic, Some(&near), span),
                    None => diagnostic.help(format!("a {of} is {}", listed(known))),
                }
            }
            Self::NoRun { span } => Diagnostic::error(Code(482), span, "no run was started before this")
                .help("start one first: `let run = start FLOW(...)`"),
            Self::NotARun { found, span } => {
                let message = format!("expected a run, found a value of type {found}");
                Diagnostic::error(Code(483), span, message)
                    .help("name what `let run = start ...` bound, or leave it out for the last run")
            }
            Self::UnknownPart {
                name,
                flow,
                span,
                near,
                views,
            } => {
                let message = format!("a run of `{flow}` has no view `{name}`");
                let diagnostic = Diagnostic::error(Code(487), span, message);
                let all: Vec<&str> = views.iter().map(Name::as_str).collect();
                match near {
                    Some(near) => did_you_mean(diagnostic, Some(&near), span),
                    None if all.is_empty() => diagnostic.help(format!(
                        "it declares none; there are `id`, `status`, `result` and `tags`, and `{flow}` may say `view {name} = ...`"
                    )),
                    None => diagnostic.help(format!("it has {}", listed(&all))),
                }
            }
            Self::UnknownSignal {
                name,
                flow,
                span,
                near,
            } => {
                let message = format!("`{flow}` hears no signal `{name}`");
                let diagnostic = Diagnostic::error(Code(490), span, message);
                match near {
                    Some(near) => did_you_mean(diagnostic, Some(&near), span),
                    None => diagnostic.help(format!("declare it in the flow: `signal {name}(...)`")),
                }
            }
            Self::NotASignal { span } => Diagnostic::error(
                Code(490),
                span,
                "expected the name of a signal, found something else",
            )
            .help("write `send SIGNAL(...) to run`"),
            Self::StepIsNoText { span } => {
                Diagnostic::error(Code(492), span, "expected a step, found something else")
                    .help("write its name, or its title as a text: `expect run at \"await approve\"`")
            }
            _ => {
                let span = self.span();
                Diagnostic::error(
                    Code(493),
                    span,
                    "what a run shows can only be read by `expect` and `let`",
                )
                .help("bind it first: `let seen = run.status`")
            }
        }
    }

    fn of_calls(self) -> Diagnostic {
        match self {
            Self::NotACall { span } => Diagnostic::error(
                Code(480),
                span,
                "expected a call of an operation or a flow, found something else",
            )
            .help("write `SERVICE.OPERATION(...)` or `FLOW(...)`, with `_` for what does not matter"),
            Self::CannotFail {
                error,
                of,
                span,
                declared,
            } => Diagnostic::error(Code(486), span, format!("`{of}` never fails with `{error}`"))
                .and(declared, format!("this does not say `fails {error}`"))
                .help(format!(
                    "declare it there with `fails {error}`, or take another error"
                )),
            Self::MissingPattern {
                missing,
                of,
                span,
                none,
            } => {
                let names: Vec<&str> = missing.iter().map(Name::as_str).collect();
                let message = format!("nothing says what {} of `{of}` may be", listed(&names));
                let end = Span::new(span.source, span.end.saturating_sub(1), span.end);
                let more: Vec<String> = missing.iter().map(|name| format!("{name}: _")).collect();
                let comma = if none { "" } else { ", " };
                Diagnostic::error(Code(489), span, message)
                    .help("write `_` for what does not matter")
                    .fix(
                        "let them be anything",
                        end,
                        format!("{comma}{})", more.join(", ")),
                    )
            }
            Self::NoResult { name, span } => {
                Diagnostic::error(Code(491), span, format!("`{name}` gives nothing back"))
                    .help("write `none`, or give it a result with `->`")
                    .fix("replace by none", span, "none")
            }
            _ => {
                let (span, least) = match self {
                    Self::Count { least, span } => (span, least),
                    _ => (Span::default(), 0),
                };
                let message = format!("expected a whole number from {least}");
                Diagnostic::error(Code(494), span, message)
                    .help("for calls that must not be made, write `never`")
                    .fix(format!("replace by {least}"), span, least.to_string())
            }
        }
    }

    fn of_tests(self) -> Diagnostic {
        match self {
            Self::ConfigLate { span } => Diagnostic::error(
                Code(484),
                span,
                "a run was started already, with the configs as they were",
            )
            .help("give configs their values before the first `start`"),
            Self::UnknownConfig { name, span, near } => {
                let diagnostic = Diagnostic::error(Code(484), span, format!("unknown config `{name}`"));
                match near {
                    Some(near) => did_you_mean(diagnostic, Some(&near), span),
                    None => diagnostic
                        .help("a test can only give values to what the program declares with `config`"),
                }
            }
            Self::TitleTwice { title, span, first } => {
                Diagnostic::error(Code(485), span, format!("there is a test `{title}` already"))
                    .and(first, "here")
                    .help("give each test a title of its own: it is how a failure is found")
            }
            Self::ExpectsNothing { span } => {
                Diagnostic::warning(Code(488), span, "this test expects nothing")
                    .help("say what must hold: `expect run returns ...`")
            }
            _ => {
                let span = self.span();
                Diagnostic::error(Code(480), span, "expected a call of a flow, found something else")
                    .help("write `start FLOW(...)`")
            }
        }
    }

    fn span(&self) -> Span {
        match self {
            Self::ReadsRun { span } | Self::NotAFlow { span } => *span,
            _ => Span::default(),
        }
    }
}

/// `a`, `b` or `c`
fn listed(names: &[&str]) -> String {
    let ticked: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match ticked.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}
