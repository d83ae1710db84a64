//! Making up for a range of the past: the times of the schedule in it, each with a run of its own, so many at once.

use super::{table::Kept, whole};
use crate::{
    RunId,
    engine::{Engine, Refusal, ledger::Task, view::State},
    store::{Again, Backfill},
};
use flowmesh_ir::{Name, schedule::Schedule, timetable::Timetable};
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// So many times a range may hold.
const TIMES_MAX: usize = 10_000;
/// So many runs of it may go on at once.
pub const CONCURRENCY_MAX: u32 = 1000;
/// So often a time is begun at the most.
const ATTEMPTS_MAX: u32 = 1000;

/// What is to be made up for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// The first moment.
    pub from: Timestamp,
    /// The last.
    pub to: Timestamp,
    /// Which times that had a run already.
    pub again: Again,
    /// Whether the latest comes first.
    pub newest_first: bool,
    /// How many go on at once.
    pub concurrency: u32,
    /// Whether it is only said what would be done.
    pub dry_run: bool,
}

/// What is made up for, time by time in the order in which they begin.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// The times.
    pub times: Vec<Planned>,
}

/// What becomes of a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Planned {
    /// The time.
    pub at: Timestamp,
    /// Whether a run of it begins.
    pub begins: bool,
    /// The last run it had before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// How that stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
}

impl Engine {
    /// Checks and begins it, unless it is only to be said what would be done.
    pub(super) fn backfill(&mut self, now: Timestamp, name: &Name, order: Order) -> Result<Plan, Refusal> {
        let refused = |reason: String| Refusal::Backfill {
            schedule: name.clone(),
            reason,
        };
        if order.from > order.to || order.to > now {
            let (from, to) = (order.from, order.to);
            return Err(refused(format!(
                "expected a range of the past, found {from}..{to}"
            )));
        }
        if !(1..=CONCURRENCY_MAX).contains(&order.concurrency) {
            return Err(refused(format!(
                "expected from 1 to {CONCURRENCY_MAX} runs at once"
            )));
        }
        let current = self.current.as_ref();
        let schedule = current
            .and_then(|deployment| super::find(deployment, name))
            .cloned();
        let table = schedule.as_ref().and_then(Timetable::new);
        let (Some(schedule), Some(table)) = (schedule, table) else {
            return Err(refused("the program does not have it".to_owned()));
        };
        let times = times(&table, (order.from, order.to), order.newest_first);
        let times = times.ok_or_else(|| {
            refused(format!(
                "the range holds more than {TIMES_MAX} of its times; make up for them in parts"
            ))
        })?;
        let planned = times
            .iter()
            .map(|at| self.planned(&schedule, &table, *at, order.again));
        let plan = Plan {
            times: planned.collect(),
        };
        if order.dry_run {
            return Ok(plan);
        }
        let active = self.schedules.get(name).is_some_and(|kept| kept.active.is_some());
        if !active {
            return Err(refused("this process carries out no schedules".to_owned()));
        }
        let kept = self.schedules.enter(name);
        if kept.state.backfill.is_some() {
            return Err(refused("another backfill of it goes on".to_owned()));
        }
        kept.state.backfill = Some(Backfill {
            from: whole(order.from),
            to: whole(order.to),
            again: order.again,
            newest_first: order.newest_first,
            concurrency: order.concurrency,
            reached: None,
            running: Vec::new(),
            begun: 0,
        });
        kept.backlog = Some(times.into());
        self.keep(whole(now), name);
        self.tasks.push_back(Task::Backfill(name.clone()));
        Ok(plan)
    }

    /// Begins no more; what goes on goes on.
    pub(super) fn stop_backfill(&mut self, now: Timestamp, name: &Name) {
        let kept = self.schedules.enter(name);
        kept.backlog = None;
        if kept.state.backfill.take().is_some() {
            self.keep(whole(now), name);
        }
    }

    /// Begins what there is room for.
    pub(in crate::engine) fn go_on_with_backfill(&mut self, now: Timestamp, name: &Name) {
        let Some(active) = self.schedules.get(name).and_then(|kept| kept.active.clone()) else {
            return;
        };
        let Some(schedule) = active.schedule() else { return };
        let Some(again) = self.restore_backlog(name, &active.table) else {
            return;
        };
        if !self.is_next_prepared(name) {
            return self.tasks.push_back(Task::Backfill(name.clone()));
        }
        self.batches.together();
        while let Some(due) = self.schedules.get(name).and_then(Kept::next_of_backlog) {
            let attempt = self.attempts(name, due);
            if !self.is_prepared(name, due, attempt) {
                self.tasks.push_back(Task::Backfill(name.clone()));
                break;
            }
            if let Some(backlog) = self
                .schedules
                .get_mut(name)
                .and_then(|kept| kept.backlog.as_mut())
            {
                backlog.pop_front();
            }
            let planned = self.planned(schedule, &active.table, due, again);
            if planned.begins {
                self.begin_of_backfill(now, name, due, attempt);
            }
            if let Some(backfill) = self.schedules.get_mut(name).and_then(Kept::backfill) {
                backfill.reached = Some(due);
            }
        }
        if let Some(kept) = self.schedules.get_mut(name) {
            let done = kept.backlog.as_ref().is_none_or(VecDeque::is_empty);
            let quiet = kept
                .state
                .backfill
                .as_ref()
                .is_none_or(|it| it.running.is_empty());
            if done && quiet {
                (kept.state.backfill, kept.backlog) = (None, None);
            }
        }
        self.keep(whole(now), name);
        self.batches.part();
    }

