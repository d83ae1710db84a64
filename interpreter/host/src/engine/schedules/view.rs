//! What can be seen of a schedule from outside.

use super::table::delay;
use crate::{
    RunId,
    engine::{Engine, deployment::Deployment},
    store,
};
use flowmesh_ir::{
    Name, print,
    schedule::Schedule,
    timetable::{Edge, Timetable},
};
use jiff::{Timestamp, civil::DateTime};
use schemars::JsonSchema;
use serde::Serialize;

/// So many next times are told at once.
const TIMES_MAX: usize = 1000;

/// One schedule as it stands.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ScheduleView {
    /// Its name.
    pub name: Name,
    /// Its documentation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    /// The flow it starts.
    pub flow: Name,
    /// When it is due, as it is written.
    pub when: String,
    /// The zone of its clocks.
    pub zone: String,
    /// What happens while the run before has not ended.
    pub overlap: &'static str,
    /// Whether this process carries it out.
    pub kept: bool,
    /// Why nothing begins, if somebody or a failure has stopped it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused: Option<PausedView>,
    /// Why its last run could not begin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// The run it began last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<LastView>,
    /// Those of its runs that have not ended.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub running: Vec<RunId>,
    /// Times that were due and whose runs are still to begin.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<Timestamp>,
    /// What of the past is being made up for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backfill: Option<BackfillView>,
    /// When it is due next.
    pub next: Vec<NextTime>,
}

/// Why a schedule is paused.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PausedView {
    /// What was said about it.
    pub note: String,
    /// Since when.
    pub since: Timestamp,
    /// Whether a run that failed has done it.
    pub failed: bool,
}

/// The last run of a schedule.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct LastView {
    /// When it was due.
    pub due: Timestamp,
    /// The run.
    pub run: RunId,
}

/// How far a backfill has come.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BackfillView {
    /// The first moment of the range.
    pub from: Timestamp,
    /// The last.
    pub to: Timestamp,
    /// Which times that had a run already.
    pub again: &'static str,
    /// Whether the latest comes first.
    pub newest_first: bool,
    /// How many go on at once.
    pub concurrency: u32,
    /// The time that was decided on last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reached: Option<Timestamp>,
    /// How many it has begun.
    pub begun: u64,
    /// Those that have not ended.
    pub running: Vec<RunId>,
}

/// A time at which a schedule is due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NextTime {
    /// When.
    pub at: Timestamp,
    /// What the clocks of its zone show, with their distance to UTC.
    pub local: String,
    /// When its run begins, if chance makes it later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub begins: Option<Timestamp>,
    /// What is odd about it, because the clocks are changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// When a schedule is due next after a moment.
#[must_use]
pub fn next_times(schedule: &Schedule, after: Timestamp, count: usize) -> Vec<NextTime> {
    let Some(table) = Timetable::new(schedule) else {
        return Vec::new();
    };
    let due = table.between(after, Timestamp::MAX).take(count.min(TIMES_MAX));
    due.map(|due| {
        let local = due.at.to_zoned(table.zone().clone());
        let delay = delay(schedule, due.at);
        NextTime {
            at: due.at,
            local: local.strftime("%a %Y-%m-%d %H:%M:%S%.f %:z").to_string(),
            begins: due.at.checked_add(delay).ok().filter(|begins| *begins != due.at),
            note: due.edge.map(|edge| words(edge, local.datetime())),
        }
    })
    .collect()
}

fn words(edge: Edge, shown: DateTime) -> String {
    let clock = |time: DateTime| time.strftime("%H:%M").to_string();
    match edge {
        Edge::Skipped { meant } if meant.date() != shown.date() => {
            format!("{} is skipped: the clocks jump over this day", meant.date())
        }
        Edge::Skipped { meant } => {
            format!("{} is skipped: the clocks jump to {}", clock(meant), clock(shown))
        }
        Edge::FirstOfTwo => format!("{} comes twice: this is the first", clock(shown)),
        Edge::SecondOfTwo => format!("{} comes twice: this is the second", clock(shown)),
    }
}

impl ScheduleView {
    /// A schedule as its program says, which nobody carries out.
    #[must_use]
    pub fn of_program(
        program: &flowmesh_ir::Program,
        schedule: &Schedule,
        after: Timestamp,
        count: usize,
    ) -> Self {
        let flow = program.flow(schedule.flow);
        Self {
            name: schedule.name.clone(),
            doc: schedule.doc.clone(),
            flow: flow.map(|flow| flow.name.clone()).unwrap_or_default(),
            when: print::when(&schedule.when),
            zone: schedule.when.zone().to_owned(),
            overlap: schedule.overlap.as_str(),
            kept: false,
            paused: None,
            problem: None,
            last: None,
            running: Vec::new(),
            waiting: Vec::new(),
            backfill: None,
            next: next_times(schedule, after, count),
        }
    }
}

impl Engine {
    /// All schedules of the program that is deployed.
    pub(in crate::engine) fn schedule_views(&self, now: Timestamp) -> Vec<ScheduleView> {
        let deployment = self.current.as_ref();
        let of = |deployment: &Deployment| -> Vec<ScheduleView> {
            let all = deployment.program.schedules.iter();
            all.map(|schedule| self.view_schedule(deployment, schedule, now, 1))
                .collect()
        };
        deployment.map(|deployment| of(deployment)).unwrap_or_default()
    }

    /// One of them.
    pub(in crate::engine) fn schedule_view(
        &self,
        name: &str,
        now: Timestamp,
        count: usize,
    ) -> Option<ScheduleView> {
        let deployment = self.current.as_ref()?;
        let schedule = super::find(deployment, name)?;
        Some(self.view_schedule(deployment, schedule, now, count))
    }

    fn view_schedule(
        &self,
        deployment: &Deployment,
        schedule: &Schedule,
        now: Timestamp,
        count: usize,
    ) -> ScheduleView {
        let view = ScheduleView::of_program(&deployment.program, schedule, now, count);
        let Some(kept) = self.schedules.get(&schedule.name) else {
            return view;
        };
        let state = &kept.state;
        let alive = |run: &&RunId| self.runs.get(run).is_some_and(|held| held.ending().is_none());
        let running = |runs: &[RunId]| runs.iter().filter(alive).copied().collect::<Vec<_>>();
        ScheduleView {
            kept: kept.active.is_some(),
            problem: kept.active.as_ref().and_then(|active| active.problem.clone()),
            paused: state.paused.as_ref().map(|paused| PausedView {
                note: paused.note.clone(),
                since: paused.since,
                failed: paused.failed,
            }),
            last: state.last.map(|(due, run)| LastView { due, run }),
            running: running(&state.running),
            waiting: state.waiting.clone(),
            backfill: state.backfill.as_ref().map(|it: &store::Backfill| BackfillView {
                from: it.from,
                to: it.to,
                again: it.again.as_str(),
                newest_first: it.newest_first,
                concurrency: it.concurrency,
                reached: it.reached,
                begun: it.begun,
                running: running(&it.running),
            }),
            ..view
        }
    }
}
