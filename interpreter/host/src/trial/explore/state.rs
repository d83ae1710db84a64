//! A state of the whole world, and what a move makes of it.

use super::{
    super::{
        Options,
        failure::{Checked, Failure},
        step::is_beside,
        world::World,
    },
    moves::{Move, place_of},
};
use crate::{
    RunId,
    engine::{Answer, Engine, Input, Ticket},
};
use flowmesh_ir::{
    Program,
    test::{StepKind, Test},
};
use flowmesh_machine::{CallId, Status, TimerId};
use jiff::Timestamp;

/// A state of the whole world.
#[derive(Clone)]
pub(super) struct State<'t> {
    pub(super) world: World<'t>,
    pub(super) script: Script,
    /// Whether something was answered otherwise than the test says, or lost, and not only come at another time.
    pub(super) failed: bool,
}

/// How far the test has come.
#[derive(Clone, Debug, Default)]
pub(super) struct Script {
    /// What is still to be done, by number.
    pub(super) rest: Vec<usize>,
    /// Until when it lets time pass.
    pub(super) until: Option<Timestamp>,
    /// The answer of a signal that it waits for.
    pub(super) awaiting: Option<Ticket>,
    /// What was done, by number.
    pub(super) done: Vec<usize>,
    /// When its last statement was done.
    pub(super) over: Option<Timestamp>,
}

impl<'t> State<'t> {
    /// Where the test begins.
    pub(super) fn new(program: &'t Program, test: &'t Test, options: Options) -> Self {
        let mut world = World::new(program, test, options);
        world.exploring = true;
        world.mirrors.silent = true;
        Self {
            world,
            script: Script {
                rest: (0..test.steps.len()).collect(),
                ..Script::default()
            },
            failed: false,
        }
    }

    /// Whether a run is being undone.
    pub(super) fn is_undoing(&self) -> bool {
        let mut runs = self.world.mirrors.runs.values();
        runs.any(|mirror| mirror.run.status() == Status::Undoing)
    }

    /// Whether a run has not ended.
    pub(super) fn is_open(&self) -> bool {
        let mut runs = self.world.mirrors.runs.values();
        runs.any(|mirror| mirror.run.outcome().is_none())
    }

    pub(super) fn perform(&mut self, to: Move) -> Checked<()> {
        match to {
            Move::Deliver(run, call) => self.deliver(run, call)?,
            Move::Fail(run, call, error) => self.fail(run, call, error)?,
            Move::Fire(run, timer) => self.fire(run, timer)?,
            Move::Pass(to) => self.pass(to),
            Move::Statement(number) => self.statement(number)?,
            Move::Crash => {
                self.failed = true;
                self.world.crash()?;
                // Who waited for an answer does not get it any more.
                if self.script.awaiting.take().is_some() {
                    self.script.rest.clear();
                }
            }
        }
        self.go_on();
        match self.world.mirrors.broken.take() {
            Some(broken) => Err(Box::new(Failure::explored(self.world.test.span, broken))),
            None => Ok(()),
        }
    }

    fn deliver(&mut self, run: RunId, call: CallId) -> Checked<()> {
        let queue = &mut self.world.queue;
        let mut of = queue
            .iter()
            .filter(|(_, input)| place_of(input) == Some((run, call)));
        let key = of.next().map(|(key, _)| *key);
        match key.and_then(|key| queue.remove(&key)) {
            Some(input) => self.world.tell(input),
            None => Ok(()),
        }
    }

    fn fire(&mut self, run: RunId, timer: TimerId) -> Checked<()> {
        let engine = self.world.engine.as_ref();
        let mut timers = engine.into_iter().flat_map(Engine::timers);
        let at = timers.find(|(_, of, id)| (*of, *id) == (run, timer));
        let at = at.map(|(at, ..)| at);
        drop(timers);
        self.world.now = self.world.now.max(at.unwrap_or(self.world.now));
        self.world.tell(Input::Due { run, timer })
    }

    fn pass(&mut self, to: Timestamp) {
        self.world.now = self.world.now.max(to);
    }

    /// A statement; what stands before it and only says something goes with it, if it is its turn.
    fn statement(&mut self, number: usize) -> Checked<()> {
        let turn = self.next_statement() == Some(number) && self.script.until.is_none();
        let end = self.script.rest.iter().position(|at| *at == number);
        let end = end.map_or(0, |end| end.saturating_add(1));
        let begin = if turn { 0 } else { end.saturating_sub(1) };
        let now: Vec<usize> = self.script.rest.drain(begin..end).collect();
        for at in now {
            let Some(step) = self.world.test.steps.get(at) else {
                continue;
            };
            match self.world.perform(step) {
                Ok(awaiting) => {
                    self.script.done.push(at);
                    self.script.awaiting = awaiting.or(self.script.awaiting.take());
                }
                // What always holds has to hold already where it is said.
                Err(failure) if matches!(step.kind, StepKind::Always(_)) => {
                    self.script.done.push(at);
                    return Err(Box::new(failure.broken()));
                }
                // What is read of a run that went another way need not be there: that is the end of the test.
                Err(failure) if matches!(failure.code.0, 1130 | 1132 | 1135) => {
                    self.script.rest.clear();
                    return Ok(());
                }
                Err(failure) => {
                    self.script.done.push(at);
                    return Err(failure);
                }
            }
            if let StepKind::Advance(length) = &step.kind
                && let Ok(length) = self.world.duration(length)
            {
                let until = self.world.now.checked_add(length);
                self.script.until = Some(until.unwrap_or(self.world.now));
            }
        }
        Ok(())
    }

    /// The number of the statement whose turn it is: what only says something goes with what comes after it.
    pub(super) fn next_statement(&self) -> Option<usize> {
        let steps = &self.world.test.steps;
        let rest = self.script.rest.iter();
        let mut does = rest.filter(|at| steps.get(**at).is_some_and(|step| !is_beside(step)));
        does.next().or(self.script.rest.last()).copied()
    }

    /// What the test waited for may have come.
    fn go_on(&mut self) {
        if let Some(ticket) = self.script.awaiting {
            let answer = self.world.answers.remove(&ticket);
            // Nobody answers any more, if nothing is on its way.
            if answer.is_some() || !self.is_due() {
                self.script.awaiting = None;
            }
            if let Some(Answer::Said(Err(_))) = answer {
                self.script.rest.clear();
            }
        }
        let now = self.world.now;
        if let Some(until) = self.script.until
            && (until < now || (until == now && !self.is_due()))
        {
            self.script.until = None;
        }
        if self.script.rest.is_empty() && self.script.until.is_none() {
            self.script.over.get_or_insert(now);
        }
    }
}
