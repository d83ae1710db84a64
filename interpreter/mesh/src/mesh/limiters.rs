//! The limits of one service: what its own policy says holds for all of its operations together, what one operation says
//! holds for that one.

use crate::decide::limit::Limiter;
use flowmesh_ir::{Name, OperationId, PolicyId, Program, service, traffic::Limit};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// The limits of one service, each made when it is first met. Calls whose `with` changes something else are counted with
/// the others, since what counts is what the limit says.
pub(crate) struct Limiters {
    /// For each policy which limit; `None` where it has none.
    of: Vec<Option<usize>>,
    /// The limit that the service itself has.
    whole: Option<usize>,
    kinds: Vec<Limit>,
    known: Mutex<BTreeMap<(Option<OperationId>, usize), Limiter>>,
    service: Name,
    operations: Vec<Name>,
}

/// What a call has to pass.
pub(crate) struct Limited<'s> {
    /// What lets it through.
    pub(crate) limiter: Limiter,
    /// What it says.
    pub(crate) limit: &'s Limit,
    /// Whose it is.
    pub(crate) of: Whose,
}

/// Whose a limit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// One operation's.
    Operation,
    /// A whole service's.
    Service,
    /// The whole mesh's.
    Mesh,
}

impl Limiters {
    pub(super) fn new(program: &Program, service: &service::Service) -> Self {
        let mut kinds: Vec<Limit> = Vec::new();
        let of = program.policies.iter().map(|policy| {
            let limit = policy.limit.as_ref()?;
            let known = kinds.iter().position(|known| known == limit);
            Some(known.unwrap_or_else(|| {
                kinds.push(limit.clone());
                kinds.len().saturating_sub(1)
            }))
        });
        let of: Vec<_> = of.collect();
        Self {
            whole: of.get(service.policy.index()).copied().flatten(),
            of,
            kinds,
            known: Mutex::default(),
            service: service.name.clone(),
            operations: service.operations.iter().map(|it| it.name.clone()).collect(),
        }
    }

    /// What a call of an operation under a policy has to pass; or a request that is handed on to the service as it is.
    /// A limiter that there is not yet is `made` of its place and its limit.
    pub(crate) fn of(
        &self,
        (operation, policy): (Option<OperationId>, PolicyId),
        made: impl FnOnce(&str, &Limit) -> Limiter,
    ) -> Option<Limited<'_>> {
        let kind = (*self.of.get(policy.index())?)?;
        let limit = self.kinds.get(kind)?;
        let whole = self.whole == Some(kind);
        let place = (operation.filter(|_| !whole), kind);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let limiter = known
            .entry(place)
            .or_insert_with(|| made(&self.place(place.0), limit));
        let limiter = limiter.clone();
        let of = match place.0 {
            None => Whose::Service,
            Some(_) => Whose::Operation,
        };
        Some(Limited { limiter, limit, of })
    }

    /// Where a limit stands, for those who share it.
    fn place(&self, operation: Option<OperationId>) -> String {
        let operation = operation.and_then(|operation| self.operations.get(operation.index()));
        match operation {
            Some(operation) => format!("operation {}.{operation}", self.service),
            None => format!("service {}", self.service),
        }
    }
}
