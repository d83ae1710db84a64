//! Borders: what does not fit is named with its place, and nothing is lost on the way.

use super::build::{FLOW, ITEM, PAYMENT, done, int, program};
use crate::border::{Settings, SettingsError, Strictness, check_input, check_signal, decode, encode};
use flowmesh_ir::{ConfigId, Program, Value, program::Config, ty::Type};

fn items() -> Type {
    Type::List(Box::new(Type::Named(ITEM)))
}

fn read(ty: &Type, json: &str) -> Result<String, String> {
    let program = program(Vec::new());
    let value = decode(&program, ty, json.as_bytes(), Strictness::Strict);
    value
        .map(|value| encode(&program, ty, &value))
        .map_err(|misfit| misfit.to_string())
}

fn wrong(ty: &Type, json: &str) -> String {
    read(ty, json).expect_err(json)
}

#[test]
fn the_place_of_a_misfit_is_named() {
    assert_eq!(
        wrong(&items(), r#"[{"sku":"a","count":1},{"sku":"b","count":"2"}]"#),
        "expected int, found `\"2\"` at `[1].count`"
    );
    assert_eq!(
        wrong(&items(), r#"[{"sku":"a"}]"#),
        "expected field `count` of type int, found nothing at `[0]`"
    );
    assert_eq!(
        wrong(&items(), r#"[{"sku":"a","count":0}]"#),
        "expected a value where `it > 0`, found `0` at `[0].count`"
    );
    assert_eq!(wrong(&items(), "{}"), "expected [Item], found an object");
    assert_eq!(wrong(&items(), "null"), "expected [Item], found `null`");
}

#[test]
fn an_unknown_field_is_refused_only_where_it_was_written_for_us() {
    let json = r#"{"skuu":"a","sku":"a","count":1}"#;
    let strict = wrong(&Type::Named(ITEM), json);
    assert_eq!(
        strict,
        "expected the fields `sku`, `count`, `price`, found unknown field `skuu` (did you mean `sku`?)"
    );
    let program = program(Vec::new());
    assert!(decode(&program, &Type::Named(ITEM), json.as_bytes(), Strictness::Lenient).is_ok());
}

#[test]
fn a_field_comes_once() {
    let twice = wrong(&Type::Named(ITEM), r#"{"sku":"a","count":1,"sku":"b"}"#);
    assert_eq!(twice, "expected each field once, found `sku` twice");
    let map = Type::Map(Box::new(Type::Int));
    assert_eq!(
        wrong(&map, r#"{"a":1,"a":2}"#),
        "expected each key once, found `a` twice"
    );
}

#[test]
fn decimals_never_pass_through_a_float() {
    for (json, written) in [
        ("10.10", r#""10.10""#),
        (r#""10.10""#, r#""10.10""#),
        (
            "0.1234567890123456789012345678",
            r#""0.1234567890123456789012345678""#,
        ),
        (
            "79228162514264337593543950335",
            r#""79228162514264337593543950335""#,
        ),
        ("1e3", r#""1000""#),
    ] {
        assert_eq!(read(&Type::Decimal, json).as_deref(), Ok(written));
    }
    for json in ["1e400", r#""ten""#, "true", "79228162514264337593543950336"] {
        assert!(read(&Type::Decimal, json).is_err(), "{json}");
    }
}

#[test]
fn scalars_are_read_by_their_forms() {
    for (ty, json) in [
        (Type::Time, r#""2026-01-31T12:00:00Z""#),
        (Type::Date, r#""2026-01-31""#),
        (Type::Duration, r#""1h30m""#),
        (Type::Bytes, r#""YWJj""#),
        (Type::Url, r#""https://example.com/a""#),
        (Type::Float, "0.1"),
        (Type::Bool, "true"),
        (Type::Json, r#"{ "a": 10.10 }"#),
        (Type::Optional(Box::new(Type::Int)), "null"),
    ] {
        assert_eq!(read(&ty, json).as_deref(), Ok(json));
    }
    for (ty, json) in [
        (Type::Int, "1.0"),
        (Type::Int, "9223372036854775808"),
        (Type::Float, "1e999"),
        (Type::Float, r#""1""#),
        (Type::Date, r#""2026-02-30""#),
        (Type::Url, r#""example.com""#),
        (Type::Bytes, r#""???""#),
        (Type::String, "1"),
    ] {
        assert!(read(&ty, json).is_err(), "{json}");
    }
}

#[test]
fn cases_have_the_default_form_of_serde() {
    let payment = Type::Named(PAYMENT);
    for json in [r#""Invoice""#, r#"{"Card":{"number":"1"}}"#] {
        assert_eq!(read(&payment, json).as_deref(), Ok(json));
    }
    assert_eq!(
        wrong(&payment, r#""Invoce""#),
        "expected one of `Card`, `Invoice`, found `\"Invoce\"` (did you mean `Invoice`?)"
    );
    assert_eq!(
        wrong(&payment, r#"{"Card":{"number":1}}"#),
        "expected string, found `1` at `Card.number`"
    );
    assert!(read(&payment, r#""Card""#).is_err());
    assert!(read(&payment, r#"{"Card":{"number":"1"},"Invoice":null}"#).is_err());
}

#[test]
fn absent_fields_are_not_written() {
    let written = read(&Type::Named(ITEM), r#"{"count":1,"price":null,"sku":"a"}"#);
    assert_eq!(written.as_deref(), Ok(r#"{"sku":"a","count":1}"#));
}

#[test]
fn what_is_no_json_says_so() {
    for json in ["", "{", "[1,]", "{\"a\" 1}", "1 2", "NaN", "\u{0}"] {
        let misfit = wrong(&items(), json);
        assert!(misfit.starts_with("expected"), "{misfit}");
    }
}

#[test]
fn depth_has_a_limit() {
    let deep = "[".repeat(100_000);
    let mut ty = Type::Int;
    for _ in 0..200 {
        ty = Type::List(Box::new(ty));
    }
    assert!(read(&ty, &deep).is_err());
    assert!(read(&Type::Json, &deep).is_err());
}

#[test]
fn an_input_gives_the_key_of_its_run() {
    let program = program(vec![done(int(1))]);
    assert_eq!(
        check_input(&program, &Settings::default(), FLOW, br#"{"id":"o1"}"#),
        Ok(Some("o1".to_owned()))
    );
    assert!(check_input(&program, &Settings::default(), FLOW, br#"{"id":""}"#).is_err());
    let misfit = check_input(&program, &Settings::default(), FLOW, b"{}").expect_err("no id");
    assert_eq!(
        misfit.to_string(),
        "expected field `id` of type string, found nothing"
    );
}

#[test]
fn a_signal_is_known_by_its_name() {
    let program = program(vec![done(int(1))]);
    assert_eq!(
        check_signal(&program, FLOW, "approve", br#"{"by":"ann"}"#),
        Ok(())
    );
    let unknown = check_signal(&program, FLOW, "aprove", b"{}").expect_err("no such signal");
    assert_eq!(unknown.hint.as_deref(), Some("did you mean `approve`?"));
    let misfit = check_signal(&program, FLOW, "approve", br#"{"by":1}"#).expect_err("no text");
    assert_eq!(misfit.path, "by");
}

fn configured() -> Program {
    let config = |name: &str, ty, default| Config {
        name: name.into(),
        ty,
        default,
    };
    let mut program = program(Vec::new());
    program.configs = vec![
        config("address", Type::Url, None),
        config("limit", Type::Int, Some(Value::Int(10))),
        config(
            "price",
            Type::Decimal,
            Some(Value::Decimal("1.50".parse().unwrap())),
        ),
        config(
            "payment",
            Type::Named(PAYMENT),
            Some(Value::variant("Invoice".into(), Default::default())),
        ),
    ];
    program
}

fn settings(given: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    Settings::new(&configured(), given.iter().copied())
}

#[test]
fn settings_come_from_plain_texts_and_survive_their_json() {
    let program = configured();
    let settings = settings(&[("address", "http://a:1"), ("limit", "20"), ("payment", "Invoice")]).unwrap();
    assert_eq!(settings.get(ConfigId(1)), Some(&Value::Int(20)));
    let json = settings.to_json(&program);
    assert_eq!(
        json,
        r#"{"address":"http://a:1","limit":20,"price":"1.50","payment":"Invoice"}"#
    );
    assert_eq!(Settings::from_json(&program, json.as_bytes()), Ok(settings));
}

#[test]
fn settings_that_do_not_fit_say_which_and_what_to_do() {
    let missing = settings(&[]).unwrap_err();
    assert_eq!(
        (missing.code().to_string().as_str(), missing.to_string().as_str()),
        ("F1010", "config `address` has no value")
    );
    assert_eq!(
        missing.help().as_deref(),
        Some(
            "give it with `--set address=...`, the environment variable `ADDRESS`, or in the file of `--config FILE`"
        )
    );
    let unknown = settings(&[("address", "http://a:1"), ("limt", "1")]).unwrap_err();
    assert_eq!(
        (unknown.code().to_string().as_str(), unknown.help().as_deref()),
        ("F1011", Some("did you mean `limit`?"))
    );
    let wrong = settings(&[("address", "http://a:1"), ("limit", "ten")]).unwrap_err();
    assert_eq!(wrong.code().to_string(), "F1012");
    let damaged = Settings::from_json(&configured(), b"{").unwrap_err();
    assert_eq!(damaged.code().to_string(), "F1013");
}

/// `PAYMENT` as a document has it: told apart by `kind`, and with another name for a case.
fn told_apart(json: &str, strictness: Strictness) -> Result<String, String> {
    let mut program = program(Vec::new());
    let Type::Named(id) = Type::Named(PAYMENT) else {
        return Err("no type".to_owned());
    };
    let def = &mut program.types[id.index()];
    def.tag = Some("kind".into());
    if let flowmesh_ir::ty::Shape::Enum(cases) = &mut def.shape {
        cases[0].wire = Some("credit-card".to_owned());
    }
    let ty = Type::Named(PAYMENT);
    let value = decode(&program, &ty, json.as_bytes(), strictness);
    value
        .map(|value| encode(&program, &ty, &value))
        .map_err(|misfit| misfit.to_string())
}

#[test]
fn a_case_is_told_apart_by_a_property_beside_its_fields() {
    let strict = |json: &str| told_apart(json, Strictness::Strict);
    let card = r#"{"kind":"credit-card","number":"1"}"#;
    assert_eq!(strict(card).as_deref(), Ok(card));
    // The property may stand anywhere.
    assert_eq!(
        strict(r#"{"number":"1","kind":"credit-card"}"#).as_deref(),
        Ok(card)
    );
    assert_eq!(
        strict(r#"{"kind":"Invoice"}"#).as_deref(),
        Ok(r#"{"kind":"Invoice"}"#)
    );
    let more = r#"{"kind":"credit-card","number":"1","more":true}"#;
    assert!(strict(more).is_err());
    assert_eq!(told_apart(more, Strictness::Lenient).as_deref(), Ok(card));
}

#[test]
fn what_does_not_tell_a_case_apart_is_named() {
    let wrong = |json: &str| told_apart(json, Strictness::Lenient).expect_err(json);
    let expected = "expected field `kind`, one of `credit-card`, `Invoice`";
    assert_eq!(wrong(r#"{"number":"1"}"#), format!("{expected}, found nothing"));
    assert_eq!(
        wrong(r#"{"kind":"credit_card"}"#),
        format!("{expected}, found `\"credit_card\"` (did you mean `credit-card`?)")
    );
    assert_eq!(
        wrong(r#"{"kind":1}"#),
        format!("{expected}, found something else")
    );
    assert_eq!(wrong(r#""Invoice""#), "expected Payment, found `\"Invoice\"`");
    assert_eq!(
        wrong(r#"{"kind":"Invoice","kind":"credit-card"}"#),
        "expected each field once, found `kind` twice"
    );
    assert_eq!(
        wrong(r#"{"kind":"credit-card","number":1}"#),
        "expected string, found `1` at `credit-card.number`"
    );
}
