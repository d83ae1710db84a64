//! One message per mistake, at its place, in the author's words.

use super::problems;

fn in_flow(statements: &str) -> Vec<String> {
    problems(&format!("flow f() {{\n{statements}\n}}\n"))
}

#[test]
fn three_mistakes_in_three_places_are_three_messages() {
    let text =
        "type A { x: , y: int }\nflow f() {\n  let = 3\n  let y = 4\n}\nfn g(a: int) -> = a\nsecret s\n";
    assert_eq!(
        problems(text),
        [
            "F0101 `,`: expected a type after `:`, found `,`",
            "F0101 `=`: expected a name after `let`, found `=`",
            "F0101 `=`: expected a type after `->`, found `=`",
        ]
    );
}

#[test]
fn what_was_expected_comes_before_what_was_found() {
    for (statement, message) in [
        ("let x", "F0101 `}`: expected `=` after `x`, found `}`"),
        (
            "let x =",
            "F0101 `}`: expected an expression after `=`, found `}`",
        ),
        ("let x: = 3", "F0101 `=`: expected a type after `:`, found `=`"),
        (
            "let in = 3",
            "F0101 `in`: expected a name after `let`, found the reserved word `in`",
        ),
        ("f(a b)", "F0101 `b`: expected `,` or `)` after `a`, found `b`"),
        ("f(a: )", "F0101 `)`: expected an expression after `:`, found `)`"),
        (
            "let x = a +",
            "F0101 `}`: expected an expression after `+`, found `}`",
        ),
        ("let x = a.", "F0101 `}`: expected a name after `.`, found `}`"),
        ("for x xs { }", "F0101 `xs`: expected `in` after `x`, found `xs`"),
        ("let x = [1, 2", "F0103 `[`: this `[` is never closed by `]`"),
        ("f(1))", "F0103 `)`: this `)` closes nothing"),
        ("log \"abc", "F0104 `\"abc`: this text is never closed by `\"`"),
        (
            "log \"a {b c\"",
            "F0104 `\"a {b c\"`: a `{` in this text is never closed by `}`",
        ),
        (
            "sleep 10sec",
            "F0107 `10sec`: unknown unit `sec` of the number `10sec`",
        ),
        (
            "match x { 1 -> f() }",
            "F0101 `1`: expected `when` or `else`, found `1`",
        ),
        (
            "match x { when -> f() }",
            "F0101 `->`: expected a pattern after `when`, found `->`",
        ),
        (
            "catch E -> f()",
            "F0101 `catch`: expected a statement, found `catch`",
        ),
        ("x.y = 3", "F0101 `=`: expected a statement, found `=`"),
        (
            "f()\n  undo 3\n  undo 4",
            "F0101 `undo`: expected one `undo` at a call, found a second one",
        ),
    ] {
        assert_eq!(in_flow(statement), [message], "{statement}");
    }
}

#[test]
fn habits_from_other_languages_get_their_own_words() {
    for (statement, message) in [
        ("f();", "F0105 `;`: expected no `;`"),
        ("f();\ng();", "F0105 `;`: expected no `;`"),
        ("if a = b { }", "F0105 `=`: expected `==`, found `=`"),
        ("if a && b { }", "F0105 `&&`: expected `and`, found `&&`"),
        ("if a || b { }", "F0105 `||`: expected `or`, found `||`"),
        ("if !a { }", "F0105 `!`: expected `not`, found `!`"),
        (
            "log 'abc'",
            "F0105 `'abc'`: expected a text in double quotes, found single quotes",
        ),
        ("x = null", "F0105 `null`: expected `none`, found `null`"),
        ("x += 1", "F0105 `=`: expected `x = x + ...`, found `+=`"),
        (
            "let x = a ? b : c",
            "F0105 `?`: expected `if c { a } else { b }`, found `?`",
        ),
        ("/* a */ f()", "F0105 `/* a */`: expected `//`, found `/* */`"),
        (
            "let größe = 3",
            "F0106 `größe`: the name `größe` has letters other than a to z",
        ),
    ] {
        assert_eq!(in_flow(statement), [message], "{statement}");
    }
    for (item, message) in [
        ("def f(a) { }", "F0105 `def`: expected `fn`, found `def`"),
        (
            "struct A { x: int }",
            "F0105 `struct`: expected `type`, found `struct`",
        ),
        ("let x = 3", "F0101 `let`: expected a declaration, found `let`"),
    ] {
        assert_eq!(problems(item), [message], "{item}");
    }
}

#[test]
fn words_that_begin_statements_stay_free_for_names() {
    assert_eq!(
        in_flow("state = 3\nlet limit = tag + view\nlog start.on\nlet x = limit in xs"),
        Vec::<String>::new()
    );
}

#[test]
fn an_unclosed_brace_is_one_message_where_its_end_is_missed() {
    let text = "flow a() {\n  if x {\n    f()\n\n  return 1\n}\n\nflow b() {\n  let = 3\n}\n";
    assert_eq!(
        problems(text),
        [
            "F0103 ``: expected `}` here at the latest, to close a `{`",
            "F0101 `=`: expected a name after `let`, found `=`",
        ]
    );
    let text = "flow a() {\n  f()\n\nflow b() {\n  let x = 3\n}\n";
    assert_eq!(
        problems(text),
        ["F0103 ``: expected `}` here at the latest, to close a `{`"]
    );
}

#[test]
fn entries_on_one_line_need_commas() {
    let found = problems("type A { x: int y: int }\ntype B {\n  x: int\n  y: int\n}\n");
    assert_eq!(found, ["F0101 `y`: expected `,` or a new line before `y`"]);
}
