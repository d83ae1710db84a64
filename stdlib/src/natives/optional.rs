//! Natives on values that may be absent.

use crate::signature::{
    Native, Param,
    Ty::{Bool, Lambda, Optional, Var},
};

pub(crate) const NATIVES: &[Native] = &[
    Native::method(
        "optional.or",
        Optional(&Var(0)),
        &[Param::new("other", Var(0))],
        Var(0),
    )
    .doc(
        "The value, or another where it is `none`; the same as `??`.",
        "\"1\".to_int().or(0) == 1",
    ),
    Native::method("optional.is_none", Optional(&Var(0)), &[], Bool)
        .doc("Whether it is `none`.", "\"x\".to_int().is_none()"),
    Native::method("optional.is_some", Optional(&Var(0)), &[], Bool)
        .doc("Whether it is not `none`.", "\"1\".to_int().is_some()"),
    Native::method(
        "optional.map",
        Optional(&Var(0)),
        &[Param::new("change", Lambda(&[Var(0)], &Var(1)))],
        Optional(&Var(1)),
    )
    .doc(
        "The value changed by the lambda, or `none`.",
        "\"1\".to_int().map(i => i + 1) == 2",
    ),
];
