//! A small file that is written as a whole.

use crate::disk::Disk;
use std::io;

/// Puts a text in the place of a file: it appears under its name only when it is stable. `new` is what it is called
/// until then.
///
/// What is left of an earlier try is never written on: where its sync failed, a sync of the same file that succeeds
/// later proves nothing.
pub(super) fn replace(disk: &dyn Disk, names: (&str, &str), text: &[u8]) -> io::Result<()> {
    put(disk, names, text)?;
    disk.sync_directory()
}

/// The same, but for the directory: who puts several files there syncs it once.
pub(super) fn put(disk: &dyn Disk, (new, name): (&str, &str), text: &[u8]) -> io::Result<()> {
    match disk.remove(new) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let mut file = disk.append(new)?;
    file.append(text)?;
    file.sync()?;
    disk.rename(new, name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::{Chance, SimulatedDisk};

    #[test]
    fn a_sync_that_failed_is_not_tried_again_on_the_same_file() {
        for seed in 0..64 {
            let disk = SimulatedDisk::new();
            let names = ("NAME.new", "NAME");
            disk.set_sync_fails(true);
            replace(&disk, names, b"whole").expect_err("the sync fails");
            disk.set_sync_fails(false);
            replace(&disk, names, b"whole").unwrap();
            disk.crash(&mut Chance::new(seed));
            assert_eq!(disk.read("NAME").unwrap(), b"whole", "seed {seed}");
        }
    }
}
