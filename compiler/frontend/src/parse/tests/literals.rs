//! Literals and the strength of operators.

use super::super::*;
use crate::ast::{Expr, ExprKind, TextPart};

fn expr(text: &str) -> (Option<Expr>, Vec<String>) {
    let mut found = Diagnostics::default();
    let expr = parse_expression(SourceId(0), text, &mut found);
    (
        expr,
        found
            .iter()
            .map(|d| format!("{} {}", d.code, d.message))
            .collect(),
    )
}

fn kind(text: &str) -> ExprKind {
    let (expr, found) = expr(text);
    assert!(found.is_empty(), "{text}: {found:?}");
    expr.expect("an expression").kind
}

/// The expression with all brackets written.
fn shape(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Name(name) => name.to_string(),
        ExprKind::Int(value) => value.to_string(),
        ExprKind::Unary(operator, value) => format!("({operator:?} {})", shape(value)),
        ExprKind::Binary(operator, _, a, b) => format!("({} {operator:?} {})", shape(a), shape(b)),
        ExprKind::As(value, _) => format!("({} as)", shape(value)),
        ExprKind::Field(value, name) => format!("{}.{}", shape(value), name.text),
        ExprKind::Call(value, arguments) => format!("{}/{}", shape(value), arguments.len()),
        ExprKind::Index(value, index) => format!("{}[{}]", shape(value), shape(index)),
        ExprKind::Lambda(names, value) => format!("({} => {})", names.len(), shape(value)),
        other => format!("{other:?}"),
    }
}

fn shown(text: &str) -> String {
    shape(&expr(text).0.expect("an expression"))
}

#[test]
fn numbers_have_the_value_of_their_unit() {
    for (text, value) in [
        ("1_000", "Int(1000)"),
        ("1.50", "Decimal(1.50)"),
        ("250ms", "Duration(250)"),
        ("1h30m", "Duration(5400000)"),
        ("1.5s", "Duration(1500)"),
        ("2w", "Duration(1209600000)"),
        ("64KiB", "Size(65536)"),
        ("1.5KB", "Size(1500)"),
        ("25%", "Percent(25)"),
        ("100/s", "Rate(100, 1000)"),
        ("3/h", "Rate(3, 3600000)"),
        ("5xx", "StatusClass(5)"),
        ("true", "Bool(true)"),
        ("none", "None"),
    ] {
        assert_eq!(format!("{:?}", kind(text)), value, "{text}");
    }
}

#[test]
fn a_blank_makes_a_unit_an_operator() {
    assert_eq!(shown("100 / s"), "(100 Divide s)");
    assert_eq!(shown("25 % 4"), "(25 Remainder 4)");
    assert_eq!(shown("25%x"), "(25 Remainder x)");
}

#[test]
fn numbers_that_mean_nothing_are_reported() {
    assert_eq!(
        expr("10sec").1,
        ["F0107 unknown unit `sec` of the number `10sec`"]
    );
    assert_eq!(expr("1h3x").1, ["F0107 unknown unit `x` of the number `1h3x`"]);
    assert_eq!(expr("9xx").1, ["F0107 unknown unit `xx` of the number `9xx`"]);
    for large in [
        "9223372036854775808",
        "9223372036854775807w",
        "99999999999999999999999999999999999999.5",
    ] {
        assert_eq!(
            expr(large).1,
            [format!("F0107 the number `{large}` is too large")]
        );
    }
}

#[test]
fn operators_bind_by_their_strength() {
    for (text, shape) in [
        ("a + b * c", "(a Add (b Multiply c))"),
        ("a - b - c", "((a Subtract b) Subtract c)"),
        ("not a == b and c", "((Not (a Equal b)) And c)"),
        ("a or b and c", "(a Or (b And c))"),
        ("a ?? b ?? c", "(a Else (b Else c))"),
        ("a ?? b or c", "(a Else (b Or c))"),
        ("-a.b * c", "((Negate a.b) Multiply c)"),
        ("-a as T + b", "((Negate (a as)) Add b)"),
        ("a + 1..b", "((a Add 1) Range b)"),
        ("a in b..c", "(a In (b Range c))"),
        ("(a + b) * c", "((a Add b) Multiply c)"),
        ("a.b(c)[d].e", "a.b/1[d].e"),
        ("a\n  .b()\n  .c()", "a.b/0.c/0"),
        ("x => y => x + y", "(1 => (1 => (x Add y)))"),
        ("(x, y) => x", "(2 => x)"),
        ("a has b or c matches d", "((a Has b) Or (c Matches d))"),
    ] {
        assert_eq!(shown(text), shape, "{text}");
    }
}

#[test]
fn comparisons_are_not_chained() {
    assert_eq!(
        expr("a < b < c").1,
        ["F0101 expected `and` or `or` between comparisons, found a second comparison"]
    );
    assert!(expr("a < b and b < c").1.is_empty());
}

fn text(source: &str) -> String {
    let ExprKind::Text(parts) = kind(source) else {
        panic!("a text")
    };
    let show = |part: &TextPart| match part {
        TextPart::Literal(text) => text.clone(),
        TextPart::Expr(value) => format!("<{}>", shape(value)),
    };
    parts.iter().map(show).collect()
}

#[test]
fn texts_read_escapes_and_expressions() {
    assert_eq!(text(r#""a {b.c} \{d\} \"e\" \u{41}\n""#), "a <b.c> {d} \"e\" A\n");
    assert_eq!(text(r#""{f("x")} {a + 1}""#), "<f/1> <(a Add 1)>");
    assert_eq!(text(r#""^[A-Z]{3}-[0-9]{1,2}$""#), "^[A-Z]{3}-[0-9]{1,2}$");
    assert_eq!(expr(r#""\d""#).1, [r"F0108 unknown escape `\d` in a text"]);
}

#[test]
fn texts_of_several_lines_lose_their_common_indentation() {
    assert_eq!(
        text("\"\"\"\n    a {b}\n      c\n\n    d\n    \"\"\""),
        "a <b>\n  c\n\nd"
    );
    assert_eq!(text("\"\"\"one \"line\" \"\"\""), "one \"line\" ");
}

#[test]
fn deep_and_long_expressions_are_refused_and_do_not_overflow() {
    let brackets = "(".repeat(20_000);
    assert!(expr(&brackets).1.concat().contains("expected at most 128 levels"));
    let within = format!("{}1{}", "(".repeat(128), ")".repeat(128));
    assert_eq!(expr(&within).1, Vec::<String>::new());
    for (open, close) in [
        ("[", "]"),
        ("{ a: ", " }"),
        ("f(", ")"),
        ("a[", "]"),
        ("if a { ", " } else { b }"),
    ] {
        let nested = format!("{}1{}", open.repeat(90), close.repeat(90));
        assert_eq!(expr(&nested).1, Vec::<String>::new(), "{open}");
    }
    for chain in [
        vec!["1"; 20_000].join(" + "),
        "- ".repeat(20_000) + "1",
        "x => ".repeat(20_000) + "1",
    ] {
        assert!(expr(&chain).1.concat().contains("expected at most 200 levels"));
    }
    let calls = "f".to_owned() + &"()".repeat(20_000);
    assert!(expr(&calls).1.concat().contains("expected at most 200 levels"));
}
