//! The upkeep of a directory: checking it, copying it, and moving what is in it as lines of JSON.
//!
//! What only reads needs no lock, and may be done while a host works in the directory: everything that was acknowledged
//! before it began is seen.

mod check;
mod compact;
mod copy;
mod deploy;
mod encrypted;
mod error;
mod export;
mod import;
mod past;
mod results;
pub(crate) mod retire;
pub(crate) mod sweep;

#[cfg(test)]
mod tests;

pub use check::{Checked, check};
pub use compact::{Compacted, compact};
pub use copy::{Copied, copy};
pub use deploy::Deploying;
pub use encrypted::encrypted;
pub use error::UpkeepError;
pub use export::{Exported, export};
pub use import::{Imported, import};
pub use past::{Past, PastRun, past};
pub use results::{forget_results, results};
pub use retire::Retiring;

/// Is told how many bytes are done, of how many.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64);
