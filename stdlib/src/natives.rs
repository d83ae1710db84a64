//! The table of all natives; the folder beside it has one file for each type that they are called on.

mod any;
mod bytes;
mod date;
mod duration;
mod free;
mod json;
mod list;
mod map;
mod number;
mod optional;
mod string;
mod time;
mod url;

use crate::Native;
use flowmesh_ir::Value;
use std::sync::LazyLock;

/// All natives, sorted by their full names.
static TABLE: LazyLock<Vec<&'static Native>> = LazyLock::new(|| {
    let files: [&'static [Native]; 12] = [
        any::NATIVES,
        bytes::NATIVES,
        date::NATIVES,
        duration::NATIVES,
        free::NATIVES,
        json::NATIVES,
        map::NATIVES,
        number::NATIVES,
        number::POWERS,
        optional::NATIVES,
        time::NATIVES,
        url::NATIVES,
    ];
    let mut all: Vec<_> = files
        .iter()
        .chain(&list::NATIVES)
        .chain(&string::NATIVES)
        .copied()
        .flatten()
        .collect();
    all.sort_by_key(|native| native.name);
    all
});

/// All natives, sorted by their full names.
#[must_use]
pub fn natives() -> &'static [&'static Native] {
    &TABLE
}

/// The native with this full name: `list.map`.
#[must_use]
pub fn native(name: &str) -> Option<&'static Native> {
    let at = TABLE.binary_search_by(|native| native.name.cmp(name)).ok()?;
    TABLE.get(at).copied()
}

/// The methods that a program calls by this name, on whatever type: `len` of lists, maps and strings. Those on
/// particular types come before the one on any type, if there is one.
pub fn methods(short_name: &str) -> impl Iterator<Item = &'static Native> {
    let (any, particular): (Vec<_>, Vec<_>) = TABLE
        .iter()
        .copied()
        .filter(|native| native.receiver.is_some() && native.short_name() == short_name)
        .partition(|native| native.name.starts_with("any."));
    particular.into_iter().chain(any)
}

/// The free function with this name: `min`.
#[must_use]
pub fn free(name: &str) -> Option<&'static Native> {
    native(name).filter(|native| native.receiver.is_none())
}

/// A length or a place as an int.
fn length(length: usize) -> Value {
    Value::Int(i64::try_from(length).unwrap_or(i64::MAX))
}
