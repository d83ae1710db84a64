//! What a run has asked for, what it would have to undo, what came and was not heard.

use super::{Reason, Stay, plan::Planning};
use crate::{
    EventKind,
    border::check_signal,
    run::{Late, Stuck, Undo, Wait},
};
use flowmesh_ir::{SignalId, StateId, diff::Obstacle, flow::End};

impl Planning<'_, '_> {
    /// Whether it rests: what it does now in one go cannot be done half in one program and half in another.
    pub(super) fn rests(&self) -> Result<(), Stay> {
        let run = self.run;
        let busy = |what| Err(self.stay_at_start(Reason::Busy(what)));
        if !run.is_forward() {
            return busy("it is ending already");
        }
        let parked = run.still.as_ref().and_then(|still| still.parked.as_ref());
        if !run.cleanups.is_empty() || parked.is_some_and(|parked| !matches!(parked.stuck, Stuck::Fiber(..)))
        {
            return busy("something in it is being undone or given up");
        }
        let awake = run
            .still
            .as_ref()
            .is_some_and(|still| !still.ready.is_empty() || still.freed);
        let on_the_way = run
            .fibers
            .values()
            .any(|fiber| matches!(fiber.wait, Wait::Nothing | Wait::Cleanup(_)));
        let begun = !run.fibers.is_empty() || run.is_outside();
        if awake || on_the_way || !begun {
            return busy("it was stopped in the middle of a step");
        }
        Ok(())
    }

    /// Whether everything that it waits for is what the new program waits for there.
    pub(super) fn waits(&self) -> Result<(), Stay> {
        for fiber in self.run.fibers.values() {
            self.waits_at(fiber.state)?;
        }
        self.run
            .streams
            .values()
            .try_for_each(|open| self.waits_at(open.reader.1))?;
        self.run
            .later
            .keys()
            .try_for_each(|(_, state)| self.waits_at(*state))?;
        self.run
            .handlers
            .values()
            .try_for_each(|handler| self.heard_at(handler.state))?;
        self.signals()
    }

    fn waits_at(&self, from: StateId) -> Result<(), Stay> {
        let Some(to) = self.mapping.state(from) else {
            return Err(self.stay(from, Reason::Nesting("what is".to_owned())));
        };
        self.pair
            .waits(from, to)
            .map_err(|why| self.stay(from, Reason::Obstacle(why)))
    }

    fn heard_at(&self, state: StateId) -> Result<(), Stay> {
        let (old, _) = self.pair.flows();
        match old.states.get(state.index()).map(|state| &state.end) {
            Some(End::Listen(listen)) if self.signal(listen.signal).is_none() => {
                Err(self.stay(state, Reason::Nesting("a handler".to_owned())))
            }
            _ => Ok(()),
        }
    }

    /// The signal of the new flow that is the same as one of the old.
    pub(super) fn signal(&self, id: SignalId) -> Option<SignalId> {
        super::moved::signal(self.names, self.pair, id)
    }

    /// Signals that came and were not heard.
    fn signals(&self) -> Result<(), Stay> {
        let (old, _) = self.pair.flows();
        for (id, kept) in &self.run.inbox {
            if !kept.is_empty() && self.signal(*id).is_none() {
                let name = old.signals.get(id.index()).map(|signal| signal.name.clone());
                return Err(self.stay_at_start(Reason::Kept(name.unwrap_or_default())));
            }
        }
        let late = self.run.still.iter().flat_map(|still| &still.backlog);
        for late in late {
            match late {
                Late::Event(EventKind::Signalled {
                    name,
                    payload,
                    answer,
                }) => {
                    let to = self.pair.to();
                    let fits = check_signal(self.names.new, to, name, payload).is_ok();
                    if !fits || answer.is_some() {
                        return Err(self.stay_at_start(Reason::Kept(name.clone())));
                    }
                }
                Late::Event(EventKind::Replied { .. } | EventKind::Fired { .. }) => {}
                Late::Event(_) | Late::Item(_) => {
                    return Err(self.stay_at_start(Reason::Busy("something came while it stood still")));
                }
            }
        }
        Ok(())
    }

    /// Whether everything that it would have to undo can be undone by the new program.
    pub(super) fn undos(&self) -> Result<(), Stay> {
        let fibers = self.run.fibers.values().flat_map(|fiber| &fiber.undo);
        let scopes = self.run.scopes.values().flat_map(|scope| &scope.undo);
        fibers.chain(scopes).try_for_each(|undo| self.undo(undo))
    }

    fn undo(&self, undo: &Undo) -> Result<(), Stay> {
        if self.names.undo(self.pair, undo).is_some() {
            return Ok(());
        }
        let step = self.pair.flows().0.steps.get(undo.step.index());
        let title = step.map_or_else(|| "undo".to_owned(), |step| step.title.clone());
        Err(self.stay_at_start(Reason::Undo(title)))
    }

    /// Why a value cannot be made one of the new program.
    pub(super) fn unfit(&self, slot: flowmesh_ir::SlotId) -> Stay {
        let name = self.pair.flows().0.slots.get(slot.index());
        let name = name.map(|slot| slot.name.clone()).unwrap_or_default();
        self.stay_at_start(Reason::Obstacle(Obstacle::Several(name)))
    }
}
