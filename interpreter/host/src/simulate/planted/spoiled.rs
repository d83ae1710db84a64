//! What a broken promise leaves on the disk.

use crate::{
    simulate::SimulatedDisk,
    store::{Appended, Location, Record, Schedule},
};
use flowmesh_machine::EventKind;

/// A move without the values that the run takes along.
pub(super) fn without_values(record: &Record) -> Record {
    let mut record = record.clone();
    if let Record::Event(event) = &mut record
        && let EventKind::Moved { mapping, .. } = &mut event.event.kind
    {
        mapping.slots.clear();
    }
    record
}

/// The records of a batch as a disk would have them that keeps of schedules only how far they came.
pub(super) fn forgotten(batch: &[Record]) -> Vec<Record> {
    let forget = |record: &Record| match record {
        Record::Schedule(schedule) => Record::Schedule(Box::new(Schedule {
            name: schedule.name.clone(),
            at: schedule.at,
            upto: schedule.upto,
            ..Schedule::default()
        })),
        other => other.clone(),
    };
    batch.iter().map(forget).collect()
}

/// Cuts the newest file of the journal before its last frame, if it has one.
pub(super) fn cut_last_batch(disk: &SimulatedDisk) {
    let name = |name: &String| name.starts_with("journal-");
    let newest = disk.names().into_iter().rfind(name);
    if let Some(newest) = newest {
        disk.tamper(&newest, |bytes| {
            let mark = crate::store::FRAME_MARK;
            let last = bytes.windows(mark.len()).rposition(|window| window == mark);
            bytes.truncate(last.unwrap_or(bytes.len()));
        });
    }
}

/// Where the records of a batch lie, were its keys in it.
pub(in crate::simulate) fn with_keys(batch: &[Record], mut appended: Appended) -> Appended {
    let nowhere = Location {
        segment: 0,
        offset: 0,
        length: 0,
        sum: 0,
    };
    let mut places = std::mem::take(&mut appended.places).into_iter();
    let place = |record: &Record| match record {
        Record::Act(_) => nowhere,
        _ => places.next().unwrap_or(nowhere),
    };
    appended.places = batch.iter().map(place).collect();
    appended
}
