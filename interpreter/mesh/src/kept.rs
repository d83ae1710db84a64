//! What is made of some files, and made again when they change.

use std::{
    fmt::Display,
    fs,
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

/// So often it is looked whether files changed.
const LOOKS: Duration = Duration::from_secs(1);

/// What is made of some files, and made again when they change.
pub(crate) struct Kept<T> {
    files: Vec<PathBuf>,
    known: Mutex<Known<T>>,
}

struct Known<T> {
    looked: Instant,
    /// When the files last changed, as far as the system says, and how long they are.
    changed: Vec<Option<(SystemTime, u64)>>,
    made: T,
}

impl<T: Clone> Kept<T> {
    /// Makes it for the first time.
    pub(crate) fn new<E>(files: Vec<PathBuf>, make: impl FnOnce() -> Result<T, E>) -> Result<Self, E> {
        let known = Known {
            looked: Instant::now(),
            changed: changed(&files),
            made: make()?,
        };
        Ok(Self {
            files,
            known: Mutex::new(known),
        })
    }

    /// What the files make as they are now, or as they last were good.
    pub(crate) fn get<E: Display>(&self, make: impl FnOnce() -> Result<T, E>) -> T {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.looked.elapsed() < LOOKS {
            return known.made.clone();
        }
        known.looked = Instant::now();
        let changed = changed(&self.files);
        if changed != known.changed {
            match make() {
                Ok(made) => {
                    (known.made, known.changed) = (made, changed);
                    tracing::info!(files = ?self.files, "files were read again");
                }
                // They may be in the middle of being written; it is looked again.
                Err(error) => tracing::error!(%error, "what the files said before is used"),
            }
        }
        known.made.clone()
    }
}

fn changed(files: &[PathBuf]) -> Vec<Option<(SystemTime, u64)>> {
    let at = |path: &PathBuf| {
        let told = fs::metadata(path).ok()?;
        Some((told.modified().ok()?, told.len()))
    };
    files.iter().map(at).collect()
}
