//! `parallel { }` and `race { }`: each statement runs as soon as what it uses is there. Branches share the frame, so
//! they must not get into each other's way.

use super::{Error, fan::Given, region::error::Error as Wrong, statement::none};
use crate::{
    ast::{self, Ident, Part, StatementKind, free},
    check::{
        Checker, Ty,
        frame::Access,
        narrow,
        tree::{Branch, Kind, Region, Statement},
    },
    resolve::cycle,
};
use flowmesh_diagnostics::Span;
use flowmesh_ir::{
    Name, SlotId, Value,
    expr::Expr,
    flow::{Need, Rest},
};
use petgraph::{algo::kosaraju_scc, graphmap::DiGraphMap};
use std::collections::{BTreeSet, HashMap, HashSet};

/// A branch that was looked at, before and after it was checked.
struct Looked<'a> {
    when: Option<&'a ast::Expr>,
    body: &'a ast::Statement,
    /// The branches whose names it uses, with the place of the first use of each.
    needs: HashMap<usize, (Name, Span)>,
    /// Where its reads and writes stand among all that were seen.
    accesses: std::ops::Range<usize>,
    names: Vec<(Name, SlotId)>,
    condition: Option<Expr>,
    statements: Vec<Statement>,
    falls: bool,
}

impl<'a> Checker<'a> {
    pub(super) fn parallel(
        &mut self,
        span: Span,
        given: Given,
        block: &'a ast::Block,
        out: &mut Vec<Statement>,
    ) -> bool {
        let before = self.frame.locals.len();
        let mut branches: Vec<Looked<'a>> = block.statements.iter().map(Looked::of).collect();
        needs(&mut branches);
        let order = self.order_of_branches(&branches);
        self.forget_vars();
        self.frame.parallel += 1;
        self.flow.parallels = self.flow.parallels.saturating_add(1);
        let block = self.flow.parallels;
        let endable = self.flow.endable;
        let first_of_many = given.need != Need::All && given.rest == Rest::Cancel;
        for at in &order {
            let others = branches.iter().enumerate().filter(|(other, _)| other != at);
            let ended = first_of_many || others.into_iter().any(|(_, other)| leaves(other.body));
            self.flow.endable = endable.saturating_add(u32::from(ended));
            self.flow
                .branches
                .push((block, u32::try_from(*at).unwrap_or(u32::MAX)));
            self.branch_of_parallel(&mut branches, *at);
            self.flow.branches.pop();
        }
        self.flow.endable = endable;
        self.frame.parallel -= 1;
        self.conflicts(&branches, before);
        if self.frame.parallel == 0 {
            self.frame.accesses.clear();
        }
        self.forget_vars();
        let all = given.need == Need::All;
        let falls = if all {
            branches
                .iter()
                .all(|branch| branch.falls || branch.when.is_some())
        } else {
            branches.is_empty() || branches.iter().any(|branch| branch.falls)
        };
        for slot in self.adopt(&branches, all) {
            self.push(out, span, Kind::Set(slot, none()));
        }
        let region = Region {
            branches: busy(branches),
            need: given.need,
            rest: given.rest,
            ..Region::default()
        };
        self.push(out, span, Kind::Region(Box::new(region)));
        falls
    }

    /// `race { }`: the first that is done, and the others are cancelled.
    pub(super) fn race(&mut self, span: Span, block: &'a ast::Block, out: &mut Vec<Statement>) -> bool {
        let first = Given {
            need: Need::Count(Expr::Constant(Value::Int(1))),
            ..Given::default()
        };
        self.parallel(span, first, block, out)
    }

