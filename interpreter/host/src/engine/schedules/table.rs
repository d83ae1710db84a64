//! All schedules that are known, and when the next of them is due.

use crate::{RunId, engine::Deployment, store};
use flowmesh_ir::{Name, schedule::Schedule, timetable::Timetable};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    sync::Arc,
};

/// All schedules: those of the program, and those that earlier ones had.
#[derive(Clone, Debug, Default)]
pub(in crate::engine) struct Schedules {
    /// Whether this process carries them out.
    pub(super) kept: bool,
    all: BTreeMap<Name, Kept>,
    wakes: BTreeSet<(Timestamp, Name)>,
    /// Whose end is waited for.
    heard: HashMap<RunId, Name>,
}

/// A schedule.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept {
    /// As the journal has it, but for ends of runs that led to nothing.
    pub(super) state: store::Schedule,
    /// As the journal has it.
    pub(super) written: store::Schedule,
    /// Set while the program that is deployed has it.
    pub(super) active: Option<Active>,
    /// What is left of the backfill, once it was looked up.
    pub(super) backlog: Option<VecDeque<Timestamp>>,
}

/// A schedule of the program that is deployed.
#[derive(Clone, Debug)]
pub(super) struct Active {
    pub(super) deployment: Arc<Deployment>,
    at: usize,
    pub(super) table: Timetable,
    /// When it is looked at next.
    wake: Option<Timestamp>,
    /// Why its last run could not begin.
    pub(super) problem: Option<String>,
}

impl Active {
    pub(super) fn new(deployment: Arc<Deployment>, at: usize, schedule: &Schedule) -> Option<Self> {
        Some(Self {
            table: Timetable::new(schedule)?,
            deployment,
            at,
            wake: None,
            problem: None,
        })
    }

    pub(super) fn schedule(&self) -> Option<&Schedule> {
        self.deployment.program.schedules.get(self.at)
    }
}

impl Schedules {
    /// Takes note of how one stands, as the journal says.
    pub(in crate::engine) fn restore(&mut self, state: store::Schedule) {
        self.all.insert(state.name.clone(), state.into());
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &Name> {
        self.all.keys()
    }

    pub(super) fn get(&self, name: &Name) -> Option<&Kept> {
        self.all.get(name)
    }

    pub(super) fn get_mut(&mut self, name: &Name) -> Option<&mut Kept> {
        self.all.get_mut(name)
    }

    pub(super) fn is_paused(&self, name: &Name) -> bool {
        self.all.get(name).is_some_and(|kept| kept.state.paused.is_some())
    }

    /// The one of a name, which is new if there was none.
    pub(super) fn enter(&mut self, name: &Name) -> &mut Kept {
        let kept = self.all.entry(name.clone()).or_default();
        kept.state.name = name.clone();
        kept
    }

    /// When the first of them is to be looked at.
    pub(in crate::engine) fn next(&self) -> Option<Timestamp> {
        self.wakes.first().map(|(at, _)| *at)
    }

    /// Takes one that is to be looked at.
    pub(super) fn take_due(&mut self, now: Timestamp) -> Option<Name> {
        self.next().filter(|at| *at <= now)?;
        let (_, name) = self.wakes.pop_first()?;
        if let Some(active) = self.all.get_mut(&name).and_then(|kept| kept.active.as_mut()) {
            active.wake = None;
        }
        Some(name)
    }

    /// It is not looked at by itself any more.
    pub(super) fn sleep(&mut self, name: &Name) {
        let active = self.all.get_mut(name).and_then(|kept| kept.active.as_mut());
        if let Some(at) = active.and_then(|active| active.wake.take()) {
            self.wakes.remove(&(at, name.clone()));
        }
    }

    /// It is looked at then, and not before.
    pub(super) fn wake(&mut self, name: &Name, at: Timestamp) {
        self.sleep(name);
        if let Some(active) = self.all.get_mut(name).and_then(|kept| kept.active.as_mut()) {
            active.wake = Some(at);
            self.wakes.insert((at, name.clone()));
        }
    }

    /// The end of a run is waited for.
    pub(super) fn hear(&mut self, run: RunId, name: Name) {
        self.heard.insert(run, name);
    }

    /// The ends of all runs are waited for that had not ended when the schedule was written last.
    pub(super) fn listen(&mut self, name: &Name) -> Vec<RunId> {
        let Some(kept) = self.all.get(name) else {
            return Vec::new();
        };
        let runs = Self::runs_of(&kept.state);
        self.heard.extend(runs.iter().map(|run| (*run, name.clone())));
        runs
    }

    /// Whether the end of a run is waited for.
    pub(in crate::engine) fn hears(&self, run: RunId) -> bool {
        self.heard.contains_key(&run)
    }

    /// How all of them stand, as the journal has it.
    pub(in crate::engine) fn written(&self) -> impl Iterator<Item = &store::Schedule> {
        self.all.values().map(|kept| &kept.written)
    }

    /// The ends of all runs are waited for that schedules have begun.
    pub(in crate::engine) fn listen_all(&mut self) {
        let names: Vec<Name> = self.all.keys().cloned().collect();
        names.iter().for_each(|name| drop(self.listen(name)));
    }

    /// Runs that schedules have begun and that had not ended then.
    pub(in crate::engine) fn begun(&self) -> Vec<RunId> {
        let all = self.all.values().map(|kept| &kept.state);
        all.flat_map(Self::runs_of).collect()
    }

    /// Runs that one has begun and that had not ended then.
    pub(in crate::engine) fn runs_of(state: &store::Schedule) -> Vec<RunId> {
        let backfill = state.backfill.iter().flat_map(|it| &it.running);
        state.running.iter().chain(backfill).copied().collect()
    }

    /// Whose run this is, of those whose end is waited for.
    pub(super) fn take_heard(&mut self, run: RunId) -> Option<Name> {
        self.heard.remove(&run)
    }
}

/// How much later than its time a run begins: always the same for the same time.
pub(super) fn delay(schedule: &Schedule, due: Timestamp) -> SignedDuration {
    let mut hash = Sha256::new();
    hash.update(schedule.name.as_bytes());
    hash.update(due.as_microsecond().to_be_bytes());
    let drawn = hash.finalize().into_iter().take(8);
    let drawn = drawn.fold(0_u64, |drawn, byte| (drawn << 8) | u64::from(byte));
    let ms = drawn.checked_rem(schedule.jitter_ms.saturating_add(1));
    SignedDuration::from_millis(i64::try_from(ms.unwrap_or_default()).unwrap_or_default())
}
