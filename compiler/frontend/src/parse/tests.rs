//! What the parser promises of every text, and the messages for texts with mistakes.

mod literals;
mod messages;
mod mutations;
mod pieces;
mod prompts;
mod statements;

pub(crate) use mutations::mutants;

use super::*;

/// The whole program of the tour, as far as this version goes.
pub(crate) const SHOP: &str = include_str!("../../../../tests/suite/format/shop.flow");

/// Every statement, in the style of the language.
pub(crate) const STATEMENTS: &str = include_str!("../../../../tests/suite/format/statements.flow");

/// Every construct at least once, in no style at all.
pub(crate) const EVERYTHING: &str = include_str!("tests/everything.flow");

/// The program, and the messages: code, the text at the place, the words.
fn read_text(text: &str) -> (Parsed, Vec<String>) {
    let mut found = Diagnostics::default();
    let parsed = parse(SourceId(0), text, &mut found);
    assert_eq!(parsed.tree.text().to_string(), text, "the tree is the text");
    let show = |d: &&flowmesh_diagnostics::Diagnostic| {
        let at = text
            .get(d.span.start as usize..d.span.end as usize)
            .unwrap_or("<outside>");
        format!("{} `{at}`: {}", d.code, d.message)
    };
    let messages = found.sorted().iter().map(show).collect();
    (parsed, messages)
}

fn problems(text: &str) -> Vec<String> {
    read_text(text).1
}

/// The program without its places.
pub(crate) fn without_spans(module: &ast::Module) -> String {
    let debug = format!("{module:?}");
    let mut out = String::new();
    let mut rest = debug.as_str();
    while let Some(at) = rest.find("0:") {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        rest = after.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':' || c == '.');
    }
    out + rest
}

#[test]
fn the_shop_is_read_without_a_word() {
    assert_eq!(problems(SHOP), Vec::<String>::new());
    assert_eq!(problems(STATEMENTS), Vec::<String>::new());
}

#[test]
fn every_construct_is_read_without_a_word() {
    assert_eq!(problems(EVERYTHING), Vec::<String>::new());
}

#[test]
fn documentation_belongs_to_the_next_declaration_field_or_operation() {
    let text = "//! module\n/// a\n/// b\ntype T {\n  /// f\n  x: int\n}\nservice s {\n  /// o\n  op a() = GET \"/\"\n}";
    let (parsed, found) = read_text(text);
    assert!(found.is_empty(), "{found:?}");
    assert_eq!(parsed.module.doc.as_deref(), Some("module"));
    let [record, service] = &parsed.module.items[..] else {
        panic!("two items")
    };
    assert_eq!(record.doc.as_deref(), Some("a\nb"));
    let ast::ItemKind::Record { fields, .. } = &record.kind else {
        panic!("a record")
    };
    assert_eq!(fields[0].doc.as_deref(), Some("f"));
    let ast::ItemKind::Service(service) = &service.kind else {
        panic!("a service")
    };
    assert_eq!(service.operations[0].doc.as_deref(), Some("o"));
}

#[test]
fn white_space_does_not_change_what_is_meant() {
    let words = SHOP.replace(
        "//! The shop: an order is held, paid for, shipped, and undone when any of that fails.",
        "",
    );
    let lines: Vec<&str> = words
        .lines()
        .map(|line| line.split("//").next().unwrap_or(""))
        .collect();
    // Addresses hold `//`; without comments there is nothing else to lose.
    if lines.iter().any(|line| line.matches('"').count() % 2 == 1) {
        let spread = words.replace("\n  ", "\n\n\n      \t");
        assert_eq!(
            without_spans(&read_text(&spread).0.module),
            without_spans(&read_text(&words).0.module)
        );
    }
}

#[test]
fn a_call_and_an_index_touch_what_they_apply_to() {
    let count = |text: &str| {
        let (parsed, _) = read_text(text);
        let ast::ItemKind::Flow(flow) = &parsed.module.items[0].kind else {
            panic!("a flow")
        };
        flow.body.statements.len()
    };
    assert_eq!(count("flow f() { a(b) }"), 1);
    assert_eq!(count("flow f() { a (b) }"), 2);
    assert_eq!(count("flow f() { let x = a\n[1] }"), 2);
}

#[test]
fn a_second_catch_belongs_to_the_call() {
    let text = "flow f() {\n  let x = a.b()\n    catch E as e -> c.d()\n    catch F -> fail G\n}";
    let (parsed, _) = read_text(text);
    let ast::ItemKind::Flow(flow) = &parsed.module.items[0].kind else {
        panic!("a flow")
    };
    let ast::StatementKind::Let { tails, .. } = &flow.body.statements[0].kind else {
        panic!("a let")
    };
    assert_eq!(tails.catch.len(), 2);
}
