//! A disk in memory that loses what was not synced, tears what was being written, fills up and fails.

mod file;
mod keyed;

use super::Chance;
use crate::{
    disk::{Appender, Disk, Positioned},
    store::Keys,
};
use file::File;
use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// A directory in memory. Clones are the same directory; it outlives the process that is simulated.
#[derive(Clone, Default)]
pub struct SimulatedDisk(Arc<Mutex<State>>, Option<Arc<Keys>>);

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
    /// Whether syncs tell of success and come later.
    syncs_late: bool,
    /// Whether a sync that failed is tried again by whoever asked for it.
    syncs_again: bool,
    append_fails: bool,
    /// How many changes there were.
    changes: u64,
    /// After how many more the power fails.
    left: Option<u64>,
    /// Whether what is written is encrypted, and with what.
    encryption: Option<keyed::Encryption>,
}

impl SimulatedDisk {
    /// An empty disk.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same directory, for those who do not care that it is simulated.
    #[must_use]
    pub fn shared(&self) -> Arc<dyn Disk> {
        Arc::new(self.clone())
    }

    /// How many bytes there may be from now on; `None` is without limit.
    pub fn set_capacity(&self, bytes: Option<usize>) {
        self.state().capacity = bytes;
    }

    /// Whether syncs fail from now on.
    pub fn set_sync_fails(&self, fails: bool) {
        self.state().sync_fails = fails;
    }

    /// Whether a sync that failed is tried again, as nobody should: the second time it tells of success, as disks do,
    /// and what the first one could not write is not there.
    pub fn set_syncs_again(&self, again: bool) {
        self.state().syncs_again = again;
    }

    /// Whether syncs tell of success and write nothing, until [`SimulatedDisk::sync_late`].
    pub fn set_syncs_late(&self, late: bool) {
        self.state().syncs_late = late;
    }

    /// Writes what should have been written by syncs that were late.
    pub fn sync_late(&self) {
        self.state().files.iter_mut().for_each(File::sync_late);
    }

    /// The names of its files, in order.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.state().names.keys().cloned().collect()
    }

    /// Whether writes fail from now on, after half of the bytes.
    pub fn set_append_fails(&self, fails: bool) {
        self.state().append_fails = fails;
    }

    /// After so many more writes, syncs and changes of names everything fails, until [`SimulatedDisk::crash`].
    pub fn set_power(&self, changes: Option<u64>) {
        self.state().left = changes;
    }

    /// Whether there is power for one more change.
    #[must_use]
    pub fn has_power(&self) -> bool {
        self.state().left != Some(0)
    }

    /// How many writes, syncs and changes of names there were.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.state().changes
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
            file.crash(chance);
        }
        state.names_stable = state.names.clone();
        state.sync_fails = false;
        state.append_fails = false;
        state.left = None;
    }

    /// Changes the bytes of a file behind everybody's back.
    pub fn tamper(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.state();
        if let Some(file) = state.file(name) {
            file.tamper(change);
        }
    }

    /// Another disk with the same files, all of them stable.
    #[must_use]
    pub fn copy(&self) -> Self {
        let state = self.state();
        let copy = Self(Arc::default(), self.1.clone());
        copy.state().encryption.clone_from(&state.encryption);
        for (name, at) in &state.names {
            let mut of = copy.state();
            let mut file = state.files.get(*at).cloned().unwrap_or_default();
            file.settle();
            let next = of.files.len();
            of.files.push(file);
            of.names.insert(name.clone(), next);
            of.names_stable.insert(name.clone(), next);
        }
        copy
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
        let bytes = |at: &usize| self.files.get(*at).map_or(0, File::len);
        self.names.values().map(bytes).sum()
    }

    /// How many bytes may be added.
    fn room(&self) -> usize {
        self.capacity
            .map_or(usize::MAX, |most| most.saturating_sub(self.used()))
    }

    /// Something is about to be changed.
    fn change(&mut self) -> io::Result<()> {
        self.changes = self.changes.saturating_add(1);
        match &mut self.left {
            Some(0) => Err(io::Error::other("the power has failed")),
            Some(left) => {
                *left = left.saturating_sub(1);
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn open(&mut self, name: &str) -> usize {
        let next = self.files.len();
        let at = *self.names.entry(name.to_owned()).or_insert(next);
        if at == next {
            self.files.push(File::default());
        }
        at
    }
}

fn not_found(name: &str) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("no file `{name}`"))
}

