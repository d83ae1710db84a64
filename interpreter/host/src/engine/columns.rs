//! The columns of a run, as its row in the index has them.

use super::{Engine, Held, emit, guards::guarded_by, held::Live, ledger::wish, view::Ending};
use crate::{
    RunId,
    store::{self, Guard, Row},
};
use flowmesh_ir::Name;
use flowmesh_machine::{Ask, CallId};
use serde::Deserialize;

impl Engine {
    /// The columns of a run as it stands, if it is in memory.
    pub(crate) fn row(&self, run: RunId) -> Option<Row> {
        let held = self.runs.get(&run)?;
        let mut row = held.row();
        let parents = self.parents.get(&run).into_iter().flatten();
        row.parents = parents.map(|(parent, call)| (*parent, call.0)).collect();
        let live = held.alive().into_iter();
        row.guards = live.flat_map(|live| self.guards_of((run, held), live)).collect();
        Some(row)
    }

    fn guards_of(&self, (run, held): (RunId, &Held), live: &Live) -> Vec<Guard> {
        let guard = |(call, ask): (&CallId, &Ask)| {
            let place = guarded_by((&held.namespace, &held.name), ask)?;
            let stands = self.ledger.guards.stands(&place, (run, *call))?;
            let wish = wish(ask, 0);
            Some(Guard {
                place,
                call: call.0,
                permits: wish.permits,
                rate: wish.rate,
                group: wish.group,
                stands,
            })
        };
        live.asks.iter().filter_map(guard).collect()
    }
}

impl Held {
    fn row(&self) -> Row {
        let state = self.state();
        let (ending, error) = self.ending().map_or((None, None), ending);
        let live = self.alive();
        let timers = live.into_iter().flat_map(|live| &live.timers);
        let hears = emit::may_hear(state);
        let mut timers: Vec<_> = timers.map(|(timer, at)| (timer.0, *at)).collect();
        timers.sort_unstable();
        Row {
            namespace: self.namespace.clone(),
            lineage: self.lineage.clone(),
            flow: self.name.clone(),
            state: state.as_str().into(),
            ended: state.is_end(),
            paused: self.paused(),
            parked: self.parked(),
            continues: self.shared.map(|shared| shared.run),
            continued_by: self.followed_by,
            shared: self.shared.map(|shared| (shared.root, shared.events)),
            instead_of: self.instead_of,
            superseded: self.superseded,
            key: self.key.clone(),
            started: self.started,
            updated: self.updated,
            next: self.next,
            program: self.deployment.program_hash,
            settings: self.deployment.settings_hash,
            homes: self.homes.clone(),
            tags: self.tags.clone(),
            error,
            steps: self.steps(),
            ending,
            depth: self.depth,
            entangled: self.entangled,
            cancelled: live.is_some_and(|live| live.cancelled),
            busy: live.is_some_and(Live::is_busy),
            timers,
            awaited: match hears {
                true => self.deployment.heard(self.flow).to_vec(),
                false => Vec::new(),
            },
            guards: Vec::new(),
            parents: Vec::new(),
            blobs: self.blobs.clone(),
        }
    }
}

/// How a run ended, as its row has it, and the name of its error.
fn ending(ending: &Ending) -> (Option<store::Ending>, Option<Name>) {
    #[derive(Deserialize)]
    struct Error {
        name: Name,
    }
    match ending {
        Ending::Result(json) => (Some(store::Ending::Result(json.get().into())), None),
        Ending::Cancelled(reason) => (Some(store::Ending::Cancelled(reason.clone())), None),
        Ending::Terminated(reason) => (Some(store::Ending::Terminated(reason.clone())), None),
        Ending::Error(json) => {
            let error = serde_json::from_str::<Error>(json.get()).ok();
            (
                Some(store::Ending::Error(json.get().into())),
                error.map(|error| error.name),
            )
        }
    }
}
