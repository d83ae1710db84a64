//! A checked flow: names are slots, types are known, overrides are merged; control flow is still nested.

use flowmesh_diagnostics::Span;
use flowmesh_ir::{
    ErrorId, Name, SignalId, SlotId,
    expr::{Expr, Pattern, Raise},
    flow::{Signal, Slot, Target},
    ty::{Field, Type},
};

/// A checked flow.
#[derive(Clone, Debug)]
pub(crate) struct Flow {
    pub(crate) name: Name,
    pub(crate) doc: Option<String>,
    pub(crate) params: Vec<Field>,
    pub(crate) result: Type,
    pub(crate) fails: Vec<ErrorId>,
    pub(crate) key: Option<Expr>,
    pub(crate) signals: Vec<Signal>,
    pub(crate) slots: Vec<Slot>,
    pub(crate) body: Vec<Statement>,
}

/// A checked statement and its place.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub(crate) span: Span,
    pub(crate) kind: Kind,
}

/// The forms of statements.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Set(SlotId, Expr),
    Log(Expr),
    Call(Box<Call>),
    If {
        condition: Expr,
        yes: Vec<Statement>,
        no: Vec<Statement>,
    },
    Match {
        subject: Expr,
        arms: Vec<(Pattern, Vec<Statement>)>,
    },
    For(Box<For>),
    While {
        condition: Expr,
        body: Vec<Statement>,
    },
    Break,
    Continue,
    Parallel(Vec<Vec<Statement>>),
    Sleep(Expr),
    Await(Box<Await>),
    Fail(Raise),
    Return(Expr),
}

/// A call of an operation.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// `payments.charge`
    pub(crate) title: String,
    pub(crate) target: Target,
    pub(crate) bind: Option<SlotId>,
    pub(crate) undo: Option<Undo>,
    pub(crate) catch: Vec<Catch>,
}

/// How to undo a call.
#[derive(Clone, Debug)]
pub(crate) struct Undo {
    pub(crate) title: String,
    pub(crate) target: Target,
}

/// What happens on an error.
#[derive(Clone, Debug)]
pub(crate) struct Catch {
    pub(crate) error: ErrorId,
    pub(crate) bind: Option<SlotId>,
    pub(crate) body: Vec<Statement>,
}

/// A loop over a list, or over a range of ints.
#[derive(Clone, Debug)]
pub(crate) struct For {
    pub(crate) over: Over,
    /// What the name of the loop stands for.
    pub(crate) item: SlotId,
    /// The place in the list, or the next int.
    pub(crate) index: SlotId,
    /// The list, or the end of the range.
    pub(crate) bound: SlotId,
    pub(crate) body: Vec<Statement>,
}

/// What a loop goes over.
#[derive(Clone, Debug)]
pub(crate) enum Over {
    List(Expr),
    Range(Expr, Expr),
}

/// A wait for a signal.
#[derive(Clone, Debug)]
pub(crate) struct Await {
    pub(crate) title: String,
    pub(crate) signal: SignalId,
    pub(crate) bind: Option<SlotId>,
    pub(crate) within: Option<(Expr, Vec<Statement>)>,
}
