//! What is written is read back equal: by our own reader, by readers of YAML 1.1, and by `PyYAML`.
#[path = "yaml/python.rs"]
mod python;
#[path = "yaml/reader.rs"]
mod reader;

use crate::everything;
use flowmesh_kubernetes::text;
use proptest::prelude::*;
use proptest::{
    collection::{btree_map, vec},
    sample::select,
    strategy::ValueTree,
    test_runner::TestRunner,
};
use reader::{Kind, kind};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Texts that a reader of YAML 1.1 or 1.2 takes for something else, or that would end a line, a value or a document.
const TRAPS: &[&str] = &[
    "",
    " ",
    "  a",
    "a  ",
    "\ta",
    "a\t",
    "\n",
    "a\n",
    "\na",
    "a\n\nb",
    "a\r\nb",
    "\r",
    "no",
    "No",
    "NO",
    "n",
    "N",
    "yes",
    "Yes",
    "y",
    "Y",
    "on",
    "On",
    "ON",
    "off",
    "Off",
    "true",
    "True",
    "TRUE",
    "false",
    "~",
    "null",
    "Null",
    "NULL",
    "1e3",
    "1E3",
    "1e+3",
    "-1e-3",
    "012",
    "-012",
    "0o7",
    "0O7",
    "0B1",
    "0x1F",
    "0X1F",
    "0b11",
    "1_000",
    "1_000.5",
    "1:30",
    "190:20:30",
    "1:30.5",
    "-1:30",
    "0",
    "-0",
    "+1",
    "-1",
    "08",
    "09",
    "1.0",
    "1.",
    ".5",
    "-.5",
    ".",
    "..",
    "...",
    ".inf",
    "-.INF",
    "+.Inf",
    ".nan",
    ".NaN",
    "inf",
    "nan",
    "2026-01-31",
    "2026-1-31",
    "2026-01-31T00:00:00Z",
    "2026-01-31 00:00:00",
    "12:30",
    "=",
    "<<",
    "-",
    "- a",
    "--- a",
    "---",
    "?",
    "? a",
    ":",
    ": a",
    "a: b",
    "a:",
    "a :b",
    "::",
    " #",
    "a #b",
    "#",
    "#a",
    "a#b",
    "*",
    "*a",
    "&",
    "&a",
    "!",
    "!a",
    "!!str a",
    "%",
    "%a",
    "@a",
    "`a`",
    "[",
    "[a]",
    "]",
    "{",
    "{a}",
    "}",
    ",",
    ", a",
    "|",
    "|-",
    ">",
    ">-",
    "'",
    "''",
    "\"",
    "\"\"",
    "'a",
    "\"a",
    "a'b",
    "a\"b",
    "\\",
    "\\n",
    "\u{0}",
    "\u{7}",
    "\u{1b}[0m",
    "\u{7f}",
    "\u{85}",
    "\u{a0}",
    "\u{2028}",
    "\u{2029}",
    "\u{feff}",
    "\u{feff}a",
    "\u{fffe}",
    "\u{ffff}",
    "\u{e000}",
    "\u{d7ff}",
    "\u{10ffff}",
    "\u{1f600}",
    "\u{e9}",
    "e\u{301}",
    "$(HOME)",
    "{{ .a }}",
    "0777",
    "1,000",
    "0.1.2",
    "1__0",
    "_1",
    "0_7",
    "0b",
    "0x",
    "+",
    "+a",
    "1 ",
    " 1",
    "Infinity",
    "None",
    "nil",
    "undefined",
];

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(TRAPS).prop_map(str::to_owned),
        1 => vec(select(TRAPS), 2..4).prop_map(|parts| parts.concat()),
        1 => vec(select(TRAPS), 2..4).prop_map(|parts| parts.join(" ")),
        2 => vec(select("0123456789_:.eE+-xobabTZ ".chars().collect::<Vec<_>>()), 0..8).prop_map(|all| all.into_iter().collect()),
        2 => vec(any::<char>(), 0..12).prop_map(|all| all.into_iter().collect()),
        1 => (select(TRAPS), 50..300_usize).prop_map(|(part, times)| format!("{part} a").repeat(times)),
    ]
}

/// Keys are short: YAML takes no longer ones in a line than 1024 characters, and clusters no longer ones than 317.
fn keys() -> impl Strategy<Value = String> {
    texts().prop_map(|text| text.chars().take(100).collect())
}

