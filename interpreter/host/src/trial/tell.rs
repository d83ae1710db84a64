//! The trail: what happened to runs, in words.

use super::{
    calls::decoded,
    mirror::{Mirror, called},
    program::Prepared,
    show,
};
use crate::engine::Deployment;
use flowmesh_ir::{Program, call::Reply, test::Target};
use flowmesh_machine::{Ask, CallId, Effect, EventKind, Note, Outcome, border};
use jiff::SignedDuration;

/// A line of the trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// How much virtual time had passed.
    pub at: SignedDuration,
    /// The flow of the run, and its number among those of the test; empty where it is not of a run.
    pub run: String,
    /// What happened.
    pub what: String,
}

impl Mirror {
    pub(super) fn tell_event(
        &self,
        prepared: &Prepared,
        deployment: &Deployment,
        kind: &EventKind,
    ) -> Option<String> {
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
            EventKind::Paused { reason } => Some(format!("is paused: {reason}")),
            EventKind::Resumed => Some("is let go on".to_owned()),
            EventKind::Decided { decision, .. } => {
                Some(format!("goes on by decision: {}", decision.choice().as_str()))
            }
            EventKind::Continued { .. } => Some("goes on from here".to_owned()),
            EventKind::Moved { .. } => Some("goes on in another program".to_owned()),
            EventKind::Edited { .. } => Some("is edited".to_owned()),
            EventKind::Terminated { reason } => Some(format!("is terminated: {reason}")),
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

    pub(super) fn tell_effect(&self, prepared: &Prepared, effect: &Effect) -> Option<String> {
        let program = &prepared.program;
        match effect {
            Effect::Call { undo, request, .. } => {
                let (target, arguments) = called(prepared, request);
                let shown = show::call(program, target, &arguments);
                Some(format!("{} {shown}", if *undo { "undoes by" } else { "calls" }))
            }
            Effect::Ask { ask, .. } => Some(told(program, ask)),
            Effect::Note(note) => self.note(program, note),
            Effect::Finished(outcome) => Some(self.ended(program, outcome)),
            _ => None,
        }
    }

    fn note(&self, program: &Program, note: &Note) -> Option<String> {
        match note {
            Note::Log { text } => Some(format!("logs {text:?}")),
            Note::Tagged { key, value } => Some(format!("tags {key} = {value:?}")),
            Note::Parked { step, error, .. } => {
                let step = program.flow(self.flow)?.steps.get(step.index())?;
                Some(format!(
                    "is parked at {}: {}",
                    step.title,
                    show::error(program, error)
                ))
            }
            Note::StepReused { step, .. } => {
                let step = program.flow(self.flow)?.steps.get(step.index())?;
                Some(format!("reuses a result of {}", step.title))
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
            Outcome::Terminated(reason) => format!("ends terminated: {reason}"),
        }
    }
}

fn told(program: &Program, ask: &Ask) -> String {
    match ask {
        Ask::Start { flow, input, .. } => {
            let target = Target::Flow(*flow);
            let arguments = decoded(program, show::params(program, target), input);
            format!("starts {}", show::call(program, target, &arguments))
        }
        Ask::Emit { event, payload } => format!("tells {event}{}", String::from_utf8_lossy(payload)),
        Ask::Acquire { name, .. } => format!("asks for {name:?}"),
        Ask::Admit(_) => "asks its flow to be let in".to_owned(),
        Ask::Debounce(_) => "takes the place of older runs that have not begun".to_owned(),
        Ask::Shift { service, weights } => show::shift(program, *service, weights),
        Ask::Probe { target, .. } => format!("looks for {target}"),
        Ask::Recall(recall) => format!(
            "looks for a result of {} for {}",
            recall.cached.of, recall.cached.key
        ),
    }
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
