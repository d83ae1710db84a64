//! Taking the declarations of a file.

use super::Talk;
use crate::{draw, error::Error};
use flowmesh_diagnostics::{Diagnostics, Sources};
use flowmesh_frontend::{
    parse::parse,
    prompt::{Entered, Entry},
};
use std::path::Path;

impl Talk<'_> {
    /// Declares what a file declares. A declaration may use one that stands further down, so what cannot be declared
    /// yet is tried again as long as others can; what is wrong then is shown.
    pub(super) fn load(&mut self, file: &Path) -> Result<(), Error> {
        let text = self.enter_project(file)?;
        let mut left = self.declarations(file, &text);
        let all = left.len();
        let mut bad: Vec<Entry> = Vec::new();
        loop {
            let before = left.len();
            bad.clear();
            left.retain(|item| match self.session.enter(self.world.as_ref(), item) {
                entry if matches!(entry.entered, Entered::Declared(_)) => false,
                entry => {
                    bad.push(entry);
                    true
                }
            });
            if left.len() == before {
                break;
            }
        }
        for entry in &bad {
            self.findings(&entry.found, &entry.sources);
        }
        draw::say(format!(
            "took {} of {all} declarations of {}",
            all - left.len(),
            file.display()
        ));
        Ok(())
    }

    /// The texts of a file's declarations.
    fn declarations(&mut self, file: &Path, text: &str) -> Vec<String> {
        let (mut sources, mut found) = (Sources::default(), Diagnostics::default());
        let id = sources.add(file.display().to_string(), text);
        let module = parse(id, text, &mut found).module;
        self.findings(&found, &sources);
        let slice = |span| {
            sources
                .get(id)
                .map_or(String::new(), |source| source.slice(span).to_owned())
        };
        module.items.iter().map(|item| slice(item.span)).collect()
    }
}
