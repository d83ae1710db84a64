//! The engine: all runs, what is to be written, and what follows. Synchronous, without a clock, chance or I/O.
//!
//! It is told [`Input`]s with the time, gives out batches to write with [`Engine::take_batch`], and says what to do
//! with [`Engine::take_outputs`]. The folder has a file for each thing it does: `start`, `steer`, `share` (going on
//! from the middle of a history), `happen` (one event on one run), `commit`, `restore`, `query`.
//!
//! INVARIANT: an [`Output`] is given out only when everything that led to it was reported as
//! [`Input::Committed`]. It holds by construction: outputs are kept with the batch that they follow from.

mod acts;
mod admit;
mod batch;
mod columns;
mod commit;
mod deployment;
mod dormant;
mod emit;
mod error;
mod fetch;
mod fingerprint;
mod forget;
mod guards;
mod happen;
mod held;
mod homes;
mod input;
mod ledger;
mod load;
mod namespace;
mod once;
mod open;
mod ordering;
mod output;
mod programs;
mod query;
mod rest;
mod restore;
mod results;
mod resume;
mod retire;
mod rows;
pub mod schedules;
mod select;
mod share;
mod stand;
mod start;
mod steer;
mod timers;
mod traffic;
mod undertake;
mod upgrade;
pub mod view;
pub(crate) mod views;
mod waiters;
mod wants;
mod work;
pub(crate) mod written;

#[cfg(test)]
mod tests;

pub use deployment::Deployment;
pub use dormant::Residence;
pub use emit::Told;
pub use error::Refusal;
pub use fetch::{Found, Want};
pub(crate) use guards::guarded_by;
pub(crate) use happen::bytes as event_bytes;
pub(crate) use happen::in_trace;
pub(crate) use homes::{Player, homes};
pub use input::{Command, Input, Start, Ticket, Verb};
pub use once::{Asked, Before};
pub use open::{Store, open};
pub use output::{Answer, Call, Called, Happened, History, Output, Probe, Search, Started};
pub use programs::Programs;
pub use restore::Restoring;
pub use results::{ResultCommand, ResultFilter, ResultPage, ResultPlace, ResultView};
pub use share::Continuation;
pub use stand::Stand;
pub use traffic::Weights;
pub(crate) use upgrade::at_rest;
pub use upgrade::{By, Upgrading};

use crate::{
    RunId,
    store::{ActKey, Deployed, Guarded, Record},
};
use acts::Acts;
use batch::{Batches, Deferred};
use dormant::{Dormant, Known, Work};
use flowmesh_ir::{Hash, Name};
use flowmesh_machine::{CallId, Effect, EventKind, TimerId};
use held::{Held, Life};
use jiff::Timestamp;
use ledger::{Ledger, Task};
use query::Query;
use rows::Rows;
use schedules::Schedules;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    sync::Arc,
};
use timers::Timers;

/// The runs of one store that are in memory, and what is known of the others.
#[derive(Clone, Debug, Default)]
pub struct Engine {
    current: Option<Arc<Deployment>>,
    deployments: HashMap<(Hash, Hash), Arc<Deployment>>,
    /// Those that runs had which had not ended, when the store was opened.
    found: Vec<(Hash, Hash)>,
    /// What runs were started with so far, the last one last.
    deployed: VecDeque<Deployed>,
    /// Hashes of programs and settings that are in the log, or on their way there.
    kept: BTreeSet<Hash>,
    runs: HashMap<RunId, Held>,
    keys: HashMap<(Name, String), RunId>,
    ledger: Ledger,
    /// What was done with keys of those who did it.
    acts: Acts,
    /// Under which key something is being done, and its hash, until it is done.
    acting: Option<(ActKey, Hash)>,
    /// What is to be done between runs.
    tasks: VecDeque<Task>,
    /// Which calls wait for the end of a run.
    parents: HashMap<RunId, Vec<(RunId, CallId)>>,
    /// Who waits for the answers of signals.
    answers: BTreeMap<(RunId, u64), Ticket>,
    timers: Timers,
    schedules: Schedules,
    batches: Batches,
    rows: Rows,
    dormant: Dormant,
    /// What was looked up for what is being done.
    known: Known,
    /// What time it is.
    now: Timestamp,
    outputs: Vec<Output>,
    /// When the log will be tried again, while there is no room for it.
    full_until: Option<Timestamp>,
    /// Whether every run is followed from its first event.
    follow_all: bool,
    /// Whether what happens to any run is told.
    trace_all: bool,
    /// In which namespace the command was given that is being carried out.
    namespace: Name,
    /// For a world in which a move loses something.
    moves_forget: bool,
    /// Used again for every event.
    effects: Vec<Effect>,
}

