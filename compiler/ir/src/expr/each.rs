//! Every expression within an expression, the slots that it reads, and the secrets that it is made of.

use super::{Argument, Expr};
use crate::{SecretId, SlotId};

impl Expr {
    /// This expression and every one in it, outer first. The depth of expressions is limited where programs are made
    /// and loaded.
    pub fn each(&self, what: &mut impl FnMut(&Expr)) {
        what(self);
        match self {
            Self::Slot(_) | Self::Constant(_) | Self::Config(_) | Self::Secret(_) | Self::Context(_) => {}
            Self::Record(fields) | Self::Variant(_, fields) => {
                fields.iter().for_each(|(_, value)| value.each(what));
            }
            Self::List(parts) | Self::Text(parts) | Self::Call(_, parts) => {
                parts.iter().for_each(|part| part.each(what));
            }
            Self::Field(inner, _) | Self::Unary(_, inner) | Self::As(inner, _) | Self::Widen(inner, _) => {
                inner.each(what);
            }
            Self::Index(left, right) | Self::Binary(_, left, right) => {
                left.each(what);
                right.each(what);
            }
            Self::If(condition, yes, no) => {
                condition.each(what);
                yes.each(what);
                no.each(what);
            }
            Self::Match { subject, arms } => {
                subject.each(what);
                arms.iter().for_each(|arm| arm.body.each(what));
            }
            Self::Native(_, arguments) => {
                for argument in arguments {
                    match argument {
                        Argument::Value(value) | Argument::Lambda(_, value) => value.each(what),
                    }
                }
            }
        }
    }

    /// Every slot that it names as a value, those of its own lambdas and patterns included.
    pub fn each_slot(&self, what: &mut impl FnMut(SlotId)) {
        self.each(&mut |expr| {
            if let Self::Slot(slot) = expr {
                what(*slot);
            }
        });
    }

    /// Every secret that it is made of. What is made of a secret is a secret.
    pub fn each_secret(&self, what: &mut impl FnMut(SecretId)) {
        self.each(&mut |expr| {
            if let Self::Secret(secret) = expr {
                what(*secret);
            }
        });
    }

    /// Whether it is made of a secret.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        let mut found = false;
        self.each_secret(&mut |_| found = true);
        found
    }
}
