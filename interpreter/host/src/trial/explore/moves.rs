//! What can happen next in a state: what the test says, in any order where it says none, and what is otherwise.

use super::{
    super::step::is_beside,
    fail::{is_lost, ways},
    state::State,
};
use crate::{
    RunId,
    engine::{Engine, Input},
};
use flowmesh_ir::{ErrorId, test::StepKind};
use flowmesh_machine::{CallId, TimerId};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// How long is waited for runs to end after the test.
pub(super) const PATIENCE: SignedDuration = SignedDuration::from_hours(24 * 400);

/// Something that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Move {
    /// What a call is answered with comes: a reply, or one item of a stream.
    Deliver(RunId, CallId),
    /// A call fails with an error.
    Fail(RunId, CallId, ErrorId),
    /// A timer comes due, whatever else was to come before.
    Fire(RunId, TimerId),
    /// Nothing happens until then.
    Pass(Timestamp),
    /// A statement of the test, by its number.
    Statement(usize),
    /// The process ends, and another goes on from the journal.
    Crash,
}

/// What an input belongs to.
pub(super) fn place_of(input: &Input) -> Option<(RunId, CallId)> {
    match input {
        Input::Replied { run, call, .. }
        | Input::Answered { run, call, .. }
        | Input::Streamed { run, call, .. } => Some((*run, *call)),
        _ => None,
    }
}

impl State<'_> {
    /// Everything that can happen, and whether it is otherwise than the test says.
    pub(super) fn moves(&self) -> Vec<(Move, bool)> {
        let mut all = Vec::new();
        let passes = self.passes();
        self.deliveries(passes, &mut all);
        self.timers(passes, &mut all);
        all.extend(passes.map(|to| (Move::Pass(to), false)));
        self.statements(&mut all);
        self.failures(&mut all);
        all
    }

    /// Whether something is due now.
    pub(super) fn is_due(&self) -> bool {
        self.next().is_some_and(|at| at <= self.world.now)
    }

    fn next(&self) -> Option<Timestamp> {
        self.world.next()
    }

    /// Until when nothing happens, if it is time that is waited for.
    fn passes(&self) -> Option<Timestamp> {
        if self.is_due() {
            return None;
        }
        let next = self.next();
        if let Some(until) = self.script.until {
            return Some(next.map_or(until, |next| next.min(until)));
        }
        let over = self.script.over.filter(|_| self.is_open())?;
        next.filter(|at| at.duration_since(over) <= PATIENCE)
    }

    /// Whether something comes so late that nobody waited for it.
    pub(super) fn is_cut_short(&self) -> bool {
        self.script.over.is_some() && self.passes().is_none() && !self.is_due() && self.next().is_some()
    }

    /// What is on its way comes: what is due at no cost, and all else before its time.
    fn deliveries(&self, passes: Option<Timestamp>, all: &mut Vec<(Move, bool)>) {
        let mut seen = BTreeSet::new();
        for ((at, _), input) in &self.world.queue {
            let Some((run, call)) = place_of(input).filter(|place| seen.insert(*place)) else {
                continue;
            };
            let early = *at > self.world.now;
            if !early || passes != Some(*at) {
                all.push((Move::Deliver(run, call), early));
            }
        }
    }

    /// The first timer of each run that is due; or of those that are not, the first, before what was to come first.
    fn timers(&self, passes: Option<Timestamp>, all: &mut Vec<(Move, bool)>) {
        let timers = || self.world.engine.iter().flat_map(Engine::timers);
        let now = self.world.now;
        let mut seen = BTreeSet::new();
        let due = timers().take_while(|(at, ..)| *at <= now);
        for (_, run, timer) in due.filter(|(_, run, _)| seen.insert(*run)) {
            all.push((Move::Fire(run, timer), false));
        }
        let Some((first, ..)) = timers().next().filter(|(at, ..)| *at > now) else {
            return;
        };
        // Until the test has let its time pass, it is not known what the timer comes before.
        let waits = self.script.until.is_some_and(|until| until < first) && !self.is_due();
        let late = self
            .script
            .over
            .is_some_and(|over| first.duration_since(over) > PATIENCE);
        if passes == Some(first) || waits || late {
            return;
        }
        let early = timers().take_while(|(at, ..)| *at == first);
        for (_, run, timer) in early.filter(|(_, run, _)| seen.insert(*run)) {
            all.push((Move::Fire(run, timer), true));
        }
    }

    /// The next statement, and every later one that tells something, before its turn.
    fn statements(&self, all: &mut Vec<(Move, bool)>) {
        if self.script.awaiting.is_some() {
            return;
        }
        let turn = self.next_statement().filter(|_| self.script.until.is_none());
        let is = |at: usize, kind: fn(&StepKind) -> bool| {
            let step = self.world.test.steps.get(at);
            step.is_some_and(|step| kind(&step.kind))
        };
        if let Some(at) = turn {
            // Time passes when nothing else is to happen.
            let passes = is(at, |kind| matches!(kind, StepKind::Advance(_) | StepKind::Crash));
            if !(passes && self.is_due()) {
                all.push((Move::Statement(at), false));
            }
        }
        for at in &self.script.rest {
            let tells = is(*at, |kind| {
                matches!(
                    kind,
                    StepKind::Send { answer: None, .. } | StepKind::Emit { .. } | StepKind::Cancel(_)
                )
            });
            if tells && turn != Some(*at) {
                all.push((Move::Statement(*at), true));
            }
            let step = self.world.test.steps.get(*at);
            let beside = step.is_some_and(is_beside) && !is(*at, |kind| matches!(kind, StepKind::Let { .. }));
            if !tells && !beside && !is(*at, |kind| matches!(kind, StepKind::Advance(_))) {
                return;
            }
        }
    }

    /// Every call that is on its way fails in every way; the process ends where that makes a difference.
    fn failures(&self, all: &mut Vec<(Move, bool)>) {
        for ((run, call), open) in &self.world.open {
            for error in ways(&self.world.prepared, &open.call) {
                all.push((Move::Fail(*run, *call, error), true));
            }
        }
        let mut open = self.world.open.values();
        if open.any(|open| is_lost(&self.world.prepared, open)) {
            all.push((Move::Crash, true));
        }
    }
}
