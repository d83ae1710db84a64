//! What a prompt's input is, and whether it goes on.

use super::super::*;

fn input(text: &str) -> (String, usize) {
    let mut found = Diagnostics::default();
    let input = parse_prompt(SourceId(0), text, &mut found);
    let name = format!("{input:?}");
    (
        name.split(['(', ' ']).next().unwrap_or("").to_owned(),
        found.len(),
    )
}

#[test]
fn an_input_is_an_item_a_statement_or_an_expression() {
    for (text, kind) in [
        ("", "Empty"),
        ("  // nothing", "Empty"),
        ("type A { x: int }", "Item"),
        ("fn f(a: int) -> int = a + 1", "Item"),
        ("let x = 1", "Statement"),
        ("x = 2", "Statement"),
        ("1 + 2", "Expression"),
        ("f(1)", "Expression"),
        ("{ a: 1 }", "Expression"),
    ] {
        assert_eq!(input(text), (kind.to_owned(), 0), "{text}");
    }
}

#[test]
fn an_open_bracket_or_text_goes_on_in_the_next_line() {
    for text in ["f(1,", "flow f() {", "[1", "\"\"\"abc", "{ a: \"x\","] {
        assert_eq!(input(text), ("Incomplete".to_owned(), 0), "{text}");
    }
}

#[test]
fn what_is_none_of_these_is_reported_once() {
    for text in ["let = 3", "1 +", ")", "f(a b)", "\"abc"] {
        assert_eq!(input(text), ("Bad".to_owned(), 1), "{text}");
    }
}
