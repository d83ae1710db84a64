//! Builds the states of a flow, and leaves as few of them as say the same.

use flowmesh_diagnostics::Span;
use flowmesh_ir::{
    StateId, StepId,
    flow::{End, Instruction, State, Step},
};
use std::collections::HashMap;

/// A state while states are built; it becomes its number in the end.
pub(super) type Label = StateId;

/// The states built so far.
#[derive(Debug, Default)]
pub(super) struct States {
    /// By label; what has no end yet was asked for and not begun.
    all: Vec<Draft>,
    /// Labels in the order in which their states were begun, which is that of the text.
    begun: Vec<Label>,
    current: Option<Label>,
    place: Option<Span>,
    steps: Vec<Step>,
    /// The named step that is being lowered.
    around: Option<StepId>,
    titles: HashMap<String, u32>,
}

#[derive(Clone, Debug, Default)]
struct Draft {
    code: Vec<Instruction>,
    end: Option<End>,
    step: Option<StepId>,
    span: Option<Span>,
}

impl States {
    /// Asks for a state that is begun later.
    pub(super) fn label(&mut self) -> Label {
        self.all.push(Draft::default());
        StateId(u32::try_from(self.all.len().saturating_sub(1)).unwrap_or(u32::MAX))
    }

    /// What comes now belongs to this state.
    pub(super) fn begin(&mut self, label: Label) {
        self.begun.push(label);
        self.current = Some(label);
    }

    /// What comes now was written here.
    pub(super) fn at(&mut self, span: Span) {
        self.place = Some(span);
    }

    fn draft(&mut self) -> Option<&mut Draft> {
        let at = self.current?.index();
        self.all.get_mut(at)
    }

    pub(super) fn push(&mut self, instruction: Instruction) {
        let place = self.place;
        if let Some(draft) = self.draft() {
            draft.span = draft.span.or(place);
            draft.code.push(instruction);
        }
    }

    /// The state that is about to end is a step.
    pub(super) fn step(&mut self, title: &str) {
        if self.current.is_none() {
            return;
        }
        let step = self.new_step(title);
        self.is_step(step);
    }

    /// The state that is about to end is this step.
    pub(super) fn is_step(&mut self, step: StepId) {
        if let Some(draft) = self.draft() {
            draft.step = Some(step);
        }
    }

    /// A step under a title that no other step of the flow has.
    pub(super) fn new_step(&mut self, title: &str) -> StepId {
        self.labelled_step(title, None)
    }

    /// As [`Self::new_step`], with what the author calls it.
    pub(super) fn labelled_step(&mut self, title: &str, label: Option<String>) -> StepId {
        let count = self.titles.entry(title.to_owned()).or_insert(0);
        *count = count.saturating_add(1);
        let title = if *count == 1 {
            title.to_owned()
        } else {
            format!("{title}#{count}")
        };
        let within = self.around;
        self.steps.push(Step { title, label, within });
        StepId(u32::try_from(self.steps.len().saturating_sub(1)).unwrap_or(u32::MAX))
    }

    /// A step that undoes another: it runs when what the other was a part of is over.
    pub(super) fn undoing_step(&mut self, title: &str) -> StepId {
        let around = self.around.take();
        let step = self.new_step(title);
        self.around = around;
        step
    }

    /// What is lowered in between is a part of a named step.
    pub(super) fn enter(&mut self, step: Option<StepId>) -> Option<StepId> {
        let around = self.around;
        // It may have been met before, where somebody cancels it.
        if let Some(known) = step.and_then(|step| self.steps.get_mut(step.index())) {
            known.within = around;
        }
        self.around = step.or(around);
        around
    }

    /// Back to what [`Self::enter`] found.
    pub(super) fn leave(&mut self, around: Option<StepId>) {
        self.around = around;
    }

    /// Ends the state at hand; what comes before the next `begin` is never reached.
    pub(super) fn end(&mut self, end: End) {
        let place = self.place;
        let waits = matches!(
            end,
            End::Call(_)
                | End::Start(_)
                | End::Sleep { .. }
                | End::SleepUntil { .. }
                | End::Wait(_)
                | End::Stream(_)
                | End::Emit(_)
                | End::Shift(_)
                | End::Region(_)
                | End::Restart(_)
                | End::Give(_)
                | End::Fail(_)
                | End::Return(_)
        );
        if let Some(draft) = self.draft() {
            // A step is more telling than what leads up to it.
            draft.span = if waits { place } else { draft.span.or(place) };
            draft.end = Some(end);
        }
        self.current = None;
    }

    /// Whether some state ends so.
    pub(super) fn any(&self, what: impl Fn(&End) -> bool) -> bool {
        self.all.iter().filter_map(|draft| draft.end.as_ref()).any(what)
    }

    /// The states that can be reached from `entry`, numbered in the order of the text, with steps and places.
    pub(super) fn finish(mut self, entry: Label) -> (Vec<State>, Vec<Step>, Vec<Option<Span>>) {
        self.thread();
        self.absorb(entry);
        let kept = self.kept(entry);
        let numbers: HashMap<Label, StateId> = kept.iter().copied().zip((0u32..).map(StateId)).collect();
        let mut states = Vec::with_capacity(kept.len());
        let mut spans = Vec::with_capacity(kept.len());
        for label in kept {
            let Some(draft) = self.all.get_mut(label.index()).map(std::mem::take) else {
                continue;
            };
            let mut end = draft.end.unwrap_or(End::Join);
            end.each_next(|next| {
                *next = numbers.get(next).copied().unwrap_or(*next);
            });
            states.push(State {
                code: draft.code,
                end,
                step: draft.step,
            });
            spans.push(draft.span);
        }
        let steps = self.used_steps(&mut states);
        (states, steps, spans)
    }