    /// What is left of a backfill, found again after the process has begun anew.
    fn restore_backlog(&mut self, name: &Name, table: &Timetable) -> Option<Again> {
        let kept = self.schedules.get_mut(name)?;
        let backfill = kept.state.backfill.as_ref()?;
        let again = backfill.again;
        if kept.backlog.is_none() {
            let least = SignedDuration::from_micros(1);
            let (from, to) = match (backfill.reached, backfill.newest_first) {
                (None, _) => (backfill.from, backfill.to),
                (Some(reached), true) => (backfill.from, reached.checked_sub(least).unwrap_or(reached)),
                (Some(reached), false) => (reached.checked_add(least).unwrap_or(reached), backfill.to),
            };
            // A program that was deployed since may have more times in it than can be made up for.
            let left = times(table, (from, to), backfill.newest_first).unwrap_or_default();
            kept.backlog = Some(left.into());
        }
        Some(again)
    }

    fn begin_of_backfill(&mut self, now: Timestamp, name: &Name, due: Timestamp, attempt: u32) {
        match self.begin_attempt(now, name, due, attempt) {
            Ok((run, live)) => {
                if let Some(backfill) = self.schedules.get_mut(name).and_then(Kept::backfill) {
                    backfill.begun = backfill.begun.saturating_add(1);
                    if live {
                        backfill.running.push(run);
                        self.schedules.hear(run, name.clone());
                    }
                }
            }
            Err(why) => tracing::error!(schedule = %name, %due, "its run cannot begin: {why}"),
        }
    }

    /// How often a time was begun.
    pub(super) fn attempts(&self, name: &Name, due: Timestamp) -> u32 {
        let known = |attempt: &u32| self.runs.contains_key(&RunId::scheduled(name, due, *attempt).0);
        let attempts = (0..ATTEMPTS_MAX).take_while(known).count();
        u32::try_from(attempts).unwrap_or(ATTEMPTS_MAX)
    }

    /// What becomes of a time.
    fn planned(&self, schedule: &Schedule, table: &Timetable, at: Timestamp, again: Again) -> Planned {
        let run = match self.attempts(&schedule.name, at) {
            // By its own key it may have been started by somebody else.
            0 => self.keyed(schedule, table, at),
            attempts => Some(RunId::scheduled(&schedule.name, at, attempts.saturating_sub(1)).0),
        };
        let state = run.and_then(|run| self.runs.get(&run)).map(|held| held.state());
        let begins = match state {
            None => true,
            Some(state) if !state.is_end() => false,
            Some(State::Done) => again == Again::Completed,
            Some(_) => again != Again::None,
        };
        Planned {
            at,
            begins,
            run: run.filter(|_| state.is_some()),
            state,
        }
    }
}

impl Kept {
    pub(super) fn backfill(&mut self) -> Option<&mut Backfill> {
        self.state.backfill.as_mut()
    }

    /// The next time that is to be made up for, if there is room for a run of it.
    pub(super) fn next_of_backlog(&self) -> Option<Timestamp> {
        let backfill = self.state.backfill.as_ref()?;
        let most = usize::try_from(backfill.concurrency).unwrap_or(usize::MAX);
        if backfill.running.len() >= most {
            return None;
        }
        self.backlog.as_ref()?.front().copied()
    }
}

/// The times in a range, both ends within; nothing if there are too many.
pub(super) fn times(
    table: &Timetable,
    (from, to): (Timestamp, Timestamp),
    newest_first: bool,
) -> Option<Vec<Timestamp>> {
    let before = from.checked_sub(SignedDuration::from_micros(1)).unwrap_or(from);
    let due = table.between(before, to).map(|due| due.at);
    let mut times: Vec<Timestamp> = due.take(TIMES_MAX.saturating_add(1)).collect();
    if newest_first {
        times.reverse();
    }
    (times.len() <= TIMES_MAX).then_some(times)
}
