//! What the index beside the journal is told: rows of runs to which something happened.
//!
//! They are cut when a batch is taken that nothing was added behind, or when nothing waits to be written, so that they
//! say what the journal says then; they are given out when that batch is on stable storage. Something happens to most
//! runs several times in a short while: a row is cut once for all of it.

use super::{Engine, Held, ledger::Task, output::Output};
use crate::{
    RunId,
    store::{
        self, Block, Change, Changes, Granted, Guarded, Kept, KeptResult, Pace, Position, Put, ResultKey,
        Row, Snapshot, Traffic,
    },
};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeSet, VecDeque};

/// For so long changes are gathered.
const GATHERED: SignedDuration = SignedDuration::from_millis(200);
/// So many runs are not gathered for longer.
const RUNS_MAX: usize = 4096;
/// So much is given out before the index has taken any of it. While its disk is full, the rest stays gathered: a row for
/// each run at most.
const GIVEN_MAX: usize = 8;

/// Rows that are to be told, and those that are being told.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    /// Whether there is an index.
    pub(super) kept: bool,
    /// Whether schedules were written that it does not know.
    pub(super) note: bool,
    touched: BTreeSet<RunId>,
    /// Runs that were let go of.
    retired: Vec<RunId>,
    /// Runs whose row says that something is still to be done.
    owed: BTreeSet<RunId>,
    since: Option<Timestamp>,
    /// Whether they are to be cut as soon as that can be.
    wanted: bool,
    /// What was cut together with the batch that is being written.
    cut: Option<Cut>,
    programs: Vec<Kept>,
    /// Where the journal ends.
    end: Position,
    /// What was given out and is not in the index yet: runs with the number of events it then has.
    given: VecDeque<Given>,
}

/// What was given out at once: runs with the number of events that the index then has, and those that it has no longer.
#[derive(Clone, Debug, Default)]
struct Given {
    runs: Vec<(RunId, u64)>,
    retired: Vec<RunId>,
}

/// What is told of a run: its row, and its machine if that was written down.
pub(super) type Told = (RunId, Row, Option<Snapshot>);

/// What is told at once.
#[derive(Clone, Debug, Default)]
struct Cut {
    rows: Vec<Told>,
    retired: Vec<RunId>,
    between: Between,
}

/// What is told of everything between runs.
#[derive(Clone, Debug, Default)]
pub(super) struct Between {
    pub(super) traffic: Option<Vec<Traffic>>,
    pub(super) paces: Vec<(Guarded, Option<Pace>)>,
    pub(super) granted: Granted,
    pub(super) results: Vec<(ResultKey, Option<KeptResult>)>,
    pub(super) note: Option<Vec<u8>>,
}

/// Where the events of a run lie that the index does not know of.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    /// How many events it does know of.
    pub(super) known: u64,
    /// How many it was given.
    given: u64,
    /// Where those behind the known ones lie.
    pub(super) recent: Vec<Block>,
}

impl Between {
    pub(super) fn changes(self) -> Changes {
        Changes {
            traffic: self.traffic,
            paces: self.paces,
            granted: Some(self.granted),
            results: self.results,
            note: self.note,
            ..Changes::default()
        }
    }
}

impl Rows {
    /// An index that knows everything up to where the journal ends.
    pub(super) fn begin(&mut self, end: Position) {
        (self.kept, self.end) = (true, end);
        self.touched.clear();
        self.programs.clear();
    }

    /// Something happened to a run.
    pub(super) fn touch(&mut self, (run, held): (RunId, &mut Held), now: Timestamp) {
        if self.kept {
            if self.touched.insert(run) {
                held.pending = held.pending.saturating_add(1);
            }
            self.since.get_or_insert(now);
            self.wanted |= self.touched.len() >= RUNS_MAX;
        }
    }

    /// A run was let go of.
    pub(super) fn retire(&mut self, run: RunId, now: Timestamp) {
        self.retired.push(run);
        self.since.get_or_insert(now);
    }