impl Engine {
    /// Takes note of something.
    pub fn handle(&mut self, now: Timestamp, input: Input) {
        self.now = now;
        match input {
            Input::Command(ticket, command) => {
                self.undertake_command(now, (ticket, Name::default()), command);
            }
            Input::Within(ticket, namespace, command) => {
                self.undertake_command(now, (ticket, namespace), command);
            }
            Input::Replied { run, call, reply } => self.replied(now, run, call, reply),
            Input::Answered { run, call, answer } => self.answered(now, run, call, answer),
            Input::Retire(runs) => self.retire(runs),
            Input::Streamed { run, call, item } => self.streamed(now, run, call, item),
            Input::Tick => self.tick(now),
            Input::Due { run, timer } => self.due(now, run, timer),
            Input::Committed(appended) => self.committed(&appended),
            Input::Refused => self.refused(now),
            Input::Indexed => self.indexed(),
            Input::Fetched(found) => self.fetched(now, found),
            Input::Forget(run, ticket) => self.forget(run, ticket),
            Input::Unwatch(run) => self.watch(run, false),
        }
        self.work(now);
        self.cut_if_due(now);
        self.rest();
        self.ask_wanted();
    }

    /// The next batch to write, unless one is being written. Its end is told with [`Input::Committed`] or
    /// [`Input::Refused`].
    pub fn take_batch(&mut self) -> Option<Arc<Vec<Record>>> {
        if self.full_until.is_some() {
            return None;
        }
        let batch = self.batches.take()?;
        self.cut_with_batch();
        Some(batch)
    }

