//! Trees of modules whose texts stay as they are.

use super::{Words, sight::Meaning};
use crate::{ast, parse, resolve::Resolved};
use flowmesh_diagnostics::{Diagnostic, Diagnostics, SourceId};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// Trees by path.
#[derive(Debug, Default)]
pub(crate) struct Parsed {
    kept: HashMap<String, Kept>,
}

#[derive(Debug)]
struct Kept {
    /// Places in the tree name the text by its number.
    source: SourceId,
    text: String,
    module: Arc<ast::Module>,
    found: Vec<Diagnostic>,
    words: Arc<Vec<Words>>,
    meanings: Option<(u64, Arc<Vec<Meaning>>)>,
}

impl Parsed {
    /// The tree of a text: the one that is kept, if nothing changed.
    pub(crate) fn parse(
        &mut self,
        path: &str,
        source: SourceId,
        text: &str,
        found: &mut Diagnostics,
    ) -> Arc<ast::Module> {
        let same = |kept: &&Kept| kept.source == source && kept.text == text;
        if let Some(kept) = self.kept.get(path).filter(same) {
            kept.found.iter().for_each(|known| found.add(known.clone()));
            return Arc::clone(&kept.module);
        }
        let mut own = Diagnostics::default();
        let module = Arc::new(parse::parse(source, text, &mut own).module);
        let own: Vec<Diagnostic> = own.iter().cloned().collect();
        own.iter().for_each(|new| found.add(new.clone()));
        let kept = Kept {
            source,
            text: text.to_owned(),
            words: Arc::new(Words::of_items(&module, text)),
            meanings: None,
            module: Arc::clone(&module),
            found: own,
        };
        self.kept.insert(path.to_owned(), kept);
        module
    }

    /// The words of each declaration of a module.
    pub(super) fn words(&self, path: &str) -> Arc<Vec<Words>> {
        let kept = self.kept.get(path);
        kept.map(|kept| Arc::clone(&kept.words)).unwrap_or_default()
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
