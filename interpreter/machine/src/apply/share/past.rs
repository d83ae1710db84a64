//! What happened to a run that has ended, as far as it matters to one that shares its history.

use super::title;
use crate::{
    Effect, Event, Note, Outcome, Run, Settings, apply,
    run::{Phase, Why},
};
use flowmesh_ir::{Program, StepId, flow::Flow};
use std::collections::BTreeSet;

/// What happened.
pub(super) struct Past<'a> {
    pub(super) program: &'a Program,
    pub(super) settings: &'a Settings,
    pub(super) flow: &'a Flow,
    fresh: &'a Run,
    pub(super) events: &'a [Event],
    /// The steps that began while the flow did its work, in order.
    pub(super) starts: Vec<Start>,
    pub(super) failure: Option<Failure>,
    /// The place of the first of all that was done that was undone; nothing has this one where nothing was.
    pub(super) undone: u32,
}

/// A step began.
pub(super) struct Start {
    /// With which event.
    pub(super) event: usize,
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
    pub(super) fn read(
        program: &'a Program,
        settings: &'a Settings,
        flow: &'a Flow,
        fresh: &'a Run,
        events: &'a [Event],
    ) -> Self {
        let mut past = Self {
            program,
            settings,
            flow,
            fresh,
            events,
            starts: Vec::new(),
            failure: None,
            undone: u32::MAX,
        };
        // What undoes is a step too, and no state has it.
        let own: BTreeSet<StepId> = flow.states.iter().filter_map(|state| state.step).collect();
        let (mut run, mut effects) = (fresh.clone(), Vec::new());
        for (place, event) in events.iter().enumerate() {
            apply(program, settings, &mut run, event, &mut effects);
            past.note(place, &run, &effects, &own);
            effects.clear();
        }
        past
    }

    fn note(&mut self, place: usize, run: &Run, effects: &[Effect], own: &BTreeSet<StepId>) {
        let notes = effects.iter().filter_map(|effect| match effect {
            Effect::Note(note) => Some(note),
            _ => None,
        });
        if matches!(run.phase, Phase::Forward) {
            self.starts.extend(notes.clone().filter_map(|note| match note {
                Note::StepStarted { step } if own.contains(step) => Some(Start {
                    event: place,
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

    /// The run after so many events.
    pub(super) fn until(&self, events: usize) -> Run {
        let (mut run, mut effects) = (self.fresh.clone(), Vec::new());
        for event in self.events.iter().take(events) {
            apply(self.program, self.settings, &mut run, event, &mut effects);
            effects.clear();
        }
        run
    }

    /// Whether people call a step so.
    pub(super) fn is_called(&self, step: StepId, name: &str) -> bool {
        let step = self.flow.steps.get(step.index());
        step.is_some_and(|step| step.title == name || step.label.as_deref() == Some(name))
    }

    /// The steps that began, each once, in order.
    pub(super) fn titles(&self) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let begun = self.starts.iter().filter(|start| seen.insert(start.step));
        let titles = begun.filter_map(|start| title(self.flow, start.step));
        titles.map(str::to_owned).collect()
    }

    /// The last step before which nothing was done that was undone since.
    pub(super) fn last_before_undone(&self) -> Option<String> {
        let mut before = self.starts.iter().filter(|start| start.done <= self.undone);
        title(self.flow, before.next_back()?.step).map(str::to_owned)
    }
}
