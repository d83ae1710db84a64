//! What happened to a run that has ended, as far as it matters to one that shares its history.

use super::title;
use crate::{
    Effect, Event, Note, Outcome, Run,
    run::{Phase, Why},
    upgrade::{Home, Homes},
};
use flowmesh_ir::{StepId, flow::Flow};
use std::collections::BTreeSet;

/// What happened.
pub(super) struct Past<'a> {
    homes: Homes<'a>,
    fresh: &'a Run,
    pub(super) events: &'a [Event],
    /// The steps that began while the flow did its work, in order.
    pub(super) starts: Vec<Start<'a>>,
    pub(super) failure: Option<Failure>,
    /// The place of the first of all that was done that was undone; nothing has this one where nothing was.
    pub(super) undone: u32,
}

/// A step began.
pub(super) struct Start<'a> {
    /// With which event.
    pub(super) event: usize,
    /// The flow as it was then, and the step in it.
    flow: &'a Flow,
    pub(super) step: StepId,
    /// How much had been done by then.
    done: u32,
}

/// The run failed.
#[derive(Clone, Copy)]
pub(super) struct Failure {
    /// With which event.
    pub(super) event: usize,
    /// Whether a step failed with it.
    pub(super) of_step: bool,
}

impl<'a> Past<'a> {
    pub(super) fn read(homes: &'a [Home<'a>], fresh: &'a Run, events: &'a [Event]) -> Self {
        let mut past = Self {
            homes: Homes::new(homes),
            fresh,
            events,
            starts: Vec::new(),
            failure: None,
            undone: u32::MAX,
        };
        let (mut run, mut effects, mut homes) = (fresh.clone(), Vec::new(), past.homes);
        let mut own = (None, BTreeSet::new());
        for (place, event) in events.iter().enumerate() {
            homes.apply(&mut run, event, &mut effects);
            let Some(flow) = flow(homes, &run) else { continue };
            // What undoes is a step too, and no state has it.
            if own.0.is_none_or(|before| !std::ptr::eq(before, flow)) {
                own = (
                    Some(flow),
                    flow.states.iter().filter_map(|state| state.step).collect(),
                );
            }
            past.note(place, (&run, flow), &effects, &own.1);
            effects.clear();
        }
        past
    }

    fn note(
        &mut self,
        place: usize,
        (run, flow): (&Run, &'a Flow),
        effects: &[Effect],
        own: &BTreeSet<StepId>,
    ) {
        let notes = effects.iter().filter_map(|effect| match effect {
            Effect::Note(note) => Some(note),
            _ => None,
        });
        if matches!(run.phase, Phase::Forward) {
            self.starts.extend(notes.clone().filter_map(|note| match note {
                Note::StepStarted { step } if own.contains(step) => Some(Start {
                    event: place,
                    flow,
                    step: *step,
                    done: run.next.undo,
                }),
                _ => None,
            }));
        }
        let failed = matches!(
            run.phase,
            Phase::Ending(Why::Failed(_)) | Phase::Ended(Outcome::Failed(_))
        );
        if failed && self.failure.is_none() {
            self.failure = Some(Failure {
                event: place,
                of_step: notes.clone().any(|note| matches!(note, Note::StepFailed { .. })),
            });
        }
        // Whatever undoes waits for an event, so none of it begins and ends with one.
        let undoing = run
            .cleanups
            .values()
            .filter_map(|cleanup| cleanup.undoing.as_ref());
        let first = undoing.map(|undoing| undoing.current.order).min();
        self.undone = self.undone.min(first.unwrap_or(u32::MAX));
    }

    /// The run after so many events, and where it was at home then.
    pub(super) fn until(&self, events: usize) -> (Run, Homes<'a>) {
        let (mut run, mut effects, mut homes) = (self.fresh.clone(), Vec::new(), self.homes);
        for event in self.events.iter().take(events) {
            homes.apply(&mut run, event, &mut effects);
            effects.clear();
        }
        (run, homes)
    }

    /// The steps that began, each once, in order.
    pub(super) fn titles(&self) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let titles = self
            .starts
            .iter()
            .filter_map(|start| title(start.flow, start.step));
        titles
            .filter(|title| seen.insert(*title))
            .map(str::to_owned)
            .collect()
    }

    /// The last step before which nothing was done that was undone since.
    pub(super) fn last_before_undone(&self) -> Option<String> {
        let mut before = self.starts.iter().filter(|start| start.done <= self.undone);
        let last = before.next_back()?;
        title(last.flow, last.step).map(str::to_owned)
    }
}

impl Start<'_> {
    /// Whether people call the step so.
    pub(super) fn is_called(&self, name: &str) -> bool {
        let step = self.flow.steps.get(self.step.index());
        step.is_some_and(|step| step.title == name || step.label.as_deref() == Some(name))
    }
}

/// The flow of a run where it is at home.
pub(super) fn flow<'a>(homes: Homes<'a>, run: &Run) -> Option<&'a Flow> {
    homes.now()?.program.flow(run.flow)
}
