//! A disk in memory that loses what was not synced, tears what was being written, fills up and fails.

use super::Chance;
use crate::disk::{Appender, Disk};
use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// A directory in memory. Clones are the same directory; it outlives the process that is simulated.
#[derive(Clone, Default)]
pub struct SimulatedDisk(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    files: Vec<File>,
    /// As the process sees them: name to index of the file.
    names: BTreeMap<String, usize>,
    /// As they are after a crash.
    names_stable: BTreeMap<String, usize>,
    /// How many bytes all files may have together.
    capacity: Option<usize>,
    sync_fails: bool,
    append_fails: bool,
}

#[derive(Clone, Default)]
struct File {
    bytes: Vec<u8>,
    stable: Vec<u8>,
}

impl SimulatedDisk {
    /// An empty disk.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many bytes there may be from now on; `None` is without limit.
    pub fn set_capacity(&self, bytes: Option<usize>) {
        self.state().capacity = bytes;
    }

    /// Whether syncs fail from now on.
    pub fn set_sync_fails(&self, fails: bool) {
        self.state().sync_fails = fails;
    }

    /// Whether writes fail from now on, after half of the bytes.
    pub fn set_append_fails(&self, fails: bool) {
        self.state().append_fails = fails;
    }

    /// How many bytes all files have together.
    #[must_use]
    pub fn used(&self) -> usize {
        self.state().used()
    }

    /// The power fails: what was synced stays, of the rest chance decides.
    pub fn crash(&self, chance: &mut Chance) {
        let mut state = self.state();
        if chance.happens(500) {
            state.names = state.names_stable.clone();
        }
        for file in &mut state.files {
            file.bytes = after_crash(file, chance);
            file.stable = file.bytes.clone();
        }
        state.names_stable = state.names.clone();
        state.sync_fails = false;
        state.append_fails = false;
    }

    /// Changes the bytes of a file behind everybody's back.
    pub fn tamper(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.state();
        if let Some(file) = state.file(name) {
            change(&mut file.bytes);
            file.stable = file.bytes.clone();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn file(&mut self, name: &str) -> Option<&mut File> {
        let at = *self.names.get(name)?;
        self.files.get_mut(at)
    }

    fn used(&self) -> usize {
        let bytes = |at: &usize| self.files.get(*at).map_or(0, |file| file.bytes.len());
        self.names.values().map(bytes).sum()
    }
}

/// All of it, none of it, or a part of which the end is garbage, as sectors that were never written.
fn after_crash(file: &File, chance: &mut Chance) -> Vec<u8> {
    let Some(tail) = file.bytes.strip_prefix(file.stable.as_slice()) else {
        return if chance.happens(500) {
            file.bytes.clone()
        } else {
            file.stable.clone()
        };
    };
    let kept = chance.index(tail.len().saturating_add(1));
    let garbage = if chance.happens(300) {
        chance.index(kept.saturating_add(1))
    } else {
        0
    };
    let zeros = chance.happens(500);
    let mut bytes = file.stable.clone();
    bytes.extend(tail.iter().take(kept.saturating_sub(garbage)));
    for _ in 0..garbage {
        bytes.push(if zeros {
            0
        } else {
            u8::try_from(chance.below(256)).unwrap_or_default()
        });
    }
    bytes
}

fn not_found(name: &str) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("no file `{name}`"))
}

impl Disk for SimulatedDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.state().names.keys().cloned().collect())
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        self.state()
            .file(name)
            .map(|file| file.bytes.clone())
            .ok_or_else(|| not_found(name))
    }

    fn read_at(&self, name: &str, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let mut state = self.state();
        let file = state.file(name).ok_or_else(|| not_found(name))?;
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let bytes = file.bytes.get(start..start.saturating_add(length));
        bytes
            .map(<[u8]>::to_vec)
            .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    fn append(&self, name: &str) -> io::Result<Box<dyn Appender>> {
        let mut state = self.state();
        let next = state.files.len();
        let at = *state.names.entry(name.to_owned()).or_insert(next);
        if at == next {
            state.files.push(File::default());
        }
        Ok(Box::new(SimulatedFile {
            disk: self.clone(),
            at,
        }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state();
        let at = state.names.remove(from).ok_or_else(|| not_found(from))?;
        state.names.insert(to.to_owned(), at);
        Ok(())
    }

    fn sync_directory(&self) -> io::Result<()> {
        let mut state = self.state();
        state.names_stable = state.names.clone();
        Ok(())
    }

    fn place(&self, name: &str) -> String {
        format!("simulated/{name}")
    }
}

struct SimulatedFile {
    disk: SimulatedDisk,
    at: usize,
}

impl SimulatedFile {
    fn with<T>(&self, f: impl FnOnce(&mut File) -> T) -> io::Result<T> {
        let mut state = self.disk.state();
        state
            .files
            .get_mut(self.at)
            .map(f)
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Appender for SimulatedFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let (fails, room) = {
            let state = self.disk.state();
            let room = state
                .capacity
                .map_or(usize::MAX, |most| most.saturating_sub(state.used()));
            (state.append_fails, room)
        };
        let room = if fails { bytes.len() / 2 } else { room };
        self.with(|file| file.bytes.extend(bytes.iter().take(room)))?;
        match (fails, room < bytes.len()) {
            (true, _) => Err(io::Error::other("simulated failure of the device")),
            (false, true) => Err(io::ErrorKind::StorageFull.into()),
            (false, false) => Ok(()),
        }
    }

    fn sync(&mut self) -> io::Result<()> {
        if self.disk.state().sync_fails {
            return Err(io::Error::other("simulated failure of the device"));
        }
        self.with(|file| file.stable = file.bytes.clone())
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.with(|file| file.bytes.truncate(usize::try_from(length).unwrap_or(usize::MAX)))
    }

    fn length(&self) -> io::Result<u64> {
        self.with(|file| file.bytes.len() as u64)
    }
}
