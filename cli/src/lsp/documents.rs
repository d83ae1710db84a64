//! Open documents, and the compiler's world with their unsaved texts in it.

use super::{files::Files, library, uri};
use crate::{project::Project, threads};
use flowmesh_frontend::{Work, World, ide::position::Text};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// The most files of a project that are looked at.
const FILES_MAX: usize = 10_000;

/// What is open in the editor, by URI.
#[derive(Debug, Default)]
pub(super) struct Documents {
    pub(super) open: BTreeMap<String, Document>,
    /// Texts of files that are not open. A program is read anew after each key stroke, and most of it lies still.
    files: Files,
}

/// One open document.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) version: i64,
    pub(super) text: Text,
}

/// The world of one root document: open texts first, then files.
pub(super) struct Desk<'a> {
    documents: &'a Documents,
    /// `None` for a document that is no file: it can read nothing but the library.
    project: Option<Project>,
    uri: String,
    /// The root's name in this world.
    pub(super) root: String,
    /// Whether files may be as they were a moment ago.
    recent: bool,
}

impl Documents {
    /// The world of a document.
    pub(super) fn desk(&self, uri: &str) -> Desk<'_> {
        let project = uri::path(uri).map(|path| Project::around(&real(path)));
        let (project, root) = match project {
            Some((project, root)) => (Some(project), root),
            None => (None, "untitled.flow".to_owned()),
        };
        Desk {
            documents: self,
            project,
            uri: uri.to_owned(),
            root,
            recent: false,
        }
    }
}

impl Desk<'_> {
    /// The same for who only asks what can be written: of files that were looked at a moment ago nothing new is wanted.
    pub(super) fn recent(self) -> Self {
        Self { recent: true, ..self }
    }

    /// The document of that name, if it is open.
    fn opened(&self, name: &str) -> Option<&Document> {
        if name == self.root {
            return self.documents.open.get(&self.uri);
        }
        let path = self.project.as_ref()?.path(name);
        self.documents.open.get(&uri::of(&path))
    }

    /// The URI of a source by its name; `None` where it is nowhere.
    pub(super) fn uri_of(&self, name: &str) -> Option<String> {
        if name == self.root {
            return Some(self.uri.clone());
        }
        if name.starts_with("std/") {
            return library::path(name).map(|path| uri::of(&path));
        }
        let path = self.project.as_ref()?.path(name);
        let uri = uri::of(&path);
        (self.documents.open.contains_key(&uri) || path.is_file()).then_some(uri)
    }

    /// The name of a document in this world; `None` where it belongs to another project.
    pub(super) fn name_of(&self, uri: &str) -> Option<String> {
        if uri == self.uri {
            return Some(self.root.clone());
        }
        let path = real(uri::path(uri)?);
        let top = self.project.as_ref()?.path("");
        let inside = path.strip_prefix(&top).ok()?;
        Some(inside.to_string_lossy().replace('\\', "/"))
    }

    /// The version of a document that is open.
    pub(super) fn version(&self, uri: &str) -> Option<i64> {
        Some(self.documents.open.get(uri)?.version)
    }

    /// The folder of the project.
    pub(super) fn folder(&self) -> Option<PathBuf> {
        self.project.as_ref().map(|project| project.path(""))
    }

    /// The names of all modules of the project, those that are open and not saved among them.
    pub(super) fn modules(&self) -> Vec<String> {
        let mut names = vec![self.root.clone()];
        if let Some(folder) = self.folder() {
            names.extend(below(&folder, &folder));
        }
        names.extend(self.documents.open.keys().filter_map(|uri| self.name_of(uri)));
        names.retain(|name| name.ends_with(".flow"));
        names.sort();
        names.dedup();
        names
    }
}

/// The files of a folder with programs, by their paths in the project. What is hidden or built is left out, as are folders that
/// are projects of their own.
fn below(top: &Path, folder: &Path) -> Vec<String> {
    let (mut found, mut open) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = open.pop() {
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        for entry in entries {
            let path = entry.path();
            let name = entry.file_name();
            let name = name.to_string_lossy();
            // A link could lead in circles.
            let Ok(kind) = entry.file_type() else { continue };
            let hidden = name.starts_with('.') || matches!(name.as_ref(), "target" | "node_modules");
            if kind.is_dir() && !hidden && !path.join("flowmesh.toml").is_file() {
                open.push(path);
            } else if name.ends_with(".flow")
                && let Ok(inside) = path.strip_prefix(top)
            {
                found.push(inside.to_string_lossy().replace('\\', "/"));
            }
            if found.len() >= FILES_MAX {
                return found;
            }
        }
    }
    found
}

/// The files with programs below a folder.
pub(super) fn programs(folder: &Path) -> Vec<PathBuf> {
    below(folder, folder)
        .into_iter()
        .map(|name| folder.join(name))
        .collect()
}

impl World for Desk<'_> {
    fn read(&self, path: &str) -> Result<String, String> {
        if let Some(document) = self.opened(path) {
            return Ok(document.text.as_str().to_owned());
        }
        match &self.project {
            Some(project) => self.documents.files.read(project, path, self.recent),
            None => Err("this document is not saved, so there is nothing beside it".to_owned()),
        }
    }

    fn work(&self, all: Vec<Work<'_>>) {
        threads::work(all);
    }
}

/// The path without symbolic links above the file, which itself need not exist.
fn real(path: PathBuf) -> PathBuf {
    let parent = path.parent().and_then(|parent| parent.canonicalize().ok());
    match (parent, path.file_name()) {
        (Some(parent), Some(name)) => parent.join(name),
        _ => path,
    }
}
