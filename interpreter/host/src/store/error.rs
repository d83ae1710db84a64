//! What can be wrong with a store, and its words.

use super::KeyError;
use crate::disk::LockError;
use flowmesh_ir::Code;
use std::{io, path::Path};
use thiserror::Error;

/// Why a store cannot be used.
#[derive(Debug, Error)]
pub enum StoreError {
    /// Another process has it.
    #[error("the store `{place}` is in use by {}", named(*.holder))]
    InUse {
        /// The directory.
        place: String,
        /// The other process.
        holder: Option<u32>,
    },
    /// It has another layout than this program knows.
    #[error("expected a store of version {expected}, found `{found}` in `{place}`")]
    Version {
        /// The file that says so.
        place: String,
        /// The version that this program writes.
        expected: u32,
        /// What is there.
        found: String,
    },
    /// Something was changed that had been on stable storage.
    #[error("the journal is damaged at byte {offset} of `{place}`: {reason}")]
    Damaged {
        /// The file.
        place: String,
        /// The first byte of the damaged part.
        offset: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// The index is not what it should be. It can be made again from the journal.
    #[error("the index `{place}` is damaged: {reason}")]
    Index {
        /// The file.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The records do not fit together: a run without a beginning, an event too many.
    #[error("the journal contradicts itself: {reason}")]
    Contradiction {
        /// How.
        reason: String,
    },
    /// A run belongs to a program that this version cannot load.
    #[error("the program `{program}` of a stored run cannot be loaded: {reason}")]
    Program {
        /// Its content hash.
        program: String,
        /// Why not.
        reason: String,
    },
    /// The system says no.
    #[error("the store cannot be read or written at `{place}`: {error}")]
    Io {
        /// The file.
        place: String,
        /// What the system said.
        error: io::Error,
    },
    /// The disk is full.
    #[error("the disk is full: `{place}` cannot grow")]
    Full {
        /// The file.
        place: String,
    },
    /// Nobody knows whether the last batch is on stable storage.
    #[error("`{place}` could not be made stable: {reason}; nothing that was not acknowledged is promised")]
    Sync {
        /// The file.
        place: String,
        /// What the system said.
        reason: String,
    },
    /// It is encrypted, and the keys are not those.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// It failed before.
    #[error("the store has stopped after a failure")]
    Stopped,
}

/// Why a batch was not appended.
#[derive(Debug, Error)]
pub enum AppendError {
    /// There is no room; the log is as it was before.
    #[error("the disk is full: `{place}` cannot grow")]
    Full {
        /// The file.
        place: String,
    },
    /// Nothing can be appended any more.
    #[error(transparent)]
    Failed(StoreError),
}

impl StoreError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        Code(match self {
            Self::Key(error) => return error.code(),
            Self::InUse { .. } => 1030,
            Self::Version { .. } => 1031,
            Self::Damaged { .. } => 1032,
            Self::Io { .. } => 1033,
            Self::Full { .. } => 1034,
            Self::Sync { .. } | Self::Stopped => 1035,
            Self::Program { .. } => 1036,
            Self::Contradiction { .. } => 1037,
            Self::Index { .. } => 1038,
        })
    }

    /// What to do.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Key(error) => error.help(),
            Self::InUse { .. } => "stop the other process, or use another directory",
            Self::Version { .. } => {
                "finish its runs with the version of flowmesh that wrote it, or use another directory"
            }
            Self::Damaged { .. } | Self::Contradiction { .. } => {
                "restore the directory from a backup; nothing was changed in it"
            }
            Self::Index { .. } => "start again: it is made again from the journal, and no run is lost",
            Self::Program { .. } => "open the store with the version of flowmesh that started the run",
            Self::Io { .. } => "see that the directory can be read and written, then start again",
            Self::Full { .. } => "make room on the disk; runs that were acknowledged are kept and go on",
            Self::Sync { .. } | Self::Stopped => "see to the disk, then start again: acknowledged runs go on",
        }
    }
}

impl From<AppendError> for StoreError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Full { place } => Self::Full { place },
            AppendError::Failed(error) => error,
        }
    }
}

fn named(process: Option<u32>) -> String {
    process.map_or_else(
        || "another process".to_owned(),
        |number| format!("process {number}"),
    )
}

/// Why a directory could not be taken, as an error of its store.
#[must_use]
pub fn lock_error(directory: &Path, error: LockError) -> StoreError {
    let place = directory.display().to_string();
    match error {
        LockError::Held(holder) => StoreError::InUse { place, holder },
        LockError::Io(error) => StoreError::Io { place, error },
    }
}
