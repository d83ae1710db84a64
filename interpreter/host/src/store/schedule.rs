//! How a schedule stands, as it is kept: what it is, its message and its line of an export.

mod line;
mod proto;

pub(super) use line::Line;
pub(super) use proto::Message;
pub(crate) use proto::{read_all, write_all};

use crate::RunId;
use flowmesh_ir::Name;
use jiff::Timestamp;

/// How a schedule stands since a time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schedule {
    /// Its name.
    pub name: Name,
    /// Since when it stands so.
    pub at: Timestamp,
    /// What was due up to this time was decided on, and is not looked at again.
    pub upto: Timestamp,
    /// Whether the program that was deployed last does not have it.
    pub absent: bool,
    /// Why nothing begins, if somebody or a failure has stopped it.
    pub paused: Option<Pause>,
    /// What it began last: when that was due, and the run.
    pub last: Option<(Timestamp, RunId)>,
    /// Times that were due while the run before went on, and whose runs are still to begin.
    pub waiting: Vec<Timestamp>,
    /// The runs that it began and that had not ended then.
    pub running: Vec<RunId>,
    /// What of the past is being made up for.
    pub backfill: Option<Backfill>,
}

/// Why a schedule is paused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    /// What was said about it.
    pub note: String,
    /// Since when.
    pub since: Timestamp,
    /// Whether a run that failed has done it.
    pub failed: bool,
}

/// A range of the past that is being made up for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backfill {
    /// The first moment of it.
    pub from: Timestamp,
    /// The last.
    pub to: Timestamp,
    /// Which times are made up for that had a run already.
    pub again: Again,
    /// Whether the latest comes first.
    pub newest_first: bool,
    /// How many of its runs go on at once.
    pub concurrency: u32,
    /// The time that was decided on last.
    pub reached: Option<Timestamp>,
    /// Its runs that had not ended then.
    pub running: Vec<RunId>,
    /// How many it has begun.
    pub begun: u64,
}

/// Which times are made up for that had a run already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Again {
    /// None.
    #[default]
    None,
    /// Those whose last run has failed or was stopped.
    Failed,
    /// All whose last run has ended.
    Completed,
}

impl Again {
    /// All of them, as they are written.
    pub const ALL: [(&'static str, Self); 3] = [
        ("none", Self::None),
        ("failed", Self::Failed),
        ("completed", Self::Completed),
    ];

    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        let known = Self::ALL.iter().find(|(_, again)| *again == self);
        known.map_or("none", |(word, _)| word)
    }

    /// Of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        let known = Self::ALL.iter().find(|(known, _)| *known == word);
        known.map(|(_, again)| *again)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Record, line};

    #[test]
    fn a_schedule_comes_back_from_its_message_and_its_line() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let schedule = Schedule {
            name: "nightly".into(),
            at: at(7),
            upto: at(-5),
            absent: true,
            paused: Some(Pause {
                note: "\"".to_owned(),
                since: at(6),
                failed: true,
            }),
            last: Some((at(0), RunId(u128::MAX))),
            waiting: vec![at(1), at(2)],
            running: vec![RunId(1), RunId(1 << 100)],
            backfill: Some(Backfill {
                from: at(0),
                to: at(9),
                again: Again::Completed,
                newest_first: true,
                concurrency: 3,
                reached: Some(at(4)),
                running: vec![RunId(5)],
                begun: 2,
            }),
        };
        assert_eq!(Message::of(&schedule).read().unwrap(), schedule);
        let record = Record::Schedule(Box::new(schedule));
        let lines = line::lines(record.clone());
        assert_eq!(line::read(&lines[0]).unwrap(), Some(record));
        let plain = Schedule {
            name: "often".into(),
            ..Schedule::default()
        };
        assert_eq!(Message::of(&plain).read().unwrap(), plain);
        let all = [plain.clone(), plain];
        let deployed = [crate::store::Deployed {
            program: flowmesh_ir::Hash([1; 32]),
            settings: flowmesh_ir::Hash([2; 32]),
            at: Timestamp::UNIX_EPOCH,
            by: "ann".to_owned(),
            how: crate::store::How::RolledBack,
        }];
        let (schedules, read) = read_all(&write_all(all.iter(), deployed.iter())).unwrap();
        assert_eq!((schedules, read), (all.to_vec(), deployed.to_vec()));
    }
}
