//! Trees of modules whose texts stay as they are.

use super::{Words, sight::Meaning};
use crate::{
    ast,
    parse::{self, Pieces},
    resolve::{Resolved, names_are_written},
};
use flowmesh_diagnostics::{Diagnostic, Diagnostics, SourceId};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// Trees by path.
#[derive(Debug, Default)]
pub(crate) struct Parsed {
    kept: HashMap<String, Kept>,
    /// Whether the words of declarations will be asked for.
    pub(crate) wants_words: bool,
    /// The declarations of the root, which is the text that changes.
    pub(crate) root: Pieces,
}

/// The tree of a text, and what is wrong with it.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    /// Places in the tree name the text by its number.
    source: SourceId,
    pub(crate) module: Arc<ast::Module>,
    pub(crate) found: Vec<Diagnostic>,
    /// The words of each declaration, once they were asked for.
    words: Option<Arc<Vec<Words>>>,
}

impl Tree {
    /// Parses a text.
    pub(crate) fn of(source: SourceId, text: &str) -> Self {
        Self::made(source, |found| parse::parse(source, text, found))
    }

    /// Parses a text of which most was read before.
    pub(crate) fn again(pieces: &mut Pieces, source: SourceId, text: &str) -> Self {
        Self::made(source, |found| parse::parse_again(pieces, source, text, found))
    }

    fn made(source: SourceId, parse: impl FnOnce(&mut Diagnostics) -> parse::Parsed) -> Self {
        let mut found = Diagnostics::default();
        let module = Arc::new(parse(&mut found).module);
        names_are_written(&module, &mut found);
        let found = found.iter().cloned().collect();
        Self {
            source,
            module,
            found,
            words: None,
        }
    }

    /// With the words of its declarations.
    pub(crate) fn with_words(self, text: &str) -> Self {
        let words = Some(Arc::new(Words::of_items(&self.module, text)));
        Self { words, ..self }
    }
}

#[derive(Debug)]
struct Kept {
    text: String,
    tree: Tree,
    meanings: Option<(u64, Arc<Vec<Meaning>>)>,
}

impl Parsed {
    /// The tree of a text that did not change.
    pub(crate) fn known(&self, path: &str, source: SourceId, text: &str) -> Option<Tree> {
        let same = |kept: &&Kept| kept.tree.source == source && kept.text == text;
        Some(self.kept.get(path).filter(same)?.tree.clone())
    }

    /// Keeps the tree of a text.
    pub(crate) fn keep(&mut self, path: &str, text: &str, tree: Tree) {
        let same = |kept: &Kept| Arc::ptr_eq(&kept.tree.module, &tree.module);
        if self.kept.get(path).is_some_and(same) {
            return;
        }
        let kept = Kept {
            text: text.to_owned(),
            meanings: None,
            tree,
        };
        self.kept.insert(path.to_owned(), kept);
    }

    /// The words of each declaration of a module.
    pub(super) fn words(&mut self, path: &str) -> Arc<Vec<Words>> {
        let Some(Kept { text, tree, .. }) = self.kept.get_mut(path) else {
            return Arc::default();
        };
        let Tree { module, words, .. } = tree;
        let look = || Arc::new(Words::of_items(module, text));
        Arc::clone(words.get_or_insert_with(look))
    }

    /// What those words mean while the names in sight are the same; `look` finds it out.
    pub(super) fn meanings(
        &mut self,
        path: &str,
        names: u64,
        look: impl FnOnce() -> Vec<Meaning>,
    ) -> Arc<Vec<Meaning>> {
        let Some(kept) = self.kept.get_mut(path) else {
            return Arc::default();
        };
        match &kept.meanings {
            Some((known, meanings)) if *known == names => Arc::clone(meanings),
            _ => {
                let meanings = Arc::new(look());
                kept.meanings = Some((names, Arc::clone(&meanings)));
                meanings
            }
        }
    }

    /// Lets go what the program uses no more.
    pub(super) fn forget(&mut self, resolved: &Resolved) {
        let used: HashSet<&str> = resolved
            .modules
            .iter()
            .map(|module| module.path.as_str())
            .collect();
        self.kept.retain(|path, _| used.contains(path.as_str()));
    }
}
