//! The endpoints of a subset at one moment, as the balancer sees them.

use super::endpoint::Endpoint;
use crate::decide::{
    balance::{Candidates, Entry, Table, apart},
    endpoints::Member,
    sticky::Key,
};
use flowmesh_ir::policy::Balance;
use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

/// What there is at one moment.
#[derive(Default)]
pub(crate) struct Snapshot {
    /// The endpoints, in a stable order.
    pub(crate) members: Vec<Member<Endpoint>>,
    /// How far away each of them is; nothing where none is nearer than another.
    levels: Vec<u8>,
    /// Made when the first call goes by them: most subsets need neither.
    ring: OnceLock<Option<Table>>,
    maglev: OnceLock<Option<Table>>,
}

/// A snapshot at a time.
pub(crate) struct At<'s> {
    /// The snapshot.
    pub(crate) snapshot: &'s Snapshot,
    /// The time.
    pub(crate) now: Duration,
    /// Which of the endpoints are shut off; none where it is not said.
    pub(crate) shut: &'s [bool],
}

impl Snapshot {
    /// Of these endpoints, with how far away what each address leads to is.
    pub(crate) fn new(members: Vec<Member<Endpoint>>, levels: &[u8]) -> Self {
        let level = |member: &Member<Endpoint>| levels.get(member.source).copied().unwrap_or_default();
        Self {
            levels: apart(members.iter().map(level).collect()),
            members,
            ..Self::default()
        }
    }

    /// How far away an endpoint is; 0 for all of them where none is nearer than another.
    pub(crate) fn level(&self, at: usize) -> usize {
        self.levels.get(at).copied().map_or(0, usize::from)
    }

    /// Whether nobody is there.
    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Whether it is one of these endpoints, with the same ranks.
    pub(crate) fn is_of(&self, members: &[Member<Endpoint>]) -> bool {
        let mut pairs = self.members.iter().zip(members);
        self.members.len() == members.len() && pairs.all(|(one, other)| one.same(other))
    }

    /// The number of an endpoint, if it is still here.
    pub(crate) fn position(&self, endpoint: &Arc<Endpoint>) -> Option<usize> {
        let mut members = self.members.iter();
        members.position(|member| Arc::ptr_eq(&member.endpoint, endpoint))
    }

    /// The endpoint that a visitor's token names.
    pub(crate) fn named(&self, token: &str, key: &Key) -> Option<&Arc<Endpoint>> {
        let mut all = self.members.iter().map(|member| &member.endpoint);
        all.find(|endpoint| key.token(&endpoint.name()) == token)
    }

    /// The table that a balance goes by, if it goes by one.
    pub(crate) fn table(&self, balance: Balance) -> Option<&Table> {
        let made = match balance {
            Balance::RingHash => &self.ring,
            Balance::Maglev => &self.maglev,
            _ => return None,
        };
        made.get_or_init(|| Table::new(balance, &self.entries())).as_ref()
    }

    fn entries(&self) -> Vec<Entry> {
        let entry = |member: &Member<Endpoint>| Entry {
            name: member.endpoint.name(),
            weight: member.weight,
        };
        self.members.iter().map(entry).collect()
    }
}

impl At<'_> {
    fn of<T>(&self, at: usize, otherwise: T, fact: impl FnOnce(&Member<Endpoint>) -> T) -> T {
        self.snapshot.members.get(at).map_or(otherwise, fact)
    }
}

impl Candidates for At<'_> {
    fn count(&self) -> usize {
        self.snapshot.members.len()
    }

    fn priority(&self, at: usize) -> u16 {
        self.of(at, u16::MAX, |member| member.priority)
    }

    fn weight(&self, at: usize) -> u32 {
        self.of(at, 0, |member| member.weight)
    }

    fn apart(&self) -> bool {
        !self.snapshot.levels.is_empty()
    }

    fn level(&self, at: usize) -> usize {
        self.snapshot.level(at)
    }

    fn address(&self, at: usize) -> usize {
        self.of(at, usize::MAX, |member| member.source)
    }

    fn shut(&self, at: usize) -> bool {
        self.shut.get(at).copied().unwrap_or_default()
    }

    fn unwell(&self, at: usize) -> bool {
        self.of(at, true, |member| member.endpoint.unwell())
    }

    fn failing(&self, at: usize) -> bool {
        self.of(at, true, |member| member.endpoint.failing(self.now))
    }

    fn load(&self, at: usize) -> f64 {
        self.of(at, f64::MAX, |member| member.endpoint.load(self.now))
    }

    fn busy(&self, at: usize) -> u32 {
        self.of(at, u32::MAX, |member| member.endpoint.busy())
    }
}
