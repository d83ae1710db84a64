//! Every run as its events leave it, and what it called.

use super::{
    calls::decoded,
    due::Place,
    owed::Owed,
    program::{ARGUMENTS, Prepared, REACHED},
    show,
    tell::Line,
};
use crate::{
    RunId,
    engine::{Deployment, Happened},
    spans::Spans,
};
use flowmesh_ir::{
    FlowId, Name, Program, StateId, Value,
    call::{Reply, Request},
    test::Target,
};
use flowmesh_machine::{Ask, CallId, Effect, Event, EventKind, Note, Run, StepState};
use flowmesh_mesh::Outcome;
use jiff::Timestamp;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// A call that a run made.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) target: Target,
    pub(super) arguments: Vec<Value>,
    /// Which call it is; `None` for a run that was started.
    place: Option<Place>,
}

/// A run as its events leave it.
#[derive(Clone, Debug)]
pub(super) struct Mirror {
    pub(super) run: Run,
    pub(super) flow: FlowId,
    pub(super) logs: Vec<Arc<str>>,
    pub(super) tags: BTreeMap<Name, String>,
    pub(super) spans: Spans,
    /// What is still to be undone if it fails.
    pub(super) owed: Owed,
    /// The flow of the run, and its number among those of the test.
    pub(super) name: Arc<str>,
    pub(super) calls: BTreeMap<CallId, Target>,
}

/// All runs, all calls, the trail.
#[derive(Clone, Debug)]
pub(super) struct Mirrors {
    pub(super) runs: BTreeMap<RunId, Mirror>,
    pub(super) made: Vec<Arc<Made>>,
    /// How many attempts calls had.
    attempts: BTreeMap<Place, u32>,
    /// What happened, unless nobody wants to know.
    pub(super) trail: Vec<Line>,
    pub(super) silent: bool,
    pub(super) reached: BTreeSet<(FlowId, StateId)>,
    /// Signals that came when nobody waited for them, and were not kept.
    pub(super) lost: BTreeSet<Name>,
    /// A promise that was broken.
    pub(super) broken: Option<String>,
    pub(super) begin: Timestamp,
}

impl Mirrors {
    pub(super) fn new(begin: Timestamp) -> Self {
        Self {
            runs: BTreeMap::new(),
            made: Vec::new(),
            attempts: BTreeMap::new(),
            trail: Vec::new(),
            silent: false,
            reached: BTreeSet::new(),
            lost: BTreeSet::new(),
            broken: None,
            begin,
        }
    }

    /// An attempt of a call is made.
    pub(super) fn attempt(&mut self, place: Place) {
        let count = self.attempts.entry(place).or_default();
        *count = count.saturating_add(1);
        if let Some(mirror) = self.runs.get_mut(&place.0) {
            mirror.spans.attempt(place.1);
        }
    }

    /// The attempt of a call that is under way has ended.
    pub(super) fn attempted(&mut self, place: Place, outcome: &Outcome) {
        let well = matches!(outcome, Outcome::Answer { status, .. } if (200..300).contains(status));
        if let Some(mirror) = self.runs.get_mut(&place.0) {
            mirror.spans.attempted(place.1, well);
        }
    }

    /// How many attempts a call had.
    pub(super) fn attempts(&self, made: &Made) -> u32 {
        let counted = made.place.and_then(|place| self.attempts.get(&place));
        counted.copied().unwrap_or(0)
    }

    /// Something to be read in the trail of a run.
    pub(super) fn note(&mut self, run: RunId, now: Timestamp, what: String) {
        let run = self.runs.get(&run).map(|mirror| mirror.name.to_string());
        self.trail.push(Line {
            at: now.duration_since(self.begin),
            run: run.unwrap_or_default(),
            what,
        });
    }

    /// Takes note of an event.
    pub(super) fn happened(&mut self, prepared: &Prepared, happened: &Happened) {
        let Happened {
            deployment,
            flow,
            event,
            run,
            ..
        } = happened;
        let number = self.runs.len().saturating_add(1);
        let mirror = self
            .runs
            .entry(*run)
            .or_insert_with(|| Mirror::new(deployment, *run, *flow, number));
        let mut told = Vec::new();
        if !self.silent {
            told.extend(mirror.tell_event(prepared, deployment, &event.kind));
        }
        if let EventKind::Replied { call, reply } = &event.kind {
            let well = matches!(reply, Reply::Answer { status, .. } if (200..300).contains(status));
            mirror.spans.attempted(*call, well);
        }
        let mut effects = Vec::new();
        deployment.apply(&mut mirror.run, event, &mut effects);
        if let EventKind::Signalled { name, .. } = &event.kind
            && effects.is_empty()
            && mirror.run.kept_signals(&deployment.program, name) == 0
        {
            self.lost.insert(name.clone());
        }
        for effect in &effects {
            if let Some(state) = reached(effect) {
                self.reached.insert((mirror.flow, state));
                continue;
            }
            mirror.trace(&deployment.program, effect);
            self.made.extend(mirror.effect(prepared, *run, effect));
            if !self.silent {
                told.extend(mirror.tell_effect(prepared, effect));
            }
        }
        if let Some(flow) = deployment.program.flow(mirror.flow)
            && let Err(why) = mirror.owed.happened(flow, &event.kind, &effects)
        {
            let broken = || format!("of a run of `{}` {why}", flow.name);
            self.broken.get_or_insert_with(broken);
        }
        let (at, run) = (event.at.duration_since(self.begin), &mirror.name);
        self.trail.extend(told.into_iter().map(|what| Line {
            at,
            run: run.to_string(),
            what,
        }));
    }
}

