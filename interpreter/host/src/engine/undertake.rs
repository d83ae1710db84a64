//! Doing what may need runs that are not in memory: at once, or when they are there.

use super::{
    Engine, Refusal,
    batch::Deferred,
    dormant::{Known, Learned, Residence, WAKING_MAX, Waiting, Work},
    fetch::{Found, Thing, Want},
    input::{Command, Ticket},
    load::Loaded,
    output::{Answer, Output},
};
use crate::RunId;
use flowmesh_ir::Name;
use jiff::Timestamp;
use std::{collections::BTreeSet, sync::Arc};

impl Engine {
    /// How much is kept in memory from now on.
    pub fn reside(&mut self, residence: Residence) {
        self.dormant.residence = residence;
    }

    /// Whether what happens to any run is told from now on.
    pub fn trace_all(&mut self, all: bool) {
        self.trace_all = all;
    }

    /// How many runs came back into memory, and one of them that did not come back as it left.
    pub(crate) fn came_back(&self) -> (u64, Option<RunId>) {
        (self.dormant.came_back, self.dormant.otherwise)
    }

    /// Does something, at once or when everything is in memory that it needs.
    pub(super) fn undertake(&mut self, now: Timestamp, work: Work) {
        let known = Known::default();
        match self.missing(|engine| engine.wants(&work, &known), &known) {
            None => self.carry_out(now, work),
            Some(wants) => self.dormant.add(work, known, wants),
        }
    }

    /// The same for what somebody wants.
    pub(super) fn undertake_command(
        &mut self,
        now: Timestamp,
        (ticket, namespace): (Ticket, Name),
        command: Command,
    ) {
        let known = Known::default();
        match self.missing(
            |engine| engine.command_wants(&namespace, &command, &known),
            &known,
        ) {
            None => self.command_within(now, (ticket, namespace), command),
            Some(wants) => {
                let work = Work::Command(ticket, namespace, Box::new(command));
                self.dormant.add(work, known, wants);
            }
        }
    }

    /// Everything that something needs, and what of it is missing; `None` if nothing is.
    fn missing(
        &self,
        wants: impl FnOnce(&Self) -> Vec<Want>,
        known: &Known,
    ) -> Option<(Vec<Want>, BTreeSet<Want>)> {
        if !self.rows.kept {
            return None;
        }
        let all = wants(self);
        let missing: BTreeSet<Want> = all
            .iter()
            .filter(|want| !self.has(want, known))
            .cloned()
            .collect();
        (!missing.is_empty()).then_some((all, missing))
    }

    pub(super) fn has(&self, want: &Want, known: &Known) -> bool {
        match want {
            Want::Run(run) => self.runs.contains_key(run) || known.absent.contains(run),
            Want::Key(flow, key) => {
                let key = (flow.clone(), key.clone());
                self.keys.contains_key(&key) || known.keys.contains_key(&key)
            }
            Want::Hearers(event) => known.hearers.contains_key(event),
            Want::Timers(..) => known.timers,
        }
    }

    pub(super) fn window(&self, until: Timestamp) -> Want {
        Want::Timers(self.dormant.upto, until)
    }

    /// What was wanted is here; what waited for it is done, in its order.
    pub(super) fn fetched(&mut self, now: Timestamp, found: Vec<Found>) {
        let mut ready = BTreeSet::new();
        for Found { want, thing } in found {
            let numbers = self.dormant.asked.remove(&want).unwrap_or_default();
            let learned = self.learn(&want, thing);
            for number in numbers {
                if let Some(waiting) = self.dormant.waiting.get_mut(&number) {
                    waiting.wants.remove(&want);
                    waiting.known.learn(&learned);
                    ready.insert(number);
                }
            }
        }
        for number in ready {
            self.proceed(now, number);
        }
    }

