//! Which runs schedules need to know before they begin others: those of the same times, whoever started them.

use super::{
    backfill::{Order, times},
    begin::birth,
    due::due_now,
};
use crate::engine::{Deployment, Engine, dormant::Known, fetch::Want};
use flowmesh_ir::{Name, schedule::Schedule, timetable::Timetable};
use jiff::Timestamp;
use std::sync::Arc;

/// So many times of a backfill are prepared at once.
const PREPARED_MAX: usize = 256;

impl Engine {
    /// What deciding on everything that is due needs.
    pub(in crate::engine) fn schedule_wants(&self, name: &Name, known: &Known) -> Vec<Want> {
        let Some(kept) = self.schedules.get(name) else {
            return Vec::new();
        };
        let due = due_now(kept, self.now).into_iter();
        due.flat_map(|due| self.time_wants(name, due, 0, known)).collect()
    }

    /// What going on with a backfill needs.
    pub(in crate::engine) fn backfill_wants(&self, name: &Name, known: &Known) -> Vec<Want> {
        let Some(kept) = self.schedules.get(name) else {
            return Vec::new();
        };
        if kept.next_of_backlog().is_none() {
            return Vec::new();
        }
        let backlog = kept.backlog.iter().flatten().take(PREPARED_MAX);
        backlog
            .flat_map(|due| self.attempt_wants(name, *due, known))
            .collect()
    }

    /// What saying what would be made up for needs.
    pub(in crate::engine) fn plan_wants(&self, name: &Name, order: &Order, known: &Known) -> Vec<Want> {
        let current = self.current.as_ref();
        let found = current.and_then(|it| Some((it, super::find(it, name)?)));
        let Some((deployment, schedule)) = found else {
            return Vec::new();
        };
        let Some(table) = Timetable::new(schedule) else {
            return Vec::new();
        };
        let range = (order.from, order.to.min(self.now));
        let times = times(&table, range, order.newest_first).unwrap_or_default();
        let wants = |due: Timestamp| {
            let attempts = 0..=self.attempts(name, due);
            let of = |attempt| self.wants_of(deployment, schedule, (due, &table), attempt, known);
            attempts.flat_map(of).collect::<Vec<_>>()
        };
        times.into_iter().flat_map(wants).collect()
    }

    /// All attempts at a time, as far as they are known, and one more.
    fn attempt_wants(&self, name: &Name, due: Timestamp, known: &Known) -> Vec<Want> {
        let attempts = 0..=self.attempts(name, due);
        attempts
            .flat_map(|attempt| self.time_wants(name, due, attempt, known))
            .collect()
    }

    fn time_wants(&self, name: &Name, due: Timestamp, attempt: u32, known: &Known) -> Vec<Want> {
        let active = self.schedules.get(name).and_then(|kept| kept.active.as_ref());
        let found = active.and_then(|active| Some((active, active.schedule()?)));
        found.map_or(Vec::new(), |(active, schedule)| {
            self.wants_of(&active.deployment, schedule, (due, &active.table), attempt, known)
        })
    }

    fn wants_of(
        &self,
        deployment: &Arc<Deployment>,
        schedule: &Schedule,
        (due, table): (Timestamp, &Timetable),
        attempt: u32,
        known: &Known,
    ) -> Vec<Want> {
        match birth(deployment, schedule, (due, table.zone()), attempt) {
            Ok(birth) => self.birth_wants(deployment, &birth, known),
            // It is told of when it is to begin.
            Err(_) => Vec::new(),
        }
    }

    /// Whether everything is known that beginning the run of a time needs.
    pub(super) fn is_prepared(&self, name: &Name, due: Timestamp, attempt: u32) -> bool {
        if !self.rows.kept {
            return true;
        }
        let attempts = 0..=attempt;
        let wants = attempts.flat_map(|attempt| self.time_wants(name, due, attempt, &self.known));
        wants
            .collect::<Vec<_>>()
            .iter()
            .all(|want| self.has(want, &self.known))
    }

    pub(super) fn is_next_prepared(&self, name: &Name) -> bool {
        let next = self.schedules.get(name).and_then(|kept| kept.next_of_backlog());
        next.is_none_or(|due| self.is_prepared(name, due, self.attempts(name, due)))
    }
}
