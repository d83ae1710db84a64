//! What the engine says. Nothing here is said before the events that led to it are on stable storage.

use super::{
    deployment::Deployment,
    emit::Told,
    error::Refusal,
    input::Ticket,
    traffic::Weights,
    view::{Ending, FlowView, Page, RunView, Views},
};
use crate::{RunId, store::Location};
use flowmesh_ir::{FlowId, Name, StepId, call::Request, trace::TraceContext};
use flowmesh_machine::{CallId, Event, Note};
use std::sync::Arc;

/// Something to do.
#[derive(Clone, Debug)]
pub enum Output {
    /// Make a call and tell how it ended.
    Call(Call),
    /// Answer a question.
    Answer(Ticket, Answer),
    /// Say whether something exists.
    Probe(Probe),
    /// Bring the next item of a stream.
    More {
        /// The run that reads it.
        run: RunId,
        /// Which of its calls.
        call: CallId,
    },
    /// Close a stream: nobody reads it any more.
    Close {
        /// The run that read it.
        run: RunId,
        /// Which of its calls.
        call: CallId,
    },
    /// Move the traffic of a service from now on, in every program that has it; no weights is back to what each says.
    Shift {
        /// The name of the service.
        service: Name,
        /// What each subset gets of a hundred, by name.
        weights: Weights,
    },
    /// Tell the followers of a run.
    Happened(Box<Happened>),
}

/// A call to make.
#[derive(Clone, Debug)]
pub struct Call {
    /// The run that makes it.
    pub run: RunId,
    /// Which of its calls.
    pub call: CallId,
    /// What people see it as.
    pub step: StepId,
    /// Whether it undoes an earlier one.
    pub undo: bool,
    /// The flow that the step is one of.
    pub flow: FlowId,
    /// What the run was started with.
    pub deployment: Arc<Deployment>,
    /// The span of the call.
    pub trace: TraceContext,
    /// What is sent.
    pub request: Arc<Request>,
}

/// Something to look for.
#[derive(Clone, Debug)]
pub struct Probe {
    /// The run that asks.
    pub run: RunId,
    /// By which number.
    pub call: CallId,
    /// `file:PATH`, or an address.
    pub target: String,
    /// What the run was started with.
    pub deployment: Arc<Deployment>,
}

/// Something that happened to a run that somebody follows.
#[derive(Clone, Debug)]
pub struct Happened {
    /// To which run.
    pub run: RunId,
    /// The how manyth of its events.
    pub sequence: u64,
    /// What happened.
    pub event: Event,
    /// What followed, for people.
    pub notes: Vec<Note>,
    /// The flow that the steps in the notes are of.
    pub flow: FlowId,
    /// What the run was started with.
    pub deployment: Arc<Deployment>,
    /// How the run ended, if it ended with this.
    pub ending: Option<Ending>,
}

/// An answer.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The program is the one that new runs are started with.
    Deployed,
    /// The run is started, or was before.
    Started(Started),
    /// It is told.
    Accepted,
    /// What a signal was answered with, as JSON, or why it was not.
    Said(Result<String, String>),
    /// An event is told.
    Told(Told),
    /// What can be read of a run.
    Views(Views),
    /// The status that stands for an error, if one does.
    Status(Option<u16>),
    /// How it stands.
    Run(Box<RunView>),
    /// How they stand.
    Runs(Page),
    /// What can be started.
    Flows(Vec<FlowView>),
    /// How it ended.
    Ended(Box<RunView>),
    /// Where its events lie, and with what they can be read.
    History(History),
    /// No.
    Refused(Refusal),
}

/// A run that is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Started {
    /// Its identifier.
    pub id: RunId,
    /// Whether it was there before: a start with the same key.
    pub existing: bool,
}

/// The events of a run that are on stable storage.
#[derive(Clone, Debug)]
pub struct History {
    /// Which run.
    pub run: RunId,
    /// Which flow.
    pub flow: FlowId,
    /// What the run was started with.
    pub deployment: Arc<Deployment>,
    /// Where each event lies.
    pub events: Vec<Location>,
    /// How it ended, if it has.
    pub ending: Option<Ending>,
}
