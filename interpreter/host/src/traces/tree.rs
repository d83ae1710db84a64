//! The spans of one run that have not ended.

use super::span::{Span, SpanKind, SpanStatus};
use crate::engine::{Called, Deployment, Happened, view::Ending};
use flowmesh_ir::{
    FlowId, StepId,
    call::Reply,
    trace::{self, TraceContext},
};
use flowmesh_machine::{CallId, EventKind, Note};
use flowmesh_mesh::Tags;
use jiff::Timestamp;
use std::{borrow::Cow, collections::BTreeMap};

/// More lines of a log are not kept with a run.
const LOGS_MAX: usize = 128;
/// Nor more characters of one.
const LOG_MAX: usize = 1024;
/// Steps are told apart from calls by this: a call has a small number.
const STEPS: u64 = 1 << 63;

/// What of a run has begun and not ended.
#[derive(Debug)]
pub(super) struct Tree {
    root: TraceContext,
    /// The span that the run is a child of.
    above: Option<u64>,
    /// The number of the event that comes next.
    pub(super) next: u64,
    began: Timestamp,
    flow: String,
    key: Option<String>,
    /// In the order in which they began.
    steps: Vec<Step>,
    calls: BTreeMap<CallId, Call>,
    /// How often each step has begun, by its title: a run that moves to another program keeps these.
    times: BTreeMap<String, u64>,
    logs: Vec<(Timestamp, String)>,
}

#[derive(Debug)]
struct Step {
    title: String,
    context: TraceContext,
    parent: u64,
    began: Timestamp,
    /// The run whose result it took.
    reused: Option<String>,
}

#[derive(Debug)]
struct Call {
    title: String,
    context: TraceContext,
    parent: u64,
    began: Timestamp,
    undo: bool,
    tags: Option<Tags>,
}

impl Tree {
    /// A run to which nothing has happened yet.
    pub(super) fn new(happened: &Happened) -> Self {
        Self {
            root: trace::of_run(happened.run.0, happened.lineage.as_deref()),
            above: happened.lineage.as_ref().and_then(|lineage| lineage.parent),
            next: 0,
            began: happened.event.at,
            flow: happened.deployment.flow_name(happened.flow).to_string(),
            key: None,
            steps: Vec::new(),
            calls: BTreeMap::new(),
            times: BTreeMap::new(),
            logs: Vec::new(),
        }
    }

    /// Takes note of an event, and says what has ended with it.
    pub(super) fn happened(&mut self, happened: &Happened) -> Vec<Span> {
        let mut ended = Vec::new();
        let at = happened.event.at;
        self.next = happened.sequence.saturating_add(1);
        match &happened.event.kind {
            EventKind::Started { key, .. } => self.key.clone_from(key),
            EventKind::Replied { call, reply } => ended.extend(self.end_call(*call, at, Some(reply))),
            _ => {}
        }
        let home = (&*happened.deployment, happened.flow);
        for note in &happened.notes {
            self.note(home, at, note, &mut ended);
        }
        for called in &happened.calls {
            self.call(home, at, *called);
        }
        if let Some(ending) = &happened.ending {
            self.end(at, ending, &mut ended);
        }
        for span in &mut ended {
            let of = |name: &'static str, value: String| (Cow::Borrowed(name), value);
            span.attributes.push(of("flowmesh.run", happened.run.to_string()));
            span.attributes
                .push(of("flowmesh.namespace", namespace(happened)));
            span.tag(happened.deployment.tags().last().map_or(&[], |tags| tags));
        }
        ended
    }

    fn note(
        &mut self,
        (home, flow): (&Deployment, FlowId),
        at: Timestamp,
        note: &Note,
        ended: &mut Vec<Span>,
    ) {
        let title = |step: &StepId| home.step_title(flow, *step);
        match note {
            Note::StepStarted { step } => self.begin((home, flow), at, *step),
            Note::StepDone { step } => ended.extend(self.end_step(title(step), at, SpanStatus::Ok)),
            Note::StepReused { step, run, .. } => {
                let title = title(step);
                let step = self.steps.iter_mut().find(|step| step.title == title);
                step.into_iter().for_each(|step| step.reused = Some(run.clone()));
            }
            Note::StepFailed { step, error } => {
                let why = SpanStatus::Error(error.name.to_string());
                ended.extend(self.end_step(title(step), at, why));
            }
            Note::StepStopped { step } => {
                ended.extend(self.end_step(title(step), at, SpanStatus::Stopped));
            }
            Note::Restarted => self.stop(at, ended),
            Note::Log { text } if self.logs.len() < LOGS_MAX => {
                self.logs.push((at, text.chars().take(LOG_MAX).collect()));
            }
            _ => {}
        }
    }

    fn begin(&mut self, (home, flow): (&Deployment, FlowId), at: Timestamp, step: StepId) {
        let title = home.step_title(flow, step).to_owned();
        let within = home
            .program
            .flow(flow)
            .and_then(|flow| flow.steps.get(step.index()));
        let within = within.and_then(|step| step.within);
        // Whatever else runs beside, a step lies in the last of those that are called as the one around it.
        let parent = within.map_or(self.root.span, |within| self.last(home.step_title(flow, within)));
        let times = self.times.entry(title.clone()).or_default();
        let context = self.root.child(STEPS ^ sum(&title) ^ *times);
        *times = times.saturating_add(1);
        self.steps.push(Step {
            title,
            context,
            parent,
            began: at,
            reused: None,
        });
    }

