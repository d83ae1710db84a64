//! Which declaration is which, in two checks one after the other: by its module and its name. Numbers are given out
//! anew in every check, so a new declaration changes those of all that come after it.

use crate::resolve::{Declared, Def, Resolved};
use flowmesh_ir::{
    ConfigId, ErrorId, EventId, FlowId, FunctionId, SecretId, ServiceId, TypeId, numbers::Numbers,
    program::BUILTIN_ERRORS,
};
use std::{
    collections::HashMap,
    hash::{BuildHasher, Hash, Hasher},
};

/// All declarations in the order of their numbers, kind by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Identities {
    types: Vec<u64>,
    errors: Vec<u64>,
    configs: Vec<u64>,
    secrets: Vec<u64>,
    policies: Vec<u64>,
    services: Vec<u64>,
    functions: Vec<u64>,
    flows: Vec<u64>,
    templates: Vec<u64>,
    events: Vec<u64>,
    gateways: Vec<u64>,
    schedules: Vec<u64>,
}

impl Identities {
    pub(super) fn of(resolved: &Resolved) -> Self {
        let modules: Vec<u64> = resolved.modules.iter().map(|module| hash(&module.path)).collect();
        let all = |table: &[Declared]| {
            // A name that is declared twice stands for two things.
            let mut known: HashMap<u64, u32> = HashMap::with_capacity(table.len());
            let identity = |declared: &Declared| {
                let module = modules.get(declared.module.0 as usize);
                let own = hash(&(module, &declared.name.text));
                let times = known.entry(own).or_default();
                *times = times.saturating_add(1);
                if *times == 1 { own } else { hash(&(own, *times)) }
            };
            table.iter().map(identity).collect()
        };
        let [
            configs,
            secrets,
            types,
            errors,
            policies,
            services,
            functions,
            flows,
            templates,
            events,
            gateways,
            schedules,
        ] = resolved.tables.kinds().map(all);
        Self {
            types,
            errors,
            configs,
            secrets,
            policies,
            services,
            functions,
            flows,
            templates,
            events,
            gateways,
            schedules,
        }
    }

    /// What a name stands for, whatever its number.
    pub(super) fn identity(&self, def: Def) -> u64 {
        let (table, at) = match def {
            Def::Config(at) => (&self.configs, at),
            Def::Secret(at) => (&self.secrets, at),
            Def::Type(at) => (&self.types, at),
            Def::Error(at) => match at.checked_sub(builtin_errors()) {
                Some(at) => (&self.errors, at),
                None => return hash(&("error", at)),
            },
            Def::Policy(at) => (&self.policies, at),
            Def::Service(at) => (&self.services, at),
            Def::Function(at) => (&self.functions, at),
            Def::Flow(at) => (&self.flows, at),
            Def::Template(at) => (&self.templates, at),
            Def::Event(at) => (&self.events, at),
            Def::Gateway(at) => (&self.gateways, at),
            Def::Schedule(at) => (&self.schedules, at),
            Def::Module(id) => return hash(&("module", id)),
        };
        hash(&(def.kind(), table.get(at as usize)))
    }

    /// Whether types, what events carry, and errors have the same numbers in another check.
    pub(super) fn same_types(&self, other: &Self) -> bool {
        self.types == other.types && self.events == other.events && self.errors == other.errors
    }

    /// Whether all but functions have the same numbers in another check.
    pub(super) fn same_but_functions(&self, other: &Self) -> bool {
        let others = |all: &Self| Self {
            functions: Vec::new(),
            ..all.clone()
        };
        others(self) == others(other)
    }

    /// The numbers in a later check by those in this one; nothing where the order of some declarations changed, which a
    /// body could show. Functions are numbered as they are declared.
    pub(super) fn moved(&self, later: &Self) -> Option<Numbers> {
        let types = moved(&self.types, &later.types)?;
        let events = moved(&self.events, &later.events)?;
        let errors = moved(&self.errors, &later.errors)?;
        // What an event carries is a type after the declared ones; errors come after those that are built in.
        let first = count(&later.types);
        let carried = events.iter().map(|at| at.saturating_add(first));
        // The event that tells of products comes after all others.
        let last = [count(&later.events)];
        let builtin = builtin_errors();
        let declared = errors.iter().map(|at| at.saturating_add(builtin));
        Some(Numbers {
            types: types.into_iter().chain(carried).map(TypeId).collect(),
            errors: (0..builtin).chain(declared).map(ErrorId).collect(),
            configs: numbered(&self.configs, &later.configs, ConfigId)?,
            secrets: numbered(&self.secrets, &later.secrets, SecretId)?,
            services: numbered(&self.services, &later.services, ServiceId)?,
            functions: numbered(&self.functions, &later.functions, FunctionId)?,
            flows: numbered(&self.flows, &later.flows, FlowId)?,
            events: events.into_iter().chain(last).map(EventId).collect(),
        })
    }
}

/// The number of each later, of its kind.
fn numbered<Id>(before: &[u64], later: &[u64], id: impl Fn(u32) -> Id) -> Option<Vec<Id>> {
    Some(moved(before, later)?.into_iter().map(id).collect())
}

/// Where each is later; what is gone is nowhere.
fn moved(before: &[u64], later: &[u64]) -> Option<Vec<u32>> {
    let places: HashMap<u64, u32> = later.iter().copied().zip(0u32..).collect();
    let moved: Vec<u32> = before
        .iter()
        .map(|own| places.get(own).copied().unwrap_or(u32::MAX))
        .collect();
    let kept = || moved.iter().filter(|at| **at != u32::MAX);
    kept()
        .zip(kept().skip(1))
        .all(|(one, next)| one < next)
        .then_some(moved)
}

fn count(table: &[u64]) -> u32 {
    u32::try_from(table.len()).unwrap_or(u32::MAX)
}

fn builtin_errors() -> u32 {
    u32::try_from(BUILTIN_ERRORS.len()).unwrap_or(u32::MAX)
}

pub(super) fn hash(what: &impl Hash) -> u64 {
    let mut hasher = hasher();
    what.hash(&mut hasher);
    hasher.finish()
}

/// The numbers stand for what was hashed, so that the quick form of this hasher would not do.
pub(super) fn hasher() -> foldhash::quality::FoldHasher<'static> {
    foldhash::quality::FixedState::default().build_hasher()
}

#[cfg(test)]
mod tests {
    use super::moved;

    #[test]
    fn what_comes_and_goes_leaves_the_order_of_the_others() {
        assert_eq!(moved(&[1, 2, 3], &[1, 7, 3]), Some(vec![0, u32::MAX, 2]));
        assert_eq!(moved(&[1, 2], &[2, 1]), None);
    }
}
