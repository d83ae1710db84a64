//! Expressions: operators on each kind of value, limits, natives with lambdas.

use super::build::{binary, int, program, seconds, slot, text};
use crate::{Context, Settings, border::encode_untyped, evaluate};
use flowmesh_ir::{
    Name, SlotId, Value,
    expr::{Argument, Binary, Expr, Pattern, Unary, Widen},
    ty::Type,
};

fn value(expr: &Expr) -> Result<String, String> {
    let program = program(Vec::new());
    let mut frame = vec![Value::None; 4];
    let value = evaluate(
        &program,
        &Settings::default(),
        expr,
        &mut frame,
        &mut Context::default(),
    );
    value
        .map(|value| encode_untyped(&value))
        .map_err(|fault| fault.to_string())
}

fn decimal(text: &str) -> Expr {
    Expr::Constant(Value::Decimal(text.parse().unwrap()))
}

#[test]
fn numbers_are_exact_or_say_so() {
    let half = binary(Binary::Multiply, decimal("0.10"), int(3));
    assert_eq!(value(&half), Ok(r#""0.30""#.to_owned()));
    assert_eq!(
        value(&binary(Binary::Divide, int(-7), int(2))),
        Ok("-3".to_owned())
    );
    assert_eq!(
        value(&binary(Binary::Remainder, int(-7), int(2))),
        Ok("-1".to_owned())
    );
    let over = binary(Binary::Add, int(i64::MAX), int(1));
    assert!(value(&over).is_err_and(|fault| fault.starts_with("Arithmetic")));
    let negated = Expr::Unary(Unary::Negate, Box::new(int(i64::MIN)));
    assert!(value(&negated).is_err());
    assert_eq!(
        value(&Expr::Widen(Box::new(int(2)), Widen::Decimal)),
        Ok(r#""2""#.to_owned())
    );
}

#[test]
fn durations_and_times_add_up() {
    let minutes = binary(Binary::Multiply, seconds(30), int(3));
    assert_eq!(value(&minutes), Ok(r#""1m30s""#.to_owned()));
    let epoch = Expr::Constant(Value::Time(jiff::Timestamp::UNIX_EPOCH));
    let later = binary(Binary::Add, epoch.clone(), seconds(86_400));
    assert_eq!(value(&later), Ok(r#""1970-01-02T00:00:00Z""#.to_owned()));
    assert_eq!(
        value(&binary(Binary::Subtract, later, epoch)),
        Ok(r#""1d""#.to_owned())
    );
}

#[test]
fn the_right_side_is_evaluated_only_when_needed() {
    let broken = binary(Binary::Equal, binary(Binary::Divide, int(1), int(0)), int(1));
    let no = Expr::Constant(Value::Bool(false));
    assert_eq!(
        value(&binary(Binary::And, no, broken.clone())),
        Ok("false".to_owned())
    );
    assert_eq!(value(&binary(Binary::Else, int(1), broken)), Ok("1".to_owned()));
}

#[test]
fn a_lambda_sees_the_frame_around_it() {
    let list = Expr::List(vec![int(1), int(2)]);
    let scaled = binary(Binary::Multiply, slot(1), slot(0));
    let map = Expr::Native(
        "list.map".into(),
        vec![Argument::Value(list), Argument::Lambda(vec![SlotId(1)], scaled)],
    );
    let mut frame = vec![Value::Int(10), Value::None];
    let result = evaluate(
        &program(Vec::new()),
        &Settings::default(),
        &map,
        &mut frame,
        &mut Context::default(),
    );
    assert_eq!(
        result.map(|value| encode_untyped(&value)),
        Ok("[10,20]".to_owned())
    );
}

#[test]
fn too_much_work_is_a_fault_and_not_a_hang() {
    let list = || binary(Binary::Range, int(0), int(1_000_000));
    let inner = Expr::Native("list.sum".into(), vec![Argument::Value(list())]);
    let outer = Expr::Native(
        "list.map".into(),
        vec![Argument::Value(list()), Argument::Lambda(vec![SlotId(1)], inner)],
    );
    assert_eq!(
        value(&outer),
        Err("BadValue: the evaluation takes too many steps".to_owned())
    );
    let long = Expr::Native(
        "string.repeat".into(),
        vec![Argument::Value(text("ab")), Argument::Value(int(1 << 40))],
    );
    assert!(value(&long).is_err());
}

#[test]
fn deep_expressions_are_a_fault_and_not_a_crash() {
    let mut deep = int(1);
    for _ in 0..5_000 {
        deep = Expr::Unary(Unary::Negate, Box::new(deep));
    }
    assert!(value(&deep).is_err_and(|fault| fault.contains("levels")));
}

#[test]
fn the_first_pattern_that_fits_is_taken() {
    let arm = |pattern, body| flowmesh_ir::expr::Arm { pattern, body };
    let of = |subject| Expr::Match {
        subject: Box::new(subject),
        arms: vec![
            arm(Pattern::Equals(Value::Int(3)), text("three")),
            arm(Pattern::Range(1, 10), text("few")),
            arm(
                Pattern::Case(Name::new("Card"), vec![(Name::new("number"), SlotId(2))]),
                slot(2),
            ),
            arm(Pattern::Bind(SlotId(3)), slot(3)),
            arm(Pattern::Any, text("nothing")),
        ],
    };
    let card = Expr::Variant("Card".into(), vec![("number".into(), text("42"))]);
    for (subject, expected) in [
        (int(3), "three"),
        (int(9), "few"),
        (card, "42"),
        (Expr::Constant(Value::None), "nothing"),
    ] {
        assert_eq!(value(&of(subject)), Ok(format!("\"{expected}\"")));
    }
    assert_eq!(value(&of(int(10))), Ok("10".to_owned()));
}

#[test]
fn json_is_read_only_where_somebody_asks() {
    let json = || Expr::Constant(Value::Json(r#"{"a":{"b":[1,10.10]},"n":null}"#.into()));
    let field = |of, name: &str| Expr::Field(Box::new(of), name.into());
    let ten = Expr::Index(Box::new(field(field(json(), "a"), "b")), Box::new(int(1)));
    assert_eq!(value(&ten), Ok("10.10".to_owned()));
    assert_eq!(
        value(&Expr::As(Box::new(ten), Type::Decimal)),
        Ok(r#""10.10""#.to_owned())
    );
    assert_eq!(value(&field(json(), "n")), Ok("null".to_owned()));
    assert_eq!(value(&field(field(json(), "x"), "y")), Ok("null".to_owned()));
    let wrong = Expr::As(Box::new(json()), Type::Int);
    assert_eq!(
        value(&wrong),
        Err("BadValue: expected int, found an object".to_owned())
    );
}

#[test]
fn a_regular_expression_is_found_anywhere() {
    let matches = |regex| value(&binary(Binary::Matches, text("ABC-12"), text(regex)));
    assert_eq!(matches("^[A-Z]{3}-[0-9]+$"), Ok("true".to_owned()));
    assert_eq!(matches("x"), Ok("false".to_owned()));
    assert!(matches("(").is_err());
}
