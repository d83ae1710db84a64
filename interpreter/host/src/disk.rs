//! The seam to the disk: what the store needs of a directory, so that a simulated one can drive it.

mod real;

pub use real::{LockError, RealDisk};

use crate::store::Keys;
use std::{io, sync::Arc};

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

    /// Opens a file for reading and writing in any place; it is made if it is not there.
    ///
    /// # Errors
    /// As the system says.
    fn open(&self, name: &str) -> io::Result<Box<dyn Positioned>>;

    /// How long a file is.
    ///
    /// # Errors
    /// As the system says; `NotFound` if there is no such file.
    fn length(&self, name: &str) -> io::Result<u64>;

    /// Takes a name away, and the file with it; who has it open goes on.
    ///
    /// # Errors
    /// As the system says; `NotFound` if there is no such file.
    fn remove(&self, name: &str) -> io::Result<()>;

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

    /// The keys with which what the store writes here is encrypted, if it is.
    fn keys(&self) -> Option<&Arc<Keys>> {
        None
    }
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

/// A file that is read and written in any place.
///
/// Implementers promise what [`Disk`] does: of writes that were not synced a crash may keep any, in any order, and of
/// each any sectors.
pub trait Positioned: Send + Sync {
    /// Some bytes.
    ///
    /// # Errors
    /// As the system says; `UnexpectedEof` if the file is shorter.
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()>;

    /// Changes some bytes; the file grows if it must, with zeros in between.
    ///
    /// # Errors
    /// As the system says; `StorageFull` if there is no room.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Cuts the file, or lengthens it with zeros.
    ///
    /// # Errors
    /// As the system says; `StorageFull` if there is no room.
    fn set_length(&self, length: u64) -> io::Result<()>;

    /// How long the file is.
    ///
    /// # Errors
    /// As the system says.
    fn length(&self) -> io::Result<u64>;

    /// Makes all bytes stable.
    ///
    /// # Errors
    /// As for [`Appender::sync`].
    fn sync(&self) -> io::Result<()>;
}
