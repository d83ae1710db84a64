//! Natives on maps.

use crate::signature::{
    Native, Param,
    Ty::{Bool, Int, Lambda, List, Map, Optional, String, Var},
};

pub(crate) const NATIVES: &[Native] = &[
    Native::method("map.len", Map(&Var(0)), &[], Int).doc(
        "How many entries there are.",
        "[\"a\"].group_by(s => s).len() == 1",
    ),
    Native::method("map.is_empty", Map(&Var(0)), &[], Bool).doc(
        "Whether there are none.",
        "not [\"a\"].group_by(s => s).is_empty()",
    ),
    Native::method("map.keys", Map(&Var(0)), &[], List(&String)).doc(
        "The keys, in the order in which they came.",
        "[\"a\"].group_by(s => s).keys() == [\"a\"]",
    ),
    Native::method("map.values", Map(&Var(0)), &[], List(&Var(0))).doc(
        "The values, in the order in which they came.",
        "[\"a\"].group_by(s => s).values() == [[\"a\"]]",
    ),
    Native::method(
        "map.get",
        Map(&Var(0)),
        &[Param::new("key", String)],
        Optional(&Var(0)),
    )
    .doc(
        "The value of a key.",
        "[\"a\"].to_map(s => s, s => 1).get(\"a\") == 1",
    ),
    Native::method("map.has", Map(&Var(0)), &[Param::new("key", String)], Bool).doc(
        "Whether there is such a key.",
        "[\"a\"].group_by(s => s).has(\"a\")",
    ),
    Native::method(
        "map.with",
        Map(&Var(0)),
        &[Param::new("key", String), Param::new("value", Var(0))],
        Map(&Var(0)),
    )
    .doc(
        "The same with this entry.",
        "[\"a\"].to_map(s => s, s => 1).with(\"b\", 2).len() == 2",
    ),
    Native::method(
        "map.without",
        Map(&Var(0)),
        &[Param::new("key", String)],
        Map(&Var(0)),
    )
    .doc(
        "The same without this entry.",
        "[\"a\"].to_map(s => s, s => 1).without(\"a\").is_empty()",
    ),
    Native::method(
        "map.merge",
        Map(&Var(0)),
        &[Param::new("other", Map(&Var(0)))],
        Map(&Var(0)),
    )
    .doc(
        "The entries of both; where both have a key, that of the other.",
        "[\"a\"].to_map(s => s, s => 1).merge([\"a\"].to_map(s => s, s => 2)).get(\"a\") == 2",
    ),
    Native::method(
        "map.map",
        Map(&Var(0)),
        &[Param::new("change", Lambda(&[String, Var(0)], &Var(1)))],
        List(&Var(1)),
    )
    .doc(
        "What the lambda makes of each key and value, as a list.",
        "[\"a\"].to_map(s => s, s => 1).map((k, v) => \"{k}{v}\") == [\"a1\"]",
    ),
];
