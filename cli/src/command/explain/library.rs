//! What `explain` says of the functions of the library: one of them, those on a type, all.

use crate::{draw, error::Error};
use flowmesh_stdlib::{Native, Ty, natives};
use serde_json::{Value, json};

/// Whether a type is of a kind.
type IsKind = fn(&Ty) -> bool;

/// The types that functions are called on, as `explain` names them, and one type of each kind.
const TYPES: [(&str, IsKind); 14] = [
    ("string", |ty| matches!(ty, Ty::String)),
    ("list", |ty| matches!(ty, Ty::List(_))),
    ("map", |ty| matches!(ty, Ty::Map(_))),
    ("number", number),
    ("int", |ty| number(ty) && !matches!(ty, Ty::Float | Ty::Decimal)),
    ("float", |ty| number(ty) && !matches!(ty, Ty::Int | Ty::Decimal)),
    ("decimal", |ty| number(ty) && !matches!(ty, Ty::Int | Ty::Float)),
    ("time", |ty| matches!(ty, Ty::Time)),
    ("date", |ty| matches!(ty, Ty::Date)),
    ("duration", |ty| matches!(ty, Ty::Duration)),
    ("url", |ty| matches!(ty, Ty::Url)),
    ("bytes", |ty| matches!(ty, Ty::Bytes)),
    ("json", |ty| matches!(ty, Ty::Json)),
    ("optional", |ty| matches!(ty, Ty::Optional(_))),
];

fn number(ty: &Ty) -> bool {
    matches!(ty, Ty::Number(_) | Ty::Int | Ty::Float | Ty::Decimal)
}

/// What a text asks for, if it names something of the library.
pub(super) fn find(text: &str) -> Option<Vec<&'static Native>> {
    let all = natives().iter().copied();
    let found: Vec<_> = match TYPES.iter().find(|(name, _)| *name == text) {
        // Such a name can also be that of a free function: `date`.
        Some((_, on)) => all
            .filter(|one| one.name == text || one.receiver.as_ref().is_some_and(on))
            .collect(),
        None if text == "functions" => all.collect(),
        None => all.filter(|one| one.name == text || on_type(one, text)).collect(),
    };
    if !found.is_empty() {
        return Some(found);
    }
    let short = text.rsplit_once('.').map_or(text, |(_, short)| short);
    let here = if text.contains('.') {
        flowmesh_stdlib::synonym(short)?
    } else {
        short
    };
    let found: Vec<_> = natives()
        .iter()
        .copied()
        .filter(|one| one.short_name() == here)
        .collect();
    (!found.is_empty()).then_some(found)
}

/// Whether a text is the name of a type, a dot, and the name of the function: `decimal.round`.
fn on_type(native: &Native, text: &str) -> bool {
    let Some((ty, short)) = text.split_once('.') else {
        return false;
    };
    let on = TYPES.iter().find(|(name, _)| *name == ty).map(|(_, on)| on);
    native.short_name() == short && on.zip(native.receiver.as_ref()).is_some_and(|(on, ty)| on(ty))
}

/// Everything that could have been meant.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let all = natives().iter().copied();
    let types = TYPES.iter().map(|(name, _)| *name);
    all.clone()
        .map(|one| one.name)
        .chain(all.map(Native::short_name))
        .chain(types)
        .chain(["functions"])
}

/// Prints what was found: a list of many, a page of few.
pub(super) fn show(found: &[&Native], as_json: bool) -> Result<(), Error> {
    if as_json {
        draw::answer_json(&found.iter().map(|one| record(one)).collect::<Vec<_>>());
    } else {
        draw::answer(text(found));
    }
    Ok(())
}

/// It for people.
pub(super) fn text(found: &[&Native]) -> String {
    let many = found.len() > 4;
    let all = found.iter().map(|one| if many { line(one) } else { page(one) });
    all.collect::<Vec<_>>().join(if many { "\n" } else { "\n\n" })
}

fn record(native: &Native) -> Value {
    json!({
        "name": native.name,
        "signature": native.to_string(),
        "doc": native.doc,
        "example": native.example,
    })
}

/// The signature with the sentence behind it, on one line where both fit.
fn line(native: &Native) -> String {
    format!(
        "{}\n    {}",
        native.to_string().trim_start_matches("fn "),
        native.doc
    )
}

fn page(native: &Native) -> String {
    format!("{native}\n\n  {}\n\n  {}", native.doc, native.example)
}