    fn branch_of_parallel(&mut self, branches: &mut [Looked<'a>], at: usize) {
        let Some(branch) = branches.get(at) else { return };
        let (when, body) = (branch.when, branch.body);
        let mut numbers: Vec<usize> = branch.needs.keys().copied().collect();
        numbers.sort_unstable();
        let seen: Vec<(Name, SlotId)> = numbers
            .into_iter()
            .filter_map(|number| branches.get(number))
            .flat_map(|needed| needed.names.clone())
            .collect();
        let start = self.frame.accesses.len();
        self.frame.open();
        for (name, slot) in seen {
            self.frame.adopt(name, slot);
        }
        self.frame.open();
        let condition = when.map(|when| self.against(when, &Ty::Bool));
        let known = condition.as_ref().map(narrow::known).unwrap_or_default();
        let done = self.knowing(known.yes, |checker| checker.single(body));
        let mut names: Vec<(Name, SlotId)> = self.frame.close().into_iter().collect();
        self.frame.close();
        names.sort_by_key(|(_, slot)| *slot);
        if condition.is_some() {
            names.iter().for_each(|(_, slot)| self.may_be_absent(*slot));
        }
        if let Some(branch) = branches.get_mut(at) {
            branch.accesses = start..self.frame.accesses.len();
            branch.names = names;
            branch.condition = condition;
            branch.statements = done.statements;
            branch.falls = done.falls;
        }
    }

    /// What a branch binds that may not run, or not to its end.
    fn may_be_absent(&mut self, slot: SlotId) {
        if let Some(local) = self.frame.locals.get_mut(slot.index()) {
            local.ty = local.ty.clone().optional();
        }
    }

    /// The order in which branches are checked: each after those whose names it uses. Those that wait for each other
    /// are reported, and what they would bind is known to be wrong.
    fn order_of_branches(&mut self, branches: &[Looked<'a>]) -> Vec<usize> {
        let mut graph = DiGraphMap::<u32, ()>::new();
        let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        for (at, branch) in branches.iter().enumerate() {
            for needed in branch.needs.keys() {
                graph.add_edge(number(at), number(*needed), ());
            }
        }
        let mut wrong: HashSet<usize> = HashSet::new();
        for knot in kosaraju_scc(&graph) {
            if let Some(circle) = cycle::circle(&graph, &knot) {
                self.report_circle(branches, &circle);
                wrong.extend(knot.iter().map(|at| *at as usize));
            }
        }
        for at in &wrong {
            let name = branches.get(*at).and_then(|branch| branch.body.binds());
            if let Some(name) = name {
                let (slot, _) = self
                    .frame
                    .declare(name, Ty::Bad, crate::check::frame::Role::Bound);
                self.frame.touch(slot, name.span, false);
            }
        }
        sorted(branches, &wrong)
    }

    fn report_circle(&mut self, branches: &[Looked<'a>], circle: &[u32]) {
        let used = |pair: &[u32]| match pair {
            [from, to] => branches.get(*from as usize)?.needs.get(&(*to as usize)).cloned(),
            _ => None,
        };
        let names: Vec<(Name, Span)> = circle.windows(2).filter_map(used).collect();
        self.report(Wrong::Circle { names }.diagnostic());
    }

    /// What the branches bound is visible after the block; gives those slots that may be empty then.
    fn adopt(&mut self, branches: &[Looked<'a>], all: bool) -> Vec<SlotId> {
        let mut names: Vec<(Name, SlotId, bool)> = Vec::new();
        for branch in branches {
            let certain = all && branch.when.is_none();
            names.extend(
                branch
                    .names
                    .iter()
                    .map(|(name, slot)| (name.clone(), *slot, certain)),
            );
        }
        names.sort_by_key(|(_, slot, _)| *slot);
        let mut absent = Vec::new();
        for (name, slot, certain) in names {
            if !certain {
                self.may_be_absent(slot);
                absent.push(slot);
            }
            if let Some(earlier) = self.frame.adopt(name.clone(), slot) {
                let span = |slot| self.frame.local(slot).map(|local| local.span).unwrap_or_default();
                let (span, first) = (span(slot), span(earlier));
                self.twice(name, span, first);
            }
        }
        absent
    }

    /// No two branches may write one name, and none may read what another changes. What a branch binds may be read:
    /// who reads it waits for it.
    fn conflicts(&mut self, branches: &[Looked<'a>], before: usize) {
        let binder: HashMap<SlotId, usize> = branches
            .iter()
            .enumerate()
            .flat_map(|(at, branch)| branch.names.iter().map(move |(_, slot)| (*slot, at)))
            .collect();
        let shared = |access: &Access| access.slot.index() < before || binder.contains_key(&access.slot);
        let accesses: Vec<(usize, Access)> = branches
            .iter()
            .enumerate()
            .flat_map(|(at, branch)| {
                let seen = self
                    .frame
                    .accesses
                    .get(branch.accesses.clone())
                    .unwrap_or_default();
                seen.iter()
                    .filter(|access| shared(access))
                    .map(move |access| (at, *access))
            })
            .collect();
        let mut writers: HashMap<SlotId, (usize, Span)> = HashMap::new();
        let mut found = Vec::new();
        for (branch, access) in accesses.iter().filter(|(_, access)| access.write) {
            let (first, span) = *writers.entry(access.slot).or_insert((*branch, access.span));
            if first != *branch {
                found.push((*access, span));
            }
        }
        for (branch, access) in accesses.iter().filter(|(_, access)| !access.write) {
            match writers.get(&access.slot) {
                Some((writer, span)) if writer != branch && binder.get(&access.slot) != Some(writer) => {
                    found.push((*access, *span));
                }
                _ => {}
            }
        }
        for (access, other) in found {
            let name = self.frame.local(access.slot).map(|local| local.name.clone());
            let (name, span, write) = (name.unwrap_or_default(), access.span, access.write);
            self.report(
                Error::Conflict {
                    name,
                    span,
                    other,
                    write,
                }
                .diagnostic(),
            );
        }
    }
}

impl<'a> Looked<'a> {
    fn of(statement: &'a ast::Statement) -> Self {
        let (when, body) = match &statement.kind {
            StatementKind::When { condition, body } => (Some(condition), &**body),
            _ => (None, statement),
        };
        Self {
            when,
            body,
            needs: HashMap::new(),
            accesses: 0..0,
            names: Vec::new(),
            condition: None,
            statements: Vec::new(),
            falls: true,
        }
    }
}

/// Whether something in a statement ends everything around it.
fn leaves(statement: &ast::Statement) -> bool {
    use StatementKind as S;
    let mut open = vec![Part::Statement(statement)];
    while let Some(part) = open.pop() {
        let mut take = |part, _: &[_]| open.push(part);
        match part {
            Part::Statement(statement) => match statement.kind {
                S::Return { .. } | S::Fail { .. } | S::Goto { .. } | S::Restart { .. } | S::Break => {
                    return true;
                }
                // What is returned there is the answer of a handler.
                S::On { .. } => {}
                _ => statement.each_part(&mut take),
            },
            Part::Block(block) => open.extend(block.statements.iter().map(Part::Statement)),
            Part::Expr(expr) if matches!(expr.kind, ast::ExprKind::Spawn(_)) => {}
            Part::Expr(expr) => expr.each_part(&mut take),
        }
    }
    false
}

/// Finds out which branches use the names of which.
fn needs(branches: &mut [Looked<'_>]) {
    let binders: HashMap<Name, usize> = branches
        .iter()
        .enumerate()
        .filter_map(|(at, branch)| Some((branch.body.binds()?.text.clone(), at)))
        .collect();
    for (at, branch) in branches.iter_mut().enumerate() {
        let own: Option<&Ident> = branch.body.binds();
        let asked = branch.when.map(free::names_of).unwrap_or_default();
        for (name, span) in asked.into_iter().chain(free::names(branch.body)) {
            match binders.get(&name) {
                Some(binder) if *binder != at && own.is_none_or(|own| own.text != name) => {
                    branch.needs.entry(*binder).or_insert((name, span));
                }
                _ => {}
            }
        }
    }
}

/// Each after those it needs, and otherwise as they are written.
fn sorted(branches: &[Looked<'_>], without: &HashSet<usize>) -> Vec<usize> {
    let mut waiting: Vec<usize> = vec![0; branches.len()];
    let mut waited: Vec<Vec<usize>> = vec![Vec::new(); branches.len()];
    for (at, branch) in branches.iter().enumerate() {
        for needed in branch.needs.keys().filter(|needed| !without.contains(needed)) {
            waiting.get_mut(at).into_iter().for_each(|count| *count += 1);
            waited.get_mut(*needed).into_iter().for_each(|all| all.push(at));
        }
    }
    let free = |waiting: &[usize], at: usize| waiting.get(at) == Some(&0) && !without.contains(&at);
    let mut ready: BTreeSet<usize> = (0..branches.len()).filter(|at| free(&waiting, *at)).collect();
    let mut order = Vec::with_capacity(branches.len());
    while let Some(at) = ready.pop_first() {
        order.push(at);
        for next in waited.get(at).cloned().unwrap_or_default() {
            waiting
                .get_mut(next)
                .into_iter()
                .for_each(|count| *count = count.saturating_sub(1));
            if free(&waiting, next) {
                ready.insert(next);
            }
        }
    }
    order
}

/// The branches that do something, numbered anew.
fn busy(branches: Vec<Looked<'_>>) -> Vec<Branch> {
    let mut numbers: HashMap<usize, u32> = HashMap::new();
    for (at, branch) in branches.iter().enumerate() {
        if !branch.statements.is_empty() {
            numbers.insert(at, u32::try_from(numbers.len()).unwrap_or(u32::MAX));
        }
    }
    let made = |branch: Looked<'_>| {
        let mut after: Vec<u32> = branch
            .needs
            .keys()
            .filter_map(|at| numbers.get(at).copied())
            .collect();
        after.sort_unstable();
        Branch {
            when: branch.condition,
            after,
            body: branch.statements,
        }
    };
    let some = |branch: &Looked<'_>| !branch.statements.is_empty();
    branches.into_iter().filter(some).map(made).collect()
}
