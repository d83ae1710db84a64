//! Entries: keys that follow from a row, by which it is found. All kinds lie in one table, told apart by their first
//! byte, and each ends with the run: a kind with all that is asked for is a prefix, and its runs follow in order.

use super::row::Row;
use crate::RunId;
use flowmesh_ir::Hash;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

/// Longer texts are found by their hash.
const TEXT_BYTES_MAX: usize = 256;
/// What stands for the length of such a text.
const HASHED: u16 = u16::MAX;

/// A key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry(pub(super) Vec<u8>);

/// What runs are found by. Numbers are for ever, or the index gets a new version.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Kind {
    Key = 1,
    FlowState = 2,
    State = 3,
    Tag = 4,
    Error = 5,
    Step = 6,
    Ended = 7,
    Timer = 8,
    Awaited = 9,
    Guard = 10,
    Busy = 11,
    Oldest = 12,
    Blob = 13,
    Gone = 14,
}

/// All entries of a row; `oldest` is the oldest segment that it has events in.
pub(super) fn entries(run: RunId, row: &Row, oldest: u32) -> Vec<Entry> {
    let (space, flow, state) = (row.namespace.as_str(), row.flow.as_str(), row.state.as_str());
    let mut all = vec![
        flow_state(space, flow, state).of(run),
        self::state(space, state).of(run),
        self::oldest(oldest).of(run),
    ];
    all.extend(row.key.as_ref().map(|it| key(space, flow, it).of(run)));
    all.extend(row.tags.iter().map(|(key, value)| tag(space, key, value).of(run)));
    all.extend(row.error.as_ref().map(|it| error(space, it).of(run)));
    if row.ended {
        all.push(ended(state).time(row.updated).of(run));
    }
    let mut steps: Vec<_> = row.steps.iter().map(|title| step(space, title).of(run)).collect();
    steps.sort_unstable();
    steps.dedup();
    all.extend(steps);
    all.extend(
        row.timers
            .iter()
            .map(|(timer, at)| self::timer((*at, run, *timer))),
    );
    all.extend(row.awaited.iter().map(|event| awaited(event).of(run)));
    all.extend(row.guards.iter().map(|it| guards().number(it.call).of(run)));
    all.extend(row.busy.then(|| busy().of(run)));
    all.extend(row.blobs.iter().map(|hash| blob(*hash).of(run)));
    all
}

/// The run that started with a key.
pub(super) fn key(space: &str, flow: &str, key: &str) -> Entry {
    of(Kind::Key).text(space).text(flow).text(key)
}

/// Runs of a flow in a state.
pub(super) fn flow_state(space: &str, flow: &str, state: &str) -> Entry {
    of(Kind::FlowState).text(space).text(flow).text(state)
}

/// Runs in a state.
pub(super) fn state(space: &str, state: &str) -> Entry {
    of(Kind::State).text(space).text(state)
}

/// Runs with a tag.
pub(super) fn tag(space: &str, key: &str, value: &str) -> Entry {
    of(Kind::Tag).text(space).text(key).text(value)
}

/// Runs that ended with an error.
pub(super) fn error(space: &str, name: &str) -> Entry {
    of(Kind::Error).text(space).text(name)
}

/// Runs that are at a step.
pub(super) fn step(space: &str, title: &str) -> Entry {
    of(Kind::Step).text(space).text(title)
}

/// Runs that ended in a state, by the time at which they did.
pub(super) fn ended(state: &str) -> Entry {
    of(Kind::Ended).text(state)
}

/// Timers of all runs.
pub(super) fn timers() -> Entry {
    of(Kind::Timer)
}

/// A timer of a run.
pub(super) fn timer((at, run, timer): (Timestamp, RunId, u32)) -> Entry {
    of(Kind::Timer).time(at).of(run).number(timer)
}

/// Runs that wait for an event.
pub(super) fn awaited(event: &str) -> Entry {
    of(Kind::Awaited).text(event)
}

/// Runs that hold or wait for any guard.
pub(super) fn guards() -> Entry {
    of(Kind::Guard)
}

/// Runs for which something is on its way.
pub(super) fn busy() -> Entry {
    of(Kind::Busy)
}

/// Runs whose oldest event lies in a segment.
pub(super) fn oldest(segment: u32) -> Entry {
    of(Kind::Oldest).number(segment)
}

/// Runs with a payload that lies apart.
pub(super) fn blob(hash: Hash) -> Entry {
    let mut entry = of(Kind::Blob);
    entry.0.extend(hash.0);
    entry
}

