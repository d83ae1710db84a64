//! What can be wrong when a directory is looked after, and its words.

use crate::{engine::Refusal, store::StoreError};
use flowmesh_ir::Code;
use std::io;
use thiserror::Error;

/// Why something could not be done with a directory.
#[derive(Debug, Error)]
pub enum UpkeepError {
    /// The store in it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is none.
    #[error("expected a store in `{place}`, found none")]
    NoStore {
        /// The directory.
        place: String,
    },
    /// A directory that is to be filled holds something.
    #[error("expected an empty directory at `{place}`, found `{file}` in it")]
    Taken {
        /// The directory.
        place: String,
        /// A file in it.
        file: String,
    },
    /// A line of an export is none.
    #[error("line {line} of the export cannot be taken: {reason}")]
    Line {
        /// Its number, from 1.
        line: u64,
        /// Why not.
        reason: String,
    },
    /// It does not stand so that it can be done.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// What was written cannot be handed on, or what is to be read cannot be had.
    #[error("the export cannot be read or written: {0}")]
    Stream(io::Error),
}

impl From<Refusal> for UpkeepError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl UpkeepError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Store(error) => error.code(),
            Self::NoStore { .. } => Code(1047),
            Self::Taken { .. } => Code(1048),
            Self::Line { .. } => Code(1049),
            Self::Stream(_) => Code(1033),
            Self::Refused(refusal) => refusal.code(),
        }
    }

    /// What to do.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Store(error) => error.help(),
            Self::NoStore { .. } => "name the directory of a `flowmesh run` or `serve` with `--dir`",
            Self::Taken { .. } => "name a directory that is empty or is not there; nothing is overwritten",
            Self::Line { .. } => "take the file as `flowmesh store export` wrote it; nothing was imported",
            Self::Refused(_) => {
                "`flowmesh deploy --history` shows what was deployed; a program is deployed in the namespace `default`"
            }
            Self::Stream(_) => "see that it can be read and written, then do it again",
        }
    }
}
