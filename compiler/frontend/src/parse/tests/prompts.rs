//! What a prompt's input is, and whether it goes on.

use super::super::*;

/// What an input is, and how much was found wrong with it.
fn input(text: &str) -> (String, usize) {
    let mut found = Diagnostics::default();
    let input = parse_prompt(SourceId(0), text, &mut found);
    let name = |of: &dyn std::fmt::Debug| {
        let shown = format!("{of:?}");
        shown.split(['(', ' ']).next().unwrap_or("").to_owned()
    };
    let said = match &input {
        PromptInput::Parts(parts) => {
            let all: Vec<String> = parts.iter().map(|part| name(&part.kind)).collect();
            all.join(" ")
        }
        other => name(other),
    };
    (said, found.len())
}

#[test]
fn an_input_is_an_item_a_statement_or_an_expression() {
    for (text, kind) in [
        ("", "Empty"),
        ("  // nothing", "Empty"),
        ("type A { x: int }", "Item"),
        ("fn f(a: int) -> int = a + 1", "Item"),
        ("let x = 1", "Test"),
        ("let x: int = 1", "Statement"),
        ("x = 2", "Statement"),
        ("config most = 3", "Test"),
        ("config most: int = 3", "Item"),
        ("mock mail.send(_) -> none", "Test"),
        ("send approve(by: \"Ada\") to run", "Test"),
        ("expect run is done", "Test"),
        ("type A { x: int }\nlet x = 1\nx + 1", "Item Test Expression"),
        (
            "/// An item.\ntype A { x: int }\n// nothing\nfn f() -> int = 1",
            "Item Item",
        ),
        ("1 + 2", "Expression"),
        ("f(1)", "Expression"),
        ("{ a: 1 }", "Expression"),
    ] {
        assert_eq!(input(text), (kind.to_owned(), 0), "{text}");
    }
}

#[test]
fn an_open_bracket_or_text_goes_on_in_the_next_line() {
    for text in [
        "f(1,",
        "flow f() {",
        "[1",
        "\"\"\"abc",
        "{ a: \"x\",",
        "1 +",
        "let x =",
        "mock mail.send(_) ->",
        "mock mail.send(_) -> 1 twice,",
        "/// Pays.",
    ] {
        assert_eq!(input(text), ("Incomplete".to_owned(), 0), "{text}");
    }
}

#[test]
fn what_is_none_of_these_is_reported_once() {
    for text in ["let = 3", "1 +\n", ")", "f(a b)", "\"abc"] {
        assert_eq!(input(text), ("Bad".to_owned(), 1), "{text}");
    }
    // No further line mends a bracket that another kind has closed.
    assert_eq!(input("flow f(] {\n}\ntype A { x: int }").0, "Bad");
}
