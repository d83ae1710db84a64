//! The same for runs of a store in which no host works: what becomes of them is read from what is kept, and what moves
//! them is one more event of theirs. What a host would do about that is left to the next one.

use super::verdict;
use crate::{
    RunId,
    engine::{
        Deployment, Programs,
        load::{Loaded, load},
        view::Verdict,
    },
    store::{EventRecord, Shelf, StoreError},
};
use flowmesh_ir::Hash;
use flowmesh_machine::{
    Event, EventKind,
    upgrade::{Plan, Upgrade},
};
use jiff::Timestamp;
use std::{collections::BTreeMap, sync::Arc};

/// What becomes of these runs in a program, and the event that moves each that can move.
pub(crate) fn at_rest(
    shelf: &dyn Shelf,
    programs: &mut Programs,
    (runs, to): (&[RunId], &Arc<Deployment>),
    now: Timestamp,
) -> Result<Vec<(Verdict, Option<EventRecord>)>, StoreError> {
    let mut all: Vec<(RunId, Loaded)> = Vec::with_capacity(runs.len());
    let mut homes: BTreeMap<(Hash, Hash), Arc<Deployment>> = BTreeMap::new();
    for run in runs {
        if let Some(loaded) = load(shelf, programs, *run)?.filter(|it| it.held.alive().is_some()) {
            let home = loaded.held.deployment.clone();
            homes.insert(home.hashes(), home);
            all.push((*run, loaded));
        }
    }
    let upgrades = homes.iter();
    let mut upgrades: BTreeMap<_, _> = upgrades
        .map(|(hashes, home)| (*hashes, Upgrade::new(&home.program, &to.program)))
        .collect();
    let mut said = Vec::with_capacity(all.len());
    for (run, Loaded { held, .. }) in &all {
        let hashes = held.deployment.hashes();
        let upgrade = upgrades.get_mut(&hashes).filter(|_| hashes != to.hashes());
        let plan = upgrade
            .zip(held.alive())
            .map(|(upgrade, live)| upgrade.plan(&live.run));
        let verdict = verdict(*run, &held.name, held.steps(), plan.as_ref());
        let moved = match plan {
            Some(Plan::Moves(mapping)) => Some(EventRecord {
                run: *run,
                sequence: held.next,
                origin: None,
                event: Event {
                    at: held.dated(now),
                    kind: EventKind::Moved {
                        program: to.hashes().0,
                        settings: to.hashes().1,
                        mapping,
                    },
                },
            }),
            _ => None,
        };
        said.push((verdict, moved));
    }
    Ok(said)
}
