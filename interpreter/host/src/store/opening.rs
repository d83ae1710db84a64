//! Opening a directory: the journal is looked through, the index beside it opened or made again, and what it lacks is
//! replayed from the journal.

use super::{
    Index, Journal, Reader, StoreError, blob,
    changes::{Change, Changes, Moved},
    compact,
    format::{self, Format},
    index::Attempt,
    record::Position,
    recover::{self, Cut, Expected, Found},
    replay::{self, Replaying},
    segment,
    shelf::Shelf,
};
use crate::disk::Disk;
use std::{collections::BTreeMap, sync::Arc};

/// How much of a store is looked at when it is opened, and how much of it is kept in memory.
#[derive(Clone, Copy, Debug)]
pub struct OpeningOptions {
    /// How many bytes of the journal are read and their checksums seen to, the newest first.
    pub journal_read_max: u64,
    /// How many bytes of payloads that lie apart are read and seen to; of the others it is seen that they are there.
    pub blobs_read_max: u64,
    /// An index that is longer is believed without being read.
    pub index_read_max: u64,
    /// How many bytes of the index are kept in memory.
    pub cache_bytes: usize,
}

impl Default for OpeningOptions {
    fn default() -> Self {
        Self {
            journal_read_max: 2 << 30,
            blobs_read_max: 256 << 20,
            index_read_max: 256 << 20,
            cache_bytes: 64 << 20,
        }
    }
}

/// What was found in a store that was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// A batch that was being written when the last process ended, and that nobody was told of.
    pub cut: Option<Cut>,
    /// Why the index was made again from the journal, if it was.
    pub rebuilt: Option<String>,
    /// Whether it was a store of an earlier version.
    pub upgraded: bool,
}

/// A store that is being opened.
pub struct Opening {
    disk: Arc<dyn Disk>,
    journal: Journal,
    index: Arc<Index>,
    opened: Opened,
    /// The first segment, and where the journal ends.
    first: u32,
    end: Position,
    /// The last segment that was let go of.
    freed: u32,
    /// Events that were written again after the index knew of them.
    moved: Vec<Moved>,
    blobs_read_max: u64,
}

impl Opening {
    /// Looks through a directory, or makes a store in it. A torn tail is cut off; before that, nothing is changed.
    ///
    /// # Errors
    /// If it is of another version or damaged, or if the disk fails.
    pub fn begin(disk: Arc<dyn Disk>, options: &OpeningOptions) -> Result<Self, StoreError> {
        let format = format::check(disk.as_ref())?;
        let names = disk.list().map_err(|error| StoreError::Io {
            place: disk.place(""),
            error,
        })?;
        let attempt = match format {
            Format::Current => Index::open(disk.clone(), options.cache_bytes, options.index_read_max)?,
            Format::New | Format::First => Attempt::Unusable(String::new()),
        };
        let (index, why) = match attempt {
            Attempt::Sound(index) => (Some(*index), None),
            Attempt::Unusable(why) => (None, Some(why)),
        };
        let (index, why) = fresh(index, why, &names);
        let found = recover::scan(disk.as_ref(), &expected(index.as_ref(), options)?)?;
        let is_empty = found.end.batch == 0;
        let mut this = Self::of_found(disk, index, found, &names, options)?;
        this.opened.upgraded = format == Format::First;
        this.opened.rebuilt = why.filter(|_| format == Format::Current && !is_empty);
        if this.opened.upgraded {
            format::upgrade(this.disk.as_ref())?;
        }
        Ok(this)
    }

    fn of_found(
        disk: Arc<dyn Disk>,
        index: Option<Index>,
        found: Found,
        names: &[String],
        options: &OpeningOptions,
    ) -> Result<Self, StoreError> {
        let first = found
            .sealed
            .first()
            .map_or(found.last.number, |sealed| sealed.segment);
        let journal = Journal::open(disk.clone(), found.last, found.end)?;
        blob::clear(disk.as_ref(), names).map_err(|error| StoreError::Io {
            place: disk.place(""),
            error,
        })?;
        let index = match index {
            Some(index) => index,
            None => Index::create(disk.clone(), options.cache_bytes)?,
        };
        found.sealed.into_iter().for_each(|sealed| index.seal(sealed));
        Ok(Self {
            first,
            end: journal.end(),
            freed: index.freed(),
            moved: Vec::new(),
            blobs_read_max: options.blobs_read_max,
            disk,
            journal,
            index: Arc::new(index),
            opened: Opened {
                cut: found.cut,
                ..Opened::default()
            },
        })
    }

    /// The index, as far as it goes.
    #[must_use]
    pub fn index(&self) -> &Arc<Index> {
        &self.index
    }

    /// Hands over everything in the journal that the index may lack, in order. An index that was made again lacks all
    /// of it.
    ///
    /// # Errors
    /// If the journal is damaged, or `into` says so.
    pub fn replay(&mut self, into: &mut dyn Replaying) -> Result<(), StoreError> {
        self.replay_from(self.index.upto(), into)
    }

