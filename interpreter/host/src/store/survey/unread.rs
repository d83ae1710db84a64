//! A record that cannot be read, and why not.

use crate::{
    RunId,
    store::{KeyError, StoreError, from_proto::Unreadable},
};

/// A record that cannot be read.
pub(super) struct Unread {
    pub(super) run: Option<RunId>,
    pub(super) why: Why,
}

/// Why not.
pub(super) enum Why {
    /// It is not as it was written.
    Here(String),
    /// Something that belongs to it is not: which file.
    Elsewhere(String, String),
    /// It may well be.
    Failed(StoreError),
}

impl Unread {
    pub(super) fn new(reason: &str) -> Self {
        let why = Why::Here(reason.to_owned());
        Self { run: None, why }
    }

    pub(super) fn forged(error: StoreError) -> Self {
        match error {
            StoreError::Key(KeyError::Forged { reason, .. }) => Self::new(&reason),
            error => Self::failed(error),
        }
    }

    pub(super) fn failed(error: StoreError) -> Self {
        let why = Why::Failed(error);
        Self { run: None, why }
    }

    pub(super) fn of(unreadable: Unreadable, run: Option<RunId>) -> Self {
        let why = match unreadable {
            Unreadable::Message(reason) => Why::Here(reason.to_owned()),
            Unreadable::Elsewhere(
                StoreError::Damaged { place, reason, .. }
                | StoreError::Key(KeyError::Forged { place, reason, .. }),
            ) => Why::Elsewhere(place, reason),
            Unreadable::Elsewhere(error) => Why::Failed(error),
        };
        Self { run, why }
    }
}
