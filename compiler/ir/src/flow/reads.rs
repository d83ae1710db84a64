//! What a state reads of the frame and writes to it.

use super::{Branches, End, Instruction, Need, On, Over, Region, Reuse, State, Target};
use crate::{SlotId, expr::Expr};
use std::collections::BTreeSet;

impl State {
    /// The slots that it reads before it has written them itself. What an end reads only after something has come in
    /// (the arguments of an undo, a condition over an event) counts as read.
    #[must_use]
    pub fn reads(&self) -> BTreeSet<SlotId> {
        let mut reads = BTreeSet::new();
        let mut written = BTreeSet::new();
        let mut read = |expr: &Expr, written: &BTreeSet<SlotId>| {
            expr.each_slot(&mut |slot| {
                if !written.contains(&slot) {
                    reads.insert(slot);
                }
            });
        };
        for instruction in &self.code {
            match instruction {
                Instruction::Set(slot, expr) => {
                    read(expr, &written);
                    written.insert(*slot);
                }
                Instruction::Log(expr) | Instruction::Tag(_, expr) => read(expr, &written),
            }
        }
        self.end.each_expr(&mut |expr| read(expr, &written));
        reads
    }

    /// The slots that it writes whichever way it goes on.
    #[must_use]
    pub fn writes(&self) -> BTreeSet<SlotId> {
        let set = |instruction: &Instruction| match instruction {
            Instruction::Set(slot, _) => Some(*slot),
            Instruction::Log(_) | Instruction::Tag(..) => None,
        };
        self.code.iter().filter_map(set).collect()
    }
}

impl End {
    /// Every expression that this end evaluates.
    pub fn each_expr(&self, what: &mut impl FnMut(&Expr)) {
        let mut target = |target: &Target| target.arguments.iter().for_each(&mut *what);
        match self {
            Self::Call(call) => {
                target(&call.target);
                call.undo.iter().for_each(|undo| target(&undo.target));
                call.cache.iter().flat_map(Reuse::exprs).for_each(what);
            }
            Self::Stream(stream) => target(&stream.target),
            Self::Start(start) => {
                start.undo.iter().for_each(|undo| target(&undo.target));
                start.cache.iter().flat_map(Reuse::exprs).for_each(&mut *what);
                start.arguments.iter().for_each(what);
            }
            Self::Wait(wait) => wait.arms.iter().for_each(|arm| match &arm.on {
                On::After(expr) | On::At(expr) | On::Condition(expr) | On::Task(expr) => what(expr),
                On::Event { condition, .. } => condition.iter().for_each(&mut *what),
                On::Signal(_) => {}
            }),
            Self::Region(region) => region.each_expr(what),
            Self::Restart(arguments) => arguments.iter().for_each(what),
            Self::Shift(shift) => shift.weights.iter().for_each(|(_, weight)| what(weight)),
            Self::Emit(emit) => what(&emit.value),
            Self::Sleep { duration: expr, .. }
            | Self::SleepUntil { time: expr, .. }
            | Self::Branch { condition: expr, .. }
            | Self::Match { subject: expr, .. }
            | Self::CancelTask { task: expr, .. }
            | Self::Probe { target: expr, .. }
            | Self::Give(expr)
            | Self::Return(expr) => what(expr),
            Self::Fail(raise) => raise.fields.iter().for_each(|(_, field)| what(field)),
            Self::Leave { .. }
            | Self::Spawn { .. }
            | Self::Listen(_)
            | Self::CancelStep { .. }
            | Self::Join
            | Self::Jump(_) => {}
        }
    }
}

impl Region {
    fn each_expr(&self, what: &mut impl FnMut(&Expr)) {
        self.within.iter().for_each(|(duration, _)| what(duration));
        if let Some(guard) = &self.guard {
            what(&guard.name);
            guard.permits.iter().for_each(&mut *what);
        }
        match &self.branches {
            Branches::Fixed(branches) => {
                branches
                    .iter()
                    .filter_map(|branch| branch.when.as_ref())
                    .for_each(&mut *what);
            }
            Branches::Each(each) => {
                match &each.over {
                    Over::List(list) => what(list),
                    Over::Range(from, to) => {
                        what(from);
                        what(to);
                    }
                    Over::Signals(_) => {}
                }
                each.limit.iter().for_each(&mut *what);
            }
        }
        match &self.need {
            Need::All => {}
            Need::Count(expr) | Need::Until(expr) => what(expr),
        }
    }
}
