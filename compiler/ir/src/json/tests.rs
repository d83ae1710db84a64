//! Programs there and back, and what is not a program.

use crate::{
    Hash, Program, Value,
    expr::{Expr, Pattern},
    json, print,
    sample::{self, int},
    validate::MAX_DEPTH,
};
use std::sync::Arc;

/// Marsaglia's xorshift64: the same numbers in every test run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit.max(1) as u64).expect("a remainder of a usize fits one")
    }
}

/// Changes one part of a JSON value that chance picks.
fn mutate(value: &mut serde_json::Value, chance: &mut Chance) {
    use serde_json::Value as Json;
    let here = chance.below(6) == 0;
    match value {
        Json::Array(all) if !here && !all.is_empty() => {
            let at = chance.below(all.len());
            mutate(&mut all[at], chance);
        }
        Json::Object(all) if !here && !all.is_empty() => {
            let at = chance.below(all.len());
            mutate(
                all.values_mut().nth(at).expect("it is below their number"),
                chance,
            );
        }
        Json::Array(all) if !all.is_empty() => {
            let (a, b) = (chance.below(all.len()), chance.below(all.len()));
            match chance.below(4) {
                0 => drop(all.remove(a)),
                1 => all.push(all[a].clone()),
                2 => all.swap(a, b),
                _ => all.clear(),
            }
        }
        Json::Number(_) => *value = [0, 1, 2, 7, 13, 99, 4_294_967_295_u64][chance.below(7)].into(),
        Json::Bool(bool) => *bool = !*bool,
        Json::String(text) => text.insert(0, ['x', '"', '{', '\u{1b}'][chance.below(4)]),
        _ => *value = Json::Null,
    }
}

#[test]
fn no_mutation_of_a_program_brings_a_stage_down() {
    let good = serde_json::to_value(sample::shop()).expect("a program is JSON");
    let mut chance = Chance(0x5eed);
    let (mut refused, mut invalid, mut valid) = (0, 0, 0);
    for _ in 0..2_000 {
        let mut bad = good.clone();
        for _ in 0..=chance.below(3) {
            mutate(&mut bad, &mut chance);
        }
        let text = bad.to_string();
        match json::load(text.as_bytes()) {
            Ok(_) => valid += 1,
            Err(json::LoadError::Invalid(_)) => invalid += 1,
            Err(_) => refused += 1,
        }
        if let Ok(program) = serde_json::from_value::<Program>(bad) {
            let pictures: usize = (0..3)
                .filter_map(|flow| print::dot(&program, crate::FlowId(flow)))
                .map(|dot| dot.len())
                .sum();
            assert!(print::text(&program).len() + pictures > 0);
        }
    }
    assert!(
        refused > 100 && invalid > 100 && valid > 100,
        "{refused} {invalid} {valid}"
    );
}

#[test]
fn a_program_comes_back_from_json_as_it_was() {
    let mut program = sample::shop();
    program.configs[0].default = Some(Value::list(vec![
        Value::Float(0.1 + 0.2),
        Value::Float(5e-324),
        Value::Decimal("12345678901234567890.123456789".parse().expect("a decimal")),
        Value::Bytes(vec![0, 255].into()),
        Value::Json(r#"{"a":[1e3]}"#.into()),
        Value::Int(i64::MIN),
    ]));
    let text = print::json(&program);
    let back = json::load(text.as_bytes()).expect("what was printed is read");
    assert_eq!(back, program);
    assert_eq!(back.hash(), program.hash());
    assert_eq!(print::json(&back), text);
    assert_eq!(program.hash().to_string().parse::<Hash>(), Ok(program.hash()));
}

#[test]
fn the_deepest_expression_is_read_and_one_deeper_is_not() {
    let arm = |body| {
        vec![crate::expr::Arm {
            pattern: Pattern::Any,
            body,
        }]
    };
    let lambda = |body| {
        Expr::Native(
            "list.map".into(),
            vec![crate::expr::Argument::Lambda(vec![], body)],
        )
    };
    let with = |depth: usize, wrap: &dyn Fn(Expr) -> Expr| {
        let mut program = sample::shop();
        Arc::make_mut(&mut program.functions[1]).body = (1..depth).fold(int(1), |expr, _| wrap(expr));
        json::load(print::json(&program).as_bytes()).map(|_| ())
    };
    let in_match = |body| Expr::Match {
        subject: Box::new(int(1)),
        arms: arm(body),
    };
    let in_record = |body| Expr::Variant("a".into(), vec![("b".into(), body)]);
    for wrap in [&lambda as &dyn Fn(Expr) -> Expr, &in_match, &in_record] {
        assert_eq!(with(MAX_DEPTH, wrap), Ok(()));
        assert!(matches!(
            with(MAX_DEPTH + 1, wrap),
            Err(json::LoadError::Invalid(_))
        ));
        assert!(matches!(with(2 * MAX_DEPTH, wrap), Err(json::LoadError::TooDeep)));
    }
}

#[test]
fn what_is_no_program_is_refused_with_a_reason() {
    let load = |text: &str| json::load(text.as_bytes()).map_err(|error| format!("{}: {error}", error.code()));
    let refused = |text: &str| load(text).expect_err("it is no program");
    assert_eq!(
        refused(r#"{"version": 2}"#),
        "F1002: expected a program of version 1, found one of version 2"
    );
    assert_eq!(
        refused("flow f() {}"),
        "F1001: expected the JSON of a compiled program: expected ident at line 1 column 2"
    );
    assert_eq!(
        refused(r#"{"version": 1}"#),
        "F1001: expected the JSON of a compiled program: missing field `name` at line 1 column 14"
    );
    assert_eq!(
        refused(&"[".repeat(100_000)),
        "F1004: expected a program nested at most 1064 levels deep, found more"
    );
    let invalid = print::json(&sample::shop()).replacen("\"entry\": 0", "\"entry\": 99", 1);
    assert_eq!(
        refused(&invalid),
        "F1003: the program does not hold together: flow checkout: state 99 does not exist, there are 13"
    );
    for error in ["F1001", "F1002", "F1003", "F1004"] {
        assert!(flowmesh_diagnostics::page(error.parse().expect("a code")).is_some());
    }
}
