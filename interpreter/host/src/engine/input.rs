//! What the engine is told.

use super::{
    deployment::Deployment,
    fetch::Found,
    once::Asked,
    output::Search,
    results::ResultCommand,
    schedules::ScheduleCommand,
    share::Continuation,
    upgrade::{By, Upgrading},
};
use crate::{RunId, store::Appended};
use flowmesh_ir::{Name, call::Reply, trace::Lineage};
use flowmesh_machine::{Answer, CallId, Decision, Terms, TimerId};
use std::sync::Arc;

/// Names a question until its answer comes. The one who asks draws them and never uses one twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// Something the engine is told. Whoever tells it says what time it is.
#[derive(Clone, Debug)]
pub enum Input {
    /// Somebody wants something, in the namespace without a name.
    Command(Ticket, Command),
    /// Somebody in a namespace wants something.
    Within(Ticket, Name, Command),
    /// A call has ended.
    Replied {
        /// The run that made it.
        run: RunId,
        /// Which of its calls.
        call: CallId,
        /// How.
        reply: Reply,
    },
    /// Something else that a run asked for has come out.
    Answered {
        /// The run that asked.
        run: RunId,
        /// By which number.
        call: CallId,
        /// How.
        answer: Answer,
    },
    /// An item of a stream came, after it was asked for with [`super::Output::More`].
    Streamed {
        /// The run that reads it.
        run: RunId,
        /// Which of its calls.
        call: CallId,
        /// The item, as JSON.
        item: Arc<[u8]>,
    },
    /// These runs ended long ago: those go that nobody needs.
    Retire(Vec<RunId>),
    /// Time has passed.
    Tick,
    /// One timer has come due, and of the others nobody looks whether they have.
    Due {
        /// The run that is to be woken.
        run: RunId,
        /// By which of its timers.
        timer: TimerId,
    },
    /// The batch that was taken last is on stable storage; where its records lie.
    Committed(Appended),
    /// The batch that was taken last is not in the log: there is no room. It will be given out again.
    Refused,
    /// What was given out first of what the index is to take is in it.
    Indexed,
    /// What was to be looked up.
    Fetched(Vec<Found>),
    /// Nobody waits for this answer any more.
    Forget(RunId, Ticket),
    /// Nobody follows the run any more.
    Unwatch(RunId),
}

/// Something that somebody wants.
#[derive(Clone, Debug)]
pub enum Command {
    /// Make a program the one that new runs are started with.
    Deploy(Arc<Deployment>),
    /// The same, and write down since when and who wanted it.
    Release(Arc<Deployment>, By),
    /// See which runs can go on in a program, or let them.
    Upgrade(Box<Upgrading>),
    /// See what runs were started with so far.
    Deployments,
    /// Start a run.
    Start(Start),
    /// Tell a run something.
    Signal {
        /// Which run.
        run: RunId,
        /// Which signal.
        name: Name,
        /// A JSON object with a member for each parameter.
        payload: Arc<[u8]>,
    },
    /// Go on from the middle of the history of a run that has ended.
    Continue(Box<Continuation>),
    /// Steer a run that has not ended.
    Steer(RunId, Verb),
    /// Tell an event to every run that waits for it and every flow that it starts.
    Emit {
        /// From which the identifiers of runs are made that it starts; drawn by chance.
        id: RunId,
        /// Its name.
        event: Name,
        /// A JSON object with a member for each field.
        payload: Arc<[u8]>,
    },
    /// Read a view of a run, or all of them.
    View(RunId, Option<Name>),
    /// Read the variables of a run.
    Variables(RunId),
    /// Which status stands for an error of the operation that a call is of.
    StatusOf {
        /// The run that made the call.
        run: RunId,
        /// Which of its calls.
        call: CallId,
        /// The name of the error.
        error: Name,
    },
    /// Do something unless it was done before by the same request.
    Once(Asked, Box<Command>),
    /// See whether a request was done before.
    Before(Asked),
    /// Keep what a request is answered with.
    Keep {
        /// Which.
        asked: Asked,
        /// The answer.
        answer: Arc<[u8]>,
        /// Whether it was refused: then it is kept only if something was done all the same.
        is_refusal: bool,
    },
    /// A worker says how a call has ended.
    Settle {
        /// The run that made it.
        run: RunId,
        /// Which of its calls.
        call: CallId,
        /// How.
        reply: Reply,
    },
    /// See a run.
    Get(RunId),
    /// See several runs, or how many there are.
    Search(Search),
    /// See the flows of the program that new runs are started with.
    Flows,
    /// Where the events of a run lie.
    History(RunId),
    /// See schedules, or tell them something.
    Schedule(ScheduleCommand),
    /// See recorded results, or have some forgotten.
    Results(ResultCommand),
    /// See how all of it stands, in all namespaces; answered also while there is no room.
    Stand,
    /// Hear how a run ended, now or when it does.
    Wait(RunId),
    /// Where the events of a run lie; from now on what happens to it is told.
    Watch(RunId),
}

impl Command {
    /// Without the key that it is done with.
    #[must_use]
    pub fn bare(&self) -> &Self {
        match self {
            Self::Once(_, command) => command.bare(),
            other => other,
        }
    }

    /// Whether it is something that a request with a key does.
    pub(crate) fn is_act(&self) -> bool {
        match self {
            Self::Keep { .. } | Self::Once(..) => false,
            // It is taken while a host stops, too.
            Self::Settle { .. } => true,
            other => other.changes(),
        }
    }

    /// Whether it changes anything.
    #[must_use]
    pub fn changes(&self) -> bool {
        match self {
            Self::Schedule(command) => return command.changes(),
            Self::Results(command) => return matches!(command, ResultCommand::Forget(_)),
            Self::Upgrade(order) => return order.moves,
            Self::Once(_, command) => return command.changes(),
            _ => {}
        }
        matches!(
            self,
            Self::Deploy(_)
                | Self::Release(..)
                | Self::Start(_)
                | Self::Continue(_)
                | Self::Signal { .. }
                | Self::Steer(..)
                | Self::Emit { .. }
                | Self::Keep { .. }
        )
    }
}

/// What a person does to a run that has not ended. Each is done once: a second time changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Stop it and undo what it did.
    Cancel {
        /// Why.
        reason: String,
    },
    /// Let it take no new step.
    Pause {
        /// Why.
        reason: String,
    },
    /// Let it go on after a pause.
    Resume,
    /// Decide how it goes on where it is parked.
    Decide {
        /// At the end of which call; `None` is wherever it is parked now.
        call: Option<CallId>,
        /// How.
        decision: Decision,
    },
    /// Give variables of a run that stands still new values, by their names, as JSON.
    Edit(Vec<(String, Arc<[u8]>)>),
    /// End it where it stands, with the children that it waits for; nothing is undone.
    Terminate {
        /// Why.
        reason: String,
    },
}

/// A run to start.
#[derive(Clone, Debug)]
pub struct Start {
    /// What the run is to be called.
    pub run: RunId,
    /// From which it draws.
    pub seed: u64,
    /// Which flow.
    pub flow: Name,
    /// A JSON object with a member for each parameter.
    pub input: Arc<[u8]>,
    /// What makes two starts the same, instead of what the flow itself says.
    pub key: Option<String>,
    /// The trace that it goes on, if it does not begin one.
    pub lineage: Option<Arc<Lineage>>,
    /// What is said for this run alone.
    pub terms: Terms,
}
