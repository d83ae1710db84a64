//! Every run as its events leave it, and the trail of what happened.

use super::{
    calls::decoded,
    program::{ARGUMENTS, Prepared, REACHED},
    show,
};
use crate::{
    RunId,
    engine::{Deployment, Happened},
};
use flowmesh_ir::{
    FlowId, Name, Program, StateId, Value,
    call::{Reply, Request},
    test::Target,
};
use flowmesh_machine::{Ask, CallId, Effect, EventKind, Note, Outcome, Run, StepState, border};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// A line of the trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// How much virtual time had passed.
    pub at: SignedDuration,
    /// The flow of the run, and its number among those of the test.
    pub run: String,
    /// What happened.
    pub what: String,
}

/// A call that a run made.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) target: Target,
    pub(super) arguments: Vec<Value>,
}

/// A run as its events leave it.
#[derive(Debug)]
pub(super) struct Mirror {
    pub(super) run: Run,
    pub(super) flow: FlowId,
    pub(super) logs: Vec<String>,
    pub(super) tags: BTreeMap<Name, String>,
    name: String,
    calls: BTreeMap<CallId, Target>,
}

/// All runs, all calls, the trail.
#[derive(Debug)]
pub(super) struct Mirrors {
    pub(super) runs: BTreeMap<RunId, Mirror>,
    pub(super) made: Vec<Made>,
    pub(super) trail: Vec<Line>,
    pub(super) reached: BTreeSet<(FlowId, StateId)>,
    begin: Timestamp,
}

impl Mirrors {
    pub(super) fn new(begin: Timestamp) -> Self {
        Self {
            runs: BTreeMap::new(),
            made: Vec::new(),
            trail: Vec::new(),
            reached: BTreeSet::new(),
            begin,
        }
    }

    /// Takes note of an event.
    pub(super) fn happened(&mut self, prepared: &Prepared, happened: &Happened) {
        let deployment = &happened.deployment;
        let number = self.runs.len().saturating_add(1);
        let name = deployment
            .program
            .flow(happened.flow)
            .map(|flow| flow.name.clone());
        let mirror = self.runs.entry(happened.run).or_insert_with(|| Mirror {
            run: deployment.new_run(happened.run, happened.flow),
            flow: happened.flow,
            logs: Vec::new(),
            tags: BTreeMap::new(),
            name: format!("{} {number}", name.unwrap_or_default()),
            calls: BTreeMap::new(),
        });
        let mut told = Vec::new();
        told.extend(mirror.event(prepared, deployment, &happened.event.kind));
        let mut effects = Vec::new();
        deployment.apply(&mut mirror.run, &happened.event, &mut effects);
        for effect in &effects {
            if let Effect::Note(Note::Log { text }) = effect
                && let Some(state) = text.strip_prefix(REACHED)
            {
                let state = state.parse().ok().map(StateId);
                self.reached.extend(state.map(|state| (mirror.flow, state)));
                continue;
            }
            told.extend(mirror.effect(prepared, effect, &mut self.made));
        }
        let at = happened.event.at.duration_since(self.begin);
        let run = &mirror.name;
        self.trail.extend(told.into_iter().map(|what| Line {
            at,
            run: run.clone(),
            what,
        }));
    }
}

impl Mirror {
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

    fn event(&mut self, prepared: &Prepared, deployment: &Deployment, kind: &EventKind) -> Option<String> {
        let program = &prepared.program;
        match kind {
            EventKind::Started { input, .. } => {
                let target = Target::Flow(self.flow);
                let arguments = decoded(program, show::params(program, target), input);
                Some(format!("starts: {}", show::call(program, target, &arguments)))
            }
            EventKind::Replied { call, reply } => Some(self.replied(deployment, *call, reply)),
            EventKind::Signalled { name, payload, .. } => {
                Some(format!("hears {name}{}", String::from_utf8_lossy(payload)))
            }
            EventKind::Heard { event, payload } => {
                Some(format!("hears event {event}{}", String::from_utf8_lossy(payload)))
            }
            EventKind::Streamed { item, .. } => Some(format!("reads {}", String::from_utf8_lossy(item))),
            EventKind::Cancelled { reason } => Some(format!("is cancelled: {reason}")),
            EventKind::Fired { .. } | EventKind::Answered { .. } => None,
        }
    }