fn objects() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        8 => texts().prop_map(Value::String),
        1 => any::<bool>().prop_map(Value::Bool),
        1 => any::<i64>().prop_map(|number| json!(number)),
        1 => (-1_000_000..1_000_000_i64).prop_map(|number| json!(number as f64 / 64.0)),
    ];
    let inner = leaf.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::Array),
            btree_map(keys(), inner, 0..5).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    btree_map(keys(), inner, 1..5).prop_map(|map| Value::Object(map.into_iter().collect()))
}

fn read_back(object: &Value) {
    let text = text(object);
    assert_eq!(reader::read(&text).as_ref(), Ok(object), "by YAML 1.1:\n{text}");
    let own: Value = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(&own, object, "by YAML 1.2:\n{text}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_written_is_read_back_equal(object in objects()) {
        read_back(&object);
    }
}

#[test]
fn every_trap_is_read_back_equal_wherever_it_stands() {
    for trap in TRAPS {
        read_back(&json!({ "value": trap, (*trap): "key", "list": [trap, [trap], { (*trap): trap }] }));
    }
}

#[test]
fn no_text_stands_plain_that_is_anything_but_a_text() {
    for trap in TRAPS.iter().filter(|trap| kind(trap) != Kind::Text) {
        let line = text(&json!({ "a": trap }));
        assert!(
            line.starts_with("a: \"") || line.starts_with("a: '"),
            "{trap:?} stands as {line}"
        );
    }
}

#[test]
fn a_reader_of_others_takes_it_for_the_same() {
    let mut runner = TestRunner::deterministic();
    let mut all: Vec<Value> = (0..1_000)
        .map(|_| objects().new_tree(&mut runner).expect("an object").current())
        .collect();
    all.extend(TRAPS.iter().map(|trap| json!({ "value": trap, (*trap): [trap] })));
    let texts: Vec<String> = all.iter().map(text).collect();
    let Some(read) = python::read(&texts) else {
        return;
    };
    assert_eq!(read.len(), all.len());
    for ((object, text), read) in all.iter().zip(&texts).zip(read) {
        assert_eq!(read, json!({ "read": object }), "{text}");
    }
}

#[test]
fn every_manifest_is_read_the_same_by_all() {
    let texts: BTreeSet<String> = everything::made()
        .into_iter()
        .map(|made| made.manifest.yaml)
        .collect();
    assert!(texts.len() > 300, "only {} manifests were made", texts.len());
    let texts: Vec<String> = texts.into_iter().collect();
    let by_python = python::read(&texts);
    for (at, text) in texts.iter().enumerate() {
        let own: Value = serde_saphyr::from_str(text).expect("a manifest is YAML");
        assert_eq!(reader::read(text).as_ref(), Ok(&own), "{text}");
        if let Some(read) = by_python.as_ref().map(|all| &all[at]) {
            assert_eq!(read, &json!({ "read": own }), "{text}");
        }
    }
}

#[test]
fn the_reader_takes_plain_texts_as_the_types_of_yaml_have_them() {
    let cases = [
        ("no", json!(false)),
        ("On", json!(true)),
        ("y", json!(true)),
        ("~", Value::Null),
        ("012", json!(10)),
        ("0o17", json!(15)),
        ("0x1F", json!(31)),
        ("0b11", json!(3)),
        ("1_000", json!(1000)),
        ("1:30", json!(90)),
        ("-190:20:30", json!(-685_230)),
        ("1e3", json!(1000.0)),
        (".5", json!(0.5)),
        ("08", json!(8.0)),
        ("0X1F", json!(31)),
        ("8080", json!(8080)),
        ("v1", json!("v1")),
        ("10.0.0.1/8", json!("10.0.0.1/8")),
    ];
    for (text, expected) in cases {
        assert_eq!(
            reader::read(&format!("a: {text}")),
            Ok(json!({ "a": expected })),
            "{text}"
        );
        assert_eq!(
            reader::read(&format!("a: \"{text}\"")),
            Ok(json!({ "a": text })),
            "{text}"
        );
    }
    for odd in [
        "a: 2026-01-31",
        "<<: a",
        "a: =",
        "a: &b c",
        "a: !!str b",
        "a: 1\na: 2",
        "1: a",
        "a: 99999999999999999999",
        "a: b\n--- c",
    ] {
        assert!(reader::read(odd).is_err(), "{odd}");
    }
}
