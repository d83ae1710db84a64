//! The branches of a region: written ones in the order of what they need, and one for each item.

use super::{Turn, turn::Thrown};
use crate::run::{FiberId, Items, Plan, ScopeId, Stage};
use flowmesh_ir::{
    SlotId, Value,
    flow::{Branch, Branches, Each, Gather, Over, Region},
};
use flowmesh_stdlib::Fault;
use std::sync::Arc;

impl Turn<'_, '_> {
    pub(super) fn plan_each(&mut self, each: &Each) -> Result<Plan, Thrown> {
        let items = match &each.over {
            Over::List(list) => match self.evaluator().eval(list)? {
                Value::List(items) => Items::List(items),
                other => return Err(crate::eval::unfit("a list", &other).into()),
            },
            Over::Range(first, end) => Items::Range(self.int(first)?, self.int(end)?),
            Over::Signals(signal) => Items::Signals(*signal),
        };
        let limit = match &each.limit {
            Some(limit) => Some(self.limit(limit)?),
            None => None,
        };
        Ok(Plan::Each {
            items,
            begun: 0,
            limit,
        })
    }

    fn limit(&mut self, limit: &flowmesh_ir::expr::Expr) -> Result<usize, Fault> {
        let limit = self.int(limit)?;
        match usize::try_from(limit) {
            Ok(limit) if limit > 0 => Ok(limit),
            _ => Err(Fault::BadValue(format!(
                "the limit of a loop is at least 1, this one is {limit}"
            ))),
        }
    }

    /// Begins the written branches that nothing keeps back; says whether others may have become free by that.
    pub(super) fn begin_fixed(
        &mut self,
        scope: ScopeId,
        waiting: FiberId,
        branches: &[Branch],
    ) -> Result<bool, Thrown> {
        let mut skipped = false;
        let frame = self.run.fibers.get(&waiting).and_then(|fiber| fiber.frame);
        for (at, branch) in branches.iter().enumerate() {
            if self.stage(scope, at) != Some(Stage::Waiting) || !self.free(scope, branch) {
                continue;
            }
            self.seat(frame);
            let runs = match &branch.when {
                Some(when) => self.evaluator().holds(when)?,
                None => true,
            };
            if runs {
                self.set_stage(scope, at, Stage::Begun);
                self.begin(scope, at as u64, frame, branch.entry)?;
            } else {
                self.set_stage(scope, at, Stage::Settled);
                skipped = true;
            }
        }
        Ok(skipped)
    }

    fn free(&self, scope: ScopeId, branch: &Branch) -> bool {
        let settled = |after: &u32| self.stage(scope, *after as usize) == Some(Stage::Settled);
        branch.after.iter().all(settled)
    }

    /// Begins branches for items so long as there are some and not too many run.
    pub(super) fn begin_each(&mut self, scope: ScopeId, waiting: FiberId, each: &Each) -> Result<(), Thrown> {
        let outer = self.run.fibers.get(&waiting).and_then(|fiber| fiber.frame);
        while let Some((number, item)) = self.next_item(scope) {
            let frame = self.frame(outer, &each.own)?;
            self.put(frame, each.item, item);
            self.hold(Some(frame));
            let begun = self.begin(scope, number, Some(frame), each.entry);
            self.release(Some(frame));
            begun?;
        }
        Ok(())
    }

    /// The next item that may begin now, and its number.
    fn next_item(&mut self, scope: ScopeId) -> Option<(u64, Value)> {
        let run = &mut *self.run;
        let found = run.scopes.get_mut(&scope)?;
        let running = found.fibers.len();
        let Plan::Each { items, begun, limit } = &mut found.inside_mut()?.plan else {
            return None;
        };
        if limit.is_some_and(|limit| running >= limit) {
            return None;
        }
        let item = match items {
            Items::List(items) => items.get(usize::try_from(*begun).ok()?)?.clone(),
            Items::Range(first, end) => {
                let at = i64::try_from(*begun)
                    .ok()
                    .and_then(|begun| first.checked_add(begun))?;
                (at < *end).then_some(Value::Int(at))?
            }
            Items::Signals(signal) => {
                let signal = *signal;
                let number = *begun;
                *begun += 1;
                let value = self.take_signal(signal);
                if value.is_none() {
                    self.inside_mut(scope, |inside| {
                        if let Plan::Each { begun, .. } = &mut inside.plan {
                            *begun = number;
                        }
                    });
                }
                return Some((number, value?));
            }
        };
        let number = *begun;
        *begun += 1;
        Some((number, item))
    }

    /// Empties the list that the region gathers.
    pub(super) fn clear_list(&mut self, waiting: FiberId, region: &Region) -> Result<(), Thrown> {
        if let Branches::Each(Each {
            gather: Some(gather), ..
        }) = &region.branches
        {
            self.seat_fiber(waiting);
            self.evaluator().set(gather.list, Value::list(Vec::new()))?;
        }
        Ok(())
    }

    /// Puts the value of a round into the list, in the order of the items.
    pub(super) fn gather(
        &mut self,
        id: FiberId,
        branch: u64,
        scope: ScopeId,
        waiting: FiberId,
        gather: Gather,
    ) -> Result<(), Thrown> {
        self.seat_fiber(id);
        if self.slot(gather.given) != Value::Bool(true) {
            return Ok(());
        }
        let value = self.slot(gather.value);
        self.seat_fiber(waiting);
        let mut place = 0;
        self.inside_mut(scope, |inside| {
            place = inside.gathered.partition_point(|before| *before < branch);
            inside.gathered.insert(place, branch);
        });
        let list = self.run.frame.get_mut(gather.list.index()).map(std::mem::take);
        let mut items = match list {
            Some(Value::List(items)) => items,
            _ => Arc::default(),
        };
        let room = Arc::make_mut(&mut items);
        room.insert(place.min(room.len()), value);
        self.evaluator().set(gather.list, Value::List(items))?;
        Ok(())
    }

    pub(super) fn slot(&self, slot: SlotId) -> Value {
        self.run.frame.get(slot.index()).cloned().unwrap_or_default()
    }
}

impl Items {
    /// How many there are; signals have no end.
    pub(crate) fn length(&self) -> Option<u64> {
        match self {
            Self::List(items) => u64::try_from(items.len()).ok(),
            Self::Range(first, end) => Some(end.saturating_sub(*first).max(0).unsigned_abs()),
            Self::Signals(_) => None,
        }
    }
}
