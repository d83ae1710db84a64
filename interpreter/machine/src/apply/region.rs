//! A state that begins a region, and what happens in it until it is done.

use super::{Turn, turn::Thrown};
use crate::run::{FiberId, Inside, Kind, Plan, ScopeId, Sleeper, Stage, Wait};
use flowmesh_ir::{
    StateId, Value,
    flow::{Branches, Each, End, Need, Region, State},
};
use flowmesh_stdlib::Fault;

impl<'p> Turn<'p, '_> {
    /// Begins a region; the fiber waits for it.
    pub(super) fn region(
        &mut self,
        id: FiberId,
        at: StateId,
        state: &'p State,
        region: &'p Region,
    ) -> Result<Option<StateId>, Thrown> {
        if self.run.later.contains_key(&(id, at)) {
            self.rest(id, at, Wait::Later);
            return Ok(None);
        }
        self.begin_region(id, at, state, region)
    }

    /// Begins a region that nothing keeps from beginning.
    pub(super) fn begin_region(
        &mut self,
        id: FiberId,
        at: StateId,
        state: &'p State,
        region: &'p Region,
    ) -> Result<Option<StateId>, Thrown> {
        self.seat_fiber(id);
        let within = match &region.within {
            Some((limit, otherwise)) => Some((self.duration(limit)?, *otherwise)),
            None => None,
        };
        let need = self.need(&region.need)?;
        let plan = self.plan(&region.branches)?;
        self.clear_list(id, region)?;
        if let Some((_, otherwise)) = within.filter(|(limit, _)| !limit.is_positive()) {
            return Ok(Some(otherwise));
        }
        if need == Some(0) {
            return Ok(Some(region.next));
        }
        let scope = self.enter(id, at, plan, need)?;
        self.step_started(state.step.or(region.name));
        if let Some((limit, _)) = within {
            let timer = self.arm(limit, Sleeper::Region(scope));
            self.inside_mut(scope, |inside| inside.within = Some(timer));
        }
        match &region.guard {
            Some(guard) => self.acquire(scope, guard),
            None => self.spread(scope),
        }
        if matches!(region.need, Need::Until(_)) && self.waits_for(id) == Some(scope) {
            self.run.pollers.insert(id);
        }
        Ok(None)
    }

    /// The region whose end a fiber waits for.
    fn waits_for(&self, id: FiberId) -> Option<ScopeId> {
        match self.run.fibers.get(&id)?.wait {
            Wait::Region(scope) => Some(scope),
            _ => None,
        }
    }

    /// What it is to be enough for may have come to hold without another branch; says whether it has.
    pub(super) fn poll_need(&mut self, id: FiberId) -> bool {
        let Some(scope) = self.waits_for(id) else {
            return false;
        };
        if let Err(Thrown(error)) = self.check_done(scope, false) {
            self.raise_in(scope, error);
        }
        self.waits_for(id) != Some(scope)
    }

    fn enter(&mut self, id: FiberId, at: StateId, plan: Plan, need: Option<u64>) -> Result<ScopeId, Thrown> {
        let outer = self.run.fibers.get(&id).map(|fiber| fiber.scope);
        let inside = Inside {
            waiting: id,
            state: at,
            within: None,
            guard: None,
            plan,
            joined: 0,
            need,
            gathered: Vec::new(),
        };
        let scope = self.open(Kind::Region(Box::new(inside)), outer)?;
        self.rest(id, at, Wait::Region(scope));
        Ok(scope)
    }

    fn need(&mut self, need: &Need) -> Result<Option<u64>, Thrown> {
        match need {
            Need::All | Need::Until(_) => Ok(None),
            Need::Count(expr) => Ok(Some(u64::try_from(self.int(expr)?).unwrap_or(0))),
        }
    }

    fn plan(&mut self, branches: &Branches) -> Result<Plan, Thrown> {
        match branches {
            Branches::Fixed(branches) => Ok(Plan::Fixed(vec![Stage::Waiting; branches.len()])),
            Branches::Each(each) => self.plan_each(each),
        }
    }

    /// Begins what can begin, and goes on after the region if it is done.
    pub(super) fn spread(&mut self, scope: ScopeId) {
        let begun = self.begin_branches(scope);
        if let Err(Thrown(error)) = begun.and_then(|()| self.check_done(scope, true)) {
            self.raise_in(scope, error);
        }
    }

    fn begin_branches(&mut self, scope: ScopeId) -> Result<(), Thrown> {
        let Some(inside) = self.inside(scope) else {
            return Ok(());
        };
        let (waiting, state) = (inside.waiting, inside.state);
        match self.state(state).map(|state| &state.end) {
            Some(End::Region(region)) => match &region.branches {
                Branches::Fixed(branches) => {
                    while self.begin_fixed(scope, waiting, branches)? {}
                    Ok(())
                }
                Branches::Each(each) => self.begin_each(scope, waiting, each),
            },
            _ => Ok(()),
        }
    }

    /// A fiber of a region has come to its end.
    pub(super) fn join(&mut self, id: FiberId) -> Result<Option<StateId>, Thrown> {
        let Some((scope, branch)) = self.run.fibers.get(&id).map(|fiber| (fiber.scope, fiber.branch)) else {
            return Ok(None);
        };
        let Some((waiting, state)) = self.inside(scope).map(|inside| (inside.waiting, inside.state)) else {
            return self.join_beside(id, scope);
        };
        if let Some(End::Region(region)) = self.state(state).map(|state| &state.end)
            && let Branches::Each(Each {
                gather: Some(gather), ..
            }) = &region.branches
        {
            self.gather(id, branch, scope, waiting, *gather)?;
        }
        let undo = self.take(id).map(|fiber| fiber.undo).unwrap_or_default();
        if let Some(scope) = self.run.scopes.get_mut(&scope) {
            scope.undo.extend(undo);
        }
        self.inside_mut(scope, |inside| inside.joined += 1);
        if let Ok(branch) = usize::try_from(branch) {
            self.set_stage(scope, branch, Stage::Settled);
        }
        // Whether it is done comes first: what is not needed any more does not begin.
        if let Err(Thrown(error)) = self.check_done(scope, false) {
            self.raise_in(scope, error);
        } else if self.run.scopes.contains_key(&scope) {
            self.spread(scope);
        }
        Ok(None)
    }

    fn check_done(&mut self, scope: ScopeId, spread: bool) -> Result<(), Thrown> {
        let Some(inside) = self.inside(scope) else {
            return Ok(());
        };
        let (waiting, state) = (inside.waiting, inside.state);
        let enough = inside.need.is_some_and(|need| inside.joined >= need);
        let joined = inside.joined > 0;
        let (next, rest, until) = match self.state(state).map(|state| &state.end) {
            Some(End::Region(region)) => (
                region.next,
                region.rest,
                match &region.need {
                    Need::Until(condition) => Some(condition),
                    _ => None,
                },
            ),
            _ => return Ok(()),
        };
        let mut done = enough || self.all_settled(scope, spread)?;
        if !done
            && joined
            && let Some(condition) = until
        {
            self.seat_fiber(waiting);
            done = self.evaluator().holds(condition)?;
        }
        if done {
            self.finish_region(scope, rest, next);
        }
        Ok(())
    }

    /// Whether nothing runs and nothing is to come. What can begin has begun if it was `spread`.
    fn all_settled(&self, scope: ScopeId, spread: bool) -> Result<bool, Thrown> {
        let Some(found) = self.run.scopes.get(&scope) else {
            return Ok(false);
        };
        let Some(inside) = found.inside() else {
            return Ok(false);
        };
        if !found.fibers.is_empty() || inside.guard.is_some_and(|guard| !self.granted(guard)) {
            return Ok(false);
        }
        match &inside.plan {
            Plan::Fixed(stages) if stages.contains(&Stage::Waiting) && !spread => Ok(false),
            Plan::Fixed(stages) if stages.contains(&Stage::Waiting) => {
                Err(Fault::BadValue("the branches wait for each other in a circle".to_owned()).into())
            }
            Plan::Fixed(_) => Ok(true),
            Plan::Each { items, begun, .. } => Ok(items.length().is_some_and(|length| *begun >= length)),
        }
    }

    pub(super) fn inside(&self, scope: ScopeId) -> Option<&Inside> {
        self.run.scopes.get(&scope)?.inside()
    }

    pub(super) fn inside_mut(&mut self, scope: ScopeId, change: impl FnOnce(&mut Inside)) {
        if let Some(inside) = self
            .run
            .scopes
            .get_mut(&scope)
            .and_then(|scope| scope.inside_mut())
        {
            change(inside);
        }
    }

    pub(super) fn stage(&self, scope: ScopeId, branch: usize) -> Option<Stage> {
        match &self.inside(scope)?.plan {
            Plan::Fixed(stages) => stages.get(branch).copied(),
            Plan::Each { .. } => None,
        }
    }

    pub(super) fn set_stage(&mut self, scope: ScopeId, branch: usize, stage: Stage) {
        self.inside_mut(scope, |inside| {
            if let Plan::Fixed(stages) = &mut inside.plan
                && let Some(place) = stages.get_mut(branch)
            {
                *place = stage;
            }
        });
    }

    /// The region of a state.
    pub(super) fn region_at(&self, state: StateId) -> Option<&'p Region> {
        match &self.state(state)?.end {
            End::Region(region) => Some(region),
            _ => None,
        }
    }

    pub(super) fn int(&mut self, expr: &flowmesh_ir::expr::Expr) -> Result<i64, Fault> {
        match self.evaluator().eval(expr)? {
            Value::Int(int) => Ok(int),
            other => Err(crate::eval::unfit("an int", &other)),
        }
    }

    /// Goes on with a region that waited for the branches of its last round.
    pub(super) fn begin_later(&mut self, id: FiberId, at: StateId) {
        let Some(state) = self.state(at).filter(|_| !self.run.later.contains_key(&(id, at))) else {
            return;
        };
        let End::Region(region) = &state.end else {
            return;
        };
        match self.begin_region(id, at, state, region) {
            Ok(Some(next)) => self.wake(id, next),
            Ok(None) => {}
            Err(Thrown(error)) => self.raise(id, error),
        }
    }
}
