//! What may happen in a run after a call of it has succeeded.

use crate::whole::Whole;
use flowmesh_ir::{
    ErrorId, StateId,
    flow::{Branches, End, Flow, Lead, Region, Tie},
    program::BUILTIN_ERRORS,
    validate::Strands,
};
use std::collections::{BTreeSet, VecDeque};

/// A built-in error that stands for all of them: who is not there may be there later, or not.
const UNAVAILABLE: ErrorId = ErrorId(1);

/// Where a run can end in a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// With an error that the program declares.
    Own(StateId, ErrorId),
    /// With an error that every call can end with.
    Any(StateId),
}

/// The states that a run may come to, and where its failures lead.
pub(super) struct Later<'a> {
    flow: &'a Flow,
    strands: &'a Strands,
    /// The call.
    at: StateId,
    open: VecDeque<StateId>,
    seen: BTreeSet<StateId>,
    own: Option<(StateId, ErrorId)>,
    any: Option<StateId>,
}

impl<'a> Later<'a> {
    /// After the call of a state, which goes on at `next`.
    pub(super) fn after(
        whole: &Whole<'_>,
        flow: &'a Flow,
        strands: &'a Strands,
        at: StateId,
        next: StateId,
    ) -> Self {
        let mut later = Self {
            flow,
            strands,
            at,
            open: VecDeque::from([next]),
            seen: BTreeSet::new(),
            own: None,
            any: None,
        };
        later.beside();
        while let (Some(state), None) = (later.open.pop_front(), later.own) {
            if later.seen.insert(state) {
                later.meet(whole, state);
            }
        }
        later
    }

    /// What ends the run first: an error of its own before one that every call has.
    pub(super) fn failure(&self) -> Option<Failure> {
        let own = self.own.map(|(state, error)| Failure::Own(state, error));
        own.or(self.any.map(Failure::Any))
    }

    /// Whether the run, after the call, can also end well. Otherwise the call is made because of the failure.
    pub(super) fn may_end_well(&self) -> bool {
        let Some(End::Call(call)) = self.end(self.at) else {
            return false;
        };
        let mut open = vec![call.next];
        let mut seen = BTreeSet::new();
        while let Some(at) = open.pop() {
            let Some(end) = self.end(at).filter(|_| seen.insert(at)) else {
                continue;
            };
            match end {
                End::Return(_) | End::Give(_) | End::Restart(_) => return true,
                End::Join => match self.joined(at) {
                    Some(region) => open.push(region.next),
                    None => return true,
                },
                _ => end.ways(|lead, next| {
                    if matches!(lead, Lead::Next | Lead::Out(_)) {
                        open.push(*next);
                    }
                }),
            }
        }
        false
    }

    fn end(&self, state: StateId) -> Option<&'a End> {
        self.flow.states.get(state.index()).map(|state| &state.end)
    }

    fn region(&self, state: usize) -> Option<&'a Region> {
        match &self.flow.states.get(state)?.end {
            End::Region(region) => Some(region),
            _ => None,
        }
    }

    /// The region that waits for the fiber that joins here.
    fn joined(&self, state: StateId) -> Option<&'a Region> {
        let (region, _) = self.strands.region_of(state.index())?;
        self.region(region)
    }

    /// What runs beside the call: other branches of the regions around it, and other rounds.
    fn beside(&mut self) {
        let mut inner = self.strands.of(self.at);
        for region in self.strands.around(self.at.index(), u32::MAX) {
            let Some(found) = self.region(region) else { break };
            match &found.branches {
                Branches::Each(each) => {
                    let alone = each.limit.as_ref().is_some_and(is_one);
                    if !alone {
                        self.open.push_back(each.entry);
                    }
                }
                Branches::Fixed(branches) => {
                    let own = branches
                        .iter()
                        .position(|branch| self.strands.of(branch.entry) == inner);
                    let before = own.map(|own| all_before(branches, own)).unwrap_or_default();
                    for (number, branch) in branches.iter().enumerate() {
                        if Some(number) != own && !before.contains(&number) {
                            self.open.push_back(branch.entry);
                        }
                    }
                }
            }
            inner = u32::try_from(region)
                .ok()
                .and_then(|region| self.strands.of(StateId(region)));
        }
    }

    fn meet(&mut self, whole: &Whole<'_>, state: StateId) {
        let Some(end) = self.end(state) else { return };
        for error in raises(whole, end) {
            match self.caught(state, error) {
                Some(next) => self.open.push_back(next),
                None if error == UNAVAILABLE => self.any = self.any.or(Some(state)),
                None => self.own = self.own.or(Some((state, error))),
            }
        }
        if let (End::Join, Some(region)) = (end, self.joined(state)) {
            self.open.extend(region.finally);
            self.open.push_back(region.next);
        }
        let inside = |lead: Lead| !matches!(lead, Lead::Task | Lead::Handler);
        let catches = catches(end);
        end.ways(|lead, next| {
            // A catch is come to by the errors that lead there.
            if inside(lead) && !catches.contains(next) {
                self.open.push_back(*next);
            }
        });
    }

    /// Where an error of a state is caught by a region around it.
    fn caught(&self, state: StateId, error: ErrorId) -> Option<StateId> {
        let around = self.strands.around(state.index(), u32::MAX);
        let mut regions = around.into_iter().map_while(|region| self.region(region));
        regions.find_map(|region| {
            let mut catches = region.catch.iter();
            catches.find(|catch| catch.error == error).map(|catch| catch.next)
        })
    }
}

/// Where a region goes on after an error of what runs in it; those of a call are not looked at apart.
fn catches(end: &End) -> BTreeSet<StateId> {
    match end {
        End::Region(region) => region.catch.iter().map(|catch| catch.next).collect(),
        _ => BTreeSet::new(),
    }
}

/// The errors that a state may end with and does not catch itself.
fn raises(whole: &Whole<'_>, end: &End) -> Vec<ErrorId> {
    match end {
        End::Fail(raise) => vec![raise.error],
        End::Call(call) => {
            let operation = whole.operation(call.target.service, call.target.operation);
            let own = operation
                .into_iter()
                .flat_map(|operation| &operation.fails)
                .copied();
            let caught = |error: &ErrorId| call.catch.iter().any(|catch| catch.error == *error);
            own.chain([UNAVAILABLE]).filter(|error| !caught(error)).collect()
        }
        End::Start(start) if start.tie == Tie::Child => {
            let child = whole.program.flow(start.flow);
            let own = child.into_iter().flat_map(|child| &child.fails).copied();
            let caught = |error: &ErrorId| start.catch.iter().any(|catch| catch.error == *error);
            own.filter(|error| !caught(error)).collect()
        }
        _ => Vec::new(),
    }
}

/// The branches that have joined before one begins.
fn all_before(branches: &[flowmesh_ir::flow::Branch], own: usize) -> BTreeSet<usize> {
    let mut open = vec![own];
    let mut before = BTreeSet::new();
    while let Some(at) = open.pop() {
        let after = branches.get(at).into_iter().flat_map(|branch| &branch.after);
        for number in after.map(|number| *number as usize) {
            if before.insert(number) {
                open.push(number);
            }
        }
    }
    before
}

fn is_one(limit: &flowmesh_ir::expr::Expr) -> bool {
    use flowmesh_ir::{Value, expr::Expr};
    matches!(limit, Expr::Constant(Value::Int(1)))
}

const _: () = assert!(BUILTIN_ERRORS.len() > UNAVAILABLE.0 as usize);
