//! Whether the files of a program have changed.

use crate::{error::Error, program, project::Project};
use flowmesh_diagnostics::Sources;
use flowmesh_ir::Program;
use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// So often it is looked.
const LOOKS: Duration = Duration::from_secs(1);

/// The files that a program is made of, as they were when it was read.
pub(super) struct Files(Vec<(PathBuf, Stamp)>);

/// When a file was last changed, and how long it is, as far as the system says.
type Stamp = Option<(SystemTime, u64)>;

impl Files {
    /// Compiles a program, and takes note of what it is made of.
    pub(super) fn load(file: &Path) -> Result<(Self, Program), Error> {
        // Whatever changes while it is read counts as changed.
        let early = stamp(file);
        let (program, sources) = program::load_with_sources(file, false)?;
        let mut files = Self::of(file, &sources);
        if let Some((_, known)) = files.0.first_mut() {
            *known = early;
        }
        Ok((files, program))
    }

    fn of(file: &Path, sources: &Sources) -> Self {
        let mut paths = vec![file.to_owned()];
        if let Ok((project, _)) = Project::of(file) {
            paths.extend(sources.iter().map(|(_, source)| project.path(&source.name)));
        }
        Self(
            paths
                .into_iter()
                .map(|path| (path.clone(), stamp(&path)))
                .collect(),
        )
    }

    /// Waits until one has changed, and compiles the program again.
    pub(super) async fn changed(&mut self, file: &Path) -> Result<Program, Error> {
        loop {
            tokio::time::sleep(LOOKS).await;
            let changed = |(path, known): &(PathBuf, Stamp)| stamp(path) != *known;
            if !self.0.iter().any(changed) {
                continue;
            }
            return match Self::load(file) {
                Ok((files, program)) => {
                    *self = files;
                    Ok(program)
                }
                Err(why) => {
                    // What is wrong with it is said once.
                    for (path, known) in &mut self.0 {
                        *known = stamp(path);
                    }
                    Err(why)
                }
            };
        }
    }
}

fn stamp(path: &Path) -> Stamp {
    let known = fs::metadata(path).ok()?;
    Some((known.modified().ok()?, known.len()))
}
