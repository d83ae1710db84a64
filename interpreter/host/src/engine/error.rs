//! Why the engine says no, and its words.

use super::view::State;
use crate::RunId;
use flowmesh_ir::{Code, Name};
use flowmesh_machine::{CallId, Choice, Unshared, border::Misfit};
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
    /// The program that is deployed has no such schedule.
    #[error("unknown schedule `{schedule}`")]
    UnknownSchedule {
        /// The name.
        schedule: Name,
        /// A schedule with nearly this name.
        nearest: Option<Name>,
    },
    /// A range of a schedule's past cannot be made up for.
    #[error("the schedule `{schedule}` cannot be made up for: {reason}")]
    Backfill {
        /// The schedule.
        schedule: Name,
        /// Why.
        reason: String,
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
    /// The run goes on only when somebody has decided.
    #[error("the run `{run}` is parked: it waits for a decision")]
    Parked {
        /// The run.
        run: RunId,
        /// What can be chosen.
        choices: &'static [Choice],
    },
    /// There is nothing to decide, or not any more.
    #[error("the run `{run}` is not parked{}", call.map_or_else(String::new, |call| format!(" at call {}", call.0)))]
    NotParked {
        /// The run.
        run: RunId,
        /// At the end of which call.
        call: Option<CallId>,
    },
    /// This cannot be chosen where the run is parked.
    #[error("`{}` cannot be chosen here, expected {}", choice.as_str(), words(choices))]
    Choice {
        /// What was chosen.
        choice: Choice,
        /// What can be chosen.
        choices: &'static [Choice],
    },
    /// What the call is said to have returned does not fit its operation.
    #[error("the result does not fit: {0}")]
    Result(Misfit),
    /// The run takes steps.
    #[error("the run `{run}` does not stand still")]
    Moving {
        /// The run.
        run: RunId,
    },
    /// A value does not fit a variable.
    #[error("the edit is not accepted: {0}")]
    Edit(Misfit),
    /// The run has not ended.
    #[error("the run `{run}` has not ended: it is {state}")]
    Alive {
        /// The run.
        run: RunId,
        /// How it stands.
        state: State,
    },
    /// It cannot go on from there.
    #[error("the run `{run}` cannot go on from there: {}", unshared(why))]
    Unshared {
        /// The run.
        run: RunId,
        /// Why.
        why: Unshared,
    },
    /// Another run goes on in its place already.
    #[error("`{by}` goes on in place of the run `{run}` already")]
    Continued {
        /// The run.
        run: RunId,
        /// The other one.
        by: RunId,
    },
    /// Its history is too long.
    #[error(
        "the history of the run `{run}` is too long to be shared: expected at most {max} bytes, found {found}"
    )]
    History {
        /// The run.
        run: RunId,
        /// The most.
        max: u64,
        /// How long it is.
        found: u64,
    },
    /// The program was replaced by another meanwhile.
    #[error("runs move only to the program that is deployed, and this one is not any more")]
    NotCurrent,
    /// There was no program before.
    #[error("there is nothing to go back to: no other program was deployed before")]
    NoEarlier,
    /// The program that runs are started with is one for all namespaces.
    #[error("the program is one for all namespaces: it is changed in the namespace `default` alone")]
    ProgramOfAll,
    /// A program that was sent is none.
    #[error("the program cannot be deployed: {reason}")]
    Undeployable {
        /// Why.
        reason: String,
    },
    /// The key of the request was used for another one.
    #[error("the key `{key}` was used for another request")]
    OtherRequest {
        /// The key.
        key: String,
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

/// The code of a run that is parked: its page says what each choice does.
pub(super) const PARKED: Code = Code(1083);

/// `retry`, `done` or `fail`
fn words(choices: &[Choice]) -> String {
    let words: Vec<String> = choices
        .iter()
        .map(|choice| format!("`{}`", choice.as_str()))
        .collect();
    match words.as_slice() {
        [before @ .., last] if !before.is_empty() => format!("{} or {last}", before.join(", ")),
        all => all.concat(),
    }
}

fn unshared(why: &Unshared) -> String {
    match why {
        Unshared::Sound => "it has not failed".to_owned(),
        Unshared::Itself => "it has failed by itself, not with the end of a call".to_owned(),
        Unshared::Step { title, round, .. } => match round {
            None => format!("the step `{title}` has not begun"),
            Some(round) => format!("the step `{title}` has not begun {round} times"),
        },
        Unshared::Guard(name) => format!("it holds {name:?} there, which others may hold by now"),
        Unshared::Undone(_) => "what was done before was undone since".to_owned(),
        Unshared::Still => "it stands still there".to_owned(),
    }
}

fn unshared_help(why: &Unshared) -> Option<String> {
    Some(match why {
        Unshared::Sound | Unshared::Itself | Unshared::Still => {
            "choose a step that began before: `flowmesh runs restart ID --from STEP`".to_owned()
        }
        Unshared::Step { known, .. } if known.is_empty() => "no step has begun: start it anew".to_owned(),
        Unshared::Step { known, .. } => format!("steps that have begun: {}", known.join(", ")),
        Unshared::Guard(_) => "choose a step before the lock is taken".to_owned(),
        Unshared::Undone(Some(step)) => format!("go on from `{step}`, or from a step before it"),
        Unshared::Undone(None) => "start the flow again".to_owned(),
    })
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
            Self::NotParked { .. } => 1080,
            Self::Choice { .. } => 1081,
            Self::Result(_) => 1082,
            Self::Parked { .. } => PARKED.0,
            Self::Moving { .. } => 1084,
            Self::Edit(_) => 1085,
            Self::Alive { .. } => 1086,
            Self::Unshared { .. } => 1087,
            Self::Continued { .. } => 1088,
            Self::History { .. } => 1089,
            Self::UnknownSchedule { .. } => 1094,
            Self::Backfill { .. } => 1095,
            Self::NotCurrent => 1160,
            Self::NoEarlier => 1161,
            Self::ProgramOfAll => 1162,
            Self::Undeployable { .. } => 1163,
            Self::OtherRequest { .. } => 1074,
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
            }
            | Self::UnknownSchedule {
                nearest: Some(name), ..
            } => Some(format!("did you mean `{name}`?")),
            Self::Input { misfit, .. }
            | Self::Signal { misfit, .. }
            | Self::Event { misfit, .. }
            | Self::Result(misfit)
            | Self::Edit(misfit) => misfit.hint.clone(),
            Self::Moving { .. } => Some("pause it first, with `flowmesh runs pause`".to_owned()),
            Self::Parked { choices, .. } => Some(format!(
                "decide with `flowmesh runs decide`: {}; `flowmesh explain {PARKED}` says what each does",
                words(choices)
            )),
            Self::NotParked { .. } => Some("see how it stands with `flowmesh runs get`".to_owned()),
            Self::Unanswered { .. } => Some(
                "see how the run stands with `flowmesh runs get`; a signal is not sent again by itself"
                    .to_owned(),
            ),
            Self::View { .. } => Some(
                "ask again later, or write the view so that it holds while its parts are empty".to_owned(),
            ),
            Self::Alive { .. } => Some(
                "end it first: `flowmesh runs terminate` undoes nothing, `flowmesh runs cancel` everything"
                    .to_owned(),
            ),
            Self::Unshared { why, .. } => unshared_help(why),
            Self::Continued { by, .. } => Some(format!("steer that one: `flowmesh runs get {by}`")),
            Self::NotCurrent => Some("somebody else has deployed: look with `flowmesh deploy --history`".to_owned()),
            Self::NoEarlier => Some("`flowmesh deploy --history` shows what was deployed".to_owned()),
            Self::ProgramOfAll => Some(
                "ask a deployer of the namespace `default`; here the runs can be moved to the program that is deployed"
                    .to_owned(),
            ),
            Self::History { .. } => Some("start the flow again".to_owned()),
            Self::OtherRequest { .. } => Some(
                "draw a new key for each thing that is to be done, and send the same request with it when it is tried again"
                    .to_owned(),
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
            Self::Input { misfit, .. }
            | Self::Signal { misfit, .. }
            | Self::Event { misfit, .. }
            | Self::Result(misfit)
            | Self::Edit(misfit) => Some(&misfit.path),
            _ => None,
        }
    }
}
