//! Cases: texts with a cursor, and the answer that is expected.

use flowmesh_diagnostics::{Edit, SourceId, Span};
use flowmesh_frontend::{
    World,
    ide::{Index, Snapshot},
};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// One case.
pub(crate) struct Case {
    pub(crate) title: String,
    /// What stands behind `|` in its title.
    pub(crate) argument: String,
    /// Everything but the answer, as written.
    written: String,
    pub(crate) files: Files,
    /// The text with the cursor.
    pub(crate) path: String,
    pub(crate) offset: u32,
    /// Where a selection ends.
    pub(crate) end: u32,
}

/// Texts by path.
#[derive(Clone, Default)]
pub(crate) struct Files(pub(crate) BTreeMap<String, String>);

impl World for Files {
    fn read(&self, path: &str) -> Result<String, String> {
        let text = self.0.get(path).cloned();
        text.ok_or_else(|| "there is no such file".to_owned())
    }
}

/// The entries of a folder, in order.
pub(crate) fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    all.sort();
    all
}

/// All cases of a file.
pub(crate) fn cases(text: &str) -> Vec<Case> {
    let mut found: Vec<String> = Vec::new();
    for line in text.split_inclusive('\n') {
        if line.starts_with("#### ") {
            found.push(String::new());
        }
        let last = found.last_mut().expect("a file begins with a title");
        last.push_str(line);
    }
    found.iter().map(|text| Case::read(text)).collect()
}

impl Case {
    fn read(text: &str) -> Self {
        let written: String = text
            .split_inclusive('\n')
            .take_while(|line| line.trim_end() != "====")
            .collect();
        let (title, body) = written.split_once('\n').expect("a title");
        let title = title.trim_start_matches("#### ");
        let (title, argument) = title.split_once(" | ").unwrap_or((title, ""));
        let mut case = Self {
            title: title.to_owned(),
            argument: argument.to_owned(),
            written: written.clone(),
            files: Files::default(),
            path: "main.flow".to_owned(),
            offset: 0,
            end: 0,
        };
        let mut path = "main.flow".to_owned();
        let mut own = String::new();
        for line in body.split_inclusive('\n') {
            if let Some(next) = line.strip_prefix("---- ") {
                case.add(&path, &own);
                (path, own) = (next.trim_end().to_owned(), String::new());
            } else {
                own += line;
            }
        }
        case.add(&path, &own);
        case
    }

    fn add(&mut self, path: &str, text: &str) {
        let mut text = text.to_owned();
        if let Some(at) = text.find("$0") {
            text.replace_range(at..at + 2, "");
            (self.path, self.offset, self.end) = (path.to_owned(), at as u32, at as u32);
        }
        if let Some(at) = text.find("$1") {
            text.replace_range(at..at + 2, "");
            self.end = at as u32;
        }
        self.files.0.insert(path.to_owned(), text);
    }

    /// The case with an answer.
    pub(crate) fn with(&self, answer: &str) -> String {
        let end = if answer.is_empty() || answer.ends_with('\n') {
            ""
        } else {
            "\n"
        };
        format!("{}====\n{answer}{end}", self.written)
    }

    /// The program whose root is the text with the cursor.
    pub(crate) fn snapshot(&self) -> (Snapshot, SourceId) {
        let snapshot = Snapshot::new(&self.files, &self.path);
        let source = snapshot.source(&self.path).unwrap();
        (snapshot, source)
    }

    /// All modules at once.
    pub(crate) fn project(&self) -> (Snapshot, SourceId) {
        let paths: Vec<String> = self
            .files
            .0
            .keys()
            .filter(|path| path.ends_with(".flow"))
            .cloned()
            .collect();
        let snapshot = Snapshot::project(&self.files, &paths);
        let source = snapshot.source(&self.path).unwrap();
        (snapshot, source)
    }

    /// The names of all modules.
    pub(crate) fn index(&self) -> Index {
        Index::of(&self.project().0)
    }
}

/// `path:line:column text`
pub(crate) fn place(snapshot: &Snapshot, span: Span) -> String {
    let source = snapshot.sources.get(span.source).unwrap();
    let text = source.slice(span).lines().next().unwrap_or("").to_owned();
    format!("{} `{text}`", snapshot.sources.place(span))
}

/// The texts that edits change, as they are then.
pub(crate) fn changed(snapshot: &Snapshot, edits: &[Edit]) -> String {
    let mut out = String::new();
    for (id, source) in snapshot.sources.iter() {
        let mut own: Vec<&Edit> = edits.iter().filter(|edit| edit.span.source == id).collect();
        if own.is_empty() {
            continue;
        }
        own.sort_by_key(|edit| (edit.span.start, edit.span.end));
        let mut text = source.text.clone();
        for edit in own.iter().rev() {
            text.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
        }
        out += &format!("---- {}\n{text}", source.name);
    }
    out
}

/// What differs, as far as a reader needs it.
pub(crate) fn difference(path: &Path, said: &str, found: &str) -> String {
    let (said, found): (Vec<_>, Vec<_>) = (said.lines().collect(), found.lines().collect());
    let same = said.iter().zip(&found).take_while(|(a, b)| a == b).count();
    let part = |lines: &[&str]| {
        lines
            .iter()
            .skip(same)
            .take(12)
            .map(|line| format!("    {line}\n"))
            .collect::<String>()
    };
    format!(
        "== {} line {}\n  it says\n{}  the answer is\n{}",
        path.display(),
        same + 1,
        part(&said),
        part(&found)
    )
}
