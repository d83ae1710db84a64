//! The files of a project, as the compiler asks for them.

use flowmesh_frontend::{Work, World};
use std::{
    fs,
    path::{Component, Path, PathBuf},
};

use crate::{error::Error, threads};

/// The name of the file that marks a project's root.
const MARKER: &str = "flowmesh.toml";

/// A directory with `.flow` files. Nothing outside of it is read.
#[derive(Debug)]
pub(crate) struct Project {
    root: PathBuf,
}

impl Project {
    /// The project that a file belongs to, and the file's path in it with `/` between folders: the nearest
    /// directory above with a `flowmesh.toml`, else the file's own directory.
    pub(crate) fn of(file: &Path) -> Result<(Self, String), Error> {
        let full = fs::canonicalize(file).map_err(|why| Error::unreadable(file, &words(&why)))?;
        if full.is_dir() {
            return Err(Error::unreadable(file, &"it is a directory"));
        }
        Ok(Self::around(&full))
    }

    /// The same for an absolute path that need not exist, as editors have them.
    pub(crate) fn around(full: &Path) -> (Self, String) {
        let own = full.parent().unwrap_or(Path::new("/"));
        let marked = own.ancestors().find(|dir| dir.join(MARKER).is_file());
        let root = marked.unwrap_or(own).to_owned();
        let inside = full.strip_prefix(&root).unwrap_or(full);
        let words: Vec<_> = inside
            .components()
            .map(|part| part.as_os_str().to_string_lossy())
            .collect();
        (Self { root }, words.join("/"))
    }

    /// Where a file of the project is.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// The text of a file in the project.
    pub(crate) fn text(&self, name: &str) -> Result<String, String> {
        self.read(name)
    }
}

impl World for Project {
    fn read(&self, path: &str) -> Result<String, String> {
        let normal = |part: Component<'_>| matches!(part, Component::Normal(_));
        if !Path::new(path).components().all(normal) {
            return Err("it lies outside of the project".to_owned());
        }
        let full = fs::canonicalize(self.root.join(path)).map_err(|why| words(&why))?;
        // A symbolic link may lead anywhere; only where it leads counts.
        if !full.starts_with(&self.root) {
            return Err("it lies outside of the project".to_owned());
        }
        fs::read_to_string(full).map_err(|why| words(&why))
    }

    fn work(&self, all: Vec<Work<'_>>) {
        threads::work(all);
    }
}

/// Why a file cannot be read, without the number of the system's error.
pub(crate) fn words(why: &std::io::Error) -> String {
    match why.kind() {
        std::io::ErrorKind::NotFound => "there is no such file or directory".to_owned(),
        std::io::ErrorKind::PermissionDenied => "it may not be read".to_owned(),
        std::io::ErrorKind::InvalidData => "it is not UTF-8 text".to_owned(),
        std::io::ErrorKind::StorageFull => "there is no space left on the disk".to_owned(),
        std::io::ErrorKind::IsADirectory => "it is a directory".to_owned(),
        _ => why.to_string(),
    }
}
