//! What types, errors and functions say of themselves, taken again while their words stay and mean what they meant.
//!
//! INVARIANT: what is said here depends on a declaration's own text and on what its words name, not on what those are
//! made of; what it is called in the program depends on who else has its name, which is among its words. What does depend on it comes later, and is done each time: the rules of types, and aliases that stand for nothing.

use super::Checker;
use crate::{
    resolve::{Declared, ModuleId},
    workspace::{Head, Heads, Row, Said},
};
use std::sync::Arc;

impl Checker<'_> {
    /// What a declaration says of itself.
    pub(super) fn said_again<T>(
        &mut self,
        declared: &Declared,
        row: impl Fn(&mut Heads) -> &mut Row<T>,
        say: impl FnOnce(&mut Self) -> T,
    ) -> Arc<T> {
        match self.said_before(declared, &row) {
            Some(said) => said,
            None => self.say_of(declared, row, say),
        }
    }

    /// As [`Self::said_again`], if it says what it said before.
    pub(super) fn said_before<T>(
        &mut self,
        declared: &Declared,
        row: impl Fn(&mut Heads) -> &mut Row<T>,
    ) -> Option<Arc<T>> {
        let words = self.words_of(declared)?;
        let head = row(&mut self.memo.as_mut()?.heads).known(place(declared), words)?;
        self.used
            .extend(head.used.iter().map(|at| (declared.module, *at)));
        Some(Arc::clone(&head.said))
    }

    /// As [`Self::said_again`], for the first time.
    pub(super) fn say_of<T>(
        &mut self,
        declared: &Declared,
        row: impl Fn(&mut Heads) -> &mut Row<T>,
        say: impl FnOnce(&mut Self) -> T,
    ) -> Arc<T> {
        let Some(words) = self.words_of(declared) else {
            return Arc::new(say(self));
        };
        let module = declared.module;
        let (before, found) = (std::mem::take(&mut self.used), self.found.len());
        let said = Arc::new(say(self));
        let new = std::mem::replace(&mut self.used, before);
        let clean = self.found.len() == found && new.iter().all(|(user, _)| *user == module);
        let used = new.iter().map(|(_, at)| *at).collect();
        self.used.extend(new);
        if let (Some(memo), true) = (&mut self.memo, clean) {
            let head = Head {
                words,
                said: Arc::clone(&said),
                used,
            };
            row(&mut memo.heads).keep(place(declared), head);
        }
        said
    }

    /// The words under which it is kept; none for the root, of which an editor asks for the facts.
    fn words_of(&self, declared: &Declared) -> Option<Said> {
        let memo = self.memo.as_ref().filter(|_| declared.module != ModuleId(0))?;
        memo.words(place(declared))
    }
}

fn place(declared: &Declared) -> (usize, usize) {
    (declared.module.0 as usize, declared.item)
}
