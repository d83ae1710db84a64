//! A schedule in a line of an export. The names of the fields are for ever.

use super::{Again, Backfill, Pause, Schedule};
use crate::RunId;
use flowmesh_ir::Name;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::store) struct Line {
    name: Name,
    at: Timestamp,
    upto: Timestamp,
    absent: bool,
    paused: Option<PauseLine>,
    last: Option<(Timestamp, RunId)>,
    waiting: Vec<Timestamp>,
    running: Vec<RunId>,
    backfill: Option<BackfillLine>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PauseLine {
    note: String,
    since: Timestamp,
    failed: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BackfillLine {
    from: Timestamp,
    to: Timestamp,
    again: String,
    newest_first: bool,
    concurrency: u32,
    reached: Option<Timestamp>,
    running: Vec<RunId>,
    begun: u64,
}

impl Line {
    /// The line of a schedule; the way back is [`Line::read`].
    pub(in crate::store) fn of(schedule: &Schedule) -> Self {
        let schedule = schedule.clone();
        Self {
            name: schedule.name,
            at: schedule.at,
            upto: schedule.upto,
            absent: schedule.absent,
            paused: schedule.paused.map(|paused| PauseLine {
                note: paused.note,
                since: paused.since,
                failed: paused.failed,
            }),
            last: schedule.last,
            waiting: schedule.waiting,
            running: schedule.running,
            backfill: schedule.backfill.map(|it| BackfillLine {
                from: it.from,
                to: it.to,
                again: it.again.as_str().to_owned(),
                newest_first: it.newest_first,
                concurrency: it.concurrency,
                reached: it.reached,
                running: it.running,
                begun: it.begun,
            }),
        }
    }

    /// The schedule of a line; the way back is [`Line::of`].
    pub(in crate::store) fn read(self) -> Result<Schedule, String> {
        let backfill = self.backfill.map(|it| {
            let again = Again::of(&it.again);
            Ok::<_, String>(Backfill {
                from: it.from,
                to: it.to,
                again: again
                    .ok_or_else(|| format!("expected none, failed or completed, found `{}`", it.again))?,
                newest_first: it.newest_first,
                concurrency: it.concurrency,
                reached: it.reached,
                running: it.running,
                begun: it.begun,
            })
        });
        Ok(Schedule {
            name: self.name,
            at: self.at,
            upto: self.upto,
            absent: self.absent,
            paused: self.paused.map(|paused| Pause {
                note: paused.note,
                since: paused.since,
                failed: paused.failed,
            }),
            last: self.last,
            waiting: self.waiting,
            running: self.running,
            backfill: backfill.transpose()?,
        })
    }
}
