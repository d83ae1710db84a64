//! The definitions are those that are written down, and such as a cluster takes.

use flowmesh_operator::install::{Install, crds, install};
use serde_json::{Value, json};
use std::{env, fs, path::Path};

fn schemas() -> Vec<Value> {
    let all = crds();
    let read = |text: &str| -> Value { serde_saphyr::from_str(text).unwrap() };
    all.split("---\n")
        .map(read)
        .map(|one| one["spec"]["versions"][0]["schema"]["openAPIV3Schema"].clone())
        .collect()
}

#[test]
fn the_definitions_are_those_that_are_written_down() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/operator/crds.yaml");
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, crds()).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == crds(), "crds.yaml: write it anew with `UPDATE_DOCS=1`");
}

#[test]
fn schemas_are_structural() {
    for schema in schemas() {
        walk(&schema, &mut |node| {
            for word in [
                "$ref",
                "oneOf",
                "anyOf",
                "allOf",
                "not",
                "definitions",
                "$defs",
                "const",
            ] {
                assert_eq!(node.get(word), None, "{node:#}");
            }
            let typed = node.get("type").is_some_and(Value::is_string);
            let open = node.get("x-kubernetes-preserve-unknown-fields").is_some();
            assert!(typed || open, "{node:#}");
            assert!(node.get("properties").is_none() || node.get("additionalProperties").is_none());
        });
    }
}

#[test]
fn clusters_know_every_format() {
    for schema in schemas() {
        walk(&schema, &mut |node| {
            let format = node.get("format").and_then(Value::as_str);
            let known = [
                "int32",
                "int64",
                "float",
                "double",
                "date",
                "date-time",
                "duration",
            ];
            assert!(format.is_none_or(|format| known.contains(&format)), "{node:#}");
        });
    }
}

#[test]
fn every_field_says_what_it_is() {
    for schema in schemas() {
        for part in ["spec", "status"] {
            walk(&schema["properties"][part], &mut |node| {
                for (name, field) in node
                    .get("properties")
                    .and_then(Value::as_object)
                    .into_iter()
                    .flatten()
                {
                    assert!(field["description"].is_string(), "{name}: {field:#}");
                }
            });
        }
    }
}

fn walk(schema: &Value, look: &mut impl FnMut(&Value)) {
    look(schema);
    for inner in schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        walk(inner.1, look);
    }
    for word in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get(word).filter(|inner| inner.is_object()) {
            walk(inner, look);
        }
    }
}

#[test]
fn both_have_columns_short_names_and_a_status_of_their_own() {
    let all = crds();
    for (text, short) in all.split("---\n").zip(["fp", "fr"]) {
        let one: Value = serde_saphyr::from_str(text).unwrap();
        assert_eq!(one["spec"]["names"]["shortNames"][0], short);
        assert_eq!(one["spec"]["scope"], "Namespaced");
        let version = &one["spec"]["versions"][0];
        assert!(version["subresources"]["status"].is_object());
        assert!(version["additionalPrinterColumns"].as_array().unwrap().len() > 4);
    }
}

/// The manifests that the suite expects of the compiler.
fn expected(folder: &Path) -> Vec<Value> {
    let all = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    all.flat_map(|path| match path.extension().is_some_and(|it| it == "yaml") {
        _ if path.is_dir() => expected(&path),
        true => {
            let text = fs::read_to_string(&path).unwrap();
            let read = |one: &str| serde_saphyr::from_str::<Value>(one).ok();
            text.split("---\n").filter_map(read).collect()
        }
        false => Vec::new(),
    })
    .filter(|object| object["kind"].is_string() && object["apiVersion"].is_string())
    .collect()
}

#[test]
fn the_operator_may_make_all_that_the_compiler_writes() {
    let how = Install {
        namespace: "ops".to_owned(),
        image: "flowmesh-operator:1".to_owned(),
    };
    let all = install(&how);
    let read = |text: &str| serde_saphyr::from_str::<Value>(text).unwrap();
    let role = all
        .split("---\n")
        .map(read)
        .find(|object| object["kind"] == "ClusterRole");
    let role = role.unwrap();
    let says = |all: &Value, word: &str| all.as_array().unwrap().iter().any(|it| it == word || it == "*");
    let suite = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/suite");
    let folders = [
        "kubernetes",
        "istio",
        "linkerd",
        "consul",
        "experimental",
        "workload",
    ];
    let objects: Vec<Value> = folders
        .iter()
        .map(|folder| suite.join(folder))
        .flat_map(|folder| expected(&folder))
        .collect();
    assert!(objects.len() > 100, "only {} objects", objects.len());
    for object in objects {
        let version = object["apiVersion"].as_str().unwrap();
        let group = version.split_once('/').map_or("", |(group, _)| group);
        let kind = object["kind"].as_str().unwrap().to_lowercase();
        let kinds = match kind.strip_suffix('y') {
            Some(stem) if !kind.ends_with("ay") => format!("{stem}ies"),
            _ => format!("{kind}s"),
        };
        let may = |verb: &str| {
            let rules = role["rules"].as_array().unwrap();
            rules.iter().any(|rule| {
                says(&rule["apiGroups"], group)
                    && says(&rule["resources"], &kinds)
                    && says(&rule["verbs"], verb)
            })
        };
        for verb in ["get", "create", "patch", "delete"] {
            assert!(may(verb), "{verb} {kinds} of `{group}`");
        }
    }
}

#[test]
fn clusters_take_all_that_is_installed() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/schemas/kubernetes");
    if !shared.is_dir() {
        println!("skipped: there is no {}", shared.display());
        return;
    }
    let read = |name: &str| -> Value {
        serde_json::from_str(&fs::read_to_string(shared.join(name)).unwrap()).unwrap()
    };
    let (definitions, index) = (read("definitions-v1.36.0-strict.json"), read("gvk-index.json"));
    let how = Install {
        namespace: "ops".to_owned(),
        image: "flowmesh-operator:1".to_owned(),
    };
    let all = install(&how);
    for text in all.split("---\n") {
        let object: Value = serde_saphyr::from_str(text).unwrap();
        let (version, kind) = (
            object["apiVersion"].as_str().unwrap(),
            object["kind"].as_str().unwrap(),
        );
        let name = index[format!("{version}/{kind}")].as_str().expect(kind);
        let schema = json!({ "$ref": format!("#/$defs/{name}"), "$defs": definitions["$defs"] });
        let validator = jsonschema::validator_for(&schema).unwrap();
        let faults: Vec<String> = validator
            .iter_errors(&object)
            .map(|error| error.to_string())
            .collect();
        assert_eq!(faults, Vec::<String>::new(), "{kind}");
    }
}
