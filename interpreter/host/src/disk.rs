//! The seam to the disk: what the store needs of a directory, so that a simulated one can drive it.

mod real;

pub use real::{LockError, RealDisk};

use std::io;

/// One directory of files.
///
/// Implementers promise: bytes of a file are stable once [`Appender::sync`] has returned; names are stable once
/// [`Disk::sync_directory`] has returned; what was not synced may be lost, or kept in part, by a crash.
pub trait Disk: Send + Sync {
    /// The names of all files, sorted.
    ///
    /// # Errors
    /// As the system says.
    fn list(&self) -> io::Result<Vec<String>>;

    /// A whole file.
    ///
    /// # Errors
    /// As the system says; `NotFound` if there is no such file.
    fn read(&self, name: &str) -> io::Result<Vec<u8>>;

    /// Some bytes of a file.
    ///
    /// # Errors
    /// As the system says; `UnexpectedEof` if the file is shorter.
    fn read_at(&self, name: &str, offset: u64, length: usize) -> io::Result<Vec<u8>>;

    /// Opens a file for appending; it is made if it is not there.
    ///
    /// # Errors
    /// As the system says.
    fn append(&self, name: &str) -> io::Result<Box<dyn Appender>>;

    /// Gives a file another name, replacing a file that has it.
    ///
    /// # Errors
    /// As the system says.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Makes names stable.
    ///
    /// # Errors
    /// As the system says.
    fn sync_directory(&self) -> io::Result<()>;

    /// What people call the file, for messages.
    fn place(&self, name: &str) -> String;
}

/// A file open for appending.
pub trait Appender: Send {
    /// Adds bytes at the end. After an error any part of them may have been added.
    ///
    /// # Errors
    /// As the system says; `StorageFull` if there is no room.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Makes all bytes stable.
    ///
    /// # Errors
    /// As the system says. What is on the disk is then unknown, and a second try proves nothing.
    fn sync(&mut self) -> io::Result<()>;

    /// Cuts the file.
    ///
    /// # Errors
    /// As the system says.
    fn truncate(&mut self, length: u64) -> io::Result<()>;

    /// How long the file is.
    ///
    /// # Errors
    /// As the system says.
    fn length(&self) -> io::Result<u64>;
}
