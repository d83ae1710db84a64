//! A directory of the file system, locked for one process at a time.

use super::{Appender, Disk, Positioned};
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

/// The file whose lock says that a process uses the directory; its text is the process's number.
const LOCK: &str = "LOCK";

/// A directory, which this process holds until the value is dropped, or only looks at.
#[derive(Debug)]
pub struct RealDisk {
    directory: PathBuf,
    /// Held for its lock alone; the system gives it back even after `kill -9`.
    _lock: Option<File>,
}

/// Why a directory cannot be had.
#[derive(Debug)]
pub enum LockError {
    /// Another process holds it; its number, if it can be read.
    Held(Option<u32>),
    /// The system says no.
    Io(io::Error),
}

impl RealDisk {
    /// Takes a directory; it is made if it is not there.
    ///
    /// # Errors
    /// If another process has it, or the system says no.
    pub fn open(directory: &Path) -> Result<Self, LockError> {
        fs::create_dir_all(directory).map_err(LockError::Io)?;
        let lock = lock(&directory.join(LOCK))?;
        Ok(Self {
            directory: directory.to_owned(),
            _lock: Some(lock),
        })
    }

    /// A directory that others may use meanwhile, to read what is there.
    #[must_use]
    pub fn look(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
            _lock: None,
        }
    }
}

fn lock(path: &Path) -> Result<File, LockError> {
    let mut options = OpenOptions::new();
    let mut file = options
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(LockError::Io)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let _ = file.read_to_string(&mut holder);
            return Err(LockError::Held(holder.trim().parse().ok()));
        }
        Err(TryLockError::Error(error)) => return Err(LockError::Io(error)),
    }
    // The number is only for the other's message: a full disk must not keep anybody from recovering.
    let _ = file
        .set_len(0)
        .and_then(|()| writeln!(file, "{}", std::process::id()));
    Ok(file)
}

impl Disk for RealDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            if let Ok(name) = entry?.file_name().into_string() {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        fs::read(self.directory.join(name))
    }

    fn read_at(&self, name: &str, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        read_exact_at(&File::open(self.directory.join(name))?, offset, &mut bytes)?;
        Ok(bytes)
    }

    fn append(&self, name: &str) -> io::Result<Box<dyn Appender>> {
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(self.directory.join(name))?;
        Ok(Box::new(RealFile(file)))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn Positioned>> {
        let mut options = OpenOptions::new();
        let file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.directory.join(name))?;
        Ok(Box::new(RealFile(file)))
    }

    fn length(&self, name: &str) -> io::Result<u64> {
        Ok(fs::metadata(self.directory.join(name))?.len())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.directory.join(name))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.directory.join(from), self.directory.join(to))
    }

    fn sync_directory(&self) -> io::Result<()> {
        File::open(&self.directory)?.sync_all()
    }

    fn place(&self, name: &str) -> String {
        self.directory.join(name).display().to_string()
    }
}

struct RealFile(File);

impl Appender for RealFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }
}

impl Positioned for RealFile {
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        read_exact_at(&self.0, offset, out)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        write_all_at(&self.0, offset, bytes)
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, offset: u64, out: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, out, offset)
}

#[cfg(unix)]
fn write_all_at(file: &File, offset: u64, bytes: &[u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut offset: u64, mut out: &mut [u8]) -> io::Result<()> {
    while !out.is_empty() {
        let read = std::os::windows::fs::FileExt::seek_read(file, out, offset)?;
        out = out.get_mut(read..).unwrap_or_default();
        offset = offset.saturating_add(read as u64);
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}

#[cfg(windows)]
fn write_all_at(file: &File, mut offset: u64, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = std::os::windows::fs::FileExt::seek_write(file, bytes, offset)?;
        bytes = bytes.get(written..).unwrap_or_default();
        offset = offset.saturating_add(written as u64);
    }
    Ok(())
}
