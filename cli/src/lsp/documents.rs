//! Open documents, and the compiler's world with their unsaved texts in it.

use super::uri;
use crate::{project::Project, threads};
use flowmesh_frontend::{Work, Workspace, World};
use std::{collections::BTreeMap, path::PathBuf};

/// What is open in the editor, by URI.
#[derive(Debug, Default)]
pub(crate) struct Documents {
    pub(crate) open: BTreeMap<String, Document>,
    /// URIs for which diagnostics were published and not yet taken back.
    pub(crate) marked: Vec<String>,
    /// What is known of the last check of each open document.
    pub(crate) workspaces: BTreeMap<String, Workspace>,
}

/// One open document.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) version: i32,
    pub(crate) text: String,
}

/// The world of one root document: open texts first, then files.
pub(crate) struct Desk<'a> {
    documents: &'a Documents,
    /// `None` for a document that is no file: it can read nothing but the library.
    project: Option<Project>,
    uri: String,
    /// The root's name in this world.
    pub(crate) root: String,
}

impl Documents {
    /// The world of a document.
    pub(crate) fn desk(&self, uri: &str) -> Desk<'_> {
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
        }
    }
}

impl Desk<'_> {
    /// The URI of a source by its name; `None` of the library's.
    pub(crate) fn uri_of(&self, name: &str) -> Option<String> {
        if name == self.root {
            return Some(self.uri.clone());
        }
        let path = self.project.as_ref()?.path(name);
        path.is_file().then(|| uri::of(&path))
    }
}

impl World for Desk<'_> {
    fn read(&self, path: &str) -> Result<String, String> {
        let open = self.uri_of(path).and_then(|uri| self.documents.open.get(&uri));
        if let Some(document) = open {
            return Ok(document.text.clone());
        }
        match &self.project {
            Some(project) => project.read(path),
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
