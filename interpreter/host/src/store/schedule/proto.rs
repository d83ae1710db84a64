//! The message of a schedule. Field numbers are for ever, as in `store/proto.rs`.

use super::{Again, Backfill, Pause, Schedule};
use crate::{
    RunId,
    store::{
        Deployed, deployed,
        from_proto::{Unreadable, time},
    },
};
use jiff::Timestamp;
use prost::Message as _;

#[derive(Clone, PartialEq, prost::Message)]
pub(in crate::store) struct Message {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(sint64, tag = "2")]
    at_us: i64,
    #[prost(sint64, tag = "3")]
    upto_us: i64,
    #[prost(bool, tag = "4")]
    absent: bool,
    #[prost(message, optional, tag = "5")]
    paused: Option<PauseMessage>,
    #[prost(message, optional, tag = "6")]
    last: Option<Begun>,
    #[prost(sint64, repeated, tag = "7")]
    waiting_us: Vec<i64>,
    #[prost(message, repeated, tag = "8")]
    running: Vec<Run>,
    #[prost(message, optional, tag = "9")]
    backfill: Option<BackfillMessage>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct PauseMessage {
    #[prost(string, tag = "1")]
    note: String,
    #[prost(sint64, tag = "2")]
    since_us: i64,
    #[prost(bool, tag = "3")]
    failed: bool,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
struct Begun {
    #[prost(sint64, tag = "1")]
    due_us: i64,
    #[prost(message, optional, tag = "2")]
    run: Option<Run>,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
struct Run {
    #[prost(fixed64, tag = "1")]
    high: u64,
    #[prost(fixed64, tag = "2")]
    low: u64,
}

#[derive(Clone, PartialEq, prost::Message)]
struct BackfillMessage {
    #[prost(sint64, tag = "1")]
    from_us: i64,
    #[prost(sint64, tag = "2")]
    to_us: i64,
    /// `none`, `failed`, `completed`.
    #[prost(string, tag = "3")]
    again: String,
    #[prost(bool, tag = "4")]
    newest_first: bool,
    #[prost(uint32, tag = "5")]
    concurrency: u32,
    #[prost(sint64, optional, tag = "6")]
    reached_us: Option<i64>,
    #[prost(message, repeated, tag = "7")]
    running: Vec<Run>,
    #[prost(uint64, tag = "8")]
    begun: u64,
}

impl Message {
    /// The message of a schedule; the way back is [`Message::read`].
    pub(in crate::store) fn of(schedule: &Schedule) -> Self {
        Self {
            name: schedule.name.to_string(),
            at_us: schedule.at.as_microsecond(),
            upto_us: schedule.upto.as_microsecond(),
            absent: schedule.absent,
            paused: schedule.paused.as_ref().map(|paused| PauseMessage {
                note: paused.note.clone(),
                since_us: paused.since.as_microsecond(),
                failed: paused.failed,
            }),
            last: schedule.last.map(|(due, run)| Begun {
                due_us: due.as_microsecond(),
                run: Some(self::run(run)),
            }),
            waiting_us: schedule.waiting.iter().map(|due| due.as_microsecond()).collect(),
            running: schedule.running.iter().copied().map(run).collect(),
            backfill: schedule.backfill.as_ref().map(backfill),
        }
    }

    /// The schedule of a message; the way back is [`Message::of`].
    pub(in crate::store) fn read(self) -> Result<Schedule, Unreadable> {
        let paused = self.paused.map(|paused| {
            time(paused.since_us).map(|since| Pause {
                note: paused.note,
                since,
                failed: paused.failed,
            })
        });
        let last = self.last.map(|last| {
            let run = last.run.ok_or(Unreadable::Message("a time without its run"))?;
            Ok((time(last.due_us)?, run.read()))
        });
        let waiting: Result<Vec<Timestamp>, Unreadable> = self.waiting_us.into_iter().map(time).collect();
        Ok(Schedule {
            name: self.name.into(),
            at: time(self.at_us)?,
            upto: time(self.upto_us)?,
            absent: self.absent,
            paused: paused.transpose()?,
            last: last.transpose()?,
            waiting: waiting?,
            running: self.running.into_iter().map(Run::read).collect(),
            backfill: self.backfill.map(BackfillMessage::read).transpose()?,
        })
    }
}

fn run(run: RunId) -> Run {
    let (high, low) = run.halves();
    Run { high, low }
}

fn backfill(backfill: &Backfill) -> BackfillMessage {
    BackfillMessage {
        from_us: backfill.from.as_microsecond(),
        to_us: backfill.to.as_microsecond(),
        again: backfill.again.as_str().to_owned(),
        newest_first: backfill.newest_first,
        concurrency: backfill.concurrency,
        reached_us: backfill.reached.map(Timestamp::as_microsecond),
        running: backfill.running.iter().copied().map(run).collect(),
        begun: backfill.begun,
    }
}

impl Run {
    fn read(self) -> RunId {
        RunId::of_halves(self.high, self.low)
    }
}

impl BackfillMessage {
    fn read(self) -> Result<Backfill, Unreadable> {
        Ok(Backfill {
            from: time(self.from_us)?,
            to: time(self.to_us)?,
            again: Again::of(&self.again).ok_or(Unreadable::Message("a backfill of an unknown kind"))?,
            newest_first: self.newest_first,
            concurrency: self.concurrency,
            reached: self.reached_us.map(time).transpose()?,
            running: self.running.into_iter().map(Run::read).collect(),
            begun: self.begun,
        })
    }
}

/// How all schedules stand, and what was deployed.
#[derive(Clone, PartialEq, prost::Message)]
struct All {
    #[prost(message, repeated, tag = "1")]
    schedules: Vec<Message>,
    #[prost(message, repeated, tag = "2")]
    deployed: Vec<deployed::Message>,
}

/// All schedules and deployments as bytes; the way back is [`read_all`].
pub(crate) fn write_all<'s>(
    schedules: impl Iterator<Item = &'s Schedule>,
    deployed: impl Iterator<Item = &'s Deployed>,
) -> Vec<u8> {
    let schedules = schedules.map(Message::of).collect();
    let deployed = deployed.map(deployed::Message::of).collect();
    All { schedules, deployed }.encode_to_vec()
}

/// All schedules and deployments of such bytes; the way back is [`write_all`].
pub(crate) fn read_all(bytes: &[u8]) -> Option<(Vec<Schedule>, Vec<Deployed>)> {
    let All { schedules, deployed } = All::decode(bytes).ok()?;
    let schedules = schedules.into_iter().map(|schedule| schedule.read().ok());
    let deployed = deployed.into_iter().map(|deployed| deployed.read().ok());
    Some((
        schedules.collect::<Option<_>>()?,
        deployed.collect::<Option<_>>()?,
    ))
}