    /// The span of a step that is under way, or that of the run.
    fn last(&self, title: &str) -> u64 {
        let step = self.steps.iter().rfind(|step| step.title == title);
        step.map_or(self.root.span, |step| step.context.span)
    }

    /// A step that runs several times at once ends in the order in which it began.
    fn end_step(&mut self, title: &str, at: Timestamp, status: SpanStatus) -> Option<Span> {
        let place = self.steps.iter().position(|step| step.title == title)?;
        Some(self.steps.remove(place).end(at, status))
    }

    fn call(&mut self, (home, flow): (&Deployment, FlowId), at: Timestamp, called: Called) {
        let title = home.step_title(flow, called.step).to_owned();
        // What undoes belongs to a step that has ended long ago.
        let parent = match called.undo {
            true => self.root.span,
            false => self.last(&title),
        };
        let policy = home.program.policy(called.policy);
        let kept = policy.and_then(|policy| policy.trace.as_ref());
        let call = Call {
            title,
            context: self.root.child(u64::from(called.call.0)).thinned(kept),
            parent,
            began: at,
            undo: called.undo,
            tags: home.tags().get(called.policy.index()).cloned(),
        };
        self.calls.insert(called.call, call);
    }

    fn end_call(&mut self, number: CallId, at: Timestamp, reply: Option<&Reply>) -> Option<Span> {
        let call = self.calls.remove(&number)?;
        let mut attributes = vec![("flowmesh.call".into(), number.0.to_string())];
        if call.undo {
            attributes.push(("flowmesh.undo".into(), "true".to_owned()));
        }
        let status = match reply {
            None => SpanStatus::Stopped,
            Some(Reply::Answer { status, .. }) => {
                attributes.push(("http.response.status_code".into(), status.to_string()));
                let well = (200..300).contains(status);
                if well {
                    SpanStatus::Ok
                } else {
                    SpanStatus::Error(format!("status {status}"))
                }
            }
            Some(Reply::Failed(failure)) => {
                attributes.push(("error.type".into(), failure.error_name().to_owned()));
                SpanStatus::Error(failure.reason().to_owned())
            }
        };
        let mut span = Span {
            context: call.context,
            parent: Some(call.parent),
            kind: SpanKind::Call,
            name: call.title,
            began: call.began,
            ended: at.max(call.began),
            status,
            attributes,
            logs: Vec::new(),
        };
        span.tag(call.tags.as_deref().unwrap_or_default());
        Some(span)
    }

    /// Nothing that is under way is waited for any more.
    fn stop(&mut self, at: Timestamp, ended: &mut Vec<Span>) {
        let calls: Vec<CallId> = self.calls.keys().copied().collect();
        ended.extend(calls.into_iter().filter_map(|call| self.end_call(call, at, None)));
        let steps = self.steps.drain(..).rev();
        ended.extend(steps.map(|step| step.end(at, SpanStatus::Stopped)));
    }

    fn end(&mut self, at: Timestamp, ending: &Ending, ended: &mut Vec<Span>) {
        self.stop(at, ended);
        let mut attributes = vec![
            ("flowmesh.flow".into(), self.flow.clone()),
            ("flowmesh.state".into(), ending.state().to_string()),
        ];
        attributes.extend(self.key.take().map(|key| ("flowmesh.key".into(), key)));
        let status = match ending {
            Ending::Result(_) => SpanStatus::Ok,
            Ending::Error(error) => SpanStatus::Error(error.get().to_owned()),
            Ending::Cancelled(_) => SpanStatus::Stopped,
            Ending::Terminated(why) => SpanStatus::Error(format!("terminated: {why}")),
        };
        ended.push(Span {
            context: self.root,
            parent: self.above,
            kind: SpanKind::Run,
            name: self.flow.clone(),
            began: self.began,
            ended: at.max(self.began),
            status,
            attributes,
            logs: std::mem::take(&mut self.logs),
        });
    }
}

impl Step {
    fn end(self, at: Timestamp, status: SpanStatus) -> Span {
        Span {
            context: self.context,
            parent: Some(self.parent),
            kind: SpanKind::Step,
            name: self.title,
            began: self.began,
            ended: at.max(self.began),
            status,
            attributes: self
                .reused
                .into_iter()
                .map(|run| ("flowmesh.reused_from".into(), run))
                .collect(),
            logs: Vec::new(),
        }
    }
}

fn namespace(happened: &Happened) -> String {
    match happened.namespace.as_str() {
        "" => "default".to_owned(),
        name => name.to_owned(),
    }
}

/// FNV-1a with 64 bits (Fowler, Noll, Vo; draft-eastlake-fnv): the number of a title, the same in every process.
fn sum(title: &str) -> u64 {
    let next = |sum: u64, byte: u8| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    // What is left of 2^63 tells steps from calls; the number of the round goes into the low bits.
    title.bytes().fold(0xcbf2_9ce4_8422_2325, next) << 20
}
