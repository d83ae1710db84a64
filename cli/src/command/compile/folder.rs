//! A folder of manifests, and how it differs from what a program becomes.

use crate::{error::Error, output, project::words};
use flowmesh_kubernetes::Manifest;
use similar::TextDiff;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

/// What only manifests have that were made here.
const OURS: &str = "flowmesh/program: ";

/// A folder beside what a program becomes.
pub(super) struct Folder<'m> {
    path: PathBuf,
    manifests: &'m [Manifest],
    /// The manifests that were made here, by the names of their files.
    found: BTreeMap<String, String>,
}

/// What is otherwise with a file.
pub(super) struct Difference<'f> {
    /// The name of the file.
    pub(super) name: &'f str,
    /// What stands there; nothing where it is not there.
    pub(super) is: Option<&'f str>,
    /// What should; nothing where no object belongs to it any more.
    pub(super) should: Option<&'f str>,
}

impl<'m> Folder<'m> {
    /// Reads what is there; a folder that is not there is empty.
    pub(super) fn read(path: &Path, manifests: &'m [Manifest]) -> Result<Self, Error> {
        let mut found = BTreeMap::new();
        for below in folders(manifests) {
            let folder = path.join(below);
            let unreadable = |why: io::Error| Error::unreadable(&folder, &words(&why));
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(why) if why.kind() == io::ErrorKind::NotFound => continue,
                Err(why) => return Err(unreadable(why)),
            };
            for entry in entries {
                let entry = entry.map_err(unreadable)?.file_name();
                let name = Path::new(below).join(&entry).to_string_lossy().into_owned();
                if !name.ends_with(".yaml") {
                    continue;
                }
                let known = manifests.iter().any(|manifest| manifest.path == name);
                let file = path.join(&name);
                let text = fs::read_to_string(&file).map_err(|why| Error::unreadable(&file, &words(&why)))?;
                if known || text.contains(OURS) {
                    found.insert(name, text);
                }
            }
        }
        Ok(Self {
            path: path.to_owned(),
            manifests,
            found,
        })
    }

    /// What is otherwise, by the names of the files.
    pub(super) fn differences(&self) -> Vec<Difference<'_>> {
        let should = self
            .manifests
            .iter()
            .map(|manifest| (manifest.path.as_str(), manifest.yaml.as_str()));
        let should: BTreeMap<&str, &str> = should.collect();
        let mut names: Vec<&str> = should
            .keys()
            .copied()
            .chain(self.found.keys().map(String::as_str))
            .collect();
        names.sort_unstable();
        names.dedup();
        let differences = names.into_iter().map(|name| Difference {
            name,
            is: self.found.get(name).map(String::as_str),
            should: should.get(name).copied(),
        });
        differences.filter(|one| one.is != one.should).collect()
    }

    /// Writes what should stand there. What no object belongs to any more stays, and is named.
    pub(super) fn write(&self) -> Result<Vec<&str>, Error> {
        for below in folders(self.manifests) {
            let folder = self.path.join(below);
            fs::create_dir_all(&folder).map_err(|why| Error::unwritable(&folder, &words(&why)))?;
        }
        for manifest in self.manifests {
            output::write(&self.path.join(&manifest.path), &manifest.yaml)?;
        }
        let differences = self.differences().into_iter();
        Ok(differences
            .filter(|one| one.should.is_none())
            .map(|one| one.name)
            .collect())
    }
}

/// The folders that files are in, below the one of all of them; that one first.
fn folders(manifests: &[Manifest]) -> BTreeSet<&str> {
    let of = |manifest: &'_ Manifest| -> Option<usize> { manifest.path.rfind('/') };
    let below = manifests
        .iter()
        .filter_map(|manifest| manifest.path.get(..of(manifest)?));
    below.chain([""]).collect()
}

impl Difference<'_> {
    /// A word for it.
    pub(super) fn word(&self) -> &'static str {
        match (self.is, self.should) {
            (None, _) => "missing",
            (_, None) => "not needed any more",
            _ => "stale",
        }
    }

    /// As `diff -u` shows it, from what is there to what should be.
    pub(super) fn unified(&self) -> String {
        let (is, should) = (self.is.unwrap_or_default(), self.should.unwrap_or_default());
        let name = |side: &str, text: Option<&str>| match text {
            Some(_) => format!("{side}/{}", self.name),
            None => "/dev/null".to_owned(),
        };
        let diff = TextDiff::from_lines(is, should);
        let mut diff = diff.unified_diff();
        diff.context_radius(3)
            .header(&name("a", self.is), &name("b", self.should))
            .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::Folder;
    use flowmesh_kubernetes::Manifest;
    use std::fs;

    fn manifest(path: &str, yaml: &str) -> Manifest {
        Manifest {
            path: path.to_owned(),
            yaml: yaml.to_owned(),
        }
    }

    #[test]
    fn what_is_stale_missing_or_left_over_is_found_and_files_of_others_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        put("a.yaml", "flowmesh/program: 1\nx\n");
        put("old.yaml", "flowmesh/program: 1\n");
        put("same.yaml", "same\n");
        put("theirs.yaml", "kind: Service\n");
        put("README.md", "flowmesh/program: 1\n");
        let manifests = [
            manifest("a.yaml", "flowmesh/program: 2\nx\n"),
            manifest("b.yaml", "b\n"),
            manifest("same.yaml", "same\n"),
        ];
        let read = Folder::read(folder.path(), &manifests).unwrap();
        let words: Vec<_> = read
            .differences()
            .iter()
            .map(|one| (one.name.to_owned(), one.word()))
            .collect();
        let wanted = [
            ("a.yaml", "stale"),
            ("b.yaml", "missing"),
            ("old.yaml", "not needed any more"),
        ];
        assert_eq!(words, wanted.map(|(name, word)| (name.to_owned(), word)));
        let shown = read.differences()[0].unified();
        assert_eq!(
            shown,
            "--- a/a.yaml\n+++ b/a.yaml\n@@ -1,2 +1,2 @@\n-flowmesh/program: 1\n+flowmesh/program: 2\n x\n"
        );
        assert_eq!(read.write().unwrap(), ["old.yaml"]);
        let again = Folder::read(folder.path(), &manifests).unwrap();
        assert_eq!(again.differences().len(), 1);
        assert!(folder.path().join("theirs.yaml").exists());
    }

    #[test]
    fn a_folder_that_is_not_there_is_empty() {
        let folder = tempfile::tempdir().unwrap();
        let manifests = [manifest("b.yaml", "b\n")];
        let read = Folder::read(&folder.path().join("out"), &manifests).unwrap();
        assert!(
            read.differences()[0]
                .unified()
                .starts_with("--- /dev/null\n+++ b/b.yaml\n")
        );
    }
}
