//! A directory together with its keys.

use super::{
    KeyError, KeyRing, Keys,
    file::{self, Content, FILE},
};
use crate::{
    disk::{Appender, Disk, Positioned},
    store::{StoreError, format, segment, survey},
};
use std::{collections::BTreeSet, io, ops::Deref, sync::Arc};

/// Fills bytes by chance that nobody can guess.
pub type Random<'a> = &'a dyn Fn(&mut [u8]) -> io::Result<()>;

/// The chance of the system.
///
/// # Errors
/// If the system has none.
pub fn system_random(out: &mut [u8]) -> io::Result<()> {
    aws_lc_rs::rand::fill(out).map_err(|_| io::Error::other("the system has no randomness"))
}

/// A directory with its keys: what the store writes into it is encrypted.
#[derive(Debug)]
pub struct Keyed<D> {
    disk: D,
    keys: Arc<Keys>,
}

impl<D> Keyed<D> {
    /// A directory with the keys of another one that it is a copy of.
    pub fn new(disk: D, keys: Arc<Keys>) -> Self {
        Self { disk, keys }
    }
}

/// The directory with its keys. One that is not encrypted is from now on: everything that is written into it.
///
/// # Errors
/// If the keys of the directory cannot be had with these, or the disk fails.
pub fn encrypt(disk: Arc<dyn Disk>, ring: &KeyRing, random: Random<'_>) -> Result<Arc<dyn Disk>, StoreError> {
    let content = match known(disk.as_ref(), ring)? {
        Some(content) => content,
        None => begin(disk.as_ref(), ring, random)?,
    };
    with(disk, content, ring, random)
}

/// The directory with its keys, if it is encrypted, and as it is otherwise. Nothing is changed in it.
///
/// # Errors
/// As for [`encrypt`].
pub fn unlock(disk: Arc<dyn Disk>, ring: &KeyRing, random: Random<'_>) -> Result<Arc<dyn Disk>, StoreError> {
    match known(disk.as_ref(), ring)? {
        Some(content) => with(disk, content, ring, random),
        None => Ok(disk),
    }
}

fn with(
    disk: Arc<dyn Disk>,
    content: Content,
    ring: &KeyRing,
    random: Random<'_>,
) -> Result<Arc<dyn Disk>, StoreError> {
    let keys = Keys::new(content, ring.clone(), random).map_err(|error| io(disk.as_ref(), error))?;
    Ok(Arc::new(Keyed::new(disk, Arc::new(keys))))
}

/// Encrypts the keys of a directory with the current key from outside, whichever it was before, and adds a data key for
/// what is written from now on. Nothing else is written again. A directory that was not encrypted is from now on.
///
/// # Errors
/// As for [`encrypt`].
pub fn rekey(disk: &dyn Disk, ring: &KeyRing, random: Random<'_>) -> Result<(), StoreError> {
    let Some(mut content) = known(disk, ring)? else {
        return begin(disk, ring, random).map(drop);
    };
    content.add(random).map_err(|error| io(disk, error))?;
    file::write(disk, &content, ring, random)
}

/// Lets go of data keys that nothing in a directory is encrypted with any more. Nobody else uses it meanwhile, and its
/// index is encrypted with the newest.
///
/// # Errors
/// If the directory cannot be read, or the disk fails.
pub fn tidy(disk: &dyn Disk, random: Random<'_>) -> Result<(), StoreError> {
    let Some(keys) = disk.keys() else { return Ok(()) };
    let mut content = keys.content.clone();
    if content.data.len() == 1 && content.plain_upto == 0 {
        return Ok(());
    }
    let found = survey(disk, &mut |_, _| Ok(()), &mut |_, _| {})?;
    if !found.is_sound() {
        return Ok(());
    }
    let newest = content.newest();
    content
        .data
        .retain(|number, _| *number == newest || found.data_keys.contains(number));
    let names = disk.list().map_err(|error| io(disk, error))?;
    if names
        .iter()
        .filter_map(|name| segment::number(name))
        .all(|segment| segment > content.plain_upto)
    {
        content.plain_upto = 0;
    }
    file::write(disk, &content, keys.ring(), random)
}

/// Whether a directory needs keys.
pub(in crate::store) fn is_encrypted(names: &[String]) -> bool {
    names.iter().any(|name| name == FILE)
}

/// The text of the file of keys, as it is.
pub(in crate::store) fn text(disk: &dyn Disk) -> Result<Option<Vec<u8>>, StoreError> {
    match disk.read(FILE) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io(disk, error)),
    }
}

/// Puts the text of a file of keys in its place.
pub(in crate::store) fn adopt(disk: &dyn Disk, text: &[u8]) -> Result<(), StoreError> {
    file::put(disk, text).map_err(|error| segment::io_error(disk, FILE, error).into())
}

/// Takes the file of keys away.
pub(in crate::store) fn clear(disk: &dyn Disk, names: &[String]) -> io::Result<()> {
    let of_keys = [FILE, file::FILE_NEW];
    let mut names = names.iter().filter(|name| of_keys.contains(&name.as_str()));
    names.try_for_each(|name| disk.remove(name))
}

fn known(disk: &dyn Disk, ring: &KeyRing) -> Result<Option<Content>, StoreError> {
    let known = file::read(disk, ring)?;
    if known.is_none() && format::is_encrypted(disk)? {
        return Err(StoreError::Key(lost(disk)));
    }
    Ok(known)
}

/// The error where the file of keys is gone.
pub(in crate::store) fn lost(disk: &dyn Disk) -> KeyError {
    KeyError::Lost {
        place: disk.place(FILE),
        reason: "is not there".to_owned(),
    }
}

fn begin(disk: &dyn Disk, ring: &KeyRing, random: Random<'_>) -> Result<Content, StoreError> {
    let names = match disk.list() {
        Ok(names) => names,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(io(disk, error)),
    };
    let segments: BTreeSet<u32> = names.iter().filter_map(|name| segment::number(name)).collect();
    let plain_upto = segments.last().copied().unwrap_or_default();
    let content = Content::begin(plain_upto, random).map_err(|error| io(disk, error))?;
    file::write(disk, &content, ring, random)?;
    Ok(content)
}

fn io(disk: &dyn Disk, error: io::Error) -> StoreError {
    let place = disk.place(FILE);
    StoreError::Io { place, error }
}

impl<D> Disk for Keyed<D>
where
    D: Deref + Send + Sync,
    D::Target: Disk,
{
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
        self.disk.append(name)
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

    fn keys(&self) -> Option<&Arc<Keys>> {
        Some(&self.keys)
    }
}
