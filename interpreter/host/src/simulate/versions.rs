//! Two versions of the program, of which now one and now the other is deployed, with the runs that can go on in it; and
//! the machines of runs that moved, for the checks.

use super::{clients::Intent, world::World};
use crate::{
    RunId,
    engine::{By, Command, Deployment, Upgrading},
    store::{EventRecord, How, Origin},
};
use flowmesh_machine::{Effect, EventKind, Run};
use std::sync::Arc;

impl World<'_> {
    /// What new runs are started with now.
    pub(super) fn current(&self) -> Arc<Deployment> {
        let newer = self.newer.as_ref().filter(|_| self.is_newer);
        Arc::clone(newer.unwrap_or(&self.deployment))
    }

    /// Somebody deploys the other version, and wants all runs to move there.
    pub(super) fn deploy_other(&mut self) {
        self.is_newer = !self.is_newer;
        let to = self.current();
        let by = By {
            who: "simulated".to_owned(),
            how: How::Deployed,
        };
        self.ask(Command::Release(Arc::clone(&to), by), Intent::Nothing);
        let live = self.views().into_iter().filter(|view| !view.state.is_end());
        let order = Upgrading {
            runs: live.map(|view| view.id).collect(),
            to,
            moves: true,
        };
        self.ask(Command::Upgrade(Box::new(order)), Intent::Upgrade);
    }

    /// A machine before the first event of a run.
    pub(super) fn machine(&self, run: RunId, origin: &Origin) -> Option<Machine> {
        let home = self.home(origin.program)?;
        let flow = home.program.flow_named(&origin.flow)?;
        Some(Machine {
            run: home.new_run(origin.root(run), flow),
            home,
        })
    }

    /// A machine after all events of a run.
    pub(super) fn played(&self, run: RunId, events: &[EventRecord]) -> Option<Machine> {
        let origin = events.first()?.origin.as_ref()?;
        let mut machine = self.machine(run, origin)?;
        let mut effects = Vec::new();
        for record in events {
            machine.live(self, record, &mut effects);
            effects.clear();
        }
        Some(machine)
    }

    fn home(&self, program: flowmesh_ir::Hash) -> Option<Arc<Deployment>> {
        let mut all = std::iter::once(&self.deployment).chain(&self.newer);
        all.find(|home| home.program_hash == program).map(Arc::clone)
    }
}

/// A run, and what it is a run of.
pub(super) struct Machine {
    pub(super) run: Run,
    pub(super) home: Arc<Deployment>,
}

impl Machine {
    /// One more event.
    pub(super) fn live(&mut self, world: &World<'_>, record: &EventRecord, effects: &mut Vec<Effect>) {
        if let EventKind::Moved { program, mapping, .. } = &record.event.kind
            && let Some(home) = world.home(*program)
            && self.home.moves(&home, &mut self.run, mapping)
        {
            self.home = home;
        }
        self.home.apply(&mut self.run, &record.event, effects);
    }
}
