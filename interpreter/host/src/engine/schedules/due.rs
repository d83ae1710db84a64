//! What is decided on a time that is due: its run begins, waits for the one before, or is left out.

use super::{
    table::{Kept, delay},
    whole,
};
use crate::{
    RunId,
    engine::{Engine, Held, ledger::Task},
};
use flowmesh_ir::{
    Name,
    schedule::{Overlap, Schedule},
};
use flowmesh_machine::EventKind;
use jiff::{SignedDuration, Timestamp};

/// So many times of one schedule are decided on at once; the rest follows at the next tick, so that the others go on.
const TIMES_MAX: usize = 100;
/// So many times wait at the most; what is due beyond is left out.
const WAITING_MAX: usize = 1000;
/// A process may be busy or begin anew: what is late by less is never missed.
const LATE_MS: u64 = 60_000;

impl Engine {
    /// Decides on everything that is due.
    pub(in crate::engine) fn schedules_due(&mut self, now: Timestamp) {
        // While there is no room nothing new begins; what is due meanwhile waits, as if nothing ran.
        while self.full_until.is_none()
            && let Some(name) = self.schedules.take_due(now)
        {
            self.tasks.push_back(Task::Schedule(name));
        }
    }

    /// Decides on what is due of a schedule, begins what has waited long enough, and sees to it that it is looked at
    /// again.
    pub(in crate::engine) fn go_on_schedule(&mut self, now: Timestamp, name: &Name) {
        self.schedules.sleep(name);
        let Some(schedule) = self.schedules.get(name).and_then(known) else {
            return;
        };
        if self.schedules.is_paused(name) {
            return;
        }
        if self.full_until.is_some() {
            return self.schedules.wake(name, now);
        }
        self.batches.together();
        let mut changed = self.begin_waiting(now, name);
        for _ in 0..TIMES_MAX {
            // A run that could not begin may have stopped it.
            if self.schedules.is_paused(name) {
                self.schedules.sleep(name);
                break;
            }
            let Some((due, wake)) = self.next_due(now, name, &schedule) else {
                break;
            };
            self.schedules.wake(name, wake.max(now));
            if wake > now {
                break;
            }
            if !self.is_prepared(name, due, 0) {
                self.tasks.push_back(Task::Schedule(name.clone()));
                break;
            }
            self.decide(now, &schedule, due);
            changed = true;
            if let Some(kept) = self.schedules.get_mut(name) {
                kept.state.upto = due;
            }
        }
        if changed {
            self.keep(whole(now), name);
        }
        self.batches.part();
    }

    /// The next time that is to be decided on, and when that is to be done. What is too late to be made up for is left
    /// out.
    fn next_due(
        &mut self,
        now: Timestamp,
        name: &Name,
        schedule: &Schedule,
    ) -> Option<(Timestamp, Timestamp)> {
        let kept = self.schedules.get_mut(name)?;
        kept.state.upto = kept.state.upto.max(missed(now, schedule));
        let due = kept.active.as_ref()?.table.next(kept.state.upto)?.at;
        let wake = due.checked_add(delay(schedule, due)).unwrap_or(due);
        Some((due, wake))
    }

    fn decide(&mut self, now: Timestamp, schedule: &Schedule, due: Timestamp) {
        let name = &schedule.name;
        let Some(kept) = self.schedules.get_mut(name) else {
            return;
        };
        let waiting = &mut kept.state.waiting;
        if schedule.overlap == Overlap::Allow || kept.state.running.is_empty() && waiting.is_empty() {
            return self.begin_at(now, name, due);
        }
        match schedule.overlap {
            Overlap::Skip | Overlap::Allow => {}
            Overlap::BufferOne if !waiting.is_empty() => {}
            Overlap::BufferAll if waiting.len() >= WAITING_MAX => {
                tracing::warn!(schedule = %name, %due, "too many of its times wait already; this one is left out");
            }
            Overlap::BufferOne | Overlap::BufferAll => waiting.push(due),
            // Only the latest waits for the end of what it stops.
            Overlap::CancelOther | Overlap::TerminateOther => {
                *waiting = vec![due];
                let running = kept.state.running.clone();
                for run in running {
                    self.stop_other(now, run, schedule, due);
                }
            }
        }
    }

    fn stop_other(&mut self, now: Timestamp, run: RunId, schedule: &Schedule, due: Timestamp) {
        let Some(live) = self.runs.get_mut(&run).and_then(Held::live) else {
            return;
        };
        let reason = format!("the schedule `{}` is due again, at {due}", schedule.name);
        if schedule.overlap == Overlap::TerminateOther {
            self.happen(now, run, EventKind::Terminated { reason }, None);
        } else if !live.cancelled {
            self.happen(now, run, EventKind::Cancelled { reason }, None);
        }
    }
}

/// What was due up to here is too late to be made up for.
fn missed(now: Timestamp, schedule: &Schedule) -> Timestamp {
    let late = schedule
        .catch_up_ms
        .max(LATE_MS)
        .saturating_add(schedule.jitter_ms);
    let late = SignedDuration::from_millis(i64::try_from(late).unwrap_or(i64::MAX));
    whole(now.checked_sub(late).unwrap_or(Timestamp::MIN))
}

/// The times that are to be decided on now, at the most so many.
pub(super) fn due_now(kept: &Kept, now: Timestamp) -> Vec<Timestamp> {
    let (Some(active), Some(schedule)) = (&kept.active, known(kept)) else {
        return Vec::new();
    };
    let mut times: Vec<Timestamp> = kept.state.waiting.first().copied().into_iter().collect();
    let after = kept.state.upto.max(missed(now, &schedule));
    let due = active.table.between(after, now).map(|due| due.at);
    let begins = |due: &Timestamp| due.checked_add(delay(&schedule, *due)).unwrap_or(*due) <= now;
    times.extend(due.take_while(begins).take(TIMES_MAX));
    times
}

/// What the program says of it.
fn known(kept: &Kept) -> Option<Schedule> {
    kept.active.as_ref()?.schedule().cloned()
}
