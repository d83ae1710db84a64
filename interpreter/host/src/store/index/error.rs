//! What the database says, as an error of the store.

use crate::store::StoreError;
use std::io;

/// What can go wrong within the index, before it is known in which file.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The database.
    Database(redb::Error),
    /// Something in it is not what it should be.
    Damaged(&'static str),
    /// What was to be applied does not fit what is there.
    Misfit(String),
    /// The journal, where it was read on the way.
    Store(StoreError),
}

pub(super) type Tried<T> = Result<T, Trouble>;

impl Trouble {
    /// As an error of the store.
    pub(super) fn at(self, place: String) -> StoreError {
        match self {
            Self::Database(redb::Error::Io(error)) => match error.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Full { place },
                _ => StoreError::Io { place, error },
            },
            Self::Database(error) => StoreError::Index {
                place,
                reason: error.to_string(),
            },
            Self::Damaged(reason) => StoreError::Index {
                place,
                reason: reason.to_owned(),
            },
            Self::Misfit(reason) => StoreError::Contradiction { reason },
            Self::Store(error) => error,
        }
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

macro_rules! from_database {
    ($($error:ident),*) => {
        $(impl From<redb::$error> for Trouble {
            fn from(error: redb::$error) -> Self {
                Self::Database(error.into())
            }
        })*
    };
}

from_database!(
    StorageError,
    TableError,
    TransactionError,
    CommitError,
    DatabaseError,
    SetDurabilityError
);
