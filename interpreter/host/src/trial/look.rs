//! A run as people look at it: how it stands, how it stood, and what happened to it.

use super::{mirror::Mirror, program::Prepared, show};
use crate::{RunId, engine::Deployment};
use flowmesh_ir::{
    FlowId, Name, Program,
    call::Reply,
    print,
    test::Target,
    ty::{Field, Type},
};
use flowmesh_machine::{Awaited, CallId, Event, EventKind, Outcome, Run, StepState, variables, waits};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// How a run stands.
#[derive(Clone, Debug)]
pub struct Look {
    /// Which run it is, from 1.
    pub number: usize,
    /// Of which flow.
    pub flow: Name,
    /// `waiting`, `done`, ...
    pub status: String,
    /// Its result or its error, once it has ended.
    pub outcome: Option<String>,
    /// The steps that are under way.
    pub steps: Vec<String>,
    /// What it waits for, beside time.
    pub awaits: Vec<String>,
    /// Its variables with their values, as JSON.
    pub variables: Vec<(String, String)>,
    /// Its tags.
    pub tags: Vec<(Name, String)>,
    /// How much time had passed when it began.
    pub began: SignedDuration,
    /// How many events it has.
    pub events: usize,
}

/// Something that happened to a run.
#[derive(Clone, Debug)]
pub struct Happening {
    /// The how manyth of its events, from 0.
    pub sequence: u64,
    /// How much time had passed.
    pub at: SignedDuration,
    /// What happened and what followed, in words.
    pub what: Vec<String>,
}

/// A run and its events.
#[derive(Clone, Debug)]
pub(super) struct Past {
    pub(super) id: RunId,
    mirror: Mirror,
    events: Vec<Event>,
}

impl Past {
    pub(super) fn new(id: RunId, mirror: Mirror, events: Vec<Event>) -> Self {
        Self { id, mirror, events }
    }

    /// Which run it is, from 1.
    pub(super) fn number(&self) -> usize {
        let number = self.mirror.name.rsplit(' ').next();
        number.and_then(|number| number.parse().ok()).unwrap_or_default()
    }

    /// It as it was after so many events.
    pub(super) fn until(&self, count: usize, prepared: &Prepared, deployment: &Deployment) -> Option<Self> {
        let events = self.events.get(..count)?.to_vec();
        let mut mirror = Mirror::new(deployment, self.id, self.mirror.flow, self.number());
        for event in &events {
            mirror.again(prepared, deployment, event);
        }
        Some(Self::new(self.id, mirror, events))
    }

    pub(super) fn history(
        &self,
        prepared: &Prepared,
        deployment: &Deployment,
        begin: Timestamp,
    ) -> Vec<Happening> {
        let mut mirror = Mirror::new(deployment, self.id, self.mirror.flow, self.number());
        let mut all = Vec::with_capacity(self.events.len());
        for (sequence, event) in (0_u64..).zip(&self.events) {
            let told = mirror.tell_event(prepared, deployment, &event.kind);
            let mut what = vec![told.unwrap_or_else(|| plainly(&event.kind).to_owned())];
            let effects = mirror.again(prepared, deployment, event);
            what.extend(
                effects
                    .iter()
                    .filter_map(|effect| mirror.tell_effect(prepared, effect)),
            );
            all.push(Happening {
                sequence,
                at: event.at.duration_since(begin),
                what,
            });
        }
        all
    }

    pub(super) fn look(&self, deployment: &Deployment, begin: Timestamp) -> Look {
        let (run, calls) = (&self.mirror.run, &self.mirror.calls);
        let began = run.started().map(|at| at.duration_since(begin));
        Look {
            number: self.number(),
            began: began.unwrap_or_default(),
            ..looked(deployment, run, calls, self.events.len())
        }
    }
}

/// A run without the world that it is in.
pub(crate) fn seen(deployment: &Deployment, run: &Run, events: usize) -> Look {
    looked(deployment, run, &BTreeMap::new(), events)
}

