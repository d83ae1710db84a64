//! What the engine says. Nothing here is said before the events that led to it are on stable storage.

use super::{
    deployment::Deployment,
    emit::Told,
    error::Refusal,
    fetch::Want,
    input::Ticket,
    once::Before,
    results::ResultPage,
    schedules::{Plan, ScheduleView},
    select,
    stand::Stand,
    traffic::Weights,
    view::{Choosing, Chosen, Ending, FlowView, Page, RunView, Verdict, Views},
};
use crate::{
    RunId,
    store::{ActKey, Block, Changes, Count, Deployed, EventRecord, Filter, Reader, Shelf, StoreError},
};
use flowmesh_ir::{
    FlowId, Name, PolicyId, StepId,
    call::Request,
    trace::{Lineage, TraceContext},
};
use flowmesh_machine::{CallId, Effect, Event, Note};
use serde_json::value::RawValue;
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
    /// Close a stream, or give up a call: nobody waits for it any more.
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
    /// Apply this to the index, and tell when it is done. It is on stable storage in the journal.
    Index(Box<Changes>),
    /// Answer a question from the index, after everything before was applied to it.
    Search(Ticket, Search),
    /// These runs are let go of: the journal says so, and the index is told next.
    Retired(Vec<RunId>),
    /// Look this up, and tell what was found.
    Fetch(Vec<Want>),
}

/// What is looked up in the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Search {
    /// The newest runs that a filter wants, at most so many.
    Page(Filter, usize),
    /// How many it wants.
    Count(Filter),
    /// Those of them that this can be done with: the newest, at most so many, and how many there are.
    Choose(Filter, Choosing, usize),
    /// How many runs a namespace has of each of these flows, by state.
    Flows(Name, Vec<FlowView>),
    /// What a request was answered with, and the run that it was about.
    Act(ActKey, Option<RunId>),
}

/// A call to make.
#[derive(Clone, Debug)]
pub struct Call {
    /// The run that makes it.
    pub run: RunId,
    /// The namespace that it is in.
    pub namespace: Name,
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
    /// Whether the flow that produces it has come to its end.
    pub after: bool,
    /// What the run was started with.
    pub deployment: Arc<Deployment>,
}

/// Something that happened to a run that somebody follows, or to any where all are told.
#[derive(Clone, Debug)]
pub struct Happened {
    /// To which run.
    pub run: RunId,
    /// The how manyth of its events.
    pub sequence: u64,
    /// What happened.
    pub event: Event,
    /// The namespace that it is in.
    pub namespace: Name,
    /// Which trace it lies in, where that is not a recorded one of its own.
    pub lineage: Option<Arc<Lineage>>,
    /// What followed, for people.
    pub notes: Vec<Note>,
    /// Which calls were made.
    pub calls: Vec<Called>,
    /// By which numbers other runs were started that it waits for; known only of the past.
    pub children: Vec<CallId>,
    /// The flow that the steps in the notes are of.
    pub flow: FlowId,
    /// What the run was started with.
    pub deployment: Arc<Deployment>,
    /// How the run ended, if it ended with this.
    pub ending: Option<Ending>,
}

/// A call that was made.
#[derive(Clone, Copy, Debug)]
pub struct Called {
    /// Which.
    pub call: CallId,
    /// For which step.
    pub step: StepId,
    /// Whether to undo an earlier one.
    pub undo: bool,
    /// What holds for it.
    pub policy: PolicyId,
}

impl Called {
    /// What an effect asks for, if that is a call.
    #[must_use]
    pub fn of(effect: &Effect) -> Option<Self> {
        match effect {
            Effect::Call {
                call,
                step,
                undo,
                request,
            } => Some(Self {
                call: *call,
                step: *step,
                undo: *undo,
                policy: request.policy,
            }),
            _ => None,
        }
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The program is the one that new runs are started with.
    Deployed,
    /// What runs were started with so far, the last one first.
    Deployments(Vec<Deployed>),
    /// What becomes of runs.
    Verdicts(Vec<Verdict>),
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
    /// The variables of a run by name, in the order of the flow.
    Variables(Vec<(String, Box<RawValue>)>),
    /// The status that stands for an error, if one does.
    Status(Option<u16>),
    /// How it stands.
    Run(Box<RunView>),
    /// How they stand.
    Runs(Page),
    /// How many there are.
    Count(Count),
    /// Which were chosen.
    Chosen(Chosen),
    /// What can be started.
    Flows(Vec<FlowView>),
    /// How all of it stands.
    Stand(Box<Stand>),
    /// How schedules stand.
    Schedules(Vec<ScheduleView>),
    /// Some of the recorded results.
    Results(ResultPage),
    /// So many results were forgotten.
    Forgotten(usize),
    /// How one stands.
    Schedule(Box<ScheduleView>),
    /// What is made up for, or would be.
    Plan(Plan),
    /// What is known of a request.
    Before(Before),
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
    /// As which run it began: itself, unless it shares the history of another.
    pub root: RunId,
    /// Which trace it lies in, where that is not a recorded one of its own.
    pub lineage: Option<Arc<Lineage>>,
    /// Which flow.
    pub flow: FlowId,
    /// What it is a run of now. What it began with, its first event says.
    pub deployment: Arc<Deployment>,
    /// How many of its events the index knows.
    pub known: u64,
    /// Where those behind lie.
    pub recent: Vec<Block>,
    /// How it ended, if it has.
    pub ending: Option<Ending>,
}

impl History {
    /// The events, in order.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn events(&self, shelf: &dyn Shelf, reader: &Reader) -> Result<Vec<EventRecord>, StoreError> {
        let mut events = shelf.events(self.run, 0)?;
        // By now the index may know more than when this was asked, and what it knows may lie elsewhere.
        let end = self.known.saturating_add(Block::events(&self.recent));
        events.retain(|event| event.sequence < end);
        let mut next = self.known;
        for block in &self.recent {
            next = next.saturating_add(u64::from(block.events));
            if (events.len() as u64) < next {
                let read = reader.events(block.place)?;
                events.retain(|event| event.sequence < next.saturating_sub(u64::from(block.events)));
                events.extend(read);
            }
        }
        Ok(events)
    }
}

impl Search {
    /// Whether it may be answered, while there is no room, by an index that lacks what happened last.
    pub(crate) fn may_lag(&self) -> bool {
        !matches!(self, Self::Act(..))
    }

    /// The answer, as a shelf knows it.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn answer(&self, shelf: &dyn Shelf) -> Result<Answer, StoreError> {
        Ok(match self {
            Self::Page(filter, limit) => Answer::Runs(shelf.search(filter, *limit)?.into()),
            Self::Act(key, run) => {
                let answer = shelf.act(key)?.and_then(|kept| kept.act.answer);
                let done = Before::Done {
                    run: *run,
                    said: Arc::from([]),
                };
                Answer::Before(answer.map_or(done, Before::Answered))
            }
            Self::Count(filter) => Answer::Count(shelf.count(filter)?),
            Self::Choose(filter, choosing, limit) => {
                Answer::Chosen(select::choose(shelf, filter, *choosing, *limit)?)
            }
            Self::Flows(namespace, flows) => {
                let mut flows = flows.clone();
                for flow in &mut flows {
                    let states = shelf.states(namespace, &flow.name)?.into_iter();
                    let counts = states.filter_map(|(state, count)| Some((state.parse().ok()?, count)));
                    flow.runs = counts.map(|(state, count)| (state, to_usize(count))).collect();
                }
                Answer::Flows(flows)
            }
        })
    }
}

fn to_usize(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