    /// Jumps over states that do nothing but jump.
    fn thread(&mut self) {
        let empty: Vec<Option<Label>> = self
            .all
            .iter()
            .map(|draft| match (&draft.end, draft.code.is_empty()) {
                (Some(End::Jump(next)), true) => Some(*next),
                _ => None,
            })
            .collect();
        let target = |from: Label| {
            let mut at = from;
            // A circle of empty states is an endless loop, which the checker refused; the bound is for safety.
            for _ in 0..empty.len() {
                match empty.get(at.index()).copied().flatten() {
                    Some(next) => at = next,
                    None => break,
                }
            }
            at
        };
        for draft in &mut self.all {
            if let Some(end) = &mut draft.end {
                end.each_next(|next| *next = target(*next));
            }
        }
    }

    /// Puts a state into the only one that jumps to it, and an empty end into each that jumps to it.
    fn absorb(&mut self, entry: Label) {
        let mut before: Vec<u32> = vec![0; self.all.len()];
        let reached = self.reached(entry);
        for (draft, _) in self.all.iter_mut().zip(&reached).filter(|(_, reached)| **reached) {
            if let Some(end) = &mut draft.end {
                end.each_next(|next| {
                    before
                        .get_mut(next.index())
                        .into_iter()
                        .for_each(|count| *count += 1);
                });
            }
        }
        // Backwards, so that what a state absorbs has absorbed its own successor.
        for label in self.begun.clone().into_iter().rev() {
            while let Some(next) = self.absorbable(label, &before) {
                let only = before.get(next.index()) == Some(&1);
                let Some(mut taken) = self.all.get(next.index()).cloned() else {
                    break;
                };
                let Some(draft) = self.all.get_mut(label.index()) else {
                    break;
                };
                let telling = draft.code.is_empty() || taken.step.is_some();
                draft.code.append(&mut taken.code);
                (draft.end, draft.step) = (taken.end, taken.step);
                draft.span = if telling {
                    taken.span.or(draft.span)
                } else {
                    draft.span
                };
                if only && next != entry {
                    before
                        .get_mut(next.index())
                        .into_iter()
                        .for_each(|count| *count = 0);
                } else {
                    before
                        .get_mut(next.index())
                        .into_iter()
                        .for_each(|count| *count = count.saturating_sub(1));
                }
            }
        }
    }

    fn absorbable(&self, label: Label, before: &[u32]) -> Option<Label> {
        let Some(End::Jump(next)) = self.all.get(label.index())?.end else {
            return None;
        };
        let target = self.all.get(next.index())?;
        let only = before.get(next.index()) == Some(&1);
        let small = target.code.is_empty()
            && matches!(
                target.end,
                Some(End::Return(_) | End::Fail(_) | End::Join | End::Leave { .. })
            );
        (next != label && (only || small)).then_some(next)
    }

    fn reached(&mut self, entry: Label) -> Vec<bool> {
        let mut reached = vec![false; self.all.len()];
        let mut queue = vec![entry];
        while let Some(label) = queue.pop() {
            let Some(seen) = reached.get_mut(label.index()).filter(|seen| !**seen) else {
                continue;
            };
            *seen = true;
            if let Some(end) = self
                .all
                .get_mut(label.index())
                .and_then(|draft| draft.end.as_mut())
            {
                end.each_next(|next| queue.push(*next));
            }
        }
        reached
    }

    /// The entry first, then in the order of the text.
    fn kept(&mut self, entry: Label) -> Vec<Label> {
        let reached = self.reached(entry);
        let here = |label: &Label| reached.get(label.index()).copied().unwrap_or(false);
        let rest = self
            .begun
            .iter()
            .copied()
            .filter(|label| *label != entry && here(label));
        std::iter::once(entry).chain(rest).collect()
    }

    /// Steps that some state still is, in their order.
    fn used_steps(&mut self, states: &mut [State]) -> Vec<Step> {
        let mut used = vec![false; self.steps.len()];
        let mut mark = |step: StepId| {
            used.get_mut(step.index())
                .into_iter()
                .for_each(|used| *used = true);
        };
        for state in states.iter_mut() {
            state.step.into_iter().for_each(&mut mark);
            state.end.each_step(|step| mark(*step));
        }
        let mut numbers = Vec::with_capacity(used.len());
        let mut next = 0u32;
        for used in &used {
            numbers.push(StepId(next));
            next += u32::from(*used);
        }
        let number = |step: StepId| numbers.get(step.index()).copied().unwrap_or(step);
        for state in states {
            state.step = state.step.map(number);
            state.end.each_step(|step| *step = number(*step));
        }
        let steps = std::mem::take(&mut self.steps);
        let is_used = |step: &StepId| used.get(step.index()) == Some(&true);
        let kept = steps.into_iter().zip(&used).filter(|(_, used)| **used);
        kept.map(|(step, _)| Step {
            within: step.within.filter(is_used).map(number),
            ..step
        })
        .collect()
    }
}