fn device_failed() -> io::Error {
    io::Error::other("simulated failure of the device")
}

fn place(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

impl Disk for SimulatedDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.state().names.keys().cloned().collect())
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        self.state()
            .file(name)
            .map(|file| file.bytes().to_vec())
            .ok_or_else(|| not_found(name))
    }

    fn read_at(&self, name: &str, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let mut state = self.state();
        let file = state.file(name).ok_or_else(|| not_found(name))?;
        let start = place(offset);
        let bytes = file.bytes().get(start..start.saturating_add(length));
        bytes
            .map(<[u8]>::to_vec)
            .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    fn append(&self, name: &str) -> io::Result<Box<dyn Appender>> {
        let at = self.state().open(name);
        let disk = self.clone();
        Ok(Box::new(SimulatedFile { disk, at }))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn Positioned>> {
        let at = self.state().open(name);
        let disk = self.clone();
        Ok(Box::new(SimulatedFile { disk, at }))
    }

    fn length(&self, name: &str) -> io::Result<u64> {
        let mut state = self.state();
        let file = state.file(name).ok_or_else(|| not_found(name))?;
        Ok(file.len() as u64)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.state();
        state.change()?;
        state.names.remove(name).map(drop).ok_or_else(|| not_found(name))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state();
        state.change()?;
        let at = state.names.remove(from).ok_or_else(|| not_found(from))?;
        state.names.insert(to.to_owned(), at);
        Ok(())
    }

    fn sync_directory(&self) -> io::Result<()> {
        let mut state = self.state();
        state.change()?;
        state.names_stable = state.names.clone();
        Ok(())
    }

    fn place(&self, name: &str) -> String {
        format!("simulated/{name}")
    }

    fn keys(&self) -> Option<&Arc<Keys>> {
        self.1.as_ref()
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

    fn write(&self, offset: usize, bytes: &[u8]) -> io::Result<()> {
        let (powered, fails, room) = {
            let mut state = self.disk.state();
            let length = state.files.get(self.at).map_or(0, File::len);
            let room = length.saturating_add(state.room()).saturating_sub(offset);
            if let Some(encryption) = &mut state.encryption {
                encryption.note(bytes);
            }
            (state.change(), state.append_fails, room)
        };
        let room = if fails { bytes.len() / 2 } else { room };
        let some = bytes.get(..room).unwrap_or(bytes);
        self.with(|file| file.write(offset, some))?;
        powered?;
        match (fails, room < bytes.len()) {
            (true, _) => Err(device_failed()),
            (false, true) => Err(io::ErrorKind::StorageFull.into()),
            (false, false) => Ok(()),
        }
    }

    fn make_stable(&self) -> io::Result<()> {
        let (fails, again, late) = {
            let mut state = self.disk.state();
            state.change()?;
            (state.sync_fails, state.syncs_again, state.syncs_late)
        };
        if late {
            return self.with(File::owe);
        }
        if !fails {
            return self.with(File::sync);
        }
        self.with(File::forfeit)?;
        if again { Ok(()) } else { Err(device_failed()) }
    }

    fn resize(&self, length: u64) -> io::Result<()> {
        let (powered, room) = {
            let mut state = self.disk.state();
            let old = state.files.get(self.at).map_or(0, File::len);
            (state.change(), old.saturating_add(state.room()))
        };
        powered?;
        if place(length) > room {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.with(|file| file.set_length(place(length)))
    }
}

impl Appender for SimulatedFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let end = self.with(|file| file.len())?;
        self.write(end, bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.make_stable()
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.resize(length)
    }

    fn length(&self) -> io::Result<u64> {
        self.with(|file| file.len() as u64)
    }
}

impl Positioned for SimulatedFile {
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let start = place(offset);
        self.with(|file| {
            let bytes = file.bytes().get(start..start.saturating_add(out.len()));
            bytes.map(|bytes| out.copy_from_slice(bytes))
        })?
        .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.with(File::write_anywhere)?;
        self.write(place(offset), bytes)
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.with(File::write_anywhere)?;
        self.resize(length)
    }

    fn length(&self) -> io::Result<u64> {
        self.with(|file| file.len() as u64)
    }

    fn sync(&self) -> io::Result<()> {
        self.make_stable()
    }
}