    fn replied(&self, deployment: &Deployment, call: CallId, reply: &Reply) -> String {
        let target = self.calls.get(&call).copied();
        let title = target.map_or_else(
            || "?".to_owned(),
            |target| show::title(&deployment.program, target),
        );
        match reply {
            Reply::Answer { status, body } if (200..300).contains(status) && body.is_empty() => {
                format!("{title} -> done")
            }
            Reply::Answer { status, body } if (200..300).contains(status) => {
                let shown = target.and_then(|target| shown(&deployment.program, target, body));
                let shown = shown.unwrap_or_else(|| String::from_utf8_lossy(body).into_owned());
                format!("{title} -> {shown}")
            }
            Reply::Answer { body, .. } => format!("{title} -> fails {}", String::from_utf8_lossy(body)),
            Reply::Failed(failure) => format!("{title} -> fails {failure}"),
        }
    }

    fn effect(&mut self, prepared: &Prepared, effect: &Effect, made: &mut Vec<Made>) -> Option<String> {
        let program = &prepared.program;
        match effect {
            Effect::Call {
                call, undo, request, ..
            } => {
                let (target, arguments) = called(prepared, request);
                self.calls.insert(*call, target);
                let shown = show::call(program, target, &arguments);
                if let Target::Operation(..) = target {
                    made.push(Made { target, arguments });
                }
                Some(format!("{} {shown}", if *undo { "undoes by" } else { "calls" }))
            }
            Effect::Ask { ask, .. } => self.ask(program, ask, made),
            Effect::Note(note) => self.note(program, note),
            Effect::Finished(outcome) => Some(self.ended(program, outcome)),
            _ => None,
        }
    }

    fn ask(&mut self, program: &Program, ask: &Ask, made: &mut Vec<Made>) -> Option<String> {
        match ask {
            Ask::Start { flow, input, .. } => {
                let target = Target::Flow(*flow);
                let arguments = decoded(program, show::params(program, target), input);
                let shown = show::call(program, target, &arguments);
                made.push(Made { target, arguments });
                Some(format!("starts {shown}"))
            }
            Ask::Emit { event, payload } => {
                Some(format!("tells {event}{}", String::from_utf8_lossy(payload)))
            }
            Ask::Acquire { name, .. } => Some(format!("asks for {name:?}")),
            Ask::Shift { service, weights } => {
                let shown = show::shift(program, *service, weights);
                // A shift has no arguments to expect; what it does is read as if it were logged.
                self.logs.push(shown.clone());
                Some(shown)
            }
            Ask::Probe { target } => Some(format!("looks for {target}")),
        }
    }

    fn note(&mut self, program: &Program, note: &Note) -> Option<String> {
        match note {
            Note::Log { text } => {
                self.logs.push(text.clone());
                Some(format!("logs {text:?}"))
            }
            Note::Tagged { key, value } => {
                self.tags.insert(key.clone(), value.clone());
                Some(format!("tags {key} = {value:?}"))
            }
            Note::Undoing { error: Some(error) } => {
                Some(format!("undoes because of {}", show::error(program, error)))
            }
            Note::Undoing { error: None } => Some("undoes".to_owned()),
            Note::Restarted => Some("begins anew".to_owned()),
            Note::StepStarted { step } => {
                let step = program.flow(self.flow)?.steps.get(step.index())?;
                let waits = step.title.starts_with("await ") || step.title.starts_with("sleep");
                waits.then(|| step.title.clone())
            }
            _ => None,
        }
    }

    fn ended(&self, program: &Program, outcome: &Outcome) -> String {
        match outcome {
            Outcome::Done(value) => {
                let ty = program.flow(self.flow).map(|flow| &flow.result);
                let shown = ty.map_or_else(String::new, |ty| show::value(program, ty, value));
                format!("returns {shown}")
            }
            Outcome::Failed(error) => format!("fails {}", show::error(program, error)),
            Outcome::Cancelled(reason) => format!("ends cancelled: {reason}"),
        }
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

/// A result as its author would write it.
fn shown(program: &Program, target: Target, body: &[u8]) -> Option<String> {
    let Target::Operation(service, operation) = target else {
        return None;
    };
    let service = program.service(service)?;
    let ty = &service.operations.get(operation.index())?.result;
    let value = border::decode(program, ty, body, border::Strictness::Lenient).ok()?;
    Some(show::value(program, ty, &value))
}
