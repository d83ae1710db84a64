//! What directives take: their own words, names, functions of the library, files.

use super::Candidate;
use crate::prompt::directive::WORDS;
use flowmesh_stdlib::natives;
use std::{fs, path::Path};

/// The directives themselves.
pub(super) fn words() -> Vec<Candidate> {
    let all = WORDS.iter().map(|word| Candidate {
        text: if word.form.is_empty() {
            word.name.to_owned()
        } else {
            format!("{} ", word.name)
        },
        detail: word.doc.to_owned(),
    });
    all.collect()
}

/// Names of a kind.
pub(super) fn named(names: &[String], what: &str) -> Vec<Candidate> {
    let all = names.iter().map(|name| Candidate {
        text: name.clone(),
        detail: what.to_owned(),
    });
    all.collect()
}

/// The functions of the library by their whole names: `list.map`.
pub(super) fn of_library() -> Vec<Candidate> {
    let all = natives().iter().map(|native| Candidate {
        text: native.name.to_owned(),
        detail: native.doc.to_owned(),
    });
    all.collect()
}

/// Files and folders that go on from what was begun.
pub(super) fn files(begun: &str) -> Vec<Candidate> {
    let (folder, name) = begun
        .rsplit_once('/')
        .map_or(("", begun), |(folder, name)| (folder, name));
    let path = match (folder, begun.starts_with('/')) {
        ("", true) => Path::new("/"),
        ("", false) => Path::new("."),
        (folder, _) => Path::new(folder),
    };
    let before = begun
        .get(..begun.len().saturating_sub(name.len()))
        .unwrap_or_default();
    let Ok(all) = fs::read_dir(path) else {
        return Vec::new();
    };
    let mut found: Vec<Candidate> = Vec::new();
    for entry in all.flatten().take(10_000) {
        let Ok(known) = entry.file_name().into_string() else {
            continue;
        };
        let folder = entry.path().is_dir();
        if known.starts_with('.') != name.starts_with('.') || !known.starts_with(name) {
            continue;
        }
        found.push(Candidate {
            text: format!("{before}{known}{}", if folder { "/" } else { "" }),
            detail: String::new(),
        });
    }
    found.sort_by(|a, b| a.text.cmp(&b.text));
    found
}
