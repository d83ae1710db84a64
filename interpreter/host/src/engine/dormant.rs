//! Runs that are not in memory: what waits for one to be loaded, when they wake, and which may leave next.
//!
//! Nothing is done about a run before it is in memory, or it is known that there is none: what is to be done waits, and
//! what is wanted is looked up. A run leaves when the index knows all of it and nothing is on its way for it.
//!
//! INVARIANT: what was looked up holds until what wanted it is done. A run that came into the index after that was asked
//! does not leave memory before: everything that waits has a number, and a run remembers the one that was next when the
//! index had taken it.

use super::{
    Held,
    fetch::Want,
    input::{Command, Ticket},
    ledger::Task,
    query::Query,
};
use crate::{RunId, store::Due};
use flowmesh_ir::Name;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

/// So many runs are woken at once.
pub(super) const WAKING_MAX: usize = 1000;

/// How much is kept in memory.
#[derive(Clone, Copy, Debug)]
pub struct Residence {
    /// When there are more runs in memory, those leave that only wait, the ones first to which nothing happened longest.
    pub runs_max: usize,
    /// After so long, runs leave that only wait.
    pub idle: SignedDuration,
    /// What comes due within this time is kept in memory.
    pub horizon: SignedDuration,
    /// After so many events the machine of a run is written down, so that no more than about as many are read when it
    /// comes back. A long one is written less often.
    pub snapshot_after: u64,
}

impl Default for Residence {
    fn default() -> Self {
        Self {
            runs_max: 20_000,
            idle: SignedDuration::from_secs(10),
            horizon: SignedDuration::from_secs(60),
            snapshot_after: 256,
        }
    }
}

/// Something to do that may need runs which are not in memory.
#[derive(Clone, Debug)]
pub(super) enum Work {
    /// What somebody in a namespace wants.
    Command(Ticket, Name, Box<Command>),
    Task(Task),
    /// A question that came to its turn.
    Query(Ticket, Query),
    /// A timer of this run comes due.
    Wake(RunId),
    /// See which timers come due soon, up to a time.
    Window(Timestamp),
}

/// What was looked up for one thing that is to be done.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    pub(super) keys: BTreeMap<(Name, String), Option<RunId>>,
    /// There are no such runs.
    pub(super) absent: BTreeSet<RunId>,
    pub(super) hearers: BTreeMap<Name, Vec<RunId>>,
    pub(super) timers: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) work: Work,
    pub(super) known: Known,
    pub(super) wants: BTreeSet<Want>,
    /// Runs that must not leave meanwhile.
    pub(super) pins: Vec<RunId>,
}

/// What is kept of runs that are not in memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Dormant {
    pub(super) residence: Residence,
    pub(super) waiting: BTreeMap<u64, Waiting>,
    /// The number of the next thing that waits.
    pub(super) next: u64,
    /// What is being looked up, and what waits for it.
    pub(super) asked: BTreeMap<Want, Vec<u64>>,
    /// What is to be looked up.
    pub(super) wanted: Vec<Want>,
    pins: HashMap<RunId, u32>,
    /// Runs that have ended and may leave.
    pub(super) gone: VecDeque<RunId>,
    /// Runs that may leave when they have waited for a while.
    pub(super) idle: VecDeque<(Timestamp, RunId)>,
    /// When runs wake, of what was looked up.
    pub(super) wakes: BTreeSet<(Timestamp, RunId)>,
    /// Up to which timer all are looked up.
    pub(super) upto: Option<Due>,
    /// When the first timer behind that comes due.
    pub(super) beyond: Option<Timestamp>,
    /// Runs that were let go of, until nothing is on its way that was looked up before the index knew that: with what of
    /// all that waits came next then.
    pub(super) retired: BTreeMap<RunId, Option<u64>>,
    /// Runs as they left, to see that they come back so.
    #[cfg(debug_assertions)]
    left: HashMap<RunId, flowmesh_machine::Run>,
    /// One that did not, and how many have come back.
    pub(super) otherwise: Option<RunId>,
    pub(super) came_back: u64,
}

impl Dormant {
    /// When something is to be done.
    pub(super) fn due(&self) -> Option<Timestamp> {
        // While something waits, those stay that it may have looked for; when it is done, they are seen to.
        let idle = self.idle.front().filter(|_| self.waiting.is_empty());
        let idle = idle.map(|(since, _)| *since);
        let idle = idle.and_then(|since| since.checked_add(self.residence.idle).ok());
        let wake = self.wakes_next().filter(|_| self.waiting.len() < WAKING_MAX);
        [idle, wake, self.window_due()].into_iter().flatten().min()
    }

