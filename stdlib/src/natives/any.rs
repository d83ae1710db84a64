//! Natives on values of any type.

use crate::signature::{
    Native,
    Ty::{String, Var},
};

pub(crate) const NATIVES: &[Native] = &[Native::method("any.to_string", Var(0), &[], String).doc(
    "The value as text, as it stands in an interpolated text.",
    "12.to_string() == \"12\"",
)];
