//! How names are written: types `Capitalised`, everything else `snake_case`.
//!
//! Fields of types and parameters of operations keep whatever the wire calls them.

use super::Error;
use crate::ast::{Ident, Item, ItemKind, Module};
use flowmesh_diagnostics::Diagnostics;

/// One of the two ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    /// `OrderLine`
    Capitalised,
    /// `order_line`
    Snake,
}

/// Warns where the names of a module are written the other way.
pub(crate) fn names_are_written(module: &Module, found: &mut Diagnostics) {
    for item in &module.items {
        for (name, case) in names(item) {
            is_written(name, case, found);
        }
    }
}

/// Warns where a name is written the other way.
pub(crate) fn is_written(name: &Ident, case: Case, found: &mut Diagnostics) {
    // Most names are right, and need no word made for comparison.
    let small = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let is_right = match case {
        Case::Snake => name.text.bytes().all(small),
        Case::Capitalised => {
            name.text.starts_with(|first: char| first.is_ascii_uppercase())
                && name.text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        }
    };
    if is_right {
        return;
    }
    let right = match case {
        Case::Capitalised => capitalised(&name.text),
        Case::Snake => snake(&name.text),
    };
    if right != name.text.as_str() {
        found.add(
            Error::Written {
                name: name.text.clone(),
                span: name.span,
                case,
                right,
            }
            .diagnostic(),
        );
    }
}

fn names(item: &Item) -> Vec<(&Ident, Case)> {
    match &item.kind {
        ItemKind::Record { name, .. }
        | ItemKind::Alias { name, .. }
        | ItemKind::Enum { name, .. }
        | ItemKind::Event { name, .. }
        | ItemKind::Error { name, .. } => vec![(name, Case::Capitalised)],
        ItemKind::Config { name, .. } | ItemKind::Secret { name } | ItemKind::Policy { name, .. } => {
            vec![(name, Case::Snake)]
        }
        ItemKind::Service(service) => {
            let operations = service.operations.iter().map(|operation| &operation.name);
            std::iter::once(&service.name)
                .chain(operations)
                .map(|name| (name, Case::Snake))
                .collect()
        }
        ItemKind::Function { name, params, .. } => std::iter::once(name)
            .chain(params.iter().map(|param| &param.name))
            .map(|n| (n, Case::Snake))
            .collect(),
        ItemKind::Flow(flow) => {
            let params = flow.params.iter().map(|param| &param.name);
            std::iter::once(&flow.name)
                .chain(params)
                .map(|name| (name, Case::Snake))
                .collect()
        }
        ItemKind::Gateway(gateway) => vec![(&gateway.name, Case::Snake)],
        ItemKind::Schedule(schedule) => vec![(&schedule.name, Case::Snake)],
        ItemKind::Access(_) | ItemKind::Mesh { .. } | ItemKind::Migrate(_) | ItemKind::Test(_) => Vec::new(),
        ItemKind::Use(_) | ItemKind::Bad => Vec::new(),
    }
}

fn capitalised(name: &str) -> String {
    let underscore = if name.starts_with('_') { "_" } else { "" };
    let words = name.split('_').filter(|word| !word.is_empty());
    let upper = words.map(|word| {
        let mut letters = word.chars();
        letters
            .next()
            .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    });
    format!("{underscore}{}", upper.collect::<String>())
}

fn snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut before = '_';
    for letter in name.chars() {
        if letter.is_uppercase() && before != '_' && !before.is_uppercase() {
            out.push('_');
        }
        out.extend(letter.to_lowercase());
        before = letter;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{capitalised, snake};

    #[test]
    fn names_are_turned_into_the_other_way() {
        assert_eq!(snake("chargeCard"), "charge_card");
        assert_eq!(snake("_orderID"), "_order_id");
        assert_eq!(snake("item2_b"), "item2_b");
        assert_eq!(capitalised("order_line"), "OrderLine");
        assert_eq!(capitalised("_sku"), "_Sku");
        assert_eq!(capitalised("URL"), "URL");
    }
}