    /// When the next run wakes, of what was looked up.
    pub(super) fn wakes_next(&self) -> Option<Timestamp> {
        self.wakes.first().map(|(at, _)| *at)
    }

    pub(super) fn window_due(&self) -> Option<Timestamp> {
        let asking = self.asked.keys().any(|want| matches!(want, Want::Timers(..)));
        let beyond = self.beyond.filter(|_| !asking)?;
        Some(beyond.checked_sub(self.residence.horizon).unwrap_or(beyond))
    }

    /// The number of the first thing that waits.
    pub(super) fn oldest(&self) -> u64 {
        self.waiting
            .first_key_value()
            .map_or(u64::MAX, |(number, _)| *number)
    }

    /// For a world in which a restart loses something.
    pub(super) fn forget_timers(&mut self) {
        self.wakes.clear();
        (self.upto, self.beyond) = (None, None);
    }

    pub(super) fn is_pinned(&self, run: RunId) -> bool {
        self.pins.contains_key(&run)
    }

    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }

    /// What is to be done between runs and waits.
    pub(super) fn tasks(&self) -> impl Iterator<Item = &Task> {
        self.waiting.values().filter_map(|waiting| match &waiting.work {
            Work::Task(task) => Some(task),
            _ => None,
        })
    }

    /// A timer of a run that leaves.
    pub(super) fn sleep(&mut self, due: Due) {
        let (at, run, _) = due;
        if self.upto.is_some_and(|upto| due <= upto) {
            self.wakes.insert((at, run));
        } else {
            self.beyond = Some(self.beyond.map_or(at, |beyond| beyond.min(at)));
        }
    }

    /// Takes note of a run as it leaves.
    #[cfg(debug_assertions)]
    pub(super) fn leaves(&mut self, run: RunId, machine: flowmesh_machine::Run) {
        self.left.insert(run, machine);
    }

    /// A run comes back; where that is looked at, as it left.
    pub(super) fn comes_back(&mut self, run: RunId, held: &Held) {
        self.came_back = self.came_back.saturating_add(1);
        #[cfg(debug_assertions)]
        if let (Some(left), Some(live)) = (self.left.remove(&run), held.alive())
            && left != live.run
        {
            self.otherwise.get_or_insert(run);
        }
        let _ = (run, held);
    }

    fn pin(&mut self, pins: &[RunId]) {
        for run in pins {
            let count = self.pins.entry(*run).or_default();
            *count = count.saturating_add(1);
        }
    }

    pub(super) fn unpin(&mut self, pins: &[RunId]) {
        for run in pins {
            if let Some(count) = self.pins.get_mut(run) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    self.pins.remove(run);
                }
            }
        }
    }

    /// Something waits from now on.
    pub(super) fn add(&mut self, work: Work, known: Known, (all, missing): (Vec<Want>, BTreeSet<Want>)) {
        let number = self.next;
        self.next = self.next.saturating_add(1);
        self.wait(number, work, known, (all, missing));
    }

    pub(super) fn wait(
        &mut self,
        number: u64,
        work: Work,
        known: Known,
        (all, missing): (Vec<Want>, BTreeSet<Want>),
    ) {
        let runs = all.iter().filter_map(|want| match want {
            Want::Run(run) => Some(*run),
            _ => None,
        });
        let pins: Vec<RunId> = runs.collect();
        self.pin(&pins);
        for want in &missing {
            match self.asked.get_mut(want) {
                Some(waiting) => waiting.push(number),
                None => {
                    self.wanted.push(want.clone());
                    self.asked.insert(want.clone(), vec![number]);
                }
            }
        }
        self.waiting.insert(
            number,
            Waiting {
                work,
                known,
                wants: missing,
                pins,
            },
        );
    }
}

impl Known {
    pub(super) fn learn(&mut self, found: &Learned) {
        match found {
            Learned::Run(run, absent) => {
                if *absent {
                    self.absent.insert(*run);
                }
            }
            Learned::Key(key, run) => drop(self.keys.insert(key.clone(), *run)),
            Learned::Hearers(event, runs) => drop(self.hearers.insert(event.clone(), runs.clone())),
            Learned::Timers => self.timers = true,
        }
    }
}

/// What came of a look.
pub(super) enum Learned {
    Run(RunId, bool),
    Key((Name, String), Option<RunId>),
    Hearers(Name, Vec<RunId>),
    Timers,
}
