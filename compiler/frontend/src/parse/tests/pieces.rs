//! A text of which most was read before is read as if nothing had been.

use super::super::*;
use super::{
    EVERYTHING, SHOP, STATEMENTS,
    mutations::{Random, mutants},
};
use crate::syntax::SyntaxNode;
use flowmesh_diagnostics::Diagnostic;

/// All that comes of a text.
fn all(parse: impl FnOnce(&mut Diagnostics) -> Parsed) -> (SyntaxNode, String, Vec<Diagnostic>) {
    let mut found = Diagnostics::default();
    let parsed = parse(&mut found);
    let module = format!("{:?}", parsed.module);
    (parsed.tree, module, found.iter().cloned().collect())
}

/// Reads a text after those that were read before, and as if it were the first.
fn read_both(pieces: &mut Pieces, text: &str) {
    let (tree, module, found) = all(|found| parse_again(pieces, SourceId(0), text, found));
    let (whole, whole_module, whole_found) = all(|found| parse(SourceId(0), text, found));
    assert_eq!(tree.green(), whole.green(), "{text}");
    assert_eq!(module, whole_module, "{text}");
    assert_eq!(found, whole_found, "{text}");
}

/// The declarations of a text.
fn items(text: &str) -> Vec<String> {
    let tree = parse(SourceId(0), text, &mut Diagnostics::default()).tree;
    tree.children().map(|item| item.text().to_string()).collect()
}

#[test]
fn what_an_author_changes_is_read_as_if_it_were_new() {
    for (text, count) in [(SHOP, 100), (EVERYTHING, 250), (STATEMENTS, 100)] {
        let mut pieces = Pieces::default();
        read_both(&mut pieces, text);
        for changed in mutants(text, count) {
            read_both(&mut pieces, &changed);
        }
    }
}

#[test]
fn whatever_follows_a_declaration_it_is_read_as_before_the_text_around_it_changed() {
    let whole = [SHOP, EVERYTHING, STATEMENTS].map(items).concat();
    let broken = whole.iter().flat_map(|item| mutants(item, 2));
    let all: Vec<String> = whole.iter().cloned().chain(broken).collect();
    let mut random = Random(7);
    let mut pieces = Pieces::default();
    let mut open: Vec<&str> = Vec::new();
    for _ in 0..800 {
        let item = all[random.below(all.len())].as_str();
        match random.below(4) {
            0 if open.len() > 2 => drop(open.remove(random.below(open.len()))),
            1 if open.len() > 2 => drop(open.splice(..2, [item])),
            _ => open.insert(random.below(open.len() + 1), item),
        }
        open.truncate(5);
        let between = ["\n", "\n\n// what follows\n", "\n/// Of it.\n", " "][random.below(4)];
        read_both(&mut pieces, &open.join(between));
    }
}

#[test]
fn a_declaration_that_stays_is_not_read_again() {
    let text = |body: &str| format!("fn a() -> int = {body}\nfn b() -> int = 2\n");
    let mut pieces = Pieces::default();
    let mut second = |body: &str| {
        let tree = parse_again(&mut pieces, SourceId(0), &text(body), &mut Diagnostics::default()).tree;
        tree.last_child().unwrap().green().to_owned()
    };
    let (one, other) = (second("1"), second("10"));
    assert!(std::ptr::eq::<rowan::GreenNodeData>(&*one, &*other));
}
