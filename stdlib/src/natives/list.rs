//! Natives on lists.

use crate::signature::{
    Native, Param,
    Ty::{Bool, Int, Lambda, List, Map, Number, Optional, Ordered, String, Var},
};

pub(crate) const NATIVES: &[Native] = &[
    Native::method("list.len", List(&Var(0)), &[], Int).doc("How many there are.", "[1, 2].len() == 2"),
    Native::method("list.is_empty", List(&Var(0)), &[], Bool)
        .doc("Whether there are none.", "not [1].is_empty()"),
    Native::method(
        "list.map",
        List(&Var(0)),
        &[Param::new("change", Lambda(&[Var(0)], &Var(1)))],
        List(&Var(1)),
    )
    .doc("Each changed by the lambda.", "[1, 2].map(i => i * 2) == [2, 4]"),
    Native::method(
        "list.filter",
        List(&Var(0)),
        &[Param::new("keep", Lambda(&[Var(0)], &Bool))],
        List(&Var(0)),
    )
    .doc(
        "Those for which the lambda holds.",
        "[1, 2, 3].filter(i => i > 1) == [2, 3]",
    ),
    Native::method(
        "list.flat_map",
        List(&Var(0)),
        &[Param::new("change", Lambda(&[Var(0)], &List(&Var(1))))],
        List(&Var(1)),
    )
    .doc(
        "The lists that the lambda makes of each, one after the other.",
        "[1, 2].flat_map(i => [i, i]) == [1, 1, 2, 2]",
    ),
    Native::method("list.flatten", List(&List(&Var(0))), &[], List(&Var(0))).doc(
        "The lists in it, one after the other.",
        "[[1], [2, 3]].flatten() == [1, 2, 3]",
    ),
    Native::method("list.some", List(&Optional(&Var(0))), &[], List(&Var(0))).doc(
        "Those that are not `none`.",
        "[\"1\", \"x\"].map(s => s.to_int()).some() == [1]",
    ),
    Native::method("list.sum", List(&Number(0)), &[], Number(0))
        .doc("All added up; 0 for none.", "[1, 2, 3].sum() == 6"),
    Native::method("list.min", List(&Ordered(0)), &[], Optional(&Ordered(0)))
        .doc("The smallest.", "[2, 1].min() == 1"),
    Native::method("list.max", List(&Ordered(0)), &[], Optional(&Ordered(0)))
        .doc("The greatest.", "[2, 1].max() == 2"),
    Native::method(
        "list.min_by",
        List(&Var(0)),
        &[Param::new("by", Lambda(&[Var(0)], &Ordered(1)))],
        Optional(&Var(0)),
    )
    .doc(
        "The first for which the lambda gives the smallest.",
        "[\"ab\", \"c\"].min_by(s => s.len()) == \"c\"",
    ),
    Native::method(
        "list.max_by",
        List(&Var(0)),
        &[Param::new("by", Lambda(&[Var(0)], &Ordered(1)))],
        Optional(&Var(0)),
    )
    .doc(
        "The first for which the lambda gives the greatest.",
        "[\"ab\", \"c\"].max_by(s => s.len()) == \"ab\"",
    ),
    Native::method("list.first", List(&Var(0)), &[], Optional(&Var(0)))
        .doc("The first.", "[1, 2].first() == 1"),
    Native::method("list.last", List(&Var(0)), &[], Optional(&Var(0))).doc("The last.", "[1, 2].last() == 2"),
    Native::method(
        "list.get",
        List(&Var(0)),
        &[Param::new("index", Int)],
        Optional(&Var(0)),
    )
    .doc("The one at a place, from 0.", "[1, 2].get(1) == 2"),
    Native::method(
        "list.any",
        List(&Var(0)),
        &[Param::new("holds", Lambda(&[Var(0)], &Bool))],
        Bool,
    )
    .doc(
        "Whether the lambda holds for at least one.",
        "[1, 2].any(i => i > 1)",
    ),
    Native::method(
        "list.all",
        List(&Var(0)),
        &[Param::new("holds", Lambda(&[Var(0)], &Bool))],
        Bool,
    )
    .doc(
        "Whether the lambda holds for every one.",
        "[1, 2].all(i => i > 0)",
    ),
    Native::method(
        "list.count",
        List(&Var(0)),
        &[Param::new("holds", Lambda(&[Var(0)], &Bool))],
        Int,
    )
    .doc(
        "For how many the lambda holds.",
        "[1, 2, 3].count(i => i > 1) == 2",
    ),
    Native::method(
        "list.find",
        List(&Var(0)),
        &[Param::new("holds", Lambda(&[Var(0)], &Bool))],
        Optional(&Var(0)),
    )
    .doc(
        "The first for which the lambda holds.",
        "[1, 2, 3].find(i => i > 1) == 2",
    ),
    Native::method(
        "list.index_of",
        List(&Var(0)),
        &[Param::new("value", Var(0))],
        Optional(&Int),
    )
    .doc(
        "The first place at which the value stands, from 0.",
        "[\"a\", \"b\"].index_of(\"b\") == 1",
    ),
    Native::method("list.sort", List(&Ordered(0)), &[], List(&Ordered(0))).doc(
        "The same by rising order; equals stay in their order.",
        "[2, 1].sort() == [1, 2]",
    ),
    Native::method(
        "list.sort_by",
        List(&Var(0)),
        &[Param::new("by", Lambda(&[Var(0)], &Ordered(1)))],
        List(&Var(0)),
    )
    .doc(
        "The same by the rising order of what the lambda gives; equals stay in their order.",
        "[\"ab\", \"c\"].sort_by(s => s.len()) == [\"c\", \"ab\"]",
    ),
    Native::method("list.reverse", List(&Var(0)), &[], List(&Var(0))).doc(
        "The same from the last to the first.",
        "[1, 2].reverse() == [2, 1]",
    ),
    Native::method(
        "list.take",
        List(&Var(0)),
        &[Param::new("count", Int)],
        List(&Var(0)),
    )
    .doc(
        "The first of them, at most so many.",
        "[1, 2, 3].take(2) == [1, 2]",
    ),
    Native::method(
        "list.drop",
        List(&Var(0)),
        &[Param::new("count", Int)],
        List(&Var(0)),
    )
    .doc("All but the first so many.", "[1, 2, 3].drop(2) == [3]"),
    Native::method(
        "list.contains",
        List(&Var(0)),
        &[Param::new("value", Var(0))],
        Bool,
    )
    .doc("Whether the value is among them.", "[1, 2].contains(2)"),
    Native::method("list.distinct", List(&Var(0)), &[], List(&Var(0))).doc(
        "The same without repetitions, each where it first stood.",
        "[1, 2, 1].distinct() == [1, 2]",
    ),
    Native::method(
        "list.join",
        List(&String),
        &[Param::optional("between", String)],
        String,
    )
    .doc(
        "The texts one after the other, with another between them.",
        "[\"a\", \"b\"].join(\", \") == \"a, b\"",
    ),
    Native::method(
        "list.concat",
        List(&Var(0)),
        &[Param::new("other", List(&Var(0)))],
        List(&Var(0)),
    )
    .doc(
        "These and then those of another list.",
        "[1].concat([2]) == [1, 2]",
    ),
    Native::method(
        "list.append",
        List(&Var(0)),
        &[Param::new("value", Var(0))],
        List(&Var(0)),
    )
    .doc("These and then one more.", "[1].append(2) == [1, 2]"),
    Native::method(
        "list.group_by",
        List(&Var(0)),
        &[Param::new("by", Lambda(&[Var(0)], &String))],
        Map(&List(&Var(0))),
    )
    .doc(
        "A map from what the lambda gives to those for which it gives it.",
        "[\"a\", \"b\"].group_by(s => s).keys() == [\"a\", \"b\"]",
    ),
    Native::method(
        "list.to_map",
        List(&Var(0)),
        &[
            Param::new("key", Lambda(&[Var(0)], &String)),
            Param::new("value", Lambda(&[Var(0)], &Var(1))),
        ],
        Map(&Var(1)),
    )
    .doc(
        "A map with a key and a value of each; the last of equal keys wins.",
        "[\"a\"].to_map(s => s, s => s.len()).get(\"a\") == 1",
    ),
    Native::method(
        "list.zip",
        List(&Var(0)),
        &[
            Param::new("other", List(&Var(1))),
            Param::new("join", Lambda(&[Var(0), Var(1)], &Var(2))),
        ],
        List(&Var(2)),
    )
    .doc(
        "What the lambda makes of each and its partner in another list, as long as both last.",
        "[1, 2].zip([3, 4], (a, b) => a + b) == [4, 6]",
    ),
    Native::method(
        "list.fold",
        List(&Var(0)),
        &[
            Param::new("start", Var(1)),
            Param::new("step", Lambda(&[Var(1), Var(0)], &Var(1))),
        ],
        Var(1),
    )
    .doc(
        "What the lambda makes of the start and each in turn.",
        "[1, 2, 3].fold(0, (sum, i) => sum + i) == 6",
    ),
    Native::method(
        "list.enumerate",
        List(&Var(0)),
        &[Param::new("change", Lambda(&[Int, Var(0)], &Var(1)))],
        List(&Var(1)),
    )
    .doc(
        "Each changed by a lambda that also gets its place, from 0.",
        "[\"a\", \"b\"].enumerate((i, s) => \"{i}{s}\") == [\"0a\", \"1b\"]",
    ),
];