    /// What is to be done now, in order.
    pub fn take_outputs(&mut self) -> std::vec::Drain<'_, Output> {
        self.outputs.drain(..)
    }

    /// When to be told [`Input::Tick`] at the latest.
    #[must_use]
    pub fn next_tick(&self) -> Option<Timestamp> {
        let work = (!self.tasks.is_empty()).then_some(Timestamp::MIN);
        let scheduled = self.schedules.next().filter(|_| self.full_until.is_none());
        let times = [
            self.timers.next(),
            self.ledger.guards.due(),
            self.full_until,
            self.rows.due(),
            self.dormant.due(),
            scheduled,
            work,
        ];
        times.into_iter().flatten().min()
    }

    /// The timers that are armed, in the order in which they come due.
    pub(crate) fn timers(&self) -> impl Iterator<Item = (Timestamp, RunId, TimerId)> {
        self.timers.all()
    }

    /// Whether everything that happened is on stable storage and everything that follows was given out.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.batches.is_idle() && self.outputs.is_empty() && self.tasks.is_empty() && self.dormant.is_idle()
    }

    /// How schedules stand, as the journal has it.
    pub(crate) fn schedules_written(&self) -> Vec<&crate::store::Schedule> {
        self.schedules.written().collect()
    }

    /// Runs whose ends schedules wait for.
    pub(crate) fn awaited_by_schedules(&self) -> Vec<RunId> {
        self.schedules.begun()
    }

    /// Who holds what: runs and the calls by which they asked.
    pub fn holders(&self) -> impl Iterator<Item = (&Guarded, Vec<(RunId, CallId)>)> {
        self.ledger.guards.holders()
    }

    /// Programs and settings of the runs that have not ended, as they were found in the store.
    #[must_use]
    pub fn deployments(&self) -> Vec<Arc<Deployment>> {
        let live = self.runs.values().filter(|held| held.ending().is_none());
        let in_use: BTreeSet<_> = live
            .map(|held| (held.deployment.program_hash, held.deployment.settings_hash))
            .chain(self.found.iter().copied())
            .collect();
        let mut all: Vec<_> = self.deployments.values().cloned().collect();
        all.retain(|it| in_use.contains(&(it.program_hash, it.settings_hash)));
        all.sort_by_key(|deployment| (deployment.program_hash, deployment.settings_hash));
        all
    }

    /// The runs in memory that have not ended, oldest first.
    #[must_use]
    pub fn live_runs(&self) -> Vec<RunId> {
        let live = self.runs.iter().filter(|(_, held)| held.ending().is_none());
        let mut runs: Vec<RunId> = live.map(|(run, _)| *run).collect();
        runs.sort_unstable();
        runs
    }

    /// Every run in memory as it stands, oldest first.
    #[must_use]
    pub fn views(&self) -> Vec<view::RunView> {
        let mut views: Vec<_> = self.runs.iter().map(|(run, held)| held.view(*run)).collect();
        views.sort_unstable_by_key(|view| view.id);
        views
    }

    fn command(&mut self, now: Timestamp, ticket: Ticket, command: Command) {
        match command {
            Command::Deploy(deployment) => self.deploy(now, ticket, deployment),
            Command::Release(deployment, by) => self.roll_out(now, ticket, deployment, by),
            Command::Upgrade(order) => self.upgrade(now, ticket, &order),
            Command::Deployments => self.defer(Deferred::Answer(ticket, Query::Deployments)),
            Command::Start(start) => self.start(now, ticket, start),
            Command::Continue(from) => self.go_on(now, ticket, *from),
            Command::History(run) => self.defer(Deferred::Answer(ticket, Query::History(run))),
            Command::Signal { run, name, payload } => self.signal(now, ticket, run, name, payload),
            Command::Steer(run, verb) => self.steer(now, ticket, run, verb),
            Command::Emit { id, event, payload } => self.emit(now, ticket, id, (event, payload)),
            Command::View(run, name) => self.defer(Deferred::Answer(ticket, Query::View(run, name))),
            Command::Variables(run) => self.defer(Deferred::Answer(ticket, Query::Variables(run))),
            Command::StatusOf { run, call, error } => {
                self.defer(Deferred::Answer(ticket, Query::StatusOf(run, call, error)));
            }
            Command::Get(run) => self.defer(Deferred::Answer(ticket, Query::Get(run))),
            Command::Search(search) => {
                let search = search.within(&self.namespace);
                self.defer(Deferred::Search(ticket, search));
            }
            Command::Flows => self.ask_flows(ticket),
            Command::Stand => {
                // Whoever asks whether all is well must not wait until it is.
                let stand = Answer::Stand(Box::new(self.stand(now)));
                self.outputs.push(Output::Answer(ticket, stand));
            }
            Command::Results(command) => self.result_command(now, ticket, command),
            Command::Schedule(command) => self.schedule_command(now, ticket, command),
            Command::Once(asked, command) => self.once(now, ticket, &asked, *command),
            Command::Before(asked) => self.before(now, ticket, &asked),
            Command::Keep {
                asked,
                answer,
                is_refusal,
            } => self.keep_answer(now, ticket, &asked, (answer, is_refusal)),
            Command::Settle { run, call, reply } => self.settle(now, ticket, (run, call), reply),
            Command::Wait(run) => self.wait(ticket, run),
            Command::Watch(run) => {
                self.watch(run, true);
                self.defer(Deferred::Answer(ticket, Query::History(run)));
            }
        }
    }

    fn tick(&mut self, now: Timestamp) {
        if self.full_until.is_some_and(|until| until <= now) {
            self.full_until = None;
        }
        while let Some((run, timer)) = self.timers.take_due(now) {
            if let Some(live) = self.runs.get_mut(&run).and_then(Held::live) {
                live.take_timer(timer);
            }
            self.happen(now, run, EventKind::Fired { timer }, None);
        }
        self.wake(now);
        while let Some(place) = self.ledger.guards.take_due(now) {
            self.tasks.push_back(Task::Grant(place));
        }
        self.schedules_due(now);
    }

    fn due(&mut self, now: Timestamp, run: RunId, timer: TimerId) {
        let live = self.runs.get_mut(&run).and_then(Held::live);
        if let Some(at) = live.and_then(|live| live.take_timer(timer)) {
            self.timers.disarm(at, run, timer);
            self.happen(now, run, EventKind::Fired { timer }, None);
        }
    }

    fn refuse(&mut self, ticket: Ticket, refusal: Refusal) {
        self.outputs
            .push(Output::Answer(ticket, Answer::Refused(refusal)));
    }

    /// Says something as soon as everything that happened so far is on stable storage.
    fn defer(&mut self, deferred: Deferred) {
        if let (Deferred::Search(ticket, search), Some(_)) = (&deferred, self.full_until)
            && search.may_lag()
        {
            // Nobody knows when there will be room: what the index has is what can be said.
            return self.outputs.push(Output::Search(*ticket, search.clone()));
        }
        if let Some(free) = self.batches.defer(deferred) {
            self.release(free);
        }
    }

    fn release(&mut self, deferred: Deferred) {
        let output = match deferred {
            Deferred::Output(output) => output,
            Deferred::Search(..) if !self.flush() => return self.defer(deferred),
            Deferred::Search(ticket, search) => Output::Search(ticket, search),
            Deferred::Answer(ticket, query) => match query.run() {
                // It is asked again when the run is in memory.
                Some(run) if self.rows.kept && !self.runs.contains_key(&run) => {
                    return self.undertake(self.now, Work::Query(ticket, query));
                }
                _ => Output::Answer(ticket, self.answer(query)),
            },
        };
        self.outputs.push(output);
    }
}
