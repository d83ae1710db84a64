//! Runs that ended long ago: they are archived, if somebody wants that, and let go of.

use super::UpkeepError;
use crate::{
    RunId,
    disk::{Appender, Disk},
    engine::{Engine, view::State},
    store::{Change, Changes, Index, Journal, Record, Row, Shelf, StoreError, line},
};
use flowmesh_ir::Hash;
use jiff::Timestamp;
use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

/// So many runs are let go of in one batch.
const BATCH: usize = 1000;
/// An archive is written in pieces of about so many bytes.
const PIECE_BYTES: usize = 1 << 20;

/// Which runs are let go of.
pub struct Retiring<'a> {
    /// Those that ended before.
    pub before: Timestamp,
    /// Where they are archived, and under which name: an export of its own that holds them and their programs.
    pub archive: Option<(&'a dyn Disk, String)>,
}

/// Lets runs go; how many.
pub(super) fn retire(
    retiring: &Retiring<'_>,
    (journal, index): (&mut Journal, &Index),
    engine: &Engine,
) -> Result<usize, UpkeepError> {
    let awaited: BTreeSet<RunId> = engine.awaited_by_schedules().into_iter().collect();
    let mut rows = candidates(index, retiring.before, usize::MAX)?;
    rows.retain(|run, _| !awaited.contains(run));
    keep_back(index, &mut rows)?;
    if let Some((disk, name)) = &retiring.archive
        && !rows.is_empty()
    {
        let mut archive = Archive::create(*disk, name)?;
        archive.add(index, &rows)?;
        archive.sync(*disk)?;
    }
    let runs: Vec<RunId> = rows.into_keys().collect();
    for some in runs.chunks(BATCH) {
        let forgotten: Vec<Record> = some.iter().map(|run| Record::Forgotten { run: *run }).collect();
        let appended = journal.append(&forgotten).map_err(StoreError::from)?;
        appended.sealed.into_iter().for_each(|sealed| index.seal(sealed));
        // The index knows it before any of their events could be written again.
        index.apply(&Changes {
            upto: Some(appended.end),
            runs: some.iter().copied().map(Change::Forget).collect(),
            results: engine.results_of(some),
            ..Changes::default()
        })?;
    }
    Ok(runs.len())
}

/// Runs that ended before a time and that no other run needs any more, those that ended first; at most so many.
pub(crate) fn candidates(
    index: &Index,
    before: Timestamp,
    most: usize,
) -> Result<BTreeMap<RunId, Row>, StoreError> {
    let mut rows = BTreeMap::new();
    for state in State::ALL.into_iter().filter(|state| state.is_end()) {
        for run in index.ended_before(state.as_str(), before, most.saturating_sub(rows.len()))? {
            let done = |row: &Row| !row.busy && row.parents.is_empty();
            if let Some(row) = index.row(run)?.filter(done) {
                rows.insert(run, row);
            }
        }
    }
    keep_back(index, &mut rows)?;
    Ok(rows)
}

/// Whoever goes on in the place of another is not let go of before it.
pub(super) fn keep_back(index: &Index, rows: &mut BTreeMap<RunId, Row>) -> Result<(), StoreError> {
    while let Some(run) = kept_back(index, rows)? {
        rows.remove(&run);
    }
    Ok(())
}

fn kept_back(index: &Index, rows: &BTreeMap<RunId, Row>) -> Result<Option<RunId>, StoreError> {
    for (run, row) in rows {
        let of = row.continues.filter(|of| !rows.contains_key(of));
        if let Some(of) = of
            && index.row(of)?.is_some()
        {
            return Ok(Some(*run));
        }
    }
    Ok(None)
}

/// An export that runs are added to.
pub(crate) struct Archive {
    writing: Writing,
    /// Those that are in it.
    programs: BTreeSet<Hash>,
}

impl Archive {
    /// A new one, of this name.
    pub(crate) fn create(disk: &dyn Disk, name: &str) -> Result<Self, UpkeepError> {
        match disk.length(name) {
            Ok(_) => {
                return Err(UpkeepError::Taken {
                    place: disk.place(""),
                    file: name.to_owned(),
                });
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(UpkeepError::Stream(error)),
        }
        let file = disk.append(name).map_err(UpkeepError::Stream)?;
        let mut writing = Writing {
            file,
            text: String::new(),
        };
        writing.line(&line::head(None))?;
        Ok(Self {
            writing,
            programs: BTreeSet::new(),
        })
    }

    /// Adds runs, with the programs that they need.
    pub(crate) fn add(&mut self, index: &Index, rows: &BTreeMap<RunId, Row>) -> Result<(), UpkeepError> {
        for (run, row) in rows {
            for (hash, is_program) in [(row.program, true), (row.settings, false)] {
                if self.programs.insert(hash) {
                    self.writing.program(index, hash, is_program)?;
                }
            }
            for event in index.events(*run, 0)? {
                self.writing.record(Record::Event(event))?;
            }
        }
        Ok(())
    }

    /// When this returns, all of it is on stable storage.
    pub(crate) fn sync(&mut self, disk: &dyn Disk) -> Result<(), UpkeepError> {
        self.writing.give()?;
        self.writing.file.sync().map_err(UpkeepError::Stream)?;
        disk.sync_directory().map_err(UpkeepError::Stream)
    }
}

struct Writing {
    file: Box<dyn Appender>,
    text: String,
}

impl Writing {
    fn program(&mut self, index: &Index, hash: Hash, is_program: bool) -> Result<(), UpkeepError> {
        let missing = || StoreError::Contradiction {
            reason: format!("the program `{hash}` is not in the journal, and runs need it"),
        };
        let bytes = index.program(hash)?.ok_or_else(missing)?;
        self.record(match is_program {
            true => Record::Program { hash, json: bytes },
            false => Record::Settings { hash, bytes },
        })
    }

    fn record(&mut self, record: Record) -> Result<(), UpkeepError> {
        line::lines(record).iter().try_for_each(|line| self.line(line))
    }

    fn line(&mut self, line: &str) -> Result<(), UpkeepError> {
        self.text.push_str(line);
        self.text.push('\n');
        if self.text.len() >= PIECE_BYTES {
            return self.give();
        }
        Ok(())
    }

    fn give(&mut self) -> Result<(), UpkeepError> {
        let text = std::mem::take(&mut self.text);
        self.file.append(text.as_bytes()).map_err(UpkeepError::Stream)
    }
}
