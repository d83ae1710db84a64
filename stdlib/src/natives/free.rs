//! Natives that are called on nothing.

use crate::signature::{Native, Param, Ty::Ordered};

pub(crate) const NATIVES: &[Native] = &[
    Native::free(
        "min",
        &[Param::new("a", Ordered(0)), Param::new("b", Ordered(0))],
        Ordered(0),
    )
    .doc("The smaller of two.", "min(2, 1) == 1"),
    Native::free(
        "max",
        &[Param::new("a", Ordered(0)), Param::new("b", Ordered(0))],
        Ordered(0),
    )
    .doc("The greater of two.", "max(2, 1) == 2"),
];
