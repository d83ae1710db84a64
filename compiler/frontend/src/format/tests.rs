//! The style, and what the formatter promises of every text.

use super::format;
use crate::parse::parse;
use crate::parse::tests::{EVERYTHING, SHOP, STATEMENTS, mutants, without_spans};
use crate::syntax::{SyntaxElement, SyntaxKind};
use flowmesh_diagnostics::{Diagnostics, SourceId};

fn formatted(text: &str) -> String {
    format(text).expect("neither too large nor too deep")
}

/// The tokens that carry meaning, and the comments, each in order.
fn content(text: &str) -> (Vec<String>, Vec<String>) {
    let tree = parse(SourceId(0), text, &mut Diagnostics::default()).tree;
    let tokens: Vec<_> = tree
        .descendants_with_tokens()
        .filter_map(SyntaxElement::into_token)
        .collect();
    let show = |comment: bool| {
        let wanted = |kind: SyntaxKind| match comment {
            true => kind.is_comment(),
            false => !kind.is_trivia() && kind != SyntaxKind::Comma,
        };
        tokens
            .iter()
            .filter(|t| wanted(t.kind()))
            .map(|t| t.text().trim_end().to_owned())
            .collect()
    };
    (show(false), show(true))
}

fn meaning(text: &str) -> String {
    without_spans(&parse(SourceId(0), text, &mut Diagnostics::default()).module)
}

#[test]
fn the_shop_is_in_style() {
    assert_eq!(formatted(SHOP), SHOP);
    assert_eq!(formatted(STATEMENTS), STATEMENTS);
}

#[test]
fn every_construct_keeps_its_meaning_and_its_comments() {
    let once = formatted(EVERYTHING);
    assert_eq!(meaning(&once), meaning(EVERYTHING));
    assert_eq!(content(&once), content(EVERYTHING));
    assert_eq!(formatted(&once), once);
    assert!(
        once.lines()
            .all(|line| line.len() <= 100 && line.trim_end() == line),
        "{once}"
    );
}

#[test]
fn broken_texts_keep_their_meaning_too_and_are_formatted_once() {
    let some = mutants(SHOP, 40).chain(mutants(STATEMENTS, 40));
    for text in some.chain(mutants(EVERYTHING, 80)) {
        let once = formatted(&text);
        assert_eq!(
            content(&once),
            content(&text),
            "---- from\n{text}\n---- to\n{once}"
        );
        assert_eq!(formatted(&once), once, "---- from\n{text}");
    }
}

#[test]
fn what_is_wrong_stays_as_it_is_and_the_rest_is_formatted() {
    let text = "secret   a\nflow  a {\n   y:  z }\nflow f(){ let   =  3\nlet  y=4 }\nflow g() {  log(\n";
    let style =
        "secret a\nflow  a {\n   y:  z }\n\nflow f() {\n  let   =  3\n  let y = 4\n}\n\nflow g() {  log(\n";
    assert_eq!(formatted(text), style);
}

#[test]
fn what_is_wrong_within_brackets_or_between_lines_is_formatted_once() {
    for text in [
        "test \"\" { let n = start\u{2028}e() }",
        "flow b(s: g) { shift s { %,\u{2028}v } }",
        "flow b(d: t) { sleep\u{2028} }",
        "error E(a: int,, b: int)",
    ] {
        let once = formatted(text);
        assert_eq!(content(&once), content(text), "{text:?} to {once:?}");
        assert_eq!(formatted(&once), once, "{text:?}");
    }
}

#[test]
fn what_looks_like_a_blank_and_is_none_stays() {
    for blank in ['\u{2028}', '\u{a0}', '\u{85}'] {
        let text = format!("type{blank} A {{ n: int }}\n\nfn f() -> int = 1{blank}\n");
        let once = formatted(&text);
        assert_eq!(once.matches(blank).count(), 2, "{once:?}");
        assert_eq!(formatted(&once), once);
    }
}

#[test]
fn a_long_last_argument_begins_on_the_line_of_its_call() {
    let text = r#"fn f(order: Order) -> Mail = mail("paid", Message(to: order.email, subject: "Your order {order.id}", text: "Thank you!"))"#;
    let style = r#"fn f(order: Order) -> Mail = mail("paid", Message(
  to: order.email,
  subject: "Your order {order.id}",
  text: "Thank you!",
))
"#;
    assert_eq!(formatted(text), style);
}

#[test]
fn zones_are_laid_out_as_records_are() {
    let text = "service s {\n at: {\"eu/eu-a\":\"http://a\",\n \"eu/eu-b\" : [\"http://b\",\"http://c\"]}\n at v: {\n\"eu\":\"http://d\", // near\n\"us\":\"http://e\"}\n at w: {}}\n";
    let style = r#"service s {
  at: { "eu/eu-a": "http://a", "eu/eu-b": ["http://b", "http://c"] }
  at v: {
    "eu": "http://d" // near
    "us": "http://e"
  }
  at w: {}
}
"#;
    assert_eq!(formatted(text), style);
    assert_eq!(formatted(style), style);
}

#[test]
fn at_most_one_blank_line_stays() {
    assert_eq!(
        formatted("secret a\n\n\n\nsecret b\nsecret c\n\n"),
        "secret a\n\nsecret b\nsecret c\n"
    );
    assert_eq!(formatted("\n\n"), "");
}

#[test]
fn a_comma_stays_where_the_next_entry_would_be_read_as_an_operator() {
    let text = "fn f(a: int) -> json = {\n  x: a, // why\n  in: 3\n}\n";
    assert_eq!(formatted(text), text);
}

#[test]
fn a_text_that_is_too_deep_is_refused() {
    let found = format(&"(".repeat(1000)).expect_err("too deep");
    assert!(found.has_errors());
}
