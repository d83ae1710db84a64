//! Letting go of a segment, and of payloads that nothing needs.

use super::{Append, Compaction, STEP_BYTES};
use crate::{
    disk::Disk,
    store::{
        Act, ActKey, Between, Deployed, Index, Record, StoreError, Voided,
        act::KeptAct,
        blob,
        changes::{Changes, Kept},
        record::Location,
        schedule, segment,
        shelf::Shelf,
    },
};
use flowmesh_ir::Hash;
use std::{
    collections::{BTreeSet, VecDeque},
    io,
    ops::RangeInclusive,
    sync::PoisonError,
};

impl Compaction<'_> {
    /// Lets go of a segment that no event of a run lies in any more.
    pub(super) fn free(&self, segment: u32, append: Append<'_>) -> Result<(), StoreError> {
        let kept = self.programs(segment)?;
        let between = self.between()?.map(|it| Record::Between(Box::new(it)));
        let records: Vec<Record> = kept.again.iter().cloned().chain(between).collect();
        if !records.is_empty() {
            let appended = append(records)?;
            let place = |(record, place): (&Record, _)| hash(record).map(|hash| Kept { hash, place });
            let places = kept.again.iter().zip(appended.places);
            self.index.apply(&Changes {
                programs: places.filter_map(place).collect(),
                dropped: kept.dropped,
                ..Changes::default()
            })?;
        } else if !kept.dropped.is_empty() {
            self.index.apply(&Changes {
                dropped: kept.dropped,
                ..Changes::default()
            })?;
        }
        self.acts(segment, &mut *append)?;
        self.index.checkpoint()?;
        append(vec![Record::Freed { segment }])?;
        remove(self.disk, self.index, segment..=segment)?;
        self.remove_blobs()
    }

    /// What was done with keys and lies in a segment is written again, a step of it at a time.
    fn acts(&self, segment: u32, append: Append<'_>) -> Result<(), StoreError> {
        let mut keys = VecDeque::new();
        self.index.acts(&mut |kept| {
            if kept.segment == segment {
                keys.push_back(kept.act.key);
            }
        })?;
        while !keys.is_empty() {
            let acts = self.some_acts(&mut keys)?;
            if acts.is_empty() {
                break;
            }
            let records = acts.iter().map(|act| Record::Act(Box::new(act.clone())));
            let appended = append(records.collect())?;
            let kept = |(act, place): (Act, Location)| {
                let segment = place.segment;
                (act.key.clone(), Some(KeptAct { act, segment }))
            };
            let acts = acts.into_iter().zip(appended.places).map(kept);
            self.index.apply(&Changes {
                acts: acts.collect(),
                ..Changes::default()
            })?;
        }
        Ok(())
    }

    /// As many as one step writes again.
    fn some_acts(&self, keys: &mut VecDeque<ActKey>) -> Result<Vec<Act>, StoreError> {
        let (mut acts, mut left) = (Vec::new(), usize::try_from(STEP_BYTES).unwrap_or(usize::MAX));
        while left > 0
            && let Some(key) = keys.pop_front()
        {
            if let Some(kept) = self.index.act(&key)? {
                left = left.saturating_sub(kept.act.bytes());
                acts.push(kept.act);
            }
        }
        Ok(acts)
    }

    /// What lies between runs, if anything does, as the index knows it.
    fn between(&self) -> Result<Option<Between>, StoreError> {
        let order = self.index.upto().into();
        let (schedules, deployed) = self.note()?;
        let between = Between {
            order,
            traffic: self.index.traffic()?,
            schedules,
            deployed,
            voided: self.voided()?,
        };
        let nothing = Between {
            order,
            ..Between::default()
        };
        Ok((between != nothing).then_some(between))
    }

    fn voided(&self) -> Result<Vec<Voided>, StoreError> {
        let results = self.index.results()?.into_iter();
        Ok(results.filter_map(|(key, kept)| kept.voided(key)).collect())
    }

    fn note(&self) -> Result<(Vec<schedule::Schedule>, Vec<Deployed>), StoreError> {
        let note = schedule::read_all(&self.index.note()?);
        note.ok_or_else(|| self.index.damaged("a note that is no schedules"))
    }

    /// The programs and settings in a segment: those that are needed, and those that are not.
    fn programs(&self, segment: u32) -> Result<Programs, StoreError> {
        let used = self.index.programs()?;
        let mut needed: BTreeSet<Hash> = self.in_use.clone();
        needed.extend(
            used.into_iter()
                .flat_map(|((program, settings), _)| [program, settings]),
        );
        // Somebody may go back to them.
        let (_, deployed) = self.note()?;
        needed.extend(deployed.iter().flat_map(|it| [it.program, it.settings]));
        let mut programs = Programs::default();
        for kept in self.index.all_programs()? {
            if kept.place.segment != segment {
                continue;
            }
            if needed.contains(&kept.hash) {
                programs.again.push(self.index.reader().read(kept.place)?);
            } else {
                programs.dropped.push(kept.hash);
            }
        }
        Ok(programs)
    }

    /// Payloads that no run needs, and no record that may still be read.
    fn remove_blobs(&self) -> Result<(), StoreError> {
        let names = self.disk.list().map_err(|error| io_error(self.disk, "", error))?;
        // What was written again since the directory is encrypted has taken its payloads along.
        let keys = self.disk.keys();
        let all_encrypted = keys.is_some_and(|keys| self.index.freed() >= keys.plain_upto());
        for name in &names {
            let (hash, is_left) = match (blob::named(name), keys) {
                (Some(hash), _) => (hash, all_encrypted),
                (None, Some(keys)) if blob::is_encrypted(name) => {
                    let Some(hash) = blob::hash_in(self.disk, keys, name) else {
                        continue;
                    };
                    (hash, false)
                }
                _ => continue,
            };
            // Whoever writes it again meanwhile waits, and writes it after it is gone.
            let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
            if is_left || (!written.contains(&hash) && !self.index.needs_blob(hash)?) {
                self.disk
                    .remove(name)
                    .map_err(|error| io_error(self.disk, name, error))?;
            }
        }
        Ok(())
    }
}

/// How many bytes payloads have that only records name which nobody needs.
pub(super) fn gone(disk: &dyn Disk, index: &Index) -> Result<u64, StoreError> {
    let mut bytes: u64 = 0;
    for hash in index.gone_blobs()? {
        for name in blob::names(disk, hash) {
            match disk.length(&name) {
                Ok(length) => bytes = bytes.saturating_add(length),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(io_error(disk, &name, error)),
            }
        }
    }
    Ok(bytes)
}

#[derive(Default)]
struct Programs {
    again: Vec<Record>,
    dropped: Vec<Hash>,
}

fn hash(record: &Record) -> Option<Hash> {
    match record {
        Record::Program { hash, .. } | Record::Settings { hash, .. } => Some(*hash),
        _ => None,
    }
}

/// Takes away segments that the journal says are let go of.
pub(in crate::store) fn remove(
    disk: &dyn Disk,
    index: &Index,
    segments: RangeInclusive<u32>,
) -> Result<(), StoreError> {
    index.free(*segments.end())?;
    for number in segments {
        let name = segment::name(number);
        match disk.remove(&name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(io_error(disk, &name, error));
            }
            _ => {}
        }
    }
    disk.sync_directory().map_err(|error| io_error(disk, "", error))
}

fn io_error(disk: &dyn Disk, name: &str, error: io::Error) -> StoreError {
    StoreError::Io {
        place: disk.place(name),
        error,
    }
}
