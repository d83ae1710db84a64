//! The names and slots of the body that is being checked.

use super::{narrow::Path, ty::Ty};
use crate::{ast::Ident, resolve::ModuleId};
use flowmesh_diagnostics::Span;
use flowmesh_ir::{Name, SlotId, flow::Slot};
use std::collections::{HashMap, HashSet};

/// What kind of body it is, which says what the surroundings give.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A flow: everything.
    Flow,
    /// A test: pure but for the time, and with runs.
    Test,
    /// A function: pure.
    Function,
    /// A rule of a type, over `it`.
    #[default]
    Rule,
    /// The value of a config.
    Config,
    /// The key of a flow, over its parameters.
    Key,
    /// Path, query, body, key and headers of an operation, over its parameters and `run`.
    Operation,
    /// The fields of an error that a status means, over `reply`.
    Reply,
    /// From where a stream is taken up, over `reply`, which is an item.
    Item,
    /// A condition of a route, over `request`.
    Route,
    /// An address, over configs.
    Address,
    /// A condition of an access rule, or what a limit counts apart, over `caller` and `request`.
    Visitor,
    /// A route of a gateway, over the parameters of its path, `caller` and `request` with its body.
    Gateway,
    /// The arguments of a schedule, over `scheduled`.
    Scheduled,
}

/// The body that is being checked.
#[derive(Debug, Default)]
pub(crate) struct Frame {
    pub(crate) module: ModuleId,
    pub(crate) kind: Kind,
    /// What each slot holds.
    pub(crate) locals: Vec<Local>,
    /// Names of the blocks around, the innermost last.
    scopes: Vec<HashMap<Name, SlotId>>,
    /// What is known not to be `none` here.
    pub(crate) narrowed: Vec<Path>,
    /// Slots that were written, in order: what was known of them held only until then.
    pub(crate) forgotten: Vec<SlotId>,
    /// Reads and writes inside `parallel`, in order; only kept there.
    pub(crate) accesses: Vec<Access>,
    /// How many `parallel` are around.
    pub(crate) parallel: u32,
    /// What `reply` is, over an item of a stream.
    pub(crate) item: Ty,
    /// Whether `reply` came by gRPC.
    pub(crate) by_grpc: bool,
    /// Whether what is made here is computed where a request is sent, so that it may be made from secrets.
    pub(crate) sent: bool,
    /// How deep the expression is nested.
    pub(crate) depth: u32,
    /// The function that the body belongs to.
    pub(crate) function: Option<u32>,
    /// Params of an operation that were used.
    pub(crate) touched: HashSet<SlotId>,
}

/// What a slot holds.
#[derive(Clone, Debug)]
pub(crate) struct Local {
    pub(crate) name: Name,
    pub(crate) span: Span,
    pub(crate) ty: Ty,
    pub(crate) role: Role,
    pub(crate) read: bool,
}

/// How a local came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// A parameter.
    Param,
    /// `let`
    Let,
    /// `var`
    Var,
    /// The name of a loop, a pattern, a lambda, an error or a signal.
    Bound,
    /// Made by the compiler.
    Hidden,
}

/// A read or write of a slot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access {
    pub(crate) slot: SlotId,
    pub(crate) span: Span,
    pub(crate) write: bool,
}

impl Frame {
    pub(crate) fn new(module: ModuleId, kind: Kind) -> Self {
        Self {
            module,
            kind,
            scopes: vec![HashMap::new()],
            ..Self::default()
        }
    }

    /// A new slot under a name; also gives the earlier one of the same block, if the name is taken.
    pub(crate) fn declare(&mut self, name: &Ident, ty: Ty, role: Role) -> (SlotId, Option<SlotId>) {
        let slot = self.slot(name.text.clone(), name.span, ty, role);
        let scope = self.scopes.last_mut();
        let earlier = scope.and_then(|scope| scope.insert(name.text.clone(), slot));
        (slot, earlier)
    }

    /// A new slot that no name leads to.
    pub(crate) fn hidden(&mut self, name: &str, ty: Ty) -> SlotId {
        self.slot(name.into(), Span::default(), ty, Role::Hidden)
    }

    fn slot(&mut self, name: Name, span: Span, ty: Ty, role: Role) -> SlotId {
        let slot = SlotId(u32::try_from(self.locals.len()).unwrap_or(u32::MAX));
        self.locals.push(Local {
            name,
            span,
            ty,
            role,
            read: false,
        });
        slot
    }

    pub(crate) fn find(&self, name: &str) -> Option<SlotId> {
        self.scopes
            .iter()
            .rev()
            .find_map(|scope| scope.get(name))
            .copied()
    }

    pub(crate) fn local(&self, slot: SlotId) -> Option<&Local> {
        self.locals.get(slot.index())
    }

    pub(crate) fn open(&mut self) {
        self.scopes.push(HashMap::new());
    }

    /// Leaves a block and gives the names that were bound in it.
    pub(crate) fn close(&mut self) -> HashMap<Name, SlotId> {
        self.scopes.pop().unwrap_or_default()
    }

    /// Makes names of an inner block visible in this one.
    pub(crate) fn adopt(&mut self, name: Name, slot: SlotId) -> Option<SlotId> {
        self.scopes.last_mut().and_then(|scope| scope.insert(name, slot))
    }

    /// All names that can be seen with what they stand for, the innermost and latest first.
    pub(crate) fn visible(&self) -> Vec<(&Name, &Local)> {
        let mut seen: HashSet<&Name> = HashSet::new();
        let mut all = Vec::new();
        for scope in self.scopes.iter().rev() {
            let mut own: Vec<(&Name, SlotId)> = scope.iter().map(|(name, slot)| (name, *slot)).collect();
            own.sort_by_key(|(_, slot)| std::cmp::Reverse(*slot));
            own.retain(|(name, _)| seen.insert(name));
            all.extend(
                own.into_iter()
                    .filter_map(|(name, slot)| Some((name, self.local(slot)?))),
            );
        }
        all
    }

    /// All names that can be seen, by their letters.
    pub(crate) fn names(&self) -> Vec<&Name> {
        let mut names: Vec<&Name> = self.scopes.iter().flat_map(HashMap::keys).collect();
        names.sort_unstable();
        names
    }

    pub(crate) fn touch(&mut self, slot: SlotId, span: Span, write: bool) {
        if let (false, Some(local)) = (write, self.locals.get_mut(slot.index())) {
            local.read = true;
        }
        self.touched.insert(slot);
        if self.parallel > 0 {
            self.accesses.push(Access { slot, span, write });
        }
    }

    pub(crate) fn touch_write(&mut self, slot: SlotId, span: Span) {
        self.touch(slot, span, true);
    }

    /// The slots as the program has them.
    pub(crate) fn slots(&self) -> Vec<Slot> {
        let slot = |local: &Local| Slot {
            name: local.name.clone(),
            ty: local.ty.ir(),
        };
        self.locals.iter().map(slot).collect()
    }
}