/// The state that a note says was reached.
fn reached(effect: &Effect) -> Option<StateId> {
    match effect {
        Effect::Note(Note::Log { text }) => text.strip_prefix(REACHED)?.parse().ok().map(StateId),
        _ => None,
    }
}

impl Mirror {
    pub(super) fn new(deployment: &Deployment, run: RunId, flow: FlowId, number: usize) -> Self {
        let name = deployment.program.flow(flow).map(|flow| flow.name.clone());
        Self {
            run: deployment.new_run(run, flow),
            flow,
            logs: Vec::new(),
            tags: BTreeMap::new(),
            spans: Spans::default(),
            owed: Owed::default(),
            name: format!("{} {number}", name.unwrap_or_default()).into(),
            calls: BTreeMap::new(),
        }
    }

    /// Takes an event that happened before; gives what it led to then.
    pub(super) fn again(
        &mut self,
        prepared: &Prepared,
        deployment: &Deployment,
        event: &Event,
    ) -> Vec<Effect> {
        let run = RunId(self.run.id().as_u128());
        let mut effects = Vec::new();
        deployment.apply(&mut self.run, event, &mut effects);
        for effect in &effects {
            self.trace(&deployment.program, effect);
            // The call was made by then, and is not made again.
            self.effect(prepared, run, effect);
        }
        if let Some(flow) = deployment.program.flow(self.flow) {
            let _ = self.owed.happened(flow, &event.kind, &effects);
        }
        effects
    }

    /// The titles of the steps that are under way.
    pub(super) fn steps(&self, program: &Program) -> Vec<(String, Option<String>)> {
        let Some(flow) = program.flow(self.flow) else {
            return Vec::new();
        };
        let active = self
            .run
            .steps()
            .filter(|(_, progress)| progress.state == StepState::Active);
        active
            .filter_map(|(step, _)| flow.steps.get(step.index()))
            .map(|step| (step.title.clone(), step.label.clone()))
            .collect()
    }

    /// What is seen in the spans of the run.
    fn trace(&mut self, program: &Program, effect: &Effect) {
        match (effect, program.flow(self.flow)) {
            (Effect::Note(note), Some(flow)) => self.spans.note(flow, note),
            (Effect::Call { call, step, .. }, _) => self.spans.called(*step, *call),
            _ => {}
        }
    }

    /// Takes note of what an event led to; gives the call that it made.
    fn effect(&mut self, prepared: &Prepared, run: RunId, effect: &Effect) -> Option<Arc<Made>> {
        let program = &prepared.program;
        match effect {
            Effect::Call { call, request, .. } => {
                let (target, arguments) = called(prepared, request);
                self.calls.insert(*call, target);
                let operation = matches!(target, Target::Operation(..));
                let place = Some((run, *call));
                let made = || Made {
                    target,
                    arguments,
                    place,
                };
                return operation.then(|| Arc::new(made()));
            }
            Effect::Ask {
                ask: Ask::Start { flow, input, .. },
                ..
            } => {
                let target = Target::Flow(*flow);
                let arguments = decoded(program, show::params(program, target), input);
                return Some(Arc::new(Made {
                    target,
                    arguments,
                    place: None,
                }));
            }
            // A shift has no arguments to expect; what it does is read as if it were logged.
            Effect::Ask {
                ask: Ask::Shift { service, weights },
                ..
            } => self.logs.push(show::shift(program, *service, weights).into()),
            Effect::Note(Note::Log { text }) => self.logs.push(text.as_str().into()),
            Effect::Note(Note::Tagged { key, value }) => {
                self.tags.insert(key.clone(), value.clone());
            }
            _ => {}
        }
        None
    }
}

/// What a request calls, and with what.
pub(super) fn called(prepared: &Prepared, request: &Request) -> (Target, Vec<Value>) {
    let target = prepared.target(request.service, request.operation);
    let said = request.headers.iter().find(|(name, _)| name == ARGUMENTS);
    let json = said.map_or("{}", |(_, json)| json.as_str());
    let params = prepared
        .operation(request.service, request.operation)
        .map_or(&[][..], |operation| &operation.params);
    (target, decoded(&prepared.program, params, json.as_bytes()))
}
