//! Tasks: a text without one of its words.

use crate::shown::difference;
use flowmesh_diagnostics::SourceId;
use flowmesh_frontend::{
    Workspace, World,
    check::FactKind,
    ide::{self, NameKind, Role, Snapshot},
    syntax::SyntaxToken,
};
use std::{
    fs,
    path::{Path, PathBuf},
    rc::Rc,
};

/// Folders of the suite whose programs are sound and look like programs.
const FOLDERS: [&str; 6] = ["run", "test", "lower", "whole", "policy", "mesh"];

/// One word of so many is taken.
const EVERY: usize = 41;

pub(crate) struct Task {
    folder: Folder,
    name: String,
    offset: u32,
    pub(crate) kind: String,
    pub(crate) word: String,
}

/// Modules of a folder, one of them with another text.
#[derive(Clone)]
struct Folder {
    root: PathBuf,
    name: String,
    text: String,
}

impl World for Folder {
    fn read(&self, path: &str) -> Result<String, String> {
        if path == self.name {
            return Ok(self.text.clone());
        }
        fs::read_to_string(self.root.join(path)).map_err(|why| why.to_string())
    }
}

impl Task {
    /// The place of the word among what is offered, from 1, or 0; and what is offered first.
    pub(crate) fn rank(&self) -> (usize, String) {
        let found = ide::complete(
            &mut Workspace::default(),
            &self.folder,
            &self.name,
            self.offset,
            ide::Known::default(),
        );
        let program = Rc::new(Snapshot::new(&self.folder, &self.name));
        let known = ide::Known {
            program: Some(&program),
            ..ide::Known::default()
        };
        let quick = ide::complete(
            &mut Workspace::default(),
            &self.folder,
            &self.name,
            self.offset,
            known,
        );
        assert_eq!(
            difference(&found, &quick),
            None,
            "{} at {}",
            self.name,
            self.offset
        );
        let place = found.items.iter().position(|item| item.label == self.word);
        let first = found
            .items
            .first()
            .map(|item| item.label.clone())
            .unwrap_or_default();
        (place.map_or(0, |at| at + 1), first)
    }

    pub(crate) fn place(&self) -> String {
        let before = &self.folder.text[..self.offset as usize];
        let line = self
            .folder
            .text
            .lines()
            .nth(before.lines().count().saturating_sub(1))
            .unwrap_or("")
            .trim();
        format!("{}:{} {line}", self.name, before.lines().count())
    }
}

/// All tasks, the same in every run.
pub(crate) fn tasks() -> Vec<Task> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut paths: Vec<PathBuf> = Vec::new();
    for folder in FOLDERS {
        paths.extend(flows(&top.join("tests/suite").join(folder)));
    }
    for entry in fs::read_dir(top.join("examples")).unwrap() {
        paths.extend(flows(&entry.unwrap().path()));
    }
    paths.sort();
    let mut all = Vec::new();
    for path in paths {
        all.extend(of_file(&path));
    }
    let count = all.len();
    let chosen = all
        .into_iter()
        .enumerate()
        .filter(|(at, _)| at * 7919 % count % EVERY == 0);
    chosen.map(|(_, task)| task).collect()
}

fn flows(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    paths
        .filter(|path| path.extension().is_some_and(|ending| ending == "flow"))
        .collect()
}

fn of_file(path: &Path) -> Vec<Task> {
    let text = fs::read_to_string(path).unwrap();
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let root = path.parent().unwrap().to_owned();
    let folder = Folder {
        root,
        name: name.clone(),
        text,
    };
    let snapshot = Snapshot::new(&folder, &name);
    let Some(source) = snapshot.source(&name).filter(|_| !snapshot.found.has_errors()) else {
        return Vec::new();
    };
    let tree = snapshot.tree(source).unwrap();
    let tokens = tree
        .descendants_with_tokens()
        .filter_map(|element| element.into_token());
    let words = tokens.filter(|token| token.kind().is_word());
    let kinds = words.filter_map(|token| Some((kind(&snapshot, source, &token)?, token)));
    kinds
        .map(|(kind, token)| {
            let range = token.text_range();
            let mut folder = folder.clone();
            folder
                .text
                .replace_range(usize::from(range.start())..usize::from(range.end()), "");
            Task {
                folder,
                name: name.clone(),
                offset: range.start().into(),
                kind,
                word: token.text().to_owned(),
            }
        })
        .collect()
}

/// What a word is; nothing for names that are given here, which nobody can guess.
fn kind(snapshot: &Snapshot, source: SourceId, token: &SyntaxToken) -> Option<String> {
    let start = u32::from(token.text_range().start());
    let names = snapshot.names().at(source, start + 1);
    if let Some(name) = names.first() {
        let used = names.iter().all(|name| name.role == Role::Used);
        return used.then(|| match name.kind {
            NameKind::Param => "Local".to_owned(),
            kind => format!("{kind:?}"),
        });
    }
    let fact = snapshot
        .analysis
        .checked
        .facts
        .iter()
        .find(|fact| fact.span.source == source && fact.span.start == start);
    match fact.map(|fact| &fact.kind) {
        Some(FactKind::Setting(_)) => return Some("Setting".to_owned()),
        Some(FactKind::Native(_)) => return Some("Native".to_owned()),
        Some(FactKind::Builtin(..)) => return Some("Builtin".to_owned()),
        Some(_) => return None,
        None => {}
    }
    let parent = token.parent()?;
    let is_name = format!("{:?}", parent.kind()) == "Name";
    let is_word = format!("{:?}", parent.kind()) == "Reference";
    if is_name {
        return None;
    }
    Some(if is_word { "Word" } else { "Keyword" }.to_owned())
}
