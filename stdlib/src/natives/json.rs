//! Natives on JSON that no type has been given to.

use crate::signature::{
    Native,
    Ty::{Int, Json, List, String, Var},
};

pub(crate) const NATIVES: &[Native] = &[
    Native::method("json.keys", Json, &[], List(&String)).doc(
        "The names of the members of an object; empty for anything else.",
        "{ a: 1 }.to_json().keys() == [\"a\"]",
    ),
    Native::method("json.len", Json, &[], Int).doc(
        "How many members or elements there are; 0 for anything else.",
        "[1, 2].to_json().len() == 2",
    ),
    Native::method("json.items", Json, &[], List(&Json)).doc(
        "The elements of an array; empty for anything else.",
        "[1, 2].to_json().items().len() == 2",
    ),
    Native::method("json.text", Json, &[], String)
        .doc("The JSON as it came.", "[1, 2].to_json().text() == \"[1,2]\""),
    Native::method("any.to_json", Var(0), &[], Json)
        .doc("The value as JSON.", "[1, 2].to_json().text() == \"[1,2]\""),
];
