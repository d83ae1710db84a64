//! What programs look like in print.

use super::{dot, expr::Printer, text, value::value};
use crate::{
    FlowId, Value,
    expr::{Binary, Expr, Unary},
    sample::{self, binary, int, slot},
    ty::Type,
};

#[test]
fn the_whole_program_as_text() {
    insta::assert_snapshot!(text(&sample::shop()));
}

#[test]
fn a_flow_as_a_graph() {
    let program = sample::shop();
    insta::assert_snapshot!(dot(&program, FlowId(0)).expect("there is a flow"));
    assert_eq!(dot(&program, FlowId(1)), None);
}

#[test]
fn parentheses_stand_where_the_meaning_needs_them() {
    let program = sample::shop();
    let printer = Printer::of_params(&program, &program.flows[0].params);
    let sum = |a, b| binary(Binary::Add, a, b);
    let minus = |a, b| binary(Binary::Subtract, a, b);
    let negated = |expr| Expr::Unary(Unary::Negate, Box::new(expr));
    let cases = [
        (
            binary(Binary::Multiply, sum(int(1), int(2)), int(3)),
            "(1 + 2) * 3",
        ),
        (
            minus(minus(int(1), int(2)), minus(int(3), int(4))),
            "1 - 2 - (3 - 4)",
        ),
        (negated(negated(int(-1))), "-(-(-1))"),
        (
            negated(Expr::Field(Box::new(slot(0)), "total".into())),
            "-order.total",
        ),
        (
            Expr::Unary(Unary::Not, Box::new(binary(Binary::Equal, slot(0), int(1)))),
            "not order == 1",
        ),
        (
            binary(Binary::Equal, Expr::Unary(Unary::Not, Box::new(slot(0))), int(1)),
            "(not order) == 1",
        ),
        (
            binary(
                Binary::Equal,
                binary(Binary::Less, int(1), int(2)),
                Expr::Constant(Value::Bool(true)),
            ),
            "(1 < 2) == true",
        ),
        (binary(Binary::Range, int(1), sum(int(2), int(3))), "1..2 + 3"),
        (
            Expr::As(Box::new(sum(int(1), int(2))), Type::Decimal),
            "(1 + 2) as decimal",
        ),
        (
            Expr::Field(Box::new(Expr::As(Box::new(slot(0)), Type::Json)), "a".into()),
            "(order as json).a",
        ),
        (
            sum(
                Expr::If(Box::new(slot(0)), Box::new(int(1)), Box::new(int(2))),
                int(3),
            ),
            "(if order { 1 } else { 2 }) + 3",
        ),
    ];
    for (expr, expected) in cases {
        assert_eq!(printer.expr(&expr), expected);
    }
}

#[test]
fn values_look_like_literals() {
    let fields = [("a".into(), Value::None), ("b c".into(), Value::Int(1))];
    let record = Value::record(fields.into_iter().collect());
    assert_eq!(
        value(&Value::list(vec![record, Value::Float(1.0)])),
        "[{ a: none, \"b c\": 1 }, 1.0 as float]"
    );
    assert_eq!(value(&Value::Bytes(b"hi".to_vec().into())), "\"aGk=\" as bytes");
    assert_eq!(value(&Value::variant("open".into(), Default::default())), "open");
}
