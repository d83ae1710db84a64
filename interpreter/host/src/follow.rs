//! Following a run: what happened to it, then what happens, one item after the other.

mod followers;
mod item;
mod past;
mod stream;
mod words;

pub(crate) use followers::Followers;
pub use item::{Attempt, Edit, Happening, Item, NoteItem, What};
pub(crate) use past::{Archive, happened, past, past_at, past_run};
pub use stream::Follow;
