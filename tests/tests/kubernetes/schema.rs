//! The schemas of the kinds, as the clusters' own definitions give them.

use flowmesh_tests::crd;
use jsonschema::Validator;
use serde_json::{Value, json};
use std::fs;

/// The definitions of all kinds of a file; `None`, with a word about it, where it is not at hand.
pub(crate) fn definitions(path: &str) -> Option<Vec<Value>> {
    let path = flowmesh_tests::files::shared("the schemas of manifests")?
        .join("schemas")
        .join(path);
    let text = fs::read_to_string(path).expect("the shared folder has the schemas");
    let all: Vec<Value> = serde_saphyr::from_multiple(&text).expect("definitions are YAML");
    Some(all.into_iter().filter(|one| !one.is_null()).collect())
}

/// The definitions of all kinds of a channel of Gateway API.
pub(crate) fn channel(name: &str) -> Option<Vec<Value>> {
    let folder = flowmesh_tests::files::shared("the schemas of manifests")?.join("schemas/gateway-api");
    let mut all = Vec::new();
    for entry in fs::read_dir(folder.join(name)).expect("the shared folder has the channel") {
        let file = entry.expect("a folder can be read").file_name();
        all.extend(definitions(&format!(
            "gateway-api/{name}/{}",
            file.to_string_lossy()
        ))?);
    }
    all.retain(|one| one["kind"] == "CustomResourceDefinition");
    Some(all)
}

/// What is wrong with an object, by the schema of the version that it names, and by its rules where that finds nothing.
pub(crate) fn faults(definition: &Value, object: &Value) -> Vec<String> {
    let group = definition["spec"]["group"]
        .as_str()
        .expect("a definition has a group");
    let version = definition["spec"]["versions"]
        .as_array()
        .expect("a definition has versions")
        .iter()
        .find(|version| {
            object["apiVersion"] == format!("{group}/{}", version["name"].as_str().unwrap_or_default())
        })
        .expect("the version of the object is defined");
    assert_eq!(version["served"], true);
    assert_eq!(object["kind"], definition["spec"]["names"]["kind"]);
    let schema = &version["schema"]["openAPIV3Schema"];
    let validator = validator(schema);
    let found = validator.iter_errors(object);
    let found: Vec<String> = found
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    if found.is_empty() {
        crd::broken(schema, object)
    } else {
        found
    }
}

/// A schema of a definition as one of JSON.
pub(crate) fn validator(schema: &Value) -> Validator {
    let mut schema = schema.clone();
    close(&mut schema);
    // What every object has, and some definitions leave to the cluster.
    for (name, kind) in [
        ("apiVersion", "string"),
        ("kind", "string"),
        ("metadata", "object"),
    ] {
        let properties = schema["properties"]
            .as_object_mut()
            .expect("a schema has properties");
        properties.entry(name).or_insert(json!({ "type": kind }));
    }
    jsonschema::validator_for(&schema).expect("it is a schema")
}

/// A cluster drops unknown fields in silence; here they are faults. Kubernetes' own words become JSON Schema's.
fn close(schema: &mut Value) {
    let Value::Object(map) = schema else {
        if let Value::Array(all) = schema {
            all.iter_mut().for_each(close);
        }
        return;
    };
    let open = map
        .get("x-kubernetes-preserve-unknown-fields")
        .is_some_and(|open| open == true);
    if map.get("properties").is_some_and(Value::is_object) && !open {
        map.entry("additionalProperties").or_insert(json!(false));
    }
    if map
        .get("x-kubernetes-int-or-string")
        .is_some_and(|either| either == true)
    {
        map.insert("type".to_owned(), json!(["integer", "string"]));
    }
    map.values_mut().for_each(close);
}