    fn learn(&mut self, want: &Want, thing: Thing) -> Learned {
        match (want, thing) {
            (Want::Run(run), Thing::Run(found)) => {
                let found = found.filter(|_| self.unless_retired(Some(*run)).is_some());
                let absent = found.is_none();
                if let Some(loaded) = found {
                    self.take_in(*run, *loaded);
                }
                Learned::Run(*run, absent)
            }
            (Want::Key(flow, key), Thing::Key(run)) => {
                Learned::Key((flow.clone(), key.clone()), self.unless_retired(run))
            }
            (Want::Hearers(event), Thing::Runs(runs)) => Learned::Hearers(event.clone(), runs),
            (_, Thing::Timers { found, upto, beyond }) => {
                for (at, run, _) in found {
                    if !self.runs.contains_key(&run) {
                        self.dormant.wakes.insert((at, run));
                    }
                }
                (self.dormant.upto, self.dormant.beyond) = (Some(upto), beyond);
                Learned::Timers
            }
            // Answers are made from what was asked.
            _ => Learned::Timers,
        }
    }

    /// Something that has waited is done, unless it needs more.
    fn proceed(&mut self, now: Timestamp, number: u64) {
        let done = |waiting: &Waiting| waiting.wants.is_empty();
        if !self.dormant.waiting.get(&number).is_some_and(done) {
            return;
        }
        let Some(Waiting {
            work, known, pins, ..
        }) = self.dormant.waiting.remove(&number)
        else {
            return;
        };
        self.dormant.unpin(&pins);
        if let Some(wants) = self.missing(|engine| engine.wants(&work, &known), &known) {
            return self.dormant.wait(number, work, known, wants);
        }
        self.known = known;
        self.carry_out(now, work);
        self.known = Known::default();
        pins.into_iter().for_each(|run| self.rest_later(run));
    }

    fn carry_out(&mut self, now: Timestamp, work: Work) {
        match work {
            Work::Command(ticket, namespace, command) => {
                self.command_within(now, (ticket, namespace), *command);
            }
            Work::Task(task) => self.task(now, task),
            Work::Query(ticket, query) => match query.run() {
                Some(run) if self.known.absent.contains(&run) && !self.runs.contains_key(&run) => {
                    let unknown = Answer::Refused(Refusal::UnknownRun { run });
                    self.defer(Deferred::Output(Output::Answer(ticket, unknown)));
                }
                _ => self.defer(Deferred::Answer(ticket, query)),
            },
            // Its timers are armed when it is loaded.
            Work::Wake(_) | Work::Window(_) => {}
        }
    }

    /// Asks for what is wanted.
    pub(super) fn ask_wanted(&mut self) {
        if !self.dormant.wanted.is_empty() {
            let wanted = std::mem::take(&mut self.dormant.wanted);
            self.outputs.push(Output::Fetch(wanted));
        }
    }

    /// Wakes runs whose timers come due, and sees which come due soon.
    pub(super) fn wake(&mut self, now: Timestamp) {
        if self.dormant.window_due().is_some_and(|due| due <= now) {
            let horizon = self.dormant.residence.horizon;
            let until = now.checked_add(horizon.saturating_mul(2)).unwrap_or(now);
            self.undertake(now, Work::Window(until));
        }
        while self.dormant.waiting.len() < WAKING_MAX
            && let Some((at, run)) = self.dormant.wakes.first().copied()
            && at <= now
        {
            self.dormant.wakes.remove(&(at, run));
            self.undertake(now, Work::Wake(run));
        }
    }

    /// A run comes back.
    fn take_in(&mut self, run: RunId, loaded: Loaded) {
        if self.runs.contains_key(&run) {
            return;
        }
        self.dormant.comes_back(run, &loaded.held);
        for (timer, at) in loaded.held.alive().into_iter().flat_map(|live| &live.timers) {
            self.timers.arm(*at, run, *timer);
            self.dormant.wakes.remove(&(*at, run));
        }
        self.enter(run, loaded);
        self.rest_later(run);
    }

    /// Takes a run from the store into the tables.
    pub(super) fn enter(&mut self, run: RunId, loaded: Loaded) {
        let mut held = loaded.held;
        held.deployment = self.known(Arc::clone(&held.deployment));
        if let Some(key) = held.key.clone().filter(|_| !held.superseded) {
            self.keys.insert((held.scope(), key), run);
        }
        if !loaded.parents.is_empty() {
            self.parents.insert(run, loaded.parents);
        }
        self.runs.insert(run, held);
    }
}