    /// Whether everything was given out.
    fn is_told(&self) -> bool {
        self.touched.is_empty()
            && self.retired.is_empty()
            && self.cut.is_none()
            && self.programs.is_empty()
            && !self.note
    }

    /// Whether more is cut as soon as that can be: the index keeps up.
    fn may_cut(&self) -> bool {
        self.wanted && self.given.len() < GIVEN_MAX
    }

    /// How much the index was given and has not taken, and whether it keeps up.
    pub(super) fn unindexed(&self) -> (usize, bool) {
        (self.given.len(), self.given.len() < GIVEN_MAX)
    }

    /// A run is not there any more.
    pub(super) fn forget(&mut self, run: RunId) {
        self.touched.remove(&run);
    }

    /// Something was done with a key, and is in the journal.
    pub(super) fn acts_told(&mut self, now: Timestamp) {
        self.since.get_or_insert(now);
    }

    /// A program or settings are in the journal.
    pub(super) fn program(&mut self, kept: Kept) {
        if self.kept {
            self.programs.push(kept);
        }
    }

    /// When it is time to cut.
    pub(super) fn due(&self) -> Option<Timestamp> {
        let since = self.since.filter(|_| !self.wanted)?;
        since.checked_add(GATHERED).ok()
    }

    /// Whether the row of a run says that something is still to be done; it is written again without.
    pub(super) fn takes_owed(&mut self, run: RunId) -> bool {
        self.owed.remove(&run)
    }
}

impl Places {
    /// All events up to this number are in the index.
    pub(super) fn all_known(&mut self, events: u64) {
        (self.known, self.given) = (events, events);
        self.recent = Vec::new();
    }

    fn give(&mut self, next: u64) -> (u64, Vec<Block>) {
        let first = self.given;
        let behind = store::behind(&self.recent, first.saturating_sub(self.known)).unwrap_or_default();
        self.given = next;
        (first, behind.to_vec())
    }

    fn learn(&mut self, events: u64) {
        let behind = store::behind(&self.recent, events.saturating_sub(self.known)).unwrap_or_default();
        self.recent = behind.to_vec();
        self.known = self.known.max(events);
    }
}

impl Engine {
    /// A batch was taken: rows are cut with it, if they are wanted and nothing was added behind it.
    pub(super) fn cut_with_batch(&mut self) {
        if self.rows.may_cut() && self.batches.is_last() {
            let cut = self.cut();
            self.rows.cut = Some(cut);
        }
    }

    /// The batch that was being written is on stable storage: what was cut with it is given out. Whether there was any.
    pub(super) fn give_cut(&mut self, end: Position) -> bool {
        self.rows.end = end;
        let cut = self.rows.cut.take();
        let some = cut.is_some();
        cut.into_iter().for_each(|cut| self.give(cut));
        some
    }

    /// It is time to cut.
    pub(super) fn cut_if_due(&mut self, now: Timestamp) {
        if self.rows.due().is_some_and(|due| due <= now) {
            self.rows.wanted = true;
        }
        if self.rows.may_cut() && self.batches.is_idle() {
            self.cut_now();
        }
    }

    /// Gives out everything that the index does not know, if nothing waits to be written; else as soon as that can be.
    /// Whether it was given out.
    pub(crate) fn flush(&mut self) -> bool {
        if self.rows.is_told() && self.acts.is_told() && !self.ledger.shifted {
            return true;
        }
        if self.batches.is_idle() {
            self.cut_now();
            return true;
        }
        self.rows.wanted = true;
        false
    }

    /// The index has taken what it was given first.
    pub(super) fn indexed(&mut self) {
        let Given { runs, retired } = self.rows.given.pop_front().unwrap_or_default();
        if !retired.is_empty() {
            self.retired_from_index(&retired);
        }
        for (run, events) in runs {
            let next = self.dormant.next;
            if let Some(held) = self.runs.get_mut(&run) {
                held.places.learn(events);
                if held.settle(next) {
                    self.rest_later(run);
                }
            }
        }
    }

