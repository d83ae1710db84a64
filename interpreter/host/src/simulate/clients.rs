//! Clients: they start, signal, steer, tell events and look, and remember what they were told.

use super::{
    requests::What,
    world::{Happens, World},
};
use crate::{
    RunId,
    engine::{
        Answer, Command, Continuation, Refusal, Start, Told, Verb,
        schedules::ScheduleCommand,
        view::{Fate, RunView},
    },
};
use flowmesh_ir::trace::{Lineage, TraceContext};
use flowmesh_machine::Terms;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

/// Of a thousand, how many repeat a start that has a key although it was acknowledged.
const REPEATS: u64 = 300;
/// Of a thousand runs that are paused, how many are edited.
const EDITS: u64 = 300;
/// The longest that a client waits before it asks again.
const PATIENCE: Duration = Duration::from_secs(3);

/// What clients were told, and may rely on.
#[derive(Debug, Default)]
pub(super) struct Clients {
    /// Runs whose start was acknowledged, with the number of the plan.
    pub(super) started: BTreeMap<RunId, usize>,
    /// Which run each start with a key is.
    pub(super) keyed: BTreeMap<usize, RunId>,
    /// How many signals to each run were acknowledged.
    pub(super) signalled: BTreeMap<RunId, u64>,
    /// Runs whose cancel was acknowledged.
    pub(super) cancelled: BTreeSet<RunId>,
    /// Runs whose pause was acknowledged.
    pub(super) paused: BTreeSet<RunId>,
    /// Runs whose edit was acknowledged.
    pub(super) edited: BTreeSet<RunId>,
    /// How many decisions were acknowledged.
    pub(super) decided: u64,
    /// Runs whose end was acknowledged.
    pub(super) terminated: BTreeSet<RunId>,
    /// Runs that clients wanted to go on in place of others, and of which.
    pub(super) went_on: BTreeMap<RunId, RunId>,
    /// Those of them that were acknowledged.
    pub(super) continued: BTreeSet<RunId>,
    /// How many events each run was said to have.
    pub(super) seen: BTreeMap<RunId, u64>,
    /// The number of the plan of each telling of an event, and what it was said to come to.
    pub(super) tellings: Vec<(usize, Option<Told>)>,
}

/// What a client wants.
#[derive(Clone, Debug)]
pub(super) enum Intent {
    /// Nothing: the process asked itself.
    Nothing,
    /// The runs that can move to move to another program.
    Upgrade,
    /// Its schedules carried out by the process.
    Keep,
    /// The start of this number.
    Start(usize),
    /// The signal of this number, to a run.
    Signal(usize, RunId),
    /// A run to be steered.
    Steer(RunId, Verb),
    /// To read what happened to a run, and to go on from there.
    Read(RunId),
    /// A run to go on in place of another.
    GoOn(Box<Continuation>),
    /// To see a run.
    Look(RunId),
    /// An event told: the plan of this number, and the number of the telling, once it is told.
    Tell(usize, Option<usize>),
    /// What the request of this number asks for, with its key.
    Request(usize, What),
    /// To hear that what a worker said is kept; of its works the one with this number.
    Settle(usize),
}

