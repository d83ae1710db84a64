//! Schedules: what the clock starts. Each decision on a time that is due is a record of the journal, in one batch with
//! the start that it leads to, and the run's identifier follows from the name of the schedule and that time: whatever
//! happens to the process, a time has one run at the most.
//!
//! [`table`] holds them and their wakes, [`due`] decides on times, [`begin`] starts runs and hears of their ends,
//! [`verbs`] is what people tell them, [`backfill`] makes up for the past, [`wants`] says which runs all that needs to know,
//! [`view`] is what people see.

mod backfill;
mod begin;
mod due;
mod table;
mod verbs;
mod view;
mod wants;

pub use backfill::{CONCURRENCY_MAX, Order, Plan, Planned};
pub use verbs::ScheduleCommand;
pub use view::{BackfillView, LastView, NextTime, PausedView, ScheduleView, next_times};

pub(super) use table::Schedules;

use super::{Engine, deployment::Deployment, ledger::Task};
use crate::store::{self, Record};
use flowmesh_ir::{Name, schedule::Schedule};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use table::{Active, Kept};

/// What a record of a schedule takes in the log beside its lists, and what each entry of them does.
const RECORD_BYTES: usize = 128;
const ENTRY_BYTES: usize = 24;
/// What was decided on so far ahead was decided while the clock was wrong.
const AHEAD: SignedDuration = SignedDuration::from_hours(24);

impl Engine {
    /// From now on this process carries out the schedules of the program that is deployed.
    pub(super) fn keep_schedules(&mut self, now: Timestamp) {
        if !self.schedules.kept {
            self.schedules.kept = true;
            self.take_up_schedules(now);
        }
    }

    /// Takes up the schedules of the program that is deployed now.
    pub(super) fn take_up_schedules(&mut self, now: Timestamp) {
        let Some(deployment) = self.current.clone().filter(|_| self.schedules.kept) else {
            return;
        };
        let now = whole(now);
        let gone = self.schedules.names();
        let gone = gone.filter(|name| find(&deployment, name).is_none());
        for name in gone.cloned().collect::<Vec<_>>() {
            self.put_away(now, &name);
        }
        for at in 0..deployment.program.schedules.len() {
            self.take_up(now, &deployment, at);
        }
    }

    /// The program that is deployed does not have it. It is kept as it stands, in case a later one does.
    fn put_away(&mut self, now: Timestamp, name: &Name) {
        self.schedules.sleep(name);
        let Some(kept) = self.schedules.get_mut(name) else {
            return;
        };
        kept.active = None;
        if !kept.state.absent {
            kept.state.absent = true;
            self.keep(now, name);
        }
    }

    fn take_up(&mut self, now: Timestamp, deployment: &Arc<Deployment>, at: usize) {
        let Some(schedule) = deployment.program.schedules.get(at) else {
            return;
        };
        let active = Active::new(Arc::clone(deployment), at, schedule);
        let name = schedule.name.clone();
        let known = self.schedules.get_mut(&name);
        let wrong = |upto: Timestamp| upto.duration_since(now) > AHEAD;
        let fresh = known.is_none_or(|kept| kept.state.absent || wrong(kept.state.upto));
        let kept = self.schedules.enter(&name);
        kept.active = active;
        if fresh {
            // What was due before it was there is nobody's loss. Times that had a run while the clock was ahead have none
            // again when they come.
            (kept.state.absent, kept.state.upto) = (false, now);
            self.keep(now, &name);
        }
        for run in self.schedules.listen(&name) {
            if self.runs.get(&run).is_none_or(|held| held.ending().is_some()) {
                self.schedule_heard(now, run);
            }
        }
        self.tasks.push_back(Task::Schedule(name.clone()));
        self.tasks.push_back(Task::Backfill(name));
    }

    /// Writes how a schedule stands.
    fn keep(&mut self, now: Timestamp, name: &Name) {
        let Some(kept) = self.schedules.get_mut(name) else {
            return;
        };
        kept.state.at = now;
        let state = kept.state.clone();
        kept.written = state.clone();
        self.rows.note = true;
        let entries = state.waiting.len().saturating_add(state.running.len());
        let bytes = entries.saturating_mul(ENTRY_BYTES).saturating_add(RECORD_BYTES);
        self.batches.add(Record::Schedule(Box::new(state)), bytes);
    }
}

/// A time as the log keeps it.
fn whole(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

fn find<'a>(deployment: &'a Deployment, name: &str) -> Option<&'a Schedule> {
    let mut all = deployment.program.schedules.iter();
    all.find(|schedule| schedule.name == name)
}

/// A schedule as the journal has it.
impl From<store::Schedule> for Kept {
    fn from(state: store::Schedule) -> Self {
        Self {
            written: state.clone(),
            state,
            ..Self::default()
        }
    }
}
