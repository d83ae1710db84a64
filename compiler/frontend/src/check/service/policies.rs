//! The policies of the program, each once.

use super::Overrides;
use flowmesh_ir::{
    PolicyId,
    numbers::{Numbers, Renumber, Renumbering},
    policy::Policy,
};
use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

/// All policies that hold somewhere, without doubles.
#[derive(Clone, Debug, Default)]
pub(crate) struct Policies {
    table: Vec<Known>,
    numbers: HashMap<Known, PolicyId>,
    /// The numbers that were given out since the mark, each once.
    asked: Option<Vec<PolicyId>>,
}

/// A policy that can be told from others.
#[derive(Clone, Debug)]
pub(crate) struct Known(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    policy: Policy,
    /// Its debug form, since a policy cannot be hashed, and equal numbers may be written differently.
    text: String,
    /// Of the text.
    hash: u64,
}

impl Known {
    fn new(policy: Policy) -> Self {
        let text = format!("{policy:?}");
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let hash = hasher.finish();
        Self(Arc::new(Inner { policy, text, hash }))
    }

    fn renumber(&mut self, declared: &Numbers) {
        let mut policy = self.0.policy.clone();
        policy.renumber(&Renumbering {
            declared,
            policies: &[],
            made: None,
        });
        if policy != self.0.policy {
            *self = Self::new(policy);
        }
    }
}

impl PartialEq for Known {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.text == other.0.text
    }
}

impl Eq for Known {}

impl Hash for Known {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash.hash(state);
    }
}

impl Policies {
    /// The number of the policy that some overrides amount to.
    pub(crate) fn intern(&mut self, overrides: &Overrides) -> PolicyId {
        self.ask(Known::new(overrides.policy()))
    }

    fn ask(&mut self, known: Known) -> PolicyId {
        let next = PolicyId(u32::try_from(self.table.len()).unwrap_or(u32::MAX));
        let id = *self.numbers.entry(known.clone()).or_insert(next);
        if id == next {
            self.table.push(known);
        }
        self.note(id);
        id
    }

    /// A policy is asked for by its number.
    pub(crate) fn note(&mut self, id: PolicyId) {
        if let Some(asked) = self.asked.as_mut().filter(|asked| !asked.contains(&id)) {
            asked.push(id);
        }
    }

    /// From here on it is noted what is asked for.
    pub(crate) fn mark(&mut self) {
        self.asked = Some(Vec::new());
    }

    /// What was asked for since the mark, in order, with its numbers.
    pub(crate) fn asked(&mut self) -> Vec<(Known, PolicyId)> {
        let asked = self.asked.take().unwrap_or_default();
        let known = |id: PolicyId| Some((self.table.get(id.index())?.clone(), id));
        asked.into_iter().filter_map(known).collect()
    }

    /// Asks once more for what was asked for in an earlier check, where declarations had other numbers. Says which
    /// policies have another number now.
    pub(crate) fn ask_again(
        &mut self,
        asked: &mut [(Known, PolicyId)],
        numbers: Option<&Numbers>,
    ) -> Vec<(PolicyId, PolicyId)> {
        let mut moved = Vec::new();
        for (known, id) in asked {
            if let Some(declared) = numbers {
                known.renumber(declared);
            }
            let now = self.ask(known.clone());
            if now != *id {
                moved.push((*id, now));
            }
            *id = now;
        }
        moved
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    /// Forgets those that came after so many.
    pub(crate) fn forget(&mut self, len: usize) {
        self.table.truncate(len);
        self.numbers.retain(|_, id| id.index() < len);
        if let Some(asked) = &mut self.asked {
            asked.retain(|id| id.index() < len);
        }
    }

    pub(crate) fn into_table(self) -> Vec<Policy> {
        let own = |known: Known| {
            Arc::try_unwrap(known.0).map_or_else(|kept| kept.policy.clone(), |only| only.policy)
        };
        drop(self.numbers);
        self.table.into_iter().map(own).collect()
    }
}
