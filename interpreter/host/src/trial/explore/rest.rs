//! What may wait for ever, when nothing is on its way any more and no time is waited for.
//!
//! A wait without an end is one that its author declared with `forever`: for a signal or an event that the test does not
//! send, and for any where something failed, since then another way was taken. A signal that the test sends has to be
//! heard; a wait for it may be left only where the test as it stands leaves the same wait, or shows that the signal may be
//! lost. Who waits for another run (for its end, or for what it holds) may wait as long as that one may.

use super::{
    super::{
        Options,
        failure::{Checked, Failure},
        mirror::Mirror,
        world::World,
    },
    moves::PATIENCE,
    state::State,
};
use crate::{RunId, store::Guarded};
use flowmesh_ir::{
    FlowId, Name, Program, StateId,
    flow::{End, Tie},
    test::{Expected, StepKind, Test},
};
use flowmesh_machine::{Ask, Awaited, CallId, Choice, Outcome, Waiting, waits};
use std::collections::BTreeSet;

/// How often time is moved on in that.
const MOVES_MAX: u32 = 2_000;

/// How the test goes as it stands.
#[derive(Debug, Default)]
pub(super) struct Plain {
    /// The waits that it leaves open.
    waits: BTreeSet<(FlowId, StateId)>,
    /// The errors with which runs fail, or that it names.
    errors: BTreeSet<Name>,
    /// The signals that it sends, and that are all heard or kept.
    signals: BTreeSet<Name>,
    /// The events that it tells, or that a flow does.
    events: BTreeSet<u32>,
}

impl Plain {
    pub(super) fn of(program: &Program, test: &Test, options: Options) -> Self {
        let mut plain = Self::default();
        for flow in &program.flows {
            for state in &flow.states {
                if let End::Emit(emit) = &state.end {
                    plain.events.insert(emit.event.0);
                }
            }
        }
        for step in &test.steps {
            match &step.kind {
                StepKind::Send { signal, .. } => drop(plain.signals.insert(signal.clone())),
                StepKind::Emit { event, .. } => drop(plain.events.insert(event.0)),
                StepKind::Expect(Expected::Fails {
                    error: Some(error), ..
                }) => {
                    let def = program.error(*error);
                    plain.errors.extend(def.map(|def| def.name.clone()));
                }
                _ => {}
            }
        }
        let mut world = World::new(program, test, options);
        world.exploring = true;
        world.mirrors.silent = true;
        // However it goes wrong, it is where it is.
        let _ = world.play().and_then(|()| world.come_to_rest());
        plain
            .signals
            .retain(|signal| !world.mirrors.lost.contains(signal));
        for mirror in world.mirrors.runs.values() {
            let open = waits(&world.prepared.program, &mirror.run);
            let states = open.into_iter().map(|wait| (mirror.flow, wait.state));
            plain.waits.extend(states);
            if let Some(Outcome::Failed(error)) = mirror.run.outcome() {
                plain.errors.insert(error.name.clone());
            }
        }
        plain
    }

    /// Whether it says itself that runs fail so.
    pub(super) fn fails(&self, error: &Name) -> bool {
        self.errors.contains(error)
    }
}

impl World<'_> {
    /// Lets time pass until nothing happens any more.
    fn come_to_rest(&mut self) -> Checked<()> {
        for _ in 0..MOVES_MAX {
            let open = self
                .mirrors
                .runs
                .values()
                .any(|mirror| mirror.run.outcome().is_none());
            let next = self.next().filter(|at| at.duration_since(self.now) <= PATIENCE);
            let Some(at) = next.filter(|_| open) else {
                return Ok(());
            };
            self.advance(at.duration_since(self.now))?;
        }
        Ok(())
    }
}

