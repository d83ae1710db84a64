//! Texts of files, read once for as long as they stay as they are.

use crate::project::Project;
use flowmesh_frontend::World;
use std::{
    cell::RefCell,
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// A file that was written so shortly before it was read may be written again in the same tick of its clock.
const SETTLED: Duration = Duration::from_secs(2);

/// So many texts are kept, which is as many files as a project may have.
const FILES_MAX: usize = 10_000;

/// Texts by path.
#[derive(Debug, Default)]
pub(super) struct Files(RefCell<HashMap<PathBuf, Known>>);

#[derive(Debug)]
struct Known {
    stamp: Stamp,
    text: String,
}

/// When a file was written, and how long it is in bytes.
type Stamp = (SystemTime, u64);

impl Files {
    /// The text of a file of a project.
    pub(super) fn read(&self, project: &Project, name: &str) -> Result<String, String> {
        let path = project.path(name);
        let stamp = stamp(&path);
        if let Some(known) = self.0.borrow().get(&path)
            && Some(known.stamp) == stamp
        {
            return Ok(known.text.clone());
        }
        let read = project.read(name);
        let mut all = self.0.borrow_mut();
        match (&read, stamp.filter(is_settled)) {
            (Ok(text), Some(stamp)) => {
                if all.len() >= FILES_MAX {
                    all.clear();
                }
                let text = text.clone();
                all.insert(path, Known { stamp, text });
            }
            _ => drop(all.remove(&path)),
        }
        read
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let file = fs::metadata(path).ok()?;
    Some((file.modified().ok()?, file.len()))
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
        let read = || files.read(&project, &name);
        assert!(read().is_err());
        written("one", 20);
        assert_eq!((read(), read()), (Ok("one".to_owned()), Ok("one".to_owned())));
        assert_eq!(files.0.borrow().len(), 1);
        written("two", 10);
        assert_eq!(read(), Ok("two".to_owned()));
        written("six", 0);
        assert_eq!(read(), Ok("six".to_owned()));
        assert_eq!(files.0.borrow().len(), 0, "it may be written again at once");
        fs::remove_file(&path).unwrap();
        assert!(read().is_err());
    }
}
