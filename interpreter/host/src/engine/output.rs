//! What the engine says. Nothing here is said before the events that led to it are on stable storage.

use super::{
    deployment::Deployment,
    error::Refusal,
    input::Ticket,
    view::{Ending, FlowView, Page, RunView},
};
use crate::{RunId, store::Location};
use flowmesh_ir::{FlowId, StepId, call::Request, trace::TraceContext};
use flowmesh_machine::{CallId, Event, Note};
use std::sync::Arc;

/// Something to do.
#[derive(Debug)]
pub enum Output {
    /// Make a call and tell how it ended.
    Call(Call),
    /// Answer a question.
    Answer(Ticket, Answer),
    /// Tell the followers of a run.
    Happened(Box<Happened>),
}

/// A call to make.
#[derive(Debug)]
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
#[derive(Debug)]
pub enum Answer {
    /// The program is the one that new runs are started with.
    Deployed,
    /// The run is started, or was before.
    Started(Started),
    /// It is told.
    Accepted,
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
#[derive(Debug)]
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