impl World<'_> {
    pub(super) fn plan_clients(&mut self, within: Duration) {
        for start in 0..self.scenario.starts.len() {
            let at = self.draw(within / 2);
            self.after(at, Happens::Client(Intent::Start(start)));
            if self.has_key(start) && self.chance.happens(REPEATS) {
                let at = self.draw(within);
                self.after(at, Happens::Client(Intent::Start(start)));
            }
        }
        for event in 0..self.scenario.events.len() {
            let at = self.draw(within);
            self.after(at, Happens::Client(Intent::Tell(event, None)));
        }
        self.plan_requests(within);
    }

    fn has_key(&self, start: usize) -> bool {
        let plan = self.scenario.starts.get(start);
        plan.is_some_and(|plan| {
            let flow = self
                .program
                .flow_named(&plan.flow)
                .and_then(|flow| self.program.flow(flow));
            plan.key.is_some() || flow.is_some_and(|flow| flow.key.is_some())
        })
    }

    pub(super) fn act(&mut self, mut intent: Intent) {
        if let Intent::Tell(event, telling) = &mut intent {
            *telling = Some(self.clients.tellings.len());
            self.clients.tellings.push((*event, None));
        }
        let command = match &intent {
            Intent::Nothing | Intent::Upgrade => return,
            Intent::Keep => Some(Command::Schedule(ScheduleCommand::Keep)),
            Intent::Start(start) => self.start(*start),
            Intent::Signal(signal, run) => self.scenario.signals.get(*signal).map(|plan| Command::Signal {
                run: *run,
                name: plan.signal.clone(),
                payload: plan.payload.as_bytes().into(),
            }),
            Intent::Steer(run, verb) => Some(Command::Steer(*run, verb.clone())),
            Intent::Read(run) => Some(Command::History(*run)),
            Intent::GoOn(from) => Some(Command::Continue(from.clone())),
            Intent::Look(run) => Some(Command::Get(*run)),
            Intent::Tell(event, telling) => self.tell_event(*event, telling.unwrap_or_default()),
            Intent::Request(request, what) => self.request(*request, *what),
            Intent::Settle(work) => return self.settle(*work),
        };
        if let Some(command) = command {
            self.ask(command, intent);
        }
    }

    fn start(&mut self, start: usize) -> Option<Command> {
        let plan = self.scenario.starts.get(start)?;
        let run = RunId::new(self.now(), self.chance.draw(), self.chance.draw());
        let input: Arc<[u8]> = plan.input.as_bytes().into();
        let (flow, key) = (plan.flow.clone(), plan.key.clone());
        Some(Command::Start(Start {
            run,
            seed: self.chance.draw(),
            flow,
            input,
            key,
            lineage: lineage(run),
            terms: Terms::default(),
        }))
    }

    fn tell_event(&mut self, event: usize, telling: usize) -> Option<Command> {
        let id = RunId::new(self.now(), self.chance.draw(), self.chance.draw());
        let plan = self.scenario.events.get(event)?;
        Some(Command::Emit {
            id,
            event: plan.event.clone(),
            payload: plan.payload(telling).as_bytes().into(),
        })
    }

    /// The process died, or was not there. A start without a key is not tried again: it may have been heard.
    pub(super) fn unanswered(&mut self, intents: Vec<Intent>) {
        for intent in intents {
            let again = match &intent {
                Intent::Start(start) => self.has_key(*start),
                Intent::Signal(..)
                | Intent::Steer(..)
                | Intent::GoOn(_)
                | Intent::Tell(..)
                | Intent::Request(..)
                | Intent::Settle(_) => true,
                Intent::Look(_) | Intent::Read(_) | Intent::Nothing | Intent::Upgrade | Intent::Keep => false,
            };
            if again {
                self.again(intent);
            }
        }
    }

    pub(super) fn again(&mut self, intent: Intent) {
        let delay = self.draw(PATIENCE);
        self.after(delay, Happens::Client(intent));
    }

    pub(super) fn hear(&mut self, intent: Intent, answer: &Answer) {
        match (&intent, answer) {
            (Intent::Request(request, what), answer) => self.request_answered(*request, *what, answer),
            (Intent::Start(start), Answer::Started(started)) => self.told_started(*start, started.id),
            (Intent::Signal(_, run), Answer::Accepted) => {
                let count = self.clients.signalled.entry(*run).or_default();
                *count = count.saturating_add(1);
                self.look_later(*run);
            }
            (Intent::Steer(run, verb), Answer::Accepted) => self.told_steered(*run, verb),
            (Intent::Read(_), Answer::History(history)) => self.go_on(history),
            (Intent::GoOn(from), Answer::Started(_)) => self.told_continued(from.run, from.of),
            (Intent::Look(run), Answer::Run(view)) => self.told_view(*run, view),
            (Intent::Tell(_, Some(telling)), Answer::Told(told)) => {
                let of = self.clients.tellings.get_mut(*telling);
                of.into_iter().for_each(|(_, known)| *known = Some(told.clone()));
            }
            (Intent::Settle(work), Answer::Run(_)) => self.settled(*work),
            (_, Answer::Refused(Refusal::Full)) => self.again(intent),
            (Intent::Signal(..) | Intent::Steer(..), Answer::Refused(Refusal::Ended { .. })) => {}
            // Somebody else has decided, this was heard before the process died, or a cancel left other choices.
            (
                Intent::Steer(_, Verb::Decide { .. }),
                Answer::Refused(Refusal::NotParked { .. } | Refusal::Choice { .. }),
            ) => {}
            // It goes on already, or it has no such variable.
            (Intent::Steer(_, Verb::Edit(_)), Answer::Refused(Refusal::Moving { .. } | Refusal::Edit(_))) => {
            }
            // It was cancelled meanwhile, and is not paused any more.
            (Intent::Steer(_, Verb::Resume), Answer::Refused(Refusal::Parked { .. })) => {}
            // Somebody else was faster.
            (Intent::GoOn(_), Answer::Refused(Refusal::Continued { .. })) => {}
            (Intent::Nothing, _) | (Intent::Keep, Answer::Deployed) => {}
            (Intent::Upgrade, Answer::Verdicts(verdicts)) => {
                let moves = verdicts.iter().filter(|it| it.fate == Fate::Moves).count();
                self.moved = self.moved.saturating_add(moves as u64);
            }
            // The deployment before it was refused, or is the same that somebody was faster with.
            (Intent::Upgrade, Answer::Refused(_)) => {}
            (_, answer) => self.breaks(format!("{intent:?} was answered with {answer:?}")),
        }
    }

    pub(super) fn told_started(&mut self, start: usize, run: RunId) {
        if self.has_key(start) {
            let known = *self.clients.keyed.entry(start).or_insert(run);
            if known != run && !self.goes_on(run, known) {
                self.breaks(format!("start {start} was run {known} and is run {run} now"));
            }
        }
        if self.clients.started.insert(run, start).is_some() {
            return;
        }
        let flow = self.scenario.starts.get(start).map(|plan| plan.flow.clone());
        for signal in 0..self.scenario.signals.len() {
            let fits = self.scenario.signals.get(signal).map(|plan| &plan.flow) == flow.as_ref();
            if fits && !self.chance.happens(self.scenario.faults.forgotten) {
                self.again(Intent::Signal(signal, run));
            }
        }
        if self.chance.happens(self.scenario.cancels) {
            let reason = "simulated".to_owned();
            self.again(Intent::Steer(run, Verb::Cancel { reason }));
        }
        if self.chance.happens(self.scenario.pauses) {
            let reason = "simulated".to_owned();
            self.again(Intent::Steer(run, Verb::Pause { reason }));
        }
        if self.chance.happens(self.scenario.terminates) {
            let reason = "simulated".to_owned();
            self.again(Intent::Steer(run, Verb::Terminate { reason }));
        }
        self.look_later(run);
    }

    /// Whoever pauses a run lets it go on when the pause is sure.
    fn told_steered(&mut self, run: RunId, verb: &Verb) {
        match verb {
            Verb::Cancel { .. } => drop(self.clients.cancelled.insert(run)),
            Verb::Pause { .. } => {
                self.clients.paused.insert(run);
                if self.chance.happens(EDITS) {
                    let value = format!("\"edited {}\"", self.chance.draw());
                    let edits = vec![("id".to_owned(), value.into_bytes().into())];
                    self.again(Intent::Steer(run, Verb::Edit(edits)));
                }
                self.again(Intent::Steer(run, Verb::Resume));
            }
            Verb::Edit(_) => drop(self.clients.edited.insert(run)),
            Verb::Decide { .. } => self.clients.decided = self.clients.decided.saturating_add(1),
            Verb::Resume => {}
            Verb::Terminate { .. } => drop(self.clients.terminated.insert(run)),
        }
        self.look_later(run);
    }

    pub(super) fn look_later(&mut self, run: RunId) {
        self.again(Intent::Look(run));
    }

    fn told_view(&mut self, run: RunId, view: &RunView) {
        let seen = self.clients.seen.entry(run).or_default();
        if view.events < *seen {
            let promise = format!("run {run} had {seen} events and has {} now", view.events);
            self.breaks(promise);
        } else {
            *seen = view.events;
        }
        self.may_go_on(run, view);
        if let Some(parked) = &view.parked {
            self.judge(run, parked);
        }
    }
}

/// A third of the runs lie in the trace of whoever starts them.
fn lineage(run: RunId) -> Option<Arc<Lineage>> {
    let above = Lineage {
        state: Some("sim=1".into()),
        ..Lineage::below(TraceContext::root(run.0 ^ 1))
    };
    run.0.is_multiple_of(3).then(|| Arc::new(above))
}
