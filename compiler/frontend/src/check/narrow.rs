//! What a condition tells about values that may be absent.

use super::{Checker, frame::Role};
use flowmesh_ir::{
    Name, SlotId, Value,
    expr::{Binary, Expr, Unary},
};

/// A local, or a field of one: `order.note`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    pub(crate) slot: SlotId,
    pub(crate) fields: Vec<Name>,
}

/// What is not `none` when a condition holds, and when it does not.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) yes: Vec<Path>,
    pub(crate) no: Vec<Path>,
}

/// The path that an expression is, if it is one.
pub(crate) fn path(expr: &Expr) -> Option<Path> {
    match expr {
        Expr::Slot(slot) => Some(Path {
            slot: *slot,
            fields: Vec::new(),
        }),
        Expr::Field(base, name) => {
            let mut path = path(base)?;
            path.fields.push(name.clone());
            Some(path)
        }
        _ => None,
    }
}

/// What a condition tells.
pub(crate) fn known(condition: &Expr) -> Known {
    let none = |expr: &Expr| matches!(expr, Expr::Constant(Value::None));
    match condition {
        Expr::Unary(Unary::Not, inner) => {
            let Known { yes, no } = known(inner);
            Known { yes: no, no: yes }
        }
        Expr::Binary(Binary::And, a, b) => {
            let (mut a, b) = (known(a), known(b));
            a.yes.extend(b.yes);
            Known {
                yes: a.yes,
                no: Vec::new(),
            }
        }
        Expr::Binary(Binary::Or, a, b) => {
            let (mut a, b) = (known(a), known(b));
            a.no.extend(b.no);
            Known {
                yes: Vec::new(),
                no: a.no,
            }
        }
        Expr::Binary(Binary::NotEqual, a, b) if none(b) => Known {
            yes: path(a).into_iter().collect(),
            no: vec![],
        },
        Expr::Binary(Binary::Equal, a, b) if none(b) => Known {
            yes: vec![],
            no: path(a).into_iter().collect(),
        },
        _ => Known::default(),
    }
}

impl Checker<'_> {
    /// Does something while some paths are known not to be `none`.
    pub(crate) fn knowing<T>(&mut self, paths: Vec<Path>, what: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.frame.narrowed.clone();
        self.frame.narrowed.extend(paths);
        let done = what(self);
        // What was forgotten inside because of an assignment stays forgotten.
        let still: Vec<Path> = before
            .into_iter()
            .filter(|path| self.frame.narrowed.contains(path))
            .collect();
        self.frame.narrowed = still;
        done
    }

    pub(crate) fn is_known(&self, expr: &Expr) -> bool {
        let known = |path: Path| self.frame.narrowed.contains(&path) && !self.is_shared(path.slot);
        !self.frame.narrowed.is_empty() && path(expr).is_some_and(known)
    }

    /// Forgets what was known of a slot that is written.
    pub(crate) fn forget(&mut self, slot: SlotId) {
        self.frame.forgotten.push(slot);
        self.frame.narrowed.retain(|path| path.slot != slot);
    }

    /// Forgets what was known of everything that may change: before a loop, and around `parallel`.
    pub(crate) fn forget_vars(&mut self) {
        let frame = &mut self.frame;
        let locals = &frame.locals;
        frame.narrowed.retain(|path| {
            locals
                .get(path.slot.index())
                .is_none_or(|local| local.role != Role::Var)
        });
    }
}
