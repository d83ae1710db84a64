//! Runs that the clock begins: each once for its time, and what follows from its end.

use super::{table::Kept, whole};
use crate::{
    RunId,
    engine::{Engine, deployment::Deployment, ledger::Task, view::State, work::Birth},
    store::Pause,
};
use flowmesh_ir::{Name, schedule::Schedule, timetable::Timetable};
use flowmesh_machine::border;
use jiff::Timestamp;
use std::sync::Arc;

/// So many runs of a schedule are listed whose end is waited for; of what began before, nobody hears the end.
const RUNNING_MAX: usize = 1000;

impl Engine {
    /// Begins the run of a time. One that cannot begin is told of, and stops the schedule if failures do.
    pub(super) fn begin_at(&mut self, now: Timestamp, name: &Name, due: Timestamp) {
        let begun = self.begin_attempt(now, name, due, 0);
        let Some(kept) = self.schedules.get_mut(name) else {
            return;
        };
        let Some(active) = &mut kept.active else { return };
        active.problem = None;
        match begun {
            Ok((run, live)) => {
                kept.state.last = Some((due, run));
                if live {
                    kept.state.running.push(run);
                    let more = kept.state.running.len().saturating_sub(RUNNING_MAX);
                    kept.state.running.drain(..more);
                    self.schedules.hear(run, name.clone());
                }
            }
            Err(why) => {
                tracing::error!(schedule = %name, %due, "its run cannot begin: {why}");
                let stops = active
                    .schedule()
                    .is_some_and(|schedule| schedule.pause_on_failure);
                if stops {
                    kept.state.paused = Some(Pause {
                        note: format!("the run of {due} could not begin: {why}"),
                        since: whole(now),
                        failed: true,
                    });
                }
                active.problem = Some(why);
            }
        }
    }

    /// Begins a run of a time, unless it is there; and whether its end is still to come.
    pub(super) fn begin_attempt(
        &mut self,
        now: Timestamp,
        name: &Name,
        due: Timestamp,
        attempt: u32,
    ) -> Result<(RunId, bool), String> {
        let active = self.schedules.get(name).and_then(|kept| kept.active.clone());
        let active = active.ok_or("the program does not have it")?;
        let schedule = active.schedule().ok_or("the program does not have it")?;
        let birth = birth(&active.deployment, schedule, (due, active.table.zone()), attempt)?;
        let known = self.runs.len();
        let run = self.bear(now, &active.deployment, birth)?;
        let Some(held) = self.runs.get_mut(&run) else {
            return Ok((run, false));
        };
        // Somebody else may have started it, and its start must not be taken back any more.
        held.entangled = true;
        self.touch(run);
        // One that ended as it began is heard of like any other.
        let fresh = self.runs.len() > known;
        let ended = self.runs.get(&run).is_some_and(|held| held.ending().is_some());
        Ok((run, fresh || !ended))
    }

    /// A run has ended.
    pub(in crate::engine) fn schedule_heard(&mut self, now: Timestamp, run: RunId) {
        let Some(name) = self.schedules.take_heard(run).filter(|_| self.schedules.kept) else {
            return;
        };
        let failed = self.failure_of(run);
        let Some(kept) = self.schedules.get_mut(&name) else {
            return;
        };
        let listed = kept.state.running.contains(&run);
        kept.state.running.retain(|running| *running != run);
        let stops = kept.active.as_ref().and_then(|active| active.schedule());
        let stops = stops.is_some_and(|schedule| schedule.pause_on_failure);
        if let Some(error) = failed.filter(|_| listed && stops && kept.state.paused.is_none()) {
            kept.state.paused = Some(Pause {
                note: format!("the run {run} failed: {error}"),
                since: whole(now),
                failed: true,
            });
            self.schedules.sleep(&name);
            self.keep(whole(now), &name);
        } else if listed {
            self.tasks.push_back(Task::Schedule(name.clone()));
        }
        let backfill = self.schedules.get_mut(&name).and_then(Kept::backfill);
        if let Some(backfill) = backfill.filter(|backfill| backfill.running.contains(&run)) {
            backfill.running.retain(|running| *running != run);
            self.tasks.push_back(Task::Backfill(name));
        }
        self.rest_later(run);
    }

    /// The run that a flow's own key makes the one of a time, if there is one.
    pub(super) fn keyed(&self, schedule: &Schedule, table: &Timetable, due: Timestamp) -> Option<RunId> {
        let deployment = self.current.as_ref()?;
        let (program, settings) = (&deployment.program, &deployment.settings);
        let flow = program.flow(schedule.flow)?;
        flow.key.as_ref()?;
        let (_, seed) = RunId::scheduled(&schedule.name, due, 0);
        let input = border::scheduled(program, settings, schedule, (due, table.zone()), seed).ok()?;
        let key = border::check_input(program, settings, schedule.flow, &input).ok()??;
        self.keyed_run(&flow.name, &key)
    }

    /// The error that a run failed with, if it did.
    fn failure_of(&self, run: RunId) -> Option<String> {
        let held = self.runs.get(&run).filter(|held| held.state() == State::Failed)?;
        let row = self.row(run)?;
        Some(
            row.error
                .map_or_else(|| held.name.to_string(), |error| error.to_string()),
        )
    }

    /// Begins what has waited, if nothing of the schedule goes on any more. Whether it did.
    pub(super) fn begin_waiting(&mut self, now: Timestamp, name: &Name) -> bool {
        let Some(kept) = self.schedules.get_mut(name) else {
            return false;
        };
        let Some(due) = kept.state.waiting.first().copied() else {
            return false;
        };
        if !kept.state.running.is_empty() {
            return false;
        }
        if !self.is_prepared(name, due, 0) {
            self.tasks.push_back(Task::Schedule(name.clone()));
            return false;
        }
        if let Some(kept) = self.schedules.get_mut(name) {
            kept.state.waiting.remove(0);
        }
        self.begin_at(now, name, due);
        true
    }
}

/// A run of a time of a schedule: always the same.
pub(super) fn birth(
    deployment: &Arc<Deployment>,
    schedule: &Schedule,
    (due, zone): (Timestamp, &jiff::tz::TimeZone),
    attempt: u32,
) -> Result<Birth, String> {
    let (program, settings) = (&deployment.program, &deployment.settings);
    let (id, seed) = RunId::scheduled(&schedule.name, due, attempt);
    let input: Arc<[u8]> = border::scheduled(program, settings, schedule, (due, zone), seed)?.into();
    let own = border::check_input(program, settings, schedule.flow, &input);
    let own = own.map_err(|misfit| format!("the input does not fit: {misfit}"))?;
    let key = match attempt {
        0 => format!("{} at {due}", schedule.name),
        _ => format!("{} at {due}, again {attempt}", schedule.name),
    };
    Ok(Birth {
        id,
        seed,
        flow: schedule.flow,
        input,
        // What the flow itself says makes two starts the same goes before, unless it is to be done again.
        key: (own.is_none() || attempt > 0).then_some(key),
        depth: 0,
        namespace: Name::default(),
        lineage: None,
    })
}
