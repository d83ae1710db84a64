//! What `explain std.policy` says: a module of the library, or one of its items, with the words that stand above it.

use crate::{draw, error::Error};
use flowmesh_stdlib::sources::SOURCES;
use serde_json::json;

/// A module or an item of one.
pub(super) struct Explained {
    name: String,
    doc: String,
    items: Vec<Item>,
}

/// An item as its module shows it.
struct Item {
    /// Its first line, without the brace that opens its body.
    head: String,
    doc: String,
}

/// What a name of the library leads to: `std`, `std.policy`, `std.policy.resilient`.
pub(super) fn find(text: &str) -> Option<Explained> {
    if text == "std" {
        return Some(all());
    }
    let module = |name: &str| {
        let path = format!("{}.flow", name.replace('.', "/"));
        SOURCES.iter().find(|(known, _)| *known == path)
    };
    if let Some((_, source)) = module(text) {
        return Some(Explained {
            name: format!("module {text}"),
            doc: about(source),
            items: items(source),
        });
    }
    let (parent, item) = text.rsplit_once('.')?;
    let found = items(module(parent)?.1)
        .into_iter()
        .find(|found| found.name() == item)?;
    Some(Explained {
        name: found.head,
        doc: found.doc,
        items: Vec::new(),
    })
}

/// Everything that could have been meant.
pub(super) fn names() -> Vec<String> {
    SOURCES.iter().map(|(path, _)| dotted(path)).collect()
}

/// Prints it.
pub(super) fn show(found: &Explained, as_json: bool) -> Result<(), Error> {
    if as_json {
        let item = |item: &Item| json!({ "head": item.head, "doc": item.doc });
        let items: Vec<_> = found.items.iter().map(item).collect();
        draw::answer_json(&json!({ "name": found.name, "doc": found.doc, "items": items }));
        return Ok(());
    }
    draw::answer(text(found));
    Ok(())
}

/// It for people.
pub(super) fn text(found: &Explained) -> String {
    let mut text = format!("{}\n\n{}", found.name, indented(&found.doc));
    for item in &found.items {
        text += &format!("\n\n{}\n{}", item.head, indented(&item.doc));
    }
    text.trim_end().to_owned()
}

fn all() -> Explained {
    let module = |(path, source): &(&str, &str)| Item {
        head: format!("module {}", dotted(path)),
        doc: about(source),
    };
    Explained {
        name: "module std".to_owned(),
        doc: "The library that ships inside the binary.".to_owned(),
        items: SOURCES.iter().map(module).collect(),
    }
}

fn dotted(path: &str) -> String {
    path.trim_end_matches(".flow").replace('/', ".")
}

fn about(source: &str) -> String {
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    lines.map(str::trim).collect::<Vec<_>>().join("\n")
}

/// The items with words above them, as they stand in a text that the formatter wrote.
fn items(source: &str) -> Vec<Item> {
    let (mut found, mut doc) = (Vec::new(), Vec::new());
    for line in source.lines() {
        if let Some(words) = line.strip_prefix("///") {
            doc.push(words.trim());
            continue;
        }
        if !doc.is_empty() {
            let head = line.split(" = ").next().unwrap_or(line);
            found.push(Item {
                head: head.trim_end_matches([' ', '{']).to_owned(),
                doc: doc.join("\n"),
            });
            doc.clear();
        }
    }
    found
}

fn indented(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| format!("  {line}")).collect();
    lines.join("\n")
}

impl Item {
    fn name(&self) -> &str {
        let rest = self.head.split_once(' ').map_or("", |(_, rest)| rest);
        rest.split(['(', ':', ' ']).next().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{find, names};

    #[test]
    fn a_module_is_explained_with_its_items_and_an_item_alone() {
        let module = find("std.approval").expect("the module");
        assert!(module.doc.starts_with("Asks people"), "{}", module.doc);
        let approval = find("std.approval.approval").expect("the flow");
        assert!(approval.name.starts_with("flow approval("), "{}", approval.name);
        assert!(approval.doc.starts_with("Asks until"), "{}", approval.doc);
        assert!(find("std.approval.aproval").is_none());
    }

    #[test]
    fn every_module_says_what_it_and_each_of_its_items_is_for() {
        for name in names() {
            let module = find(&name).expect(&name);
            assert!(!module.doc.is_empty() && !module.items.is_empty(), "{name}");
        }
    }
}
