//! Which slots an expression reads.

use super::{Argument, Expr};
use crate::SlotId;

impl Expr {
    /// Every slot that it names as a value, those of its own lambdas and patterns included. The depth of expressions
    /// is limited where programs are made and loaded.
    pub fn each_slot(&self, what: &mut impl FnMut(SlotId)) {
        match self {
            Self::Slot(slot) => what(*slot),
            Self::Constant(_) | Self::Config(_) | Self::Context(_) => {}
            Self::Record(fields) | Self::Variant(_, fields) => {
                fields.iter().for_each(|(_, value)| value.each_slot(what));
            }
            Self::List(parts) | Self::Text(parts) | Self::Call(_, parts) => {
                parts.iter().for_each(|part| part.each_slot(what));
            }
            Self::Field(inner, _) | Self::Unary(_, inner) | Self::As(inner, _) | Self::Widen(inner, _) => {
                inner.each_slot(what);
            }
            Self::Index(left, right) | Self::Binary(_, left, right) => {
                left.each_slot(what);
                right.each_slot(what);
            }
            Self::If(condition, yes, no) => {
                condition.each_slot(what);
                yes.each_slot(what);
                no.each_slot(what);
            }
            Self::Match { subject, arms } => {
                subject.each_slot(what);
                arms.iter().for_each(|arm| arm.body.each_slot(what));
            }
            Self::Native(_, arguments) => {
                for argument in arguments {
                    match argument {
                        Argument::Value(value) | Argument::Lambda(_, value) => value.each_slot(what),
                    }
                }
            }
        }
    }
}
