//! Tables of declarations that are handed on as they are: to who looks at a part of the program again.

use super::Globals;
use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
};

/// A table that is copied when it is changed while others read it.
#[derive(Debug)]
pub(crate) struct Shared<T>(Arc<Vec<T>>);

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T> Deref for Shared<T> {
    type Target = Vec<T>;

    fn deref(&self) -> &Vec<T> {
        &self.0
    }
}

impl<T: Clone> DerefMut for Shared<T> {
    fn deref_mut(&mut self) -> &mut Vec<T> {
        Arc::make_mut(&mut self.0)
    }
}

impl<'s, T> IntoIterator for &'s Shared<T> {
    type Item = &'s T;
    type IntoIter = std::slice::Iter<'s, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl Globals {
    /// The same tables, for who looks at a part of the program again.
    pub(crate) fn shared(&self) -> Self {
        fn same<T>(Shared(table): &Shared<T>) -> Shared<T> {
            Shared(Arc::clone(table))
        }
        Self {
            types: same(&self.types),
            errors: same(&self.errors),
            configs: same(&self.configs),
            policies: same(&self.policies),
            services: same(&self.services),
            functions: same(&self.functions),
            flows: same(&self.flows),
            templates: same(&self.templates),
            events: self.events.clone(),
            seen: self.seen.beside(),
        }
    }
}
