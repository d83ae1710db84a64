//! Deployments: what runs are started with from now on, and which of those that are there can go on in it.

mod rest;

pub(crate) use rest::at_rest;

use super::{
    Deployment, Engine, Refusal,
    batch::Deferred,
    held::Life,
    input::Ticket,
    output::{Answer, Output},
    view::{Fate, Verdict},
};
use crate::{
    RunId,
    store::{Deployed, How, Record},
};
use flowmesh_ir::{Hash, Name};
use flowmesh_machine::{
    EventKind,
    upgrade::{Mapping, Plan, Stay, Upgrade},
};
use jiff::Timestamp;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

/// So many deployments are remembered.
const DEPLOYED_MAX: usize = 200;
/// What a deployment takes in the log, about.
const DEPLOYED_BYTES: usize = 128;

/// Who deploys, and how.
#[derive(Clone, Debug)]
pub struct By {
    /// Their name.
    pub who: String,
    /// How.
    pub how: How,
}

/// What is to become of runs.
#[derive(Clone, Debug)]
pub struct Upgrading {
    /// Which.
    pub runs: Vec<RunId>,
    /// Where they are to go on.
    pub to: Arc<Deployment>,
    /// Whether those that can move do; else it is only said.
    pub moves: bool,
}

impl Engine {
    pub(super) fn roll_out(&mut self, now: Timestamp, ticket: Ticket, deployment: Arc<Deployment>, by: By) {
        if let Err(refusal) = self.refuse_if_full() {
            return self.refuse(ticket, refusal);
        }
        let (program, settings) = deployment.hashes();
        let stands = self.deployed.back().map(|last| (last.program, last.settings));
        if stands != Some((program, settings)) {
            let deployed = Deployed {
                program,
                settings,
                at: Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now),
                by: by.who,
                how: by.how,
            };
            self.batches
                .add(Record::Deployed(deployed.clone()), DEPLOYED_BYTES);
            self.note_deployed(deployed);
        }
        self.acted(now, None, || {
            serde_json::to_vec(&(program, settings)).unwrap_or_default()
        });
        self.deploy(now, ticket, deployment);
    }

    /// What was deployed, the last ones in their order.
    pub(crate) fn deployed(&self) -> &VecDeque<Deployed> {
        &self.deployed
    }

    /// Takes note of a deployment, now or when the journal is read again.
    pub(super) fn note_deployed(&mut self, deployed: Deployed) {
        // The index may know more than the journal up to where it is read from.
        if self.deployed.contains(&deployed) {
            return;
        }
        self.deployed.push_back(deployed);
        if self.deployed.len() > DEPLOYED_MAX {
            self.deployed.pop_front();
        }
        self.rows.note = self.rows.kept;
    }

    /// Says what becomes of runs, and moves those that can move if that is wanted.
    pub(super) fn upgrade(&mut self, now: Timestamp, ticket: Ticket, order: &Upgrading) {
        let stands = self.refuse_if_full().and_then(|()| match &self.current {
            Some(current) if current.hashes() == order.to.hashes() => Ok(()),
            _ => Err(Refusal::NotCurrent),
        });
        if let (true, Err(refusal)) = (order.moves, stands) {
            return self.refuse(ticket, refusal);
        }
        let mut verdicts = Vec::with_capacity(order.runs.len());
        for (run, plan) in self.plans(&order.runs, &order.to) {
            let Some(held) = self.runs.get(&run) else { continue };
            verdicts.push(verdict(run, &held.name, held.steps(), plan.as_ref()));
            if let (Some(Plan::Moves(mapping)), true) = (plan, order.moves) {
                self.moves(now, run, &order.to, mapping);
            }
        }
        if order.moves {
            self.acted(now, None, Vec::new);
        }
        self.defer(Deferred::Output(Output::Answer(
            ticket,
            Answer::Verdicts(verdicts),
        )));
    }

    fn moves(&mut self, now: Timestamp, run: RunId, to: &Deployment, mapping: Mapping) {
        let (program, settings) = to.hashes();
        let moved = EventKind::Moved {
            program,
            settings,
            mapping,
        };
        self.happen(now, run, moved, None);
    }

    /// What becomes of the runs of this namespace that have not ended; nothing of those that are there already.
    fn plans(&self, runs: &[RunId], to: &Arc<Deployment>) -> Vec<(RunId, Option<Plan>)> {
        let mut homes: BTreeMap<(Hash, Hash), Arc<Deployment>> = BTreeMap::new();
        for held in runs.iter().filter_map(|run| self.runs.get(run)) {
            let home = held.deployment.clone();
            homes.insert(home.hashes(), home);
        }
        let mut upgrades: BTreeMap<(Hash, Hash), Upgrade<'_>> = BTreeMap::new();
        for (hashes, home) in &homes {
            upgrades.insert(*hashes, Upgrade::new(&home.program, &to.program));
        }
        let mut plans = Vec::new();
        for run in runs {
            let held = self.runs.get(run).filter(|held| held.namespace == self.namespace);
            let Some((held, Life::Live(live))) = held.map(|held| (held, &held.life)) else {
                continue;
            };
            let hashes = held.deployment.hashes();
            let plan = match upgrades.get_mut(&hashes) {
                Some(upgrade) if hashes != to.hashes() => Some(upgrade.plan(&live.run)),
                _ => None,
            };
            plans.push((*run, plan));
        }
        plans
    }
}

fn verdict(run: RunId, flow: &Name, steps: Vec<String>, plan: Option<&Plan>) -> Verdict {
    let at = steps.into_iter().next_back();
    let of = |fate: Fate, stay: Option<&Stay>| Verdict {
        run,
        flow: flow.clone(),
        fate,
        step: stay.and_then(|stay| stay.step.clone()).or(at.clone()),
        code: stay.map(Stay::code),
        why: stay.map(Stay::words),
        help: stay.map(Stay::help),
        migrate: stay.and_then(Stay::migration),
    };
    match plan {
        None => of(Fate::Current, None),
        Some(Plan::Moves(_)) => of(Fate::Moves, None),
        Some(Plan::NeedsMigration(stay)) => of(Fate::NeedsMigration, Some(stay)),
        Some(Plan::Stays(stay)) => of(Fate::Stays, Some(stay)),
    }
}