impl State<'_> {
    /// Nothing can happen any more: whatever has not ended may wait for ever.
    pub(super) fn check_rest(&self, plain: &Plain) -> Checked<()> {
        if self.is_cut_short() {
            return Ok(());
        }
        let program = &self.world.prepared.program;
        let open = self.world.mirrors.runs.iter();
        let open: Vec<_> = open
            .filter(|(_, mirror)| mirror.run.outcome().is_none())
            .map(|(id, mirror)| (*id, mirror, waits(program, &mirror.run)))
            .collect();
        for (_, mirror, waits) in &open {
            for wait in waits {
                if let Some(why) = self.lost(plain, mirror, wait) {
                    return self.endless(mirror, &why);
                }
            }
        }
        let mut excused: BTreeSet<RunId> = BTreeSet::new();
        loop {
            let before = excused.len();
            for (id, mirror, waits) in &open {
                let mut all = waits.iter().flat_map(|wait| &wait.awaits);
                if all.any(|awaited| self.is_excused(*id, mirror, *awaited, &excused)) {
                    excused.insert(*id);
                }
            }
            if excused.len() == before {
                break;
            }
        }
        match open.iter().find(|(id, ..)| !excused.contains(id)) {
            Some((_, mirror, waits)) => self.endless(mirror, &self.words(mirror, waits)),
            None => Ok(()),
        }
    }

    fn endless(&self, mirror: &Mirror, why: &str) -> Checked<()> {
        let flow = self.world.flow_name(mirror.flow);
        let message = format!("a run of `{flow}` waits for ever {why}");
        Err(Box::new(Failure::explored(self.world.test.span, message)))
    }

    /// Why a wait should have ended, if it should.
    fn lost(&self, plain: &Plain, mirror: &Mirror, wait: &Waiting) -> Option<String> {
        let declared = |awaited: &Awaited| {
            matches!(
                awaited,
                Awaited::Signal(_) | Awaited::Event(_) | Awaited::Condition
            )
        };
        if self.failed || plain.waits.contains(&(mirror.flow, wait.state)) || wait.awaits.is_empty() {
            return None;
        }
        let flow = self.world.prepared.program.flow(mirror.flow)?;
        let sent = |awaited: &Awaited| match awaited {
            Awaited::Signal(id) => {
                let signal = flow.signals.get(id.index());
                signal.is_some_and(|signal| plain.signals.contains(&signal.name))
            }
            Awaited::Event(id) => plain.events.contains(&id.0),
            _ => true,
        };
        let all = |what: &dyn Fn(&Awaited) -> bool| wait.awaits.iter().all(what);
        let words = || self.words(mirror, std::slice::from_ref(wait));
        (all(&declared) && all(&sent))
            .then(|| format!("{}, though the test sends what it waits for", words()))
    }

    /// Whether somebody may wait so for ever, as far as the others may.
    fn is_excused(&self, id: RunId, mirror: &Mirror, awaited: Awaited, excused: &BTreeSet<RunId>) -> bool {
        match awaited {
            Awaited::Signal(_) | Awaited::Event(_) | Awaited::Condition => true,
            // Whoever is parked waits for a person, and shows it; but that everything is undone is promised.
            Awaited::Decision => !undoes(mirror),
            Awaited::Task | Awaited::Call(_) => false,
            Awaited::Ask(call) => self
                .child(id, mirror, call)
                .is_some_and(|child| excused.contains(&child)),
            Awaited::Guard(call) => {
                let guard = self
                    .world
                    .engine
                    .as_ref()
                    .and_then(|engine| engine.guard_of((id, call)));
                guard.is_some_and(|(_, holders)| holders.iter().any(|holder| excused.contains(holder)))
            }
        }
    }

    /// The run that a call waits for the end of.
    fn child(&self, id: RunId, mirror: &Mirror, call: CallId) -> Option<RunId> {
        match mirror.run.asked(call) {
            Some(Ask::Start { tie: Tie::Child, .. }) => {
                let engine = self.world.engine.as_ref()?;
                engine.child_of(id, call)
            }
            _ => None,
        }
    }

    /// What is waited for, in words.
    fn words(&self, mirror: &Mirror, waits: &[Waiting]) -> String {
        let program = &self.world.prepared.program;
        let flow = program.flow(mirror.flow);
        let word = |awaited: &Awaited| match awaited {
            Awaited::Signal(id) => {
                let signal = flow.and_then(|flow| flow.signals.get(id.index()));
                format!(
                    "for the signal `{}`",
                    signal.map_or("?", |signal| signal.name.as_str())
                )
            }
            Awaited::Event(id) => {
                let event = program.event(*id);
                format!(
                    "for the event `{}`",
                    event.map_or("?", |event| event.name.as_str())
                )
            }
            Awaited::Condition => "for a condition".to_owned(),
            Awaited::Task => "for a task".to_owned(),
            Awaited::Decision if undoes(mirror) => "to undo what it did".to_owned(),
            Awaited::Decision => "for a decision".to_owned(),
            Awaited::Call(_) => "for a reply".to_owned(),
            Awaited::Ask(_) => "for another run".to_owned(),
            Awaited::Guard(call) => {
                let asker = (RunId(mirror.run.id().as_u128()), *call);
                let guard = self
                    .world
                    .engine
                    .as_ref()
                    .and_then(|engine| engine.guard_of(asker));
                let place = guard.map(|(place, _)| match place {
                    Guarded::Named { name, .. } => format!("the lock {name:?}"),
                    Guarded::Flow { .. } | Guarded::Newest { .. } => place.to_string(),
                });
                format!(
                    "for {}, which another run holds",
                    place.unwrap_or_else(|| "?".to_owned())
                )
            }
        };
        let mut words: Vec<String> = waits.iter().flat_map(|wait| &wait.awaits).map(word).collect();
        words.dedup();
        match words.as_slice() {
            [] => "for nothing".to_owned(),
            words => words.join(" and "),
        }
    }
}

/// Whether a run is parked at an undo that does not succeed.
fn undoes(mirror: &Mirror) -> bool {
    let parked = mirror.run.parked();
    parked.is_some_and(|parked| parked.choices.contains(&Choice::Skip))
}
