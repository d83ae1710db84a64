//! Which programs are meant by files and directories.

use crate::{error::Error, project::words};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The files as they are named, and every `.flow` file below the directories, in a stable order.
pub(crate) fn programs(named: &[PathBuf]) -> Result<Vec<PathBuf>, Error> {
    let here = [PathBuf::from(".")];
    let named = if named.is_empty() { here.as_slice() } else { named };
    let mut found = Vec::new();
    for path in named {
        match path.is_dir() {
            true => below(path, &mut found)?,
            false => found.push(path.clone()),
        }
    }
    Ok(found)
}

fn below(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), Error> {
    let mut open = vec![folder.to_owned()];
    let mut here = Vec::new();
    while let Some(folder) = open.pop() {
        let entries = fs::read_dir(&folder).map_err(|why| Error::unreadable(&folder, &words(&why)))?;
        for path in entries.flatten().map(|entry| entry.path()) {
            let hidden = path.file_name().is_none_or(|name| {
                let name = name.to_string_lossy();
                name.starts_with('.') || name == "target"
            });
            if path.is_dir() {
                // A symbolic link may lead round in a circle.
                open.extend((!hidden && !path.is_symlink()).then_some(path));
            } else if path.extension().is_some_and(|extension| extension == "flow") {
                here.push(path);
            }
        }
    }
    here.sort();
    found.append(&mut here);
    Ok(())
}
