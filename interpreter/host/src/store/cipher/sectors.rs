//! The file of the index, encrypted: each sector of the disk alone.
//!
//! The database reckons with writes that a crash leaves in part, a sector old or new. So a piece is a sector: after a
//! crash each can be opened, and holds what the database wrote there at some time, as without encryption. A page of 4096
//! bytes lies in nine sectors, and shares none with another page. A sector of zeros was never written, and reads as zeros.

use super::{Keys, OVERHEAD, Place};
use crate::disk::Positioned;
use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

pub(super) const SECTOR: usize = 512;
/// What one holds.
const HELD: usize = 456;
const PAGE: u64 = 4096;
const PAGE_SECTORS: u64 = 9;

/// A file, encrypted.
pub(in crate::store) struct Sectors {
    file: Box<dyn Positioned>,
    keys: Arc<Keys>,
    /// Locked while a part of a sector is changed.
    partly: Mutex<()>,
}

/// A part of what is read or written, within one sector.
struct Part {
    number: u64,
    /// How many bytes the sector holds: the last one of a page has fewer.
    held: usize,
    /// Where the part begins in it, and how long it is.
    from: usize,
    length: usize,
}

impl Sectors {
    pub(in crate::store) fn new(file: Box<dyn Positioned>, keys: Arc<Keys>) -> Self {
        Self {
            file,
            keys,
            partly: Mutex::new(()),
        }
    }

    /// What a sector holds.
    fn read(&self, number: u64, sector: &[u8], held: usize) -> io::Result<Vec<u8>> {
        if sector.iter().all(|byte| *byte == 0) {
            return Ok(vec![0; held]);
        }
        let piece = sector.get(..held.saturating_add(OVERHEAD));
        let opened = piece.and_then(|piece| self.keys.open(Place::Sector { number }, piece));
        opened.ok_or_else(|| {
            let what = "it is not encrypted with the keys of the store";
            io::Error::new(io::ErrorKind::InvalidData, what)
        })
    }

    fn sectors(&self, first: u64, last: u64) -> io::Result<Vec<u8>> {
        let count =
            usize::try_from(last.saturating_sub(first).saturating_add(1)).map_err(io::Error::other)?;
        let mut bytes = vec![0; count.saturating_mul(SECTOR)];
        self.file.read_at(at(first), &mut bytes)?;
        Ok(bytes)
    }
}

fn at(sector: u64) -> u64 {
    sector.saturating_mul(SECTOR as u64)
}

/// The parts of a range, in order.
fn parts(mut offset: u64, mut left: usize) -> io::Result<Vec<Part>> {
    let mut parts = Vec::new();
    while left > 0 {
        let (page, in_page) = (offset / PAGE, offset % PAGE);
        let sector = in_page / HELD as u64;
        let begins = sector.saturating_mul(HELD as u64);
        let held = PAGE.saturating_sub(begins).min(HELD as u64);
        let from = in_page.saturating_sub(begins);
        let length = usize::try_from(held.saturating_sub(from)).map_err(io::Error::other)?;
        let length = length.min(left);
        parts.push(Part {
            number: page.saturating_mul(PAGE_SECTORS).saturating_add(sector),
            held: usize::try_from(held).map_err(io::Error::other)?,
            from: usize::try_from(from).map_err(io::Error::other)?,
            length,
        });
        offset = offset.saturating_add(length as u64);
        left = left.saturating_sub(length);
    }
    Ok(parts)
}

fn ends(parts: &[Part]) -> Option<(u64, u64)> {
    Some((parts.first()?.number, parts.last()?.number))
}

impl Positioned for Sectors {
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let parts = parts(offset, out.len())?;
        let Some((first, last)) = ends(&parts) else {
            return Ok(());
        };
        let sectors = self.sectors(first, last)?;
        let mut rest = out;
        for (part, sector) in parts.iter().zip(sectors.chunks(SECTOR)) {
            let held = self.read(part.number, sector, part.held)?;
            let (now, behind) = rest.split_at_mut(part.length);
            let bytes = held.get(part.from..).and_then(|held| held.get(..part.length));
            now.copy_from_slice(bytes.ok_or(io::ErrorKind::InvalidData)?);
            rest = behind;
        }
        Ok(())
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let parts = parts(offset, bytes.len())?;
        let Some((first, _)) = ends(&parts) else {
            return Ok(());
        };
        let is_partly = parts.iter().any(|part| part.length < part.held);
        let _partly = is_partly.then(|| self.partly.lock().unwrap_or_else(PoisonError::into_inner));
        let mut written = Vec::with_capacity(parts.len().saturating_mul(SECTOR));
        let mut rest = bytes;
        for part in &parts {
            let (now, behind) = rest.split_at(part.length);
            rest = behind;
            let place = Place::Sector { number: part.number };
            if part.length == part.held {
                self.keys.seal(place, now, &mut written);
            } else {
                let mut held = if at(part.number) < self.file.length()? {
                    self.read(part.number, &self.sectors(part.number, part.number)?, part.held)?
                } else {
                    vec![0; part.held]
                };
                let within = held
                    .get_mut(part.from..)
                    .and_then(|held| held.get_mut(..part.length));
                within.ok_or(io::ErrorKind::InvalidData)?.copy_from_slice(now);
                self.keys.seal(place, &held, &mut written);
            }
            written.resize(written.len().next_multiple_of(SECTOR), 0);
        }
        self.file.write_at(at(first), &written)
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        if !length.is_multiple_of(PAGE) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "expected whole pages",
            ));
        }
        self.file
            .set_length(at((length / PAGE).saturating_mul(PAGE_SECTORS)))
    }

    fn length(&self) -> io::Result<u64> {
        let pages = self.file.length()?.div_ceil(at(PAGE_SECTORS));
        Ok(pages.saturating_mul(PAGE))
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync()
    }
}
