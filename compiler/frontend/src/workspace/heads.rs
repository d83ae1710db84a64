//! What declarations said of themselves. That is good while types, events and errors have the numbers that they had, and
//! no other names are declared more than once.

use crate::check::{Signature, TypeInfo};
use std::sync::Arc;

/// The text of a declaration with its place, and what all its words name, as numbers.
pub(crate) type Said = (u64, u64);

/// Those of kinds of which others see only what their own words say.
#[derive(Debug, Default)]
pub(crate) struct Heads {
    pub(crate) types: Row<TypeInfo>,
    pub(crate) errors: Row<Signature>,
    pub(crate) functions: Row<Signature>,
}

/// Those of one kind, by module and item.
#[derive(Debug)]
pub(crate) struct Row<T>(Vec<Vec<Option<Head<T>>>>);

/// A module, and an item of it.
pub(crate) type Place = (usize, usize);

/// What a declaration of these words said, and which uses of its module that needed.
#[derive(Debug)]
pub(crate) struct Head<T> {
    pub(crate) words: Said,
    pub(crate) said: Arc<T>,
    pub(crate) used: Vec<usize>,
}

impl<T> Default for Row<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Row<T> {
    /// What was said by a declaration of these words.
    pub(crate) fn known(&self, (module, item): Place, words: Said) -> Option<&Head<T>> {
        let head = self.0.get(module)?.get(item)?.as_ref()?;
        (head.words == words).then_some(head)
    }

    pub(crate) fn keep(&mut self, (module, item): Place, head: Head<T>) {
        let of_module = grown(&mut self.0, module, Vec::new);
        let place = of_module.and_then(|items| grown(items, item, || None));
        if let Some(place) = place {
            *place = Some(head);
        }
    }
}

/// A place in a list that is made longer where it has to be.
fn grown<T>(list: &mut Vec<T>, at: usize, new: impl Fn() -> T) -> Option<&mut T> {
    if list.len() <= at {
        list.resize_with(at.saturating_add(1), new);
    }
    list.get_mut(at)
}
