//! Why the engine says no, and its words.

use super::view::State;
use crate::RunId;
use flowmesh_ir::{Code, Name};
use flowmesh_machine::border::Misfit;
use thiserror::Error;

/// Why something is not done. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// No flow has this name.
    #[error("unknown flow `{flow}`")]
    UnknownFlow {
        /// The name.
        flow: Name,
        /// A flow with nearly this name.
        nearest: Option<Name>,
    },
    /// The input does not fit the flow's parameters.
    #[error("the input of `{flow}` does not fit: {misfit}")]
    Input {
        /// The flow.
        flow: Name,
        /// What does not fit.
        misfit: Misfit,
    },
    /// The key is empty or too long.
    #[error("expected a key of 1 to 1024 bytes for `{flow}`, found one of {bytes}")]
    Key {
        /// The flow.
        flow: Name,
        /// How long it is.
        bytes: usize,
    },
    /// No run has this identifier.
    #[error("unknown run `{run}`")]
    UnknownRun {
        /// The identifier.
        run: RunId,
    },
    /// The signal is not one of the flow, or does not fit, or too many are kept already.
    #[error("the signal `{signal}` is not accepted: {misfit}")]
    Signal {
        /// The name of the signal.
        signal: Name,
        /// What does not fit.
        misfit: Misfit,
    },
    /// The event is not one of the program, or does not fit.
    #[error("the event `{event}` is not accepted: {misfit}")]
    Event {
        /// The name of the event.
        event: Name,
        /// What does not fit.
        misfit: Misfit,
    },
    /// A handler of the signal failed, or the run ended before it answered.
    #[error("the signal `{signal}` was heard and not answered: {reason}")]
    Unanswered {
        /// The name of the signal.
        signal: Name,
        /// Why.
        reason: String,
    },
    /// The flow has no such view.
    #[error("unknown view `{view}` of `{flow}`")]
    UnknownView {
        /// The flow.
        flow: Name,
        /// The name.
        view: Name,
        /// A view with nearly this name.
        nearest: Option<Name>,
    },
    /// A view has no value as the run stands.
    #[error("the view `{view}` has no value now: {reason}")]
    View {
        /// The name.
        view: Name,
        /// Why.
        reason: String,
    },
    /// Nobody has heard the signals that came before.
    #[error("the signal `{signal}` is not accepted: {kept} are kept already and nobody has heard them")]
    SignalsKept {
        /// The name of the signal.
        signal: Name,
        /// How many.
        kept: usize,
    },
    /// The run has ended.
    #[error("the run `{run}` has ended: it is {state}")]
    Ended {
        /// The run.
        run: RunId,
        /// How.
        state: State,
    },
    /// There is no room for it on the disk.
    #[error("the disk is full: nothing can be started, signalled or cancelled until there is room")]
    Full,
    /// The host is stopping, or has stopped.
    #[error("the host has stopped: {reason}")]
    Stopped {
        /// Why.
        reason: String,
    },
}

impl Refusal {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        Code(match self {
            Self::UnknownFlow { .. } => 1050,
            Self::Input { .. } => 1051,
            Self::Key { .. } => 1052,
            Self::UnknownRun { .. } => 1053,
            Self::Signal { .. } | Self::SignalsKept { .. } => 1054,
            Self::Ended { .. } => 1055,
            Self::Event { .. } => 1066,
            Self::Unanswered { .. } => 1067,
            Self::UnknownView { .. } => 1068,
            Self::View { .. } => 1069,
            Self::Full => 1034,
            Self::Stopped { .. } => 1056,
        })
    }

    /// What to do, where that is known.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::UnknownFlow {
                nearest: Some(name), ..
            }
            | Self::UnknownView {
                nearest: Some(name), ..
            } => Some(format!("did you mean `{name}`?")),
            Self::Input { misfit, .. } | Self::Signal { misfit, .. } | Self::Event { misfit, .. } => {
                misfit.hint.clone()
            }
            Self::Unanswered { .. } => Some(
                "see how the run stands with `flowmesh runs get`; a signal is not sent again by itself"
                    .to_owned(),
            ),
            Self::View { .. } => Some(
                "ask again later, or write the view so that it holds while its parts are empty".to_owned(),
            ),
            Self::Full => Some("make room on the disk; acknowledged runs are kept and go on".to_owned()),
            Self::Stopped { .. } => Some("start it again; acknowledged runs go on".to_owned()),
            _ => None,
        }
    }

    /// Where in the input something does not fit.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::Input { misfit, .. } | Self::Signal { misfit, .. } | Self::Event { misfit, .. } => {
                Some(&misfit.path)
            }
            _ => None,
        }
    }
}
