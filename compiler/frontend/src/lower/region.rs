//! Regions, fan-outs, and the ways out of them, become states.

use super::{
    flow::{Loop, Lowering},
    states::Label,
};
use crate::check::tree::{self, Fan, For, Region, Statement};
use flowmesh_ir::{
    StepId,
    flow::{self, Branches, Each, End},
};
use std::sync::Arc;

impl Lowering<'_> {
    /// Where a region does nothing but hold what is in it, there is none.
    pub(super) fn region(&mut self, region: &Region) {
        let plain = region.need == flow::Need::All
            && region.within.is_none()
            && region.guard.is_none()
            && region.catch.is_empty()
            && region.finally.is_none()
            && region.step.is_none();
        match region.branches.as_slice() {
            [] => {}
            [only] if plain && only.when.is_none() => self.statements(&only.body),
            _ => self.begin_region(region),
        }
    }

    fn begin_region(&mut self, region: &Region) {
        let next = self.states.label();
        let labels: Vec<Label> = region.branches.iter().map(|_| self.states.label()).collect();
        let late = region.within.as_ref().map(|_| self.states.label());
        let finally = region.finally.as_ref().map(|_| self.states.label());
        let (catch, caught) = self.catches(&region.catch);
        let name = region.step.map(|number| self.step_of(number));
        match (name, region.title) {
            (Some(name), _) => self.states.is_step(name),
            (None, Some(title)) => self.states.step(title),
            (None, None) => {}
        }
        let branch = |(branch, entry): (&tree::Branch, &Label)| flow::Branch {
            when: branch.when.clone(),
            after: branch.after.clone(),
            entry: *entry,
        };
        let within = region.within.as_ref().map(|(duration, _)| duration.clone());
        self.states.end(End::Region(Box::new(flow::Region {
            branches: Branches::Fixed(region.branches.iter().zip(&labels).map(branch).collect()),
            need: region.need.clone(),
            rest: region.rest,
            within: within.zip(late),
            guard: region.guard.clone(),
            catch,
            finally,
            name,
            next,
        })));
        let around = self.states.enter(name);
        for (branch, label) in region.branches.iter().zip(labels) {
            self.inside(label, |lowering| lowering.statements(&branch.body));
        }
        self.states.leave(around);
        if let (Some(label), Some(body)) = (finally, &region.finally) {
            self.last(label, body);
        }
        if let (Some(label), Some((_, body))) = (late, &region.within) {
            self.branch(label, body, next);
        }
        self.caught(&region.catch, caught, next);
        self.states.begin(next);
    }

    /// A region of one branch, which nothing more is said of.
    pub(super) fn alone(&mut self, entry: Label, next: Label) {
        let branch = flow::Branch {
            when: None,
            after: Vec::new(),
            entry,
        };
        self.states.end(End::Region(Box::new(flow::Region {
            branches: Branches::Fixed(vec![branch]),
            need: flow::Need::All,
            rest: flow::Rest::Cancel,
            within: None,
            guard: None,
            catch: Vec::new(),
            finally: None,
            name: None,
            next,
        })));
    }

    /// What runs in a region.
    pub(super) fn inside(&mut self, label: Label, what: impl FnOnce(&mut Self)) {
        self.depth = self.depth.saturating_add(1);
        self.states.begin(label);
        what(self);
        self.states.end(End::Join);
        self.depth = self.depth.saturating_sub(1);
    }

    /// What is done last in a region, in a fiber of its own that nothing leads out of.
    fn last(&mut self, label: Label, body: &[Statement]) {
        let loops = std::mem::take(&mut self.loops);
        let depth = std::mem::take(&mut self.depth);
        self.states.begin(label);
        self.statements(body);
        self.states.end(End::Join);
        (self.loops, self.depth) = (loops, depth);
    }

    /// Rounds that run side by side. `continue` ends a round, and `break` leaves for what follows the loop.
    pub(super) fn fan_out(&mut self, looping: &For, fan: &Fan) {
        let (entry, round, next) = (self.states.label(), self.states.label(), self.states.label());
        let over = match &looping.over {
            tree::Over::List(list) => flow::Over::List(list.clone()),
            tree::Over::Range(from, to) => flow::Over::Range(from.clone(), to.clone()),
            tree::Over::Signals(signal) => flow::Over::Signals(*signal),
        };
        let late = looping.within.as_ref().map(|_| self.states.label());
        let within = looping.within.as_ref().map(|(duration, _)| duration.clone());
        self.states.end(End::Region(Box::new(flow::Region {
            branches: Branches::Each(Each {
                over,
                item: looping.item,
                own: fan.own.clone(),
                limit: fan.limit.clone(),
                entry,
                gather: fan.gather,
            }),
            need: fan.need.clone(),
            rest: fan.rest,
            within: within.zip(late),
            guard: None,
            catch: Vec::new(),
            finally: None,
            name: None,
            next,
        })));
        let out = (next, self.depth);
        self.inside(entry, |lowering| {
            let head = (round, lowering.depth);
            lowering.loops.push(Loop { head, out });
            lowering.statements(&looping.body);
            lowering.loops.pop();
            lowering.states.end(End::Jump(round));
            lowering.states.begin(round);
        });
        if let (Some(label), Some((_, body))) = (late, &looping.within) {
            self.branch(label, body, next);
        }
        self.states.begin(next);
    }

    /// The body of a loop in the fiber at hand.
    pub(super) fn looping(&mut self, head: Label, out: Label, what: impl FnOnce(&mut Self)) {
        let depth = self.depth;
        self.loops.push(Loop {
            head: (head, depth),
            out: (out, depth),
        });
        what(self);
        self.loops.pop();
    }

    /// Goes on where fewer regions are around.
    pub(super) fn leave_for(&mut self, (next, depth): (Label, u32)) {
        let regions = self.depth.saturating_sub(depth);
        self.states.end(if regions == 0 {
            End::Jump(next)
        } else {
            End::Leave { regions, next }
        });
    }

    /// A state of the flow. What stands before it leads into it.
    pub(super) fn state(&mut self, number: u32, body: &[Statement]) {
        let label = self.named(number);
        self.named_depth = self.depth;
        self.states.end(End::Jump(label));
        self.states.begin(label);
        self.statements(body);
    }

    pub(super) fn goto(&mut self, number: u32) {
        let label = self.named(number);
        self.leave_for((label, self.named_depth));
    }

    fn named(&mut self, number: u32) -> Label {
        if let Some(label) = self.named.get(&number) {
            return *label;
        }
        let label = self.states.label();
        self.named.insert(number, label);
        label
    }

    pub(super) fn cancel_step(&mut self, number: u32) {
        let (step, next) = (self.step_of(number), self.states.label());
        self.states.end(End::CancelStep { step, next });
        self.states.begin(next);
    }

    fn step_of(&mut self, number: u32) -> StepId {
        if let Some(step) = self.steps.get(&number) {
            return *step;
        }
        let written = self.flow.and_then(|flow| flow.steps.get(number as usize));
        let (name, title) = written.map_or(("", None), |step| (step.name.as_str(), step.title.clone()));
        let step = self.states.labelled_step(name, title);
        self.steps.insert(number, step);
        step
    }

    /// Statements that several ways lead to stand where the first of them is met.
    pub(super) fn shared(&mut self, body: &Arc<Vec<Statement>>) {
        let known = self.shared.iter().find(|(known, _)| Arc::ptr_eq(known, body));
        if let Some((_, label)) = known {
            let label = *label;
            return self.states.end(End::Jump(label));
        }
        let label = self.states.label();
        self.shared.push((body.clone(), label));
        self.states.end(End::Jump(label));
        self.states.begin(label);
        self.statements(body);
    }
}
