//! What a run did as spans: each step below the named steps that it lies in, each attempt below its call.
//!
//! The tree is that of the traces: [`Flow::around`] gives the spans above a step, here and around every call that is
//! sent. When a step begins and how it ends is what the run notes, so that nothing is said here that a follower of the
//! run does not hear as well.

use flowmesh_ir::{StepId, flow::Flow};
use flowmesh_machine::{CallId, Note, StepState};
use std::collections::BTreeMap;

/// What the span of an attempt is called.
pub(crate) const ATTEMPT: &str = "attempt";

/// The spans of one run, in the order in which they began.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spans {
    pub(crate) all: Vec<Span>,
    /// The span of each call.
    calls: BTreeMap<CallId, usize>,
}

/// One of them.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub(crate) of: Of,
    /// The span above, by its number; `None` is the run itself.
    pub(crate) above: Option<usize>,
    /// How it stands.
    pub(crate) state: StepState,
}

/// What a span is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    Step(StepId),
    Attempt,
}

impl Spans {
    /// What a run notes of its steps.
    pub(crate) fn note(&mut self, flow: &Flow, note: &Note) {
        match note {
            Note::StepStarted { step } => self.begin(flow, *step),
            Note::StepDone { step } => self.end(*step, StepState::Done),
            Note::StepFailed { step, .. } => self.end(*step, StepState::Failed),
            Note::StepStopped { step } => self.end(*step, StepState::Stopped),
            Note::Restarted => self.all.iter_mut().for_each(Span::stop),
            _ => {}
        }
    }

    fn begin(&mut self, flow: &Flow, step: StepId) {
        // Whatever else runs beside, a step lies in the last of those that are called as the one around it.
        let within = flow.steps.get(step.index()).and_then(|step| step.within);
        let above = within.and_then(|within| self.last(Of::Step(within)));
        self.push(Of::Step(step), above);
    }

    fn push(&mut self, of: Of, above: Option<usize>) {
        let state = StepState::Active;
        self.all.push(Span { of, above, state });
    }

    /// A step that runs several times at once ends in the order in which it began.
    fn end(&mut self, step: StepId, state: StepState) {
        let of = Of::Step(step);
        let mut open = self.all.iter_mut().filter(|span| span.is_open());
        open.find(|span| span.of == of)
            .into_iter()
            .for_each(|span| span.state = state);
    }

    fn last(&self, of: Of) -> Option<usize> {
        self.all.iter().rposition(|span| span.of == of)
    }

    /// A call of a step is made.
    pub(crate) fn called(&mut self, step: StepId, call: CallId) {
        if let Some(span) = self.last(Of::Step(step)) {
            self.calls.insert(call, span);
        }
    }

    /// An attempt at a call is made. One that was under way was lost with the process that made it.
    pub(crate) fn attempt(&mut self, call: CallId) {
        self.attempts_of(call).for_each(Span::stop);
        let above = self.calls.get(&call).copied();
        self.push(Of::Attempt, above);
    }

    /// The attempt at a call that is under way has ended.
    pub(crate) fn attempted(&mut self, call: CallId, well: bool) {
        let state = if well { StepState::Done } else { StepState::Failed };
        let open = self.attempts_of(call).filter(|span| span.is_open());
        open.for_each(|span| span.state = state);
    }

    fn attempts_of(&mut self, call: CallId) -> impl Iterator<Item = &mut Span> {
        let above = self.calls.get(&call).copied();
        let all = self.all.iter_mut();
        all.filter(move |span| span.of == Of::Attempt && span.above == above)
    }

    /// The spans above one, the nearest first.
    pub(crate) fn above(&self, span: &Span) -> impl Iterator<Item = &Span> {
        let up = |span: &Span| self.all.get(span.above?);
        std::iter::successors(up(span), move |span| up(span))
    }
}

impl Span {
    fn is_open(&self) -> bool {
        self.state == StepState::Active
    }

    fn stop(&mut self) {
        if self.is_open() {
            self.state = StepState::Stopped;
        }
    }

    /// What it is called: the title of its step and what the author calls that.
    pub(crate) fn names<'f>(&self, flow: &'f Flow) -> (&'f str, Option<&'f str>) {
        match self.of {
            Of::Attempt => (ATTEMPT, None),
            Of::Step(step) => {
                let step = flow.steps.get(step.index());
                step.map_or(("", None), |step| (&step.title, step.label.as_deref()))
            }
        }
    }
}
