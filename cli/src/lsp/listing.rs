//! What the modules of each project declare. It is listed anew while nobody waits, a text at a time, so that nobody ever waits
//! for it.

use super::documents::Documents;
use flowmesh_frontend::{World, ide::Index};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

/// So many modules are looked at before messages are. Small projects are known as a whole from the first question on, and of
/// large ones the rest follows.
const AT_ONCE: usize = 20;

/// The names of projects, each by its folder.
#[derive(Default)]
pub(super) struct Listing {
    known: BTreeMap<Option<PathBuf>, Index>,
    /// The moment that it is listed for, and what is not looked at yet.
    round: Option<(u64, Vec<Left>)>,
}

/// A module that is still to be looked at.
struct Left {
    folder: Option<PathBuf>,
    /// A document of its project.
    uri: String,
    path: String,
}

impl Listing {
    /// The names of the project of a document, as far as they are known.
    pub(super) fn of(&mut self, documents: &Documents, uri: &str) -> &Index {
        let desk = documents.desk(uri);
        self.known.entry(desk.folder()).or_insert_with(|| {
            let mut index = Index::default();
            for path in desk.modules().iter().take(AT_ONCE) {
                index.list(path, &desk.read(path).unwrap_or_default());
            }
            index
        })
    }

    /// Whether something has changed since everything was looked at.
    pub(super) fn is_behind(&self, moment: u64) -> bool {
        let (known, left) = self.round.as_ref().map_or((0, 0), |(at, left)| (*at, left.len()));
        known != moment || left > 0
    }

    /// Goes on: looks for modules, and then at some of them, until one has changed.
    pub(super) fn go_on(&mut self, documents: &Documents, moment: u64) {
        let Some((_, left)) = self.round.as_mut().filter(|(at, _)| *at == moment) else {
            self.round = Some((moment, self.begin(documents)));
            return;
        };
        for Left { folder, uri, path } in std::iter::from_fn(|| left.pop()).take(AT_ONCE) {
            let text = documents.desk(&uri).read(&path).unwrap_or_default();
            if self.known.entry(folder).or_default().list(&path, &text) {
                return;
            }
        }
    }

    fn begin(&mut self, documents: &Documents) -> Vec<Left> {
        let (mut left, mut folders) = (Vec::new(), BTreeSet::new());
        for uri in documents.open.keys() {
            let desk = documents.desk(uri);
            let folder = desk.folder();
            if !folders.insert(folder.clone()) {
                continue;
            }
            let paths = desk.modules();
            let index = self.known.entry(folder.clone()).or_default();
            index.keep(&paths);
            left.extend(paths.into_iter().map(|path| Left {
                folder: folder.clone(),
                uri: uri.clone(),
                path,
            }));
        }
        self.known.retain(|folder, _| folders.contains(folder));
        left
    }
}
