//! The embedded store: one directory with an append-only journal of everything that happened, and an index beside it.
//!
//! | file | holds |
//! |---|---|
//! | `LOCK` | the lock of the process that uses the directory, and its number |
//! | `FORMAT` | the version of this layout |
//! | `journal-000001.log`, ... | segments: a header, then frames, each a batch of records that is there whole or not at all |
//! | `blob-...` | a long payload, named by its hash |
//! | `KEYS` | the keys that everything else is encrypted with, if it is, themselves encrypted with a key from outside |
//! | `cipher-...` | a long payload where the directory is encrypted |
//! | `index.redb` | the index: rows of runs and what they are found by; made again from the journal where it is lost |
//!
//! A batch is acknowledged after one write and one `fdatasync`, and only one is on its way at a time: a crash can
//! therefore tear the last frame and no other. A log was chosen over a database since nothing is ever changed
//! in it and nothing is looked up in it on the way of a step; what is looked up is in the index, which may lag behind.
//!
//! - To open: `format`, `recover` (what the journal holds), `opening` (both together, and what the index lacks).
//! - The journal: `record`, `frame`, `segment`, `blob`, `journal`; `proto` and its translations.
//! - Encryption at rest: `cipher`.
//! - For those who look after it: `directory`, `survey` (what can be read of a damaged one), `line` (as JSON).
//! - The index: `row` (columns of a run), `entry` (keys that follow from them), `changes`, `filter`, `shelf` (what can
//!   be asked), `index` (on the disk), `memory` (without one).

mod act;
mod blob;
mod changes;
mod cipher;
pub mod compact;
mod deployed;
mod directory;
mod entry;
mod error;
mod filter;
mod format;
mod frame;
mod from_proto;
mod index;
mod journal;
pub mod line;
mod memory;
mod opening;
mod proto;
mod record;
mod recover;
mod replace;
mod replay;
mod result;
mod row;
mod schedule;
mod segment;
mod shelf;
mod survey;
mod to_proto;

#[cfg(test)]
mod tests;

pub use act::{Act, ActKey, KeptAct};
pub use changes::{Change, Changes, Kept, Moved, Put, Snapshot};
pub use cipher::{KeyError, KeyRing, Keyed, Keys, Random, encrypt, rekey, system_random, tidy, unlock};
pub use deployed::{Deployed, How};
pub use directory::{
    Importing, KEYS, adopt, adopt_keys, clear, cut, files, first_segment, is_blob, is_there, keys_text,
    renew_index, segment_bytes,
};
pub use error::{AppendError, StoreError, lock_error};
pub use filter::{Count, Filter, Page};
pub use index::Index;
pub(crate) use index::find::EndedPlace;
pub use journal::{Appended, Journal, Reader};
pub use memory::MemoryShelf;
pub use opening::{Opened, Opening, OpeningOptions, open_journal, read_journal};
pub use record::{
    Between, EventRecord, History, Location, Order, Origin, Position, Record, Shared, Traffic, payload,
};
pub use recover::Cut;
pub use replay::{Replaying, replay_readable, replay_record};
pub use result::{KeptResult, ResultKey, Voided};
pub use row::{Block, Ending, Granted, Guard, Guarded, Pace, Parked, Paused, Row, Stands};
pub use schedule::{Again, Backfill, Pause, Schedule};
pub use segment::Sealed;
pub use shelf::{Due, Shelf, Used};
pub use survey::{Damage, FoundRun, Survey, survey};
pub(crate) use {
    blob::apart,
    cipher::{Nonce, pieces},
    frame::MARK as FRAME_MARK,
    row::behind,
    schedule::read_all as read_note,
    schedule::write_all as write_note,
};
