//! What can be wrong with keys, and its words. None of them shows a key.

use flowmesh_ir::Code;
use thiserror::Error;

/// Why a directory cannot be opened with a key, or without one.
#[derive(Debug, Error)]
pub enum KeyError {
    /// It is encrypted, and no key was given.
    #[error("the store `{place}` is encrypted, and no key was given")]
    Missing {
        /// The directory.
        place: String,
    },
    /// Its keys are encrypted with a key that was not given.
    #[error("the store `{place}` is encrypted with the key `{expected}`, which is not in `{ring}`")]
    Unknown {
        /// The file of its keys.
        place: String,
        /// The identifier of the key that is needed.
        expected: String,
        /// Where keys were taken from.
        ring: String,
    },
    /// The key that was given under that identifier is another.
    #[error("the key `{id}` of `{ring}` is not the one that `{place}` was encrypted with")]
    Other {
        /// The file of its keys.
        place: String,
        /// The identifier.
        id: String,
        /// Where keys were taken from.
        ring: String,
    },
    /// The file of its keys is not there, or not whole.
    #[error("the keys of the store cannot be had: `{place}` {reason}")]
    Lost {
        /// The file.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// What should hold keys does not.
    #[error("the key file `{place}` cannot be used: {reason}")]
    File {
        /// The file.
        place: String,
        /// Why not.
        reason: String,
    },
    /// Something is whole and does not belong where it is.
    #[error("byte {offset} of `{place}` was not written by this store in this place: {reason}")]
    Forged {
        /// The file.
        place: String,
        /// Where in it.
        offset: u64,
        /// What was found.
        reason: String,
    },
}

impl KeyError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        Code(match self {
            Self::Missing { .. } => 1039,
            Self::Unknown { .. } => 1090,
            Self::Other { .. } => 1091,
            Self::Lost { .. } => 1092,
            Self::File { .. } => 1093,
            Self::Forged { .. } => 1029,
        })
    }

    /// What to do.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "name the file with its key with `--key-file`",
            Self::Unknown { .. } => "add that key to the file, behind the current one",
            Self::Other { .. } => "find the key that the store was encrypted with: nothing else opens it",
            Self::Lost { .. } => {
                "restore the directory from a backup: without this file nothing in it can be read"
            }
            Self::File { .. } => {
                "write lines of an identifier and 32 bytes in base64, the current key first, and keep others from reading it"
            }
            Self::Forged { .. } => "restore the directory from a backup; nothing was changed in it",
        }
    }
}
