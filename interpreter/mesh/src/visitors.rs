//! Visitors that a file names, each by a key or by a password, of which the file has only a hash.
//!
//! `entry` is one line of the file and `list` all of them, read again when the file changes. `hash` is what is kept of a
//! secret: a key is as long as a hash and drawn by us, so one round of SHA-256 does; a password is what people think of,
//! so it is hashed at length. `passwords` bounds what that costs whom.

mod entry;
mod hash;
mod list;
mod passwords;

pub use entry::{Entry, Unread};
pub use list::{Visitors, VisitorsError, read, write};

/// Who somebody is, as the file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visitor {
    /// The name.
    pub name: String,
    /// What the visitor may, in words that rules know.
    pub scopes: Vec<String>,
}

/// What is said of a secret that was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// It is this visitor's.
    Known(Visitor),
    /// It is nobody's.
    Unknown,
    /// There were too many wrong ones; one more may come in so long.
    TooMany(std::time::Duration),
    /// Nobody can say at present.
    Unsure(String),
}
