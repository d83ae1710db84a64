//! What rules see of an object: what is not said, what is filled in, numbers and times by their types, and names that are words of CEL.

use flowmesh_tests::crd::{broken, filled, rules};
use serde_json::{Value, json};

/// A schema whose root has one rule.
fn held(properties: &Value, rule: &str) -> Value {
    json!({
        "type": "object",
        "properties": properties,
        "x-kubernetes-validations": [{ "rule": rule, "message": "broken" }],
    })
}

#[track_caller]
fn holds(properties: &Value, object: &Value, rule: &str) {
    assert_eq!(
        broken(&held(properties, rule), object),
        Vec::<String>::new(),
        "{rule}"
    );
    let not = broken(&held(properties, &format!("!({rule})")), object);
    assert_eq!(not, [": broken"], "whatever is said holds: {rule}");
}

#[test]
fn what_is_not_said_is_missing_or_filled_in() {
    let inner = json!({ "type": "object", "properties": { "b": { "type": "integer", "default": 7 } } });
    let properties = json!({
        "a": inner,
        "c": { "type": "string", "default": "x" },
        "list": { "type": "array", "items": inner },
        "map": { "type": "object", "additionalProperties": inner },
        "maybe": { "type": "string", "nullable": true },
    });
    holds(&properties, &json!({}), "!has(self.a) && self.c == 'x'");
    holds(
        &properties,
        &json!({ "a": {}, "c": "" }),
        "self.a.b == 7 && self.c == ''",
    );
    holds(
        &properties,
        &json!({ "list": [{}, { "b": 1 }] }),
        "self.list.map(i, i.b) == [7, 1]",
    );
    holds(
        &properties,
        &json!({ "map": { "k": {} } }),
        "self.map['k'].b == 7 && self.map.k.b == 7",
    );
    holds(&properties, &json!({ "c": null }), "self.c == 'x'");
    holds(&properties, &json!({ "a": null }), "!has(self.a)");
    assert_eq!(
        filled(&json!({ "properties": properties }), &json!({ "maybe": null }))["maybe"],
        Value::Null
    );
    let error = broken(&held(&properties, "self.a.b == 7"), &json!({}));
    assert_eq!(error, [": broken (no such key: a)"]);
}

#[test]
fn values_have_the_types_of_the_schema() {
    let properties = json!({
        "whole": { "type": "integer" },
        "share": { "type": "number" },
        "either": { "x-kubernetes-int-or-string": true },
        "long": { "type": "string", "format": "duration" },
        "at": { "type": "string", "format": "date-time" },
        "open": { "x-kubernetes-preserve-unknown-fields": true },
        "namespace": { "type": "string" },
        "a-b.c/d__e": { "type": "string" },
    });
    let object = json!({
        "whole": 3, "share": 3, "either": 80, "long": "1m", "at": "2026-01-01T00:00:00Z", "open": { "a": 1 },
        "namespace": "n", "a-b.c/d__e": "odd", "unknown": 1
    });
    holds(
        &properties,
        &object,
        "self.whole / 2 == 1 && self.share / 2.0 == 1.5",
    );
    holds(&properties, &object, "self.either == 80");
    holds(
        &properties,
        &object,
        "self.long > duration('59s') && self.at < timestamp('2027-01-01T00:00:00Z')",
    );
    holds(&properties, &object, "!has(self.open) && !has(self.unknown)");
    holds(
        &properties,
        &object,
        "self.__namespace__ == 'n' && self.a__dash__b__dot__c__slash__d__underscores__e == 'odd'",
    );
    assert!(
        !broken(&held(&properties, "self.size() > 0"), &object).is_empty(),
        "an object is not gone over"
    );
}

#[test]
fn rules_hold_at_every_place_and_say_where_they_do_not() {
    let named = json!({ "type": "string", "x-kubernetes-validations": [{ "rule": "self != 'bad'", "message": "is bad" }] });
    let schema = json!({
        "type": "object",
        "properties": {
            "list": { "type": "array", "items": { "type": "object", "properties": { "name": named } } },
            "map": { "type": "object", "additionalProperties": named },
            "old": { "type": "string", "x-kubernetes-validations": [{ "rule": "self == oldSelf" }] },
        },
        "x-kubernetes-validations": [{ "rule": "self.metadata.name != 'x' && self.kind == 'K'" }],
    });
    let paths: Vec<String> = rules(&schema).into_iter().map(|rule| rule.path).collect();
    assert_eq!(paths, ["", "list[].name", "map{}", "old"]);
    let object = json!({
        "kind": "K", "metadata": { "name": "y" }, "list": [{ "name": "good" }, { "name": "bad" }], "map": { "k": "bad" },
        "old": "anything"
    });
    assert_eq!(
        broken(&schema, &object),
        ["list[1].name: is bad", "map.k: is bad"]
    );
    let renamed = json!({ "kind": "K", "metadata": { "name": "x" } });
    assert_eq!(
        broken(&schema, &renamed),
        [": failed rule: self.metadata.name != 'x' && self.kind == 'K'"]
    );
}

#[test]
fn nothing_stands_twice_in_a_list_in_which_nothing_may() {
    let ports = json!({
        "type": "array",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["port", "protocol"],
        "items": { "type": "object", "properties": {
            "port": { "type": "integer" }, "protocol": { "type": "string", "default": "TCP" }
        } },
    });
    let names = json!({ "type": "array", "x-kubernetes-list-type": "set", "items": { "type": "string" } });
    let schema = json!({ "properties": { "ports": ports, "names": names } });
    let twice =
        json!({ "ports": [{ "port": 1 }, { "port": 1, "protocol": "TCP" }], "names": ["a", "b", "a"] });
    assert_eq!(
        broken(&schema, &twice),
        [
            "names: duplicate value: \"a\"",
            "ports: duplicate value: [1,\"TCP\"]"
        ]
    );
    let once = json!({ "ports": [{ "port": 1 }, { "port": 1, "protocol": "UDP" }], "names": ["a", "b"] });
    assert_eq!(broken(&schema, &once), Vec::<String>::new());
}