    /// Hands over everything in the journal, in order, for those who keep more than what is in the index.
    ///
    /// # Errors
    /// As for [`Opening::replay`].
    pub fn replay_all(&mut self, into: &mut dyn Replaying) -> Result<(), StoreError> {
        self.replay_from(Position::default(), into)
    }

    fn replay_from(&mut self, from: Position, into: &mut dyn Replaying) -> Result<(), StoreError> {
        let (disk, reader) = (self.disk.as_ref(), self.index.reader());
        let segments = (self.first, self.end);
        let replayed = replay::replay(disk, reader, from, segments, into)?;
        self.freed = self.freed.max(replayed.freed);
        self.moved = replayed.moved;
        begins(disk, self.first, self.freed)
    }

    /// The store as it goes on. What the index lacked was applied to it, up to where the journal ends.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn finish(self) -> Result<(Journal, Arc<Index>, Opened), StoreError> {
        let runs = self.moved.into_iter().map(Change::Moved).collect();
        self.index.apply(&Changes {
            upto: Some(self.end),
            runs,
            ..Changes::default()
        })?;
        self.index.checkpoint()?;
        blob::look_at(self.disk.as_ref(), &self.index.blobs()?, self.blobs_read_max)?;
        if self.freed >= self.first {
            // A process ended while it let go of them.
            compact::remove(self.disk.as_ref(), &self.index, self.first..=self.freed)?;
        } else if self.freed > self.index.freed() {
            self.index.free(self.freed)?;
        }
        Ok((self.journal, self.index, self.opened))
    }
}

/// Opens the journal of a directory alone, without an index, and hands over everything in it in order: for those who
/// keep everything in memory.
///
/// # Errors
/// As for [`Opening::begin`] and [`Opening::replay`].
pub fn open_journal(
    disk: &Arc<dyn Disk>,
    into: &mut dyn Replaying,
) -> Result<(Journal, Option<Cut>), StoreError> {
    let format = format::check(disk.as_ref())?;
    let found = recover::scan(disk.as_ref(), &expected(None, &OpeningOptions::default())?)?;
    let first = found
        .sealed
        .first()
        .map_or(found.last.number, |sealed| sealed.segment);
    let journal = Journal::open(Arc::clone(disk), found.last, found.end)?;
    if format == Format::First {
        format::upgrade(disk.as_ref())?;
    }
    let reader = Reader::new(Arc::clone(disk));
    let all = (first, journal.end());
    let replayed = replay::replay(disk.as_ref(), &reader, Position::default(), all, into)?;
    begins(disk.as_ref(), first, replayed.freed)?;
    Ok((journal, found.cut))
}

/// Hands over everything in the journal of a directory in order, and changes nothing in it.
///
/// # Errors
/// As for [`open_journal`].
pub fn read_journal(disk: &Arc<dyn Disk>, into: &mut dyn Replaying) -> Result<(), StoreError> {
    let found = recover::scan(disk.as_ref(), &expected(None, &OpeningOptions::default())?)?;
    let first = found
        .sealed
        .first()
        .map_or(found.last.number, |sealed| sealed.segment);
    let reader = Reader::new(Arc::clone(disk));
    let all = (first, found.end);
    let replayed = replay::replay(disk.as_ref(), &reader, Position::default(), all, into)?;
    begins(disk.as_ref(), first, replayed.freed)
}

/// The journal begins where it may: with the first segment, or behind one that was let go of.
fn begins(disk: &dyn Disk, first: u32, freed: u32) -> Result<(), StoreError> {
    if first <= freed.saturating_add(1) {
        return Ok(());
    }
    Err(StoreError::Damaged {
        place: disk.place(&segment::name(first.saturating_sub(1))),
        offset: 0,
        reason: "expected this segment, found only later ones".to_owned(),
    })
}

/// An index that knows of segments that were let go of later, or not at all, is an old copy: it is of no use.
fn fresh(index: Option<Index>, why: Option<String>, names: &[String]) -> (Option<Index>, Option<String>) {
    let first = names.iter().filter_map(|name| segment::number(name)).min();
    match (index, first) {
        (Some(index), Some(first)) if first > index.freed().saturating_add(1) => {
            (None, Some("it is older than the journal".to_owned()))
        }
        (index, _) => (index, why),
    }
}

fn expected(index: Option<&Index>, options: &OpeningOptions) -> Result<Expected, StoreError> {
    let Some(index) = index else {
        return Ok(Expected {
            sealed: BTreeMap::new(),
            upto: None,
            read_max: u64::MAX,
        });
    };
    Ok(Expected {
        sealed: index.sealed()?,
        upto: Some(index.upto()),
        read_max: options.journal_read_max,
    })
}