/// All payloads that lie apart.
pub(super) fn blobs() -> Entry {
    of(Kind::Blob)
}

/// The payload that a key of one with a run is.
pub(super) fn as_blob(entry: &[u8]) -> Option<Hash> {
    let (head, _) = entry.split_last_chunk::<16>()?;
    let (_, hash) = head.split_last_chunk::<32>()?;
    Some(Hash(*hash))
}

/// Payloads of runs that are kept no longer, which records up to a segment still name.
pub(super) fn gone(segment: u32) -> Entry {
    of(Kind::Gone).number(segment)
}

/// One of these payloads.
pub(super) fn gone_blob(segment: u32, hash: Hash) -> Entry {
    let mut entry = gone(segment);
    entry.0.extend(hash.0);
    entry
}

/// All of them.
pub(super) fn all_gone() -> Entry {
    of(Kind::Gone)
}

/// The payload that a key of one is.
pub(super) fn as_gone(entry: &[u8]) -> Option<Hash> {
    let (_, hash) = entry.split_last_chunk::<32>()?;
    Some(Hash(*hash))
}

fn of(kind: Kind) -> Entry {
    Entry(vec![kind as u8])
}

impl Entry {
    /// With a run behind it.
    pub(super) fn of(mut self, run: RunId) -> Self {
        self.0.extend(run.0.to_be_bytes());
        self
    }

    /// With a time behind it, so that earlier ones come first.
    pub(super) fn time(mut self, at: Timestamp) -> Self {
        // Flipping the sign puts what lies before 1970 first.
        let at = at.as_nanosecond() ^ i128::MIN;
        self.0.extend(at.to_be_bytes());
        self
    }

    fn number(mut self, number: u32) -> Self {
        self.0.extend(number.to_be_bytes());
        self
    }

    fn text(mut self, text: &str) -> Self {
        match u16::try_from(text.len())
            .ok()
            .filter(|_| text.len() <= TEXT_BYTES_MAX)
        {
            Some(length) => {
                self.0.extend(length.to_be_bytes());
                self.0.extend(text.as_bytes());
            }
            None => {
                self.0.extend(HASHED.to_be_bytes());
                self.0.extend(Sha256::digest(text));
            }
        }
        self
    }

    /// The first key behind all that begin with this one.
    pub(super) fn end(&self) -> Option<Self> {
        let mut bytes = self.0.clone();
        while let Some(last) = bytes.pop() {
            if let Some(next) = last.checked_add(1) {
                bytes.push(next);
                return Some(Self(bytes));
            }
        }
        None
    }
}

/// The run that a key ends with.
pub(super) fn run(entry: &[u8]) -> Option<RunId> {
    let (_, run) = entry.split_last_chunk::<16>()?;
    Some(RunId(u128::from_be_bytes(*run)))
}

/// The timer that a key of one is.
pub(super) fn as_timer(entry: &[u8]) -> Option<(Timestamp, RunId, u32)> {
    let (head, timer) = entry.split_last_chunk::<4>()?;
    let (head, run) = head.split_last_chunk::<16>()?;
    let (_, at) = head.split_last_chunk::<16>()?;
    let at = Timestamp::from_nanosecond(i128::from_be_bytes(*at) ^ i128::MIN).ok()?;
    Some((at, RunId(u128::from_be_bytes(*run)), u32::from_be_bytes(*timer)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_by_what_they_are_of() {
        let at = |nanosecond| Timestamp::from_nanosecond(nanosecond).unwrap();
        let early = timer((at(-5), RunId(9), 0));
        let late = timer((at(5), RunId(1), 0));
        assert!(early < late);
        assert_eq!(as_timer(&early.0), Some((at(-5), RunId(9), 0)));
        let tag = tag("", "order", "a");
        let with_run = tag.clone().of(RunId(u128::MAX));
        assert!(tag < with_run && with_run < tag.end().unwrap());
        assert_eq!(run(&with_run.0), Some(RunId(u128::MAX)));
    }

    #[test]
    fn texts_cannot_run_into_each_other() {
        assert_ne!(tag("", "a", "bc"), tag("", "ab", "c"));
        let long = "x".repeat(TEXT_BYTES_MAX + 1);
        assert!(tag("", "a", &long).0.len() < 50);
        assert_ne!(tag("", "a", &long), tag("", "a", &format!("{long}y")));
    }
}
