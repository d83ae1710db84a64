//! Taking the declarations of files, and taking them again.

use super::{
    Talk, misused,
    stage::{No, Wrong},
};
use crate::{
    draw::{self, many},
    error::Error,
    project::Project,
};
use flowmesh_frontend::prompt::{Input, Kind, Typed, of_file};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

impl Talk<'_> {
    /// `:load shop.flow`
    pub(super) fn load_named(&mut self, file: &str) -> Result<(), No> {
        if file.is_empty() {
            return Err(misused(":load", "no file is named", "write `:load shop.flow`"));
        }
        Ok(self.load(Path::new(file))?)
    }

    /// Declares what a file declares.
    pub(super) fn load(&mut self, file: &Path) -> Result<(), Error> {
        let (project, root) = Project::of(file)?;
        let text = project.text(&root).map_err(|why| Error::unreadable(file, &why))?;
        self.stage.world = Arc::new(project);
        let name = file.display().to_string();
        let parts = match of_file(&name, &text) {
            Input::Parts(parts) => parts,
            Input::Bad(sources, found) => {
                self.wrong(&Wrong { sources, found });
                Vec::new()
            }
            Input::Empty | Input::Incomplete => Vec::new(),
        };
        let parts: Vec<&Typed> = parts
            .iter()
            .filter(|part| part.kind == Kind::Declaration)
            .collect();
        if !parts.is_empty()
            && let Err(no) = self.declare((&name, &text), &parts)
        {
            self.no(no);
        }
        let taken = self.declared_now(&parts);
        draw::say(format!(
            "took {taken} of {} of {name}",
            many(parts.len(), "declaration", "declarations")
        ));
        if !self.files.iter().any(|known| known == file) {
            self.files.push(file.to_owned());
        }
        Ok(())
    }

    /// How many of these are declared.
    fn declared_now(&self, parts: &[&Typed]) -> usize {
        let session = &self.stage.session;
        let known = |part: &&&Typed| session.names().any(|name| *name == part.name);
        parts.iter().filter(known).count()
    }

    /// `:reload`
    pub(super) fn reload(&mut self) -> Result<(), No> {
        let files: Vec<PathBuf> = self.files.clone();
        if files.is_empty() {
            draw::say("no file was loaded: `:load FILE`");
        }
        for file in files {
            self.load(&file)?;
        }
        Ok(())
    }
}
