//! Whether a run that rests at a state of the old version could go on at one of the new.

use super::{Obstacle, Side, live::live, rests};
use crate::{
    Name, SlotId,
    flow::{Arm, End, Flow, On},
    print,
};
use std::collections::BTreeSet;

/// What two versions of a flow bring along and need.
pub(super) struct Carrying<'a> {
    old: &'a Side<'a>,
    new: &'a Side<'a>,
    /// The names that are certainly written where a run rests at each state of the old version.
    brought: Vec<BTreeSet<Name>>,
    /// What each state of the new version needs.
    needed: Vec<BTreeSet<SlotId>>,
}

impl<'a> Carrying<'a> {
    pub(super) fn new(old: &'a Side<'a>, new: &'a Side<'a>) -> Self {
        Self {
            old,
            new,
            brought: brought(old.flow),
            needed: live(new.flow),
        }
    }

    /// Everything that stands against it; runs only pass through states at which they cannot rest.
    pub(super) fn obstacles(&self, from: usize, to: usize) -> Vec<Obstacle> {
        let (Some(before), Some(after)) = (self.old.flow.states.get(from), self.new.flow.states.get(to))
        else {
            return Vec::new();
        };
        if !rests(&before.end) {
            return Vec::new();
        }
        let (waits, will_wait) = (self.wait(self.old, &before.end), self.wait(self.new, &after.end));
        let mut all = Vec::new();
        if waits != will_wait {
            all.push(Obstacle::OtherWait(waits, will_wait));
        }
        all.extend(self.frame(from, to));
        all
    }

    fn frame(&self, from: usize, to: usize) -> Vec<Obstacle> {
        let written = own_writes(&self.new.flow.states, to);
        let needed = self.needed.get(to).into_iter().flatten();
        needed
            .filter(|slot| !written.contains(*slot))
            .filter_map(|slot| self.slot(from, *slot))
            .collect()
    }

    /// Names that the compiler made (`_1`) are not compared: they live within one statement.
    fn slot(&self, from: usize, slot: SlotId) -> Option<Obstacle> {
        let wanted = self.new.flow.slots.get(slot.index())?;
        if wanted.name.starts_with('_') {
            return None;
        }
        let brought = self.brought.get(from)?.contains(&wanted.name);
        let has = self.old.flow.slots.iter().find(|slot| slot.name == wanted.name);
        let Some(has) = has.filter(|_| brought) else {
            return Some(Obstacle::Missing(wanted.name.clone()));
        };
        let was = has.ty.as_ref().map(|ty| print::whole_type(self.old.program, ty));
        let is = wanted
            .ty
            .as_ref()
            .map(|ty| print::whole_type(self.new.program, ty));
        (was != is).then(|| {
            Obstacle::Retyped(
                wanted.name.clone(),
                was.unwrap_or_default(),
                is.unwrap_or_default(),
            )
        })
    }

    /// What a run that rests there waits for, so far as it matters to who answers.
    fn wait(&self, side: &Side<'_>, end: &End) -> String {
        let signal = |signal: crate::SignalId| {
            let signal = side.flow.signals.get(signal.index());
            signal.map_or_else(String::new, |signal| print::whole_signal(side.program, signal))
        };
        match end {
            End::Call(call) => print::whole_operation(side.program, &call.target),
            End::Stream(stream) => format!("stream {}", print::whole_operation(side.program, &stream.target)),
            End::Start(start) => {
                let flow = side.program.flow(start.flow);
                format!("flow {}", flow.map_or("?", |flow| flow.name.as_str()))
            }
            End::Sleep { .. } | End::SleepUntil { .. } => "a time".to_owned(),
            End::Wait(wait) => {
                let heard = |arm: &Arm| match &arm.on {
                    On::Signal(id) => Some(signal(*id)),
                    On::Event { event, .. } => {
                        let event = side.program.event(*event);
                        Some(format!(
                            "event {}",
                            event.map_or("?", |event| event.name.as_str())
                        ))
                    }
                    On::After(_) | On::At(_) | On::Condition(_) | On::Task(_) => None,
                };
                let mut all: Vec<String> = wait.arms.iter().filter_map(heard).collect();
                all.sort();
                all.join(", ")
            }
            End::Region(region) => {
                let mut branches = 0;
                end.ways(|_, _| branches += 1);
                let name = region.name.and_then(|step| side.flow.steps.get(step.index()));
                format!(
                    "{branches} ways of {}",
                    name.map_or("a region", |step| step.title.as_str())
                )
            }
            _ => String::new(),
        }
    }
}

/// What a state writes itself before it rests.
fn own_writes(states: &[crate::flow::State], at: usize) -> BTreeSet<SlotId> {
    states.get(at).map(crate::flow::State::writes).unwrap_or_default()
}

/// The names that are certainly written where a run rests at each state.
fn brought(flow: &Flow) -> Vec<BTreeSet<Name>> {
    let slots = || (0u32..).map(SlotId).zip(&flow.slots);
    let written = crate::validate::written(flow);
    let own = flow.states.iter().map(crate::flow::State::writes);
    written
        .into_iter()
        .zip(own)
        .map(|(before, own)| {
            slots()
                .filter(|(id, _)| before.contains(id) || own.contains(id))
                .map(|(_, slot)| slot.name.clone())
                .collect()
        })
        .collect()
}
