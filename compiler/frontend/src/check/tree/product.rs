//! What a flow produces, and what it begins after: how it is looked for, and how it is told.

use flowmesh_diagnostics::Span;
use flowmesh_ir::{
    EventId, SlotId,
    expr::Expr,
    flow::{Product, Target},
};

/// `produces E`
#[derive(Clone, Debug)]
pub(crate) struct Produces {
    pub(crate) span: Span,
    pub(crate) look: Look,
    pub(crate) product: Product,
    /// The values in the target, in order.
    pub(crate) values: Vec<Expr>,
    /// The target as text.
    pub(crate) shown: Expr,
    /// Where the result waits until it is known that the target is there.
    pub(crate) result: Option<SlotId>,
    /// The event that tells of it.
    pub(crate) event: EventId,
}

/// How a target is looked for.
#[derive(Clone, Debug)]
pub(crate) enum Look {
    /// A file or an address: its text says all.
    Place,
    /// An operation says whether it is there.
    Operation {
        title: String,
        target: Target,
        /// Where its answer goes.
        there: SlotId,
    },
}

/// One of the targets of `on produced(A and B)`: the flow does not begin before it is there.
#[derive(Clone, Debug)]
pub(crate) struct Required {
    pub(crate) span: Span,
    pub(crate) look: Look,
    /// The target as text.
    pub(crate) shown: Expr,
    /// The event that tells of what is produced, and where it lies while it is seen whether it is this.
    pub(crate) event: EventId,
    pub(crate) told: SlotId,
}
