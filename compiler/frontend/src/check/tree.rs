//! A checked flow: names are slots, types are known, overrides are merged; control flow is still nested.

mod beside;
mod product;
mod region;

pub(crate) use beside::{Arm, Emit, Listen, Shift, Spawn, Start, Stream, Wait};
pub(crate) use product::{Look, Produces, Required};
pub(crate) use region::{Branch, Fan, Region, Step};

use flowmesh_diagnostics::Span;
use flowmesh_ir::{
    ErrorId, FlowId, Name, SignalId, SlotId,
    expr::{Expr, Pattern, Raise},
    flow::{Conduct, Reuse, Signal, Slot, Target, Trigger, View},
    ty::{Field, Type},
};
use std::sync::Arc;

/// A checked flow.
#[derive(Clone, Debug)]
pub(crate) struct Flow {
    pub(crate) name: Name,
    pub(crate) doc: Option<String>,
    pub(crate) params: Vec<Field>,
    pub(crate) result: Type,
    pub(crate) fails: Vec<ErrorId>,
    pub(crate) key: Option<Expr>,
    pub(crate) trigger: Option<Trigger>,
    /// Where that stands.
    pub(crate) on: Option<Span>,
    /// What is there before it begins.
    pub(crate) requires: Vec<Required>,
    pub(crate) conduct: Conduct,
    /// What is there already where it is done already.
    pub(crate) produces: Option<Produces>,
    pub(crate) views: Vec<View>,
    pub(crate) signals: Vec<Signal>,
    pub(crate) slots: Vec<Slot>,
    pub(crate) steps: Vec<Step>,
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
    Region(Box<Region>),
    /// Ends every region of the step with this number.
    CancelStep(u32),
    /// A state of the flow: where `goto` leads, and where the statements before it lead.
    State(u32, Vec<Statement>),
    Goto(u32),
    /// Statements that several ways lead to.
    Shared(Arc<Vec<Statement>>),
    Sleep(Expr),
    Wait(Box<Wait>),
    SleepUntil(Expr),
    Tag(Name, Expr),
    Start(Box<Start>),
    Spawn(Box<Spawn>),
    CancelTask(Expr),
    Listen(Box<Listen>),
    Give(Expr),
    Emit(Box<Emit>),
    Shift(Box<Shift>),
    Stream(Box<Stream>),
    Restart(Vec<Expr>),
    Fail(Raise),
    Return(Expr),
}

/// A call of an operation, or of a flow whose run is a child of this one.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// `payments.charge`
    pub(crate) title: String,
    pub(crate) callee: Callee,
    pub(crate) cache: Option<Reuse>,
    pub(crate) bind: Option<SlotId>,
    pub(crate) undo: Option<Undo>,
    pub(crate) catch: Vec<Catch>,
}

/// What is called, with its arguments.
#[derive(Clone, Debug)]
pub(crate) enum Callee {
    Operation(Target),
    Flow(FlowId, Vec<Expr>),
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
    pub(crate) fan: Option<Fan>,
    /// How long it goes on at the most, and what is done then; only with a fan.
    pub(crate) within: Option<(Expr, Vec<Statement>)>,
    pub(crate) body: Vec<Statement>,
}

/// What a loop goes over.
#[derive(Clone, Debug)]
pub(crate) enum Over {
    List(Expr),
    Range(Expr, Expr),
    /// Each signal that comes; always with a fan.
    Signals(SignalId),
}