fn looked(deployment: &Deployment, run: &Run, calls: &BTreeMap<CallId, Target>, events: usize) -> Look {
    let program = &deployment.program;
    let steps = run
        .steps()
        .filter(|(_, progress)| progress.state == StepState::Active);
    let steps = steps.map(|(step, _)| deployment.step_title(run.flow(), step).to_owned());
    let open = waits(program, run).into_iter().flat_map(|waiting| waiting.awaits);
    let open = open.filter_map(|open| awaited(program, run.flow(), calls, open));
    let tags = run.tags().iter();
    Look {
        number: 0,
        flow: deployment.flow_name(run.flow()),
        status: run.status().to_string(),
        outcome: outcome(program, run),
        steps: steps.collect(),
        awaits: open.collect(),
        variables: variables(program, run),
        tags: tags.map(|(key, value)| (key.clone(), value.clone())).collect(),
        began: SignedDuration::ZERO,
        events,
    }
}

fn outcome(program: &Program, run: &Run) -> Option<String> {
    Some(match run.outcome()? {
        Outcome::Done(value) => match program.flow(run.flow()).map(|flow| &flow.result) {
            Some(Type::Unit) | None => String::new(),
            Some(ty) => show::value(program, ty, value),
        },
        Outcome::Failed(error) => show::error(program, error),
        Outcome::Cancelled(reason) | Outcome::Terminated(reason) => reason.to_string(),
    })
}

fn awaited(
    program: &Program,
    flow: FlowId,
    calls: &BTreeMap<CallId, Target>,
    open: Awaited,
) -> Option<String> {
    Some(match open {
        Awaited::Signal(id) => {
            let signal = program.flow(flow)?.signals.get(id.index())?;
            let param = |it: &Field| format!("{}: {}", it.name, print::type_text(program, &it.ty));
            let params: Vec<String> = signal.params.iter().map(param).collect();
            format!("{}({})", signal.name, params.join(", "))
        }
        Awaited::Event(id) => format!("event {}", program.event(id)?.name),
        Awaited::Condition => "a condition".to_owned(),
        Awaited::Task => "a task".to_owned(),
        Awaited::Call(call) => match calls.get(&call) {
            Some(Target::Flow(flow)) => format!("a run of {}", program.flow(*flow)?.name),
            Some(target) => format!("the answer of {}", show::title(program, *target)),
            None => "an answer".to_owned(),
        },
        Awaited::Ask(_) => "another run".to_owned(),
        Awaited::Guard(_) => "a lock".to_owned(),
        Awaited::Decision => "a person's decision".to_owned(),
    })
}

/// An event without its program, in words.
pub(crate) fn event_text(kind: &EventKind) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match kind {
        EventKind::Started { input, .. } => format!("starts: {}", text(input)),
        EventKind::Replied { reply, .. } => match reply {
            Reply::Answer { status, body } => format!("is answered with {status} {}", text(body)),
            Reply::Failed(failure) => format!("a call fails: {failure}"),
        },
        EventKind::Signalled { name, payload, .. } => format!("hears {name}{}", text(payload)),
        EventKind::Heard { event, payload } => format!("hears event {event}{}", text(payload)),
        EventKind::Streamed { item, .. } => format!("reads {}", text(item)),
        EventKind::Cancelled { reason } => format!("is cancelled: {reason}"),
        EventKind::Paused { reason } => format!("is paused: {reason}"),
        EventKind::Terminated { reason } => format!("is terminated: {reason}"),
        EventKind::Moved { .. } => "goes on in another program".to_owned(),
        EventKind::Edited { .. } => "is edited".to_owned(),
        other => plainly(other).to_owned(),
    }
}

/// An event that has no words in a trail.
fn plainly(kind: &EventKind) -> &'static str {
    match kind {
        EventKind::Fired { .. } => "a time has come",
        EventKind::Answered { .. } => "is answered",
        _ => "goes on",
    }
}
