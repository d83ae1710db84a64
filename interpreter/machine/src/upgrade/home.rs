//! Where a run is at home: the program that it began with, until an event moves it to another.

use super::move_run;
use crate::{Effect, Event, EventKind, Run, Settings, apply};
use flowmesh_ir::Program;

/// A program and its settings.
#[derive(Clone, Copy, Debug)]
pub struct Home<'a> {
    /// The program.
    pub program: &'a Program,
    /// Its settings.
    pub settings: &'a Settings,
}

/// The homes of one run: the one that it began with, then one for each event that moves it, in their order.
#[derive(Clone, Copy, Debug)]
pub struct Homes<'a> {
    /// All of them.
    all: &'a [Home<'a>],
    /// Which of them it has now.
    at: usize,
}

impl<'a> Homes<'a> {
    /// Before the first event.
    #[must_use]
    pub fn new(all: &'a [Home<'a>]) -> Self {
        Self { all, at: 0 }
    }

    /// The one that the run has now.
    #[must_use]
    pub fn now(&self) -> Option<Home<'a>> {
        self.all.get(self.at).copied()
    }

    /// One event on the run. One that moves it to a home that is not there, or by a mapping that is not its own, changes
    /// nothing.
    pub fn apply(&mut self, run: &mut Run, event: &Event, effects: &mut Vec<Effect>) {
        if let EventKind::Moved { mapping, .. } = &event.kind {
            let next = self.at.saturating_add(1);
            let (Some(old), Some(new)) = (self.now(), self.all.get(next)) else {
                return;
            };
            let Some(moved) = move_run(old.program, new.program, run, mapping) else {
                return;
            };
            (*run, self.at) = (moved, next);
        }
        if let Some(home) = self.now() {
            apply(home.program, home.settings, run, event, effects);
        }
    }
}
