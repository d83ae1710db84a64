//! Bodies that run beside the flow, as a task or a handler: their own slots, their `return`, and what they change.

use super::{Beside, Body, Loop};
use crate::check::{Checker, Ty, frame::Role, narrow, tree::Kind};
use flowmesh_diagnostics::Span;
use flowmesh_ir::{ErrorId, Name, SlotId, expr::Expr};
use std::collections::{BTreeSet, HashSet};

/// A body that runs beside the flow, checked.
pub(super) struct Apart {
    pub(super) body: Body,
    /// The slots that each run of it has for itself.
    pub(super) own: Vec<SlotId>,
    /// Of names bound outside of it, those that it reads and that nothing changes.
    pub(super) captured: Vec<SlotId>,
    /// What its `return` gives.
    pub(super) result: Ty,
    /// The errors that it may end with, if they were collected.
    pub(super) raised: Vec<ErrorId>,
}

/// What a body beside takes the place of in the flow around it.
struct Around {
    loops: Vec<Loop>,
    result: Ty,
    returner: Name,
    giving: bool,
    fiber: u32,
    branches: Vec<(u32, u32)>,
    endable: u32,
    narrowed: Vec<narrow::Path>,
    touched: HashSet<SlotId>,
}

/// Where statements run: in which fiber, and in which branches of `parallel` in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Strand {
    fiber: u32,
    branches: Vec<(u32, u32)>,
}

impl Strand {
    /// Whether what runs here may run while the other waits. A fiber that begins branches waits for them itself.
    fn beside(&self, other: &Self) -> bool {
        let mut pairs = self.branches.iter().zip(&other.branches);
        let parting = pairs.find(|(here, there)| here != there);
        self.fiber != other.fiber || parting.is_some_and(|(here, there)| here.0 == there.0)
    }
}

/// An assignment to a `var`: where it stands, and in which fiber.
#[derive(Clone, Debug)]
pub(super) struct Write {
    pub(super) slot: SlotId,
    pub(super) span: Span,
    pub(super) strand: Strand,
}

/// A wait for a condition: where it stands, what it reads, and in which fiber.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    pub(super) span: Span,
    pub(super) slots: BTreeSet<SlotId>,
    pub(super) strand: Strand,
}

impl<'a> Checker<'a> {
    /// Checks a body that runs beside, whose `return` gives a value of the type; one that is open becomes what the
    /// first `return` gives. `collect` says whether its errors are those of who awaits it.
    pub(super) fn apart(
        &mut self,
        name: Name,
        result: Ty,
        collect: bool,
        what: impl FnOnce(&mut Self) -> Body,
    ) -> Apart {
        let around = self.set_apart(name, result);
        if collect {
            self.flow.collecting.push(Vec::new());
        }
        let first = self.frame.locals.len();
        let mut body = what(self);
        if body.falls {
            body.statements.push(crate::check::tree::Statement {
                span: Span::default(),
                kind: Kind::Give(super::statement::none()),
            });
        }
        let own = self.slots_since(first);
        let raised = if collect { self.flow.collecting.pop() } else { None };
        let captured = self.captured(first);
        let result = match std::mem::take(&mut self.flow.result) {
            Ty::Open => Ty::Unit,
            known => known,
        };
        self.take_back(around);
        Apart {
            body,
            own,
            captured,
            result,
            raised: raised.unwrap_or_default(),
        }
    }

    fn set_apart(&mut self, name: Name, result: Ty) -> Around {
        self.flow.fibers = self.flow.fibers.saturating_add(1);
        let around = Around {
            loops: std::mem::take(&mut self.flow.loops),
            result: std::mem::replace(&mut self.flow.result, result),
            returner: std::mem::replace(&mut self.flow.returner, name),
            giving: std::mem::replace(&mut self.flow.giving, true),
            fiber: std::mem::replace(&mut self.flow.fiber, self.flow.fibers),
            branches: std::mem::take(&mut self.flow.branches),
            endable: std::mem::take(&mut self.flow.endable),
            narrowed: self.frame.narrowed.clone(),
            touched: std::mem::take(&mut self.frame.touched),
        };
        self.forget_vars();
        around
    }

    fn take_back(&mut self, around: Around) {
        self.flow.loops = around.loops;
        self.flow.result = around.result;
        self.flow.returner = around.returner;
        self.flow.giving = around.giving;
        self.flow.fiber = around.fiber;
        self.flow.branches = around.branches;
        self.flow.endable = around.endable;
        self.frame.narrowed = around.narrowed;
        self.frame.touched.extend(around.touched);
        // What it changes may change at any time from now on.
        let changed: Vec<SlotId> = self.changed_beside().collect();
        for slot in changed {
            self.forget(slot);
        }
    }

    /// The slots that were made since there were so many.
    pub(super) fn slots_since(&self, first: usize) -> Vec<SlotId> {
        let number = |at| SlotId(u32::try_from(at).unwrap_or(u32::MAX));
        (first..self.frame.locals.len()).map(number).collect()
    }

    fn captured(&self, first: usize) -> Vec<SlotId> {
        let kept = |slot: &&SlotId| {
            let role = self.frame.local(**slot).map(|local| local.role);
            slot.index() < first && matches!(role, Some(Role::Let | Role::Bound))
        };
        let mut captured: Vec<SlotId> = self.frame.touched.iter().filter(kept).copied().collect();
        captured.sort_unstable();
        captured
    }

    /// The `var`s that other fibers than this one write.
    fn changed_beside(&self) -> impl Iterator<Item = SlotId> {
        let here = self.strand();
        let writes = self.flow.writes.iter();
        writes
            .filter(move |write| write.strand.beside(&here))
            .map(|write| write.slot)
    }

    /// Where the statements at hand run.
    pub(super) fn strand(&self) -> Strand {
        Strand {
            fiber: self.flow.fiber,
            branches: self.flow.branches.clone(),
        }
    }

    /// Whether another fiber may change a `var` while this one waits.
    pub(crate) fn is_shared(&self, slot: SlotId) -> bool {
        let here = self.strand();
        let mut writes = self.flow.writes.iter();
        writes.any(|write| write.slot == slot && write.strand.beside(&here))
    }

    /// The conditions that are awaited and that no other fiber changes anything of.
    pub(super) fn stuck(&self) -> Vec<Condition> {
        let changes = |condition: &Condition| {
            self.flow
                .writes
                .iter()
                .any(|write| write.strand.beside(&condition.strand) && condition.slots.contains(&write.slot))
        };
        let stuck = self
            .flow
            .conditions
            .iter()
            .filter(|condition| !changes(condition));
        stuck.cloned().collect()
    }
}

impl Checker<'_> {
    /// A wait that never ends, with what it waits for: where that was bound, and where it was changed at another time.
    pub(super) fn stuck_at(&self, condition: &Condition) -> Beside {
        let local = |slot: &SlotId| Some((self.frame.local(*slot)?.span, "it is bound here"));
        let writes = self.flow.writes.iter();
        let writes = writes.filter(|write| condition.slots.contains(&write.slot));
        let changed = writes.map(|write| (write.span, "this changes it, and not while the flow waits"));
        let places = condition.slots.iter().filter_map(local).chain(changed);
        Beside::Stuck {
            span: condition.span,
            places: places.take(5).collect(),
        }
    }
}

/// The slots that an expression reads.
pub(super) fn reads(expr: &Expr) -> BTreeSet<SlotId> {
    let mut found = BTreeSet::new();
    expr.each_slot(&mut |slot| {
        found.insert(slot);
    });
    found
}
