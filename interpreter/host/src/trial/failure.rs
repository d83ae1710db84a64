//! What can go wrong with a test, and its words.

use super::expect::quoted;
use flowmesh_ir::{Code, Span, flow::Step};

/// Why a test failed, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The statement that did not go as it says.
    pub span: Span,
    /// The stable code.
    pub code: Code,
    /// What was expected and what was found.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

/// Failures are rare and long.
pub(super) type Checked<T> = Result<T, Box<Failure>>;

impl Failure {
    fn new(code: Code, span: Span, message: String) -> Self {
        Self {
            span,
            code,
            message,
            help: None,
        }
    }

    /// Something expected does not hold.
    pub(super) fn unmet(span: Span, message: String) -> Self {
        Self::new(Code(1130), span, message)
    }

    /// A step is named that the flow does not have.
    pub(super) fn no_step(span: Span, name: &str, steps: &[Step]) -> Self {
        let titles: Vec<&str> = steps.iter().map(|step| step.title.as_str()).collect();
        let help = match flowmesh_ir::nearest(name, titles.iter().copied()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("its steps are {}", quoted(&titles)),
        };
        Self::unmet(span, format!("the flow has no step `{name}`")).help(help)
    }

    /// A call that no mock answers.
    pub(super) fn unanswered(span: Span, call: &str, mock: &str) -> Self {
        Self::new(Code(1131), span, format!("no mock answers `{call}`")).help(format!("add `{mock}`"))
    }

    /// The engine refuses what a statement wants.
    pub(super) fn refused(span: Span, why: &dyn ToString, help: Option<String>) -> Self {
        Self {
            help,
            ..Self::new(Code(1132), span, why.to_string())
        }
    }

    /// Too much happens at one moment.
    pub(super) fn restless(span: Span, events: u64) -> Self {
        let message = format!("the runs do not come to rest: {events} things happened without time passing");
        Self::new(Code(1133), span, message).help("let a loop that goes on for ever sleep or wait in between")
    }

    /// More happens than may.
    pub(super) fn endless(span: Span, most: u64) -> Self {
        Self::new(
            Code(1139),
            span,
            format!("the session goes on too long: more than {most} things happened in it"),
        )
    }

    /// Something that must always hold does not any more.
    pub(super) fn broken(self) -> Self {
        Self {
            code: Code(1134),
            message: format!("this does not hold any more: {}", self.message),
            ..self
        }
    }

    /// A history that was explored breaks a promise.
    pub(super) fn explored(span: Span, message: String) -> Self {
        Self::new(Code(1136), span, message)
    }

    /// An expression of the test has no value.
    pub(super) fn worthless(span: Span, why: &dyn ToString) -> Self {
        Self::new(
            Code(1135),
            span,
            format!("this has no value: {}", why.to_string()),
        )
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