    /// The batch that was being written is not in the journal, nor what was cut with it.
    pub(super) fn take_rows_back(&mut self) {
        let Some(cut) = self.rows.cut.take() else { return };
        self.rows.wanted = true;
        self.rows.note |= cut.between.note.is_some();
        self.ledger.shifted |= cut.between.traffic.is_some();
        self.ledger.guards.not_told(cut.between.paces);
        self.ledger.results.not_told(cut.between.results);
        self.rows.retired.splice(0..0, cut.retired);
        for (run, _, snapshot) in cut.rows {
            if snapshot.is_some() {
                self.take_snapshot_back(run);
            }
            if !self.rows.touched.insert(run)
                && let Some(held) = self.runs.get_mut(&run)
            {
                held.pending = held.pending.saturating_sub(1);
            }
        }
    }

    /// What the index knows of a run is not true any more, although nothing happened to it.
    pub(super) fn touch(&mut self, run: RunId) {
        if let Some(held) = self.runs.get_mut(&run) {
            self.rows.touch((run, held), self.now);
        }
    }

    fn cut_now(&mut self) {
        let cut = self.cut();
        self.give(cut);
    }

    fn cut(&mut self) -> Cut {
        (self.rows.wanted, self.rows.since) = (false, None);
        let touched = std::mem::take(&mut self.rows.touched);
        let owing = self.owing();
        let mut rows = Vec::with_capacity(touched.len());
        for run in touched {
            let Some(mut row) = self.row(run) else { continue };
            if owing.contains(&run) {
                row.busy = true;
                self.rows.owed.insert(run);
            }
            let snapshot = self.write_down(run);
            rows.push((run, row, snapshot));
        }
        let (paces, granted) = self.ledger.guards.take_untold();
        let between = Between {
            traffic: std::mem::take(&mut self.ledger.shifted).then(|| self.traffic_now()),
            paces,
            granted,
            results: self.ledger.results.take_untold(),
            note: std::mem::take(&mut self.rows.note).then(|| self.note()),
        };
        let retired = std::mem::take(&mut self.rows.retired);
        Cut {
            rows,
            retired,
            between,
        }
    }

    /// Runs for which something is still to be done.
    fn owing(&self) -> BTreeSet<RunId> {
        let tasks = self.tasks.iter().chain(self.dormant.tasks());
        tasks.filter_map(Task::run).collect()
    }

    /// Where the traffic of services goes that was moved.
    pub(super) fn traffic_now(&self) -> Vec<Traffic> {
        let all = self.ledger.traffic.moved();
        all.map(|(service, weights)| Traffic {
            service: service.clone(),
            weights: weights.clone(),
            at: self.rows.since.unwrap_or(self.now),
        })
        .collect()
    }

    /// How schedules stand.
    pub(super) fn note(&self) -> Vec<u8> {
        store::write_note(self.schedules.written(), self.deployed.iter())
    }

    fn give(&mut self, cut: Cut) {
        let Cut {
            rows,
            retired,
            between,
        } = cut;
        self.rows.given.push_back(Given {
            runs: rows.iter().map(|(run, row, _)| (*run, row.next)).collect(),
            retired: retired.clone(),
        });
        // A new run may have the key of one that goes.
        let mut runs: Vec<Change> = retired.into_iter().map(Change::Forget).collect();
        runs.append(&mut self.puts(rows));
        self.outputs.push(Output::Index(Box::new(Changes {
            upto: Some(self.rows.end),
            runs,
            programs: std::mem::take(&mut self.rows.programs),
            acts: self.acts.take_untold(),
            ..between.changes()
        })));
    }

    /// Rows with where those of their events lie that were not given before.
    pub(super) fn puts(&mut self, rows: Vec<Told>) -> Vec<Change> {
        let put = |(run, row, snapshot): Told| {
            let (first, places) = self.runs.get_mut(&run)?.places.give(row.next);
            Some(Change::Put(Box::new(Put {
                run,
                row,
                first,
                places,
                snapshot,
            })))
        };
        rows.into_iter().filter_map(put).collect()
    }
}
