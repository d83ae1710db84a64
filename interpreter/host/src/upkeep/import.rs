//! Lines of an export as a store of their own. Every run is played to the machine, so that what is imported goes on.

use super::{UpkeepError, copy::empty};
use crate::{
    RunId,
    disk::Disk,
    engine::Restoring,
    store::{self, Importing, Location, Record, line, replay_record},
};
use std::{
    collections::BTreeSet,
    io::{BufRead, Read},
    sync::Arc,
};

/// A batch has about so many records and bytes.
const BATCH_RECORDS: usize = 1024;
const BATCH_BYTES: usize = 4 << 20;
/// The longest line: a payload may be 32 MiB long, and each of its bytes six in a text of JSON.
const LINE_BYTES_MAX: u64 = 256 << 20;

/// Nobody reads records from where they lie.
const NOWHERE: Location = Location {
    segment: 0,
    offset: 0,
    length: 0,
    sum: 0,
};

/// What was imported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// How many runs.
    pub runs: usize,
    /// How many of their events.
    pub events: u64,
}

/// Makes a store of an export in a directory that is empty. If it fails, the directory is left empty.
///
/// # Errors
/// If the directory is not empty, a line cannot be taken, or the disk fails.
pub fn import(disk: &Arc<dyn Disk>, from: &mut dyn BufRead) -> Result<Imported, UpkeepError> {
    empty(disk.as_ref())?;
    let imported = read(disk, from);
    if imported.is_err() {
        // The first error is what matters.
        let _ = store::clear(disk.as_ref());
    }
    imported
}

fn read(disk: &Arc<dyn Disk>, from: &mut dyn BufRead) -> Result<Imported, UpkeepError> {
    let mut importing: Option<Importing> = None;
    let mut restoring = Restoring::default();
    let mut imported = Imported::default();
    let mut runs = BTreeSet::new();
    let (mut batch, mut bytes) = (Vec::new(), 0);
    let mut number: u64 = 0;
    loop {
        number = number.saturating_add(1);
        let refused = |reason: String| UpkeepError::Line { line: number, reason };
        let Some(text) = next(from, LINE_BYTES_MAX)? else {
            break;
        };
        let text =
            text.ok_or_else(|| refused(format!("expected a line of at most {} MiB", LINE_BYTES_MAX >> 20)))?;
        let text = std::str::from_utf8(&text).map_err(|error| refused(error.to_string()))?;
        let record = match (line::read(text).map_err(refused)?, number) {
            (None, 1) => {
                importing = Some(Importing::begin(disk, line::first_segment(text))?);
                continue;
            }
            (None, _) => return Err(refused("an export begins only once".to_owned())),
            (Some(_), 1) => return Err(refused("expected the beginning of an export".to_owned())),
            (Some(record), _) => record,
        };
        replay_record(record.clone(), NOWHERE, &mut restoring).map_err(|error| refused(error.to_string()))?;
        note(&record, &mut imported, &mut runs);
        bytes = text.len().saturating_add(bytes);
        batch.push(record);
        if let Some(importing) = &mut importing
            && (batch.len() >= BATCH_RECORDS || bytes >= BATCH_BYTES)
        {
            importing.append(&batch)?;
            batch.clear();
            bytes = 0;
        }
    }
    let Some(mut importing) = importing else {
        let reason = "expected the beginning of an export, found nothing".to_owned();
        return Err(UpkeepError::Line { line: 1, reason });
    };
    importing.append(&batch)?;
    importing.finish()?;
    imported.runs = runs.len();
    Ok(imported)
}

fn note(record: &Record, imported: &mut Imported, runs: &mut BTreeSet<RunId>) {
    let run = match record {
        Record::Event(event) => event.run,
        Record::History(history) => history.run,
        _ => return,
    };
    imported.events = imported.events.saturating_add(1);
    runs.insert(run);
}

/// The next line without its end; nothing in place of one that is too long.
fn next(from: &mut dyn BufRead, max: u64) -> Result<Option<Option<Vec<u8>>>, UpkeepError> {
    let mut line = Vec::new();
    let mut from = from.take(max);
    from.read_until(b'\n', &mut line).map_err(UpkeepError::Stream)?;
    match line.last() {
        None => Ok(None),
        Some(b'\n') => {
            line.pop();
            Ok(Some(Some(line)))
        }
        Some(_) => Ok(Some((from.limit() > 0).then_some(line))),
    }
}

#[cfg(test)]
mod tests {
    use super::next;

    #[test]
    fn a_line_is_taken_up_to_its_limit() {
        let read = |text: &str| next(&mut text.as_bytes(), 4).unwrap();
        assert_eq!(read(""), None);
        assert_eq!(read("abc\nd"), Some(Some(b"abc".to_vec())));
        assert_eq!(read("abc"), Some(Some(b"abc".to_vec())));
        assert_eq!(read("abcd\n"), Some(None));
        assert_eq!(read("\n"), Some(Some(Vec::new())));
    }
}
