//! Texts of files, read once for as long as they stay as they are.

use crate::project::{Project, words};
use flowmesh_frontend::World;
use std::{
    cell::RefCell,
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

/// A file that was written so shortly before it was read may be written again in the same tick of its clock.
const SETTLED: Duration = Duration::from_secs(2);

/// Who only asks what can be written does not look again at files that were looked at so shortly before: a program has
/// hundreds, and has just been checked.
const RECENT: Duration = Duration::from_secs(1);

/// So many texts are kept, which is as many files as a project may have.
const FILES_MAX: usize = 10_000;

/// Texts by path.
#[derive(Debug, Default)]
pub(super) struct Files(RefCell<HashMap<PathBuf, Known>>);

#[derive(Debug)]
struct Known {
    /// None where what was read may be another text soon, or none.
    stamp: Option<Stamp>,
    read: Result<String, String>,
    looked: Instant,
}

/// When a file was written, and how long it is in bytes.
type Stamp = (SystemTime, u64);

impl Files {
    /// The text of a file of a project as it is now, or as it was a moment ago.
    pub(super) fn read(&self, project: &Project, name: &str, recent: bool) -> Result<String, String> {
        let path = project.path(name);
        if let Some(known) = self.0.borrow().get(&path)
            && recent
            && known.looked.elapsed() < RECENT
        {
            return known.read.clone();
        }
        let stamp = stamp(&path);
        let mut all = self.0.borrow_mut();
        if let (Some(known), Ok(stamp)) = (all.get_mut(&path), &stamp)
            && known.stamp == Some(*stamp)
        {
            known.looked = Instant::now();
            return known.read.clone();
        }
        let read = match &stamp {
            Ok(_) => project.read(name),
            // A `use` of an item is looked for as a module first; there are as many as there are `use`.
            Err(why) => Err(words(why)),
        };
        if all.len() >= FILES_MAX {
            all.clear();
        }
        let known = Known {
            stamp: stamp.ok().filter(|stamp| is_settled(stamp) && read.is_ok()),
            read: read.clone(),
            looked: Instant::now(),
        };
        all.insert(path, known);
        read
    }
}

fn stamp(path: &Path) -> io::Result<Stamp> {
    let file = fs::metadata(path)?;
    Ok((file.modified()?, file.len()))
}

/// A clock that was set back proves nothing.
fn is_settled((written, _): &Stamp) -> bool {
    written.elapsed().is_ok_and(|since| since > SETTLED)
}

#[cfg(test)]
mod tests {
    use super::Files;
    use crate::project::Project;
    use std::{
        fs::{self, File},
        time::{Duration, SystemTime},
    };

    #[test]
    fn a_file_that_is_written_again_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.flow");
        let written = |text: &str, ago: u64| {
            fs::write(&path, text).unwrap();
            let then = SystemTime::now() - Duration::from_secs(ago);
            File::options()
                .write(true)
                .open(&path)
                .unwrap()
                .set_modified(then)
                .unwrap();
        };
        let (project, name) = Project::around(&path.canonicalize().unwrap_or(path.clone()));
        let files = Files::default();
        let read = || files.read(&project, &name, false);
        assert!(read().is_err());
        written("one", 20);
        assert_eq!((read(), read()), (Ok("one".to_owned()), Ok("one".to_owned())));
        let stamped = || {
            files
                .0
                .borrow()
                .values()
                .filter(|known| known.stamp.is_some())
                .count()
        };
        assert_eq!(stamped(), 1);
        written("two", 10);
        assert_eq!(read(), Ok("two".to_owned()));
        written("six", 0);
        assert_eq!(read(), Ok("six".to_owned()));
        assert_eq!(stamped(), 0, "it may be written again at once");
        fs::remove_file(&path).unwrap();
        assert_eq!(read(), Err("there is no such file or directory".to_owned()));
    }
}
