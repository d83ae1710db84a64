//! A directory whose journal is counted: how many bytes were appended, and in how many commits.

use flowmesh_host::disk::{Appender, Disk, Positioned, RealDisk};
use std::{
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// What was written so far.
#[derive(Default)]
pub(crate) struct Written {
    bytes: AtomicU64,
    commits: AtomicU64,
}

impl Written {
    /// Bytes and commits.
    pub(crate) fn so_far(&self) -> (u64, u64) {
        let read = |number: &AtomicU64| number.load(Ordering::Relaxed);
        (read(&self.bytes), read(&self.commits))
    }
}

/// The disk that there is, with its journal counted.
pub(crate) struct Counted {
    disk: RealDisk,
    written: Arc<Written>,
}

impl Counted {
    pub(crate) fn open(directory: &Path, written: Arc<Written>) -> Self {
        let disk = RealDisk::open(directory).unwrap();
        Self { disk, written }
    }
}

impl Disk for Counted {
    fn list(&self) -> io::Result<Vec<String>> {
        self.disk.list()
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        self.disk.read(name)
    }

    fn read_at(&self, name: &str, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        self.disk.read_at(name, offset, length)
    }

    fn append(&self, name: &str) -> io::Result<Box<dyn Appender>> {
        let file = self.disk.append(name)?;
        if !name.starts_with("journal-") {
            return Ok(file);
        }
        let written = self.written.clone();
        Ok(Box::new(Journal { file, written }))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn Positioned>> {
        self.disk.open(name)
    }

    fn length(&self, name: &str) -> io::Result<u64> {
        self.disk.length(name)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.disk.remove(name)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.disk.rename(from, to)
    }

    fn sync_directory(&self) -> io::Result<()> {
        self.disk.sync_directory()
    }

    fn place(&self, name: &str) -> String {
        self.disk.place(name)
    }
}

struct Journal {
    file: Box<dyn Appender>,
    written: Arc<Written>,
}

impl Appender for Journal {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.written
            .bytes
            .fetch_add(bytes.len() as u64, Ordering::Relaxed);
        self.file.append(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.written.commits.fetch_add(1, Ordering::Relaxed);
        self.file.sync()
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.file.truncate(length)
    }

    fn length(&self) -> io::Result<u64> {
        self.file.length()
    }
}
