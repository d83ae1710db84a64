//! What has blocks inside: regions of every kind, tasks, handlers.

use super::{
    super::super::build::{self, DECLINED, catch, int, seconds, slot, text},
    Maker, Place,
};
use flowmesh_ir::{
    SignalId, SlotId, StateId, StepId, Value,
    expr::Expr,
    flow::{Branch, Branches, Each, End, Gather, Guard, Listen, Need, Over, Region, Rest},
};

impl Maker {
    pub(super) fn spawn(&mut self, place: &Place, depth: u32, next: u32) -> u32 {
        let task = self.slot();
        let first = self.slots;
        let give = self.add(build::state(End::Give(text("given"))));
        let inside = Place {
            regions: Vec::new(),
            many: place.many,
            bound: false,
            deaf: place.deaf,
        };
        // A task that waits for itself would wait for ever.
        let tasks = std::mem::take(&mut self.tasks);
        let entry = self.block(&inside, depth - 1, give);
        self.tasks = tasks;
        if !place.many && place.regions.is_empty() {
            self.tasks.push(task);
        }
        let own = (first..self.slots).map(SlotId).collect();
        self.add(build::state(End::Spawn {
            task: SlotId(task),
            own,
            entry: StateId(entry),
            next: StateId(next),
        }))
    }

    pub(super) fn listen(&mut self, place: &Place, depth: u32, next: u32) -> u32 {
        let first = self.slots;
        let by = self.slot();
        let give = self.add(build::state(End::Give(slot(by))));
        let inside = Place {
            regions: Vec::new(),
            many: true,
            bound: place.bound,
            deaf: place.deaf,
        };
        let tasks = std::mem::take(&mut self.tasks);
        let entry = self.block(&inside, depth - 1, give);
        self.tasks = tasks;
        self.add(build::state(End::Listen(Listen {
            signal: SignalId(0),
            params: vec![SlotId(by)],
            own: (first..self.slots).map(SlotId).collect(),
            entry: StateId(entry),
            next: StateId(next),
        })))
    }

    pub(super) fn signals(&mut self, place: &Place, depth: u32, next: u32) -> u32 {
        let deaf = Place {
            deaf: true,
            ..place.clone()
        };
        let each = self.each_over(&deaf, depth, next, Over::Signals(SignalId(0)), None);
        let mut region = self.region(place, Branches::Each(each), next);
        region.need = Need::Count(int(1));
        self.add(build::state(End::Region(Box::new(region))))
    }

    pub(super) fn each(&mut self, place: &Place, depth: u32, next: u32) -> u32 {
        let over = if self.chance(2) {
            Over::Range(int(0), int(i64::try_from(self.pick(4)).unwrap()))
        } else {
            Over::List(Expr::List(vec![text("a"), text("b"), text("c")]))
        };
        let limit = self.chance(2).then(|| int(2));
        let list = self.slot();
        let mut each = self.each_over(place, depth, next, over, limit);
        let (value, given) = (self.slot(), self.slot());
        each.own.extend([SlotId(value), SlotId(given)]);
        each.gather = Some(Gather {
            value: SlotId(value),
            given: SlotId(given),
            list: SlotId(list),
        });
        let region = self.region(place, Branches::Each(each), next);
        self.add(build::state(End::Region(Box::new(region))))
    }

    fn each_over(&mut self, place: &Place, depth: u32, next: u32, over: Over, limit: Option<Expr>) -> Each {
        let first = self.slots;
        let item = self.slot();
        let join = self.add(build::state(End::Join));
        let mut inside = place.clone();
        inside.regions.push(next);
        inside.many = true;
        let tasks = std::mem::take(&mut self.tasks);
        let entry = self.block(&inside, depth - 1, join);
        self.tasks = tasks;
        Each {
            over,
            item: SlotId(item),
            own: (first..self.slots).map(SlotId).collect(),
            limit,
            entry: StateId(entry),
            gather: None,
        }
    }

    pub(super) fn fixed(&mut self, place: &Place, depth: u32, next: u32) -> u32 {
        let mut inside = place.clone();
        inside.regions.push(next);
        let mut branches = Vec::new();
        for at in 0..=self.pick(3) {
            let join = self.add(build::state(End::Join));
            let tasks = std::mem::take(&mut self.tasks);
            let entry = self.block(&inside, depth - 1, join);
            self.tasks = tasks;
            let after = (at > 0 && self.chance(3)).then(|| u32::try_from(at - 1).unwrap());
            branches.push(Branch {
                when: self.chance(5).then(|| Expr::Constant(Value::Bool(false))),
                after: after.into_iter().collect(),
                entry: StateId(entry),
            });
        }
        let region = self.region(place, Branches::Fixed(branches), next);
        self.add(build::state(End::Region(Box::new(region))))
    }

    fn region(&mut self, place: &Place, branches: Branches, next: u32) -> Region {
        let need = match self.pick(5) {
            0 => Need::Count(int(1)),
            1 => Need::Until(Expr::Constant(Value::Bool(true))),
            _ => Need::All,
        };
        let rest = [Rest::Cancel, Rest::Finish, Rest::Later][usize::try_from(self.pick(3)).unwrap()];
        let within = self.chance(4).then(|| (seconds(9), StateId(next)));
        let guard = self.chance(6).then(|| Guard {
            name: text("g"),
            permits: None,
            rate: None,
            token: None,
        });
        let caught = if self.chance(2) {
            self.block(place, 0, next)
        } else {
            next
        };
        let catch = self.chance(2).then(|| catch(DECLINED, None, caught));
        let finally = self.chance(4).then(|| self.finally(place));
        let name = self.chance(3).then(|| {
            self.names += 1;
            StepId(self.names - 1)
        });
        Region {
            branches,
            need,
            rest,
            within,
            guard,
            catch: catch.into_iter().collect(),
            finally,
            name,
            next: StateId(next),
        }
    }

    fn finally(&mut self, place: &Place) -> StateId {
        let join = self.add(build::state(End::Join));
        let inside = Place {
            regions: Vec::new(),
            many: place.many,
            bound: true,
            deaf: place.deaf,
        };
        let tasks = std::mem::take(&mut self.tasks);
        let entry = self.block(&inside, 0, join);
        self.tasks = tasks;
        StateId(entry)
    }
}
