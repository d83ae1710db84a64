//! Manifests for Linkerd: what is made from services, that clusters take it, and that it means the same.
#[path = "linkerd/access.rs"]
mod access;
#[path = "linkerd/meaning.rs"]
mod meaning;
#[path = "linkerd/table.rs"]
mod table;
#[path = "linkerd/traps.rs"]
mod traps;

use crate::{beside, schema};
use serde_json::Value;
use std::{collections::BTreeSet, fs};

const SUITE: &str = "tests/suite/linkerd";

#[test]
fn the_suite_becomes_what_stands_beside_it() {
    beside::hold(SUITE);
}

/// An object of the suite, as YAML and read.
fn objects() -> Vec<(String, Value)> {
    let manifests = beside::suite(SUITE).into_iter().flat_map(|case| case.manifests);
    let read = |yaml: String| {
        let object = serde_saphyr::from_str(&yaml).expect("a manifest is YAML");
        (yaml, object)
    };
    manifests.map(|manifest| read(manifest.yaml)).collect()
}

#[test]
fn clusters_take_every_manifest() {
    let files = [
        "linkerd/linkerd-crds.yaml",
        // Linkerd reads a version of this that the standard channel does not serve any more.
        "gateway-api/experimental/gateway.networking.k8s.io_tlsroutes.yaml",
        "gateway-api/standard/gateway.networking.k8s.io_httproutes.yaml",
    ];
    let found: Option<Vec<Vec<Value>>> = files.into_iter().map(schema::definitions).collect();
    let Some(found) = found else { return };
    let definitions: Vec<Value> = found.into_iter().flatten().collect();
    let mut kinds = BTreeSet::new();
    for (yaml, mut object) in objects() {
        let kind = object["kind"].as_str().expect("an object has a kind").to_owned();
        kinds.insert(kind.clone());
        if kind == "Service" {
            continue;
        }
        let is_of = |definition: &&Value| {
            let group = definition["spec"]["group"].as_str().unwrap_or_default();
            let version = object["apiVersion"].as_str().unwrap_or_default();
            definition["spec"]["names"]["kind"] == kind && version.starts_with(group)
        };
        let definition = definitions.iter().find(is_of).expect("the kind is defined");
        assert_eq!(
            schema::faults(definition, &object),
            Vec::<String>::new(),
            "{yaml}"
        );
        object["spec"]["nothing"] = 3.into();
        let faults = schema::faults(definition, &object);
        assert_eq!(faults.len(), 1, "a schema that takes anything shows nothing");
    }
    let all = [
        "AuthorizationPolicy",
        "EgressNetwork",
        "HTTPLocalRateLimitPolicy",
        "HTTPRoute",
        "MeshTLSAuthentication",
        "NetworkAuthentication",
        "Server",
        "Service",
        "TLSRoute",
    ];
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), all);
}

/// What Linkerd reads of a route: fields of Gateway API 1.2.1, of which one more would have it leave out the whole object.
#[test]
fn routes_have_nothing_that_is_too_new() {
    let known = |of: &Value, names: &[&str]| {
        let map = of.as_object().expect("it is an object");
        map.keys().find(|key| !names.contains(&key.as_str())).cloned()
    };
    let all = |of: &Value| of.as_array().cloned().unwrap_or_default();
    let mut seen = 0;
    for (yaml, object) in objects().into_iter().filter(|it| it.1["kind"] == "HTTPRoute") {
        let spec = &object["spec"];
        assert_eq!(known(spec, &["parentRefs", "hostnames", "rules"]), None, "{yaml}");
        for parent in all(&spec["parentRefs"]) {
            assert_eq!(known(&parent, &["group", "kind", "name", "port"]), None, "{yaml}");
        }
        for rule in all(&spec["rules"]) {
            seen += 1;
            assert_eq!(
                known(&rule, &["matches", "filters", "backendRefs"]),
                None,
                "{yaml}"
            );
            for filter in all(&rule["filters"]) {
                assert_eq!(filter["type"], "RequestHeaderModifier", "{yaml}");
            }
        }
    }
    assert!(seen > 10, "{seen} rules");
}

/// A Service is the cluster's own: with a specification, applying it would take away its ports and whom it selects.
#[test]
fn of_services_nothing_but_annotations_is_said() {
    let path = flowmesh_tests::files::shared("the schemas of manifests");
    let schema = path.map(|path| {
        let text = fs::read_to_string(path.join("schemas/kubernetes/definitions-v1.36.0-strict.json"));
        let mut all: Value =
            serde_json::from_str(&text.expect("the shared folder has it")).expect("it is JSON");
        all["$ref"] = "#/$defs/io.k8s.api.core.v1.Service".into();
        jsonschema::validator_for(&all).expect("it is a schema")
    });
    let mut seen = 0;
    for (yaml, object) in objects().into_iter().filter(|it| it.1["kind"] == "Service") {
        seen += 1;
        assert!(
            object.get("spec").is_none() && object["metadata"].get("labels").is_none(),
            "{yaml}"
        );
        let values = object["metadata"]["annotations"]
            .as_object()
            .expect("it has annotations");
        assert!(values.values().all(Value::is_string), "{yaml}");
        if let Some(schema) = &schema {
            let faults: Vec<String> = schema
                .iter_errors(&object)
                .map(|fault| fault.to_string())
                .collect();
            assert_eq!(faults, Vec::<String>::new(), "{yaml}");
        }
    }
    assert!(seen >= 3, "{seen} Services");
}
