//! Manifests for Istio: what is made from services and gateways, that clusters take it, and that it means the same.
#[path = "istio/access.rs"]
pub(crate) mod access;
#[path = "istio/meaning.rs"]
mod meaning;
#[path = "istio/table.rs"]
pub(crate) mod table;

use crate::{beside, schema};
use serde_json::Value;

const SUITE: &str = "tests/suite/istio";

#[test]
fn the_suite_becomes_what_stands_beside_it() {
    beside::hold(SUITE);
}

#[test]
fn clusters_take_every_manifest() {
    let Some(definitions) = schema::definitions("istio/crd-all.gen.yaml") else {
        return;
    };
    let mut kinds = std::collections::BTreeSet::new();
    for manifest in beside::suite(SUITE).into_iter().flat_map(|case| case.manifests) {
        let mut object: Value = serde_saphyr::from_str(&manifest.yaml).expect("a manifest is YAML");
        let kind = object["kind"].as_str().expect("an object has a kind").to_owned();
        let is_of = |definition: &&Value| {
            let group = definition["spec"]["group"].as_str().unwrap_or_default();
            let version = object["apiVersion"].as_str().unwrap_or_default();
            definition["spec"]["names"]["kind"] == kind && version.starts_with(group)
        };
        let definition = definitions.iter().find(is_of).expect("the kind is defined");
        let faults = schema::faults(definition, &object);
        assert_eq!(faults, Vec::<String>::new(), "{}", manifest.yaml);
        object["spec"]["nothing"] = 3.into();
        let faults = schema::faults(definition, &object);
        assert_eq!(faults.len(), 1, "a schema that takes anything shows nothing");
        kinds.insert(kind);
    }
    let all = [
        "AuthorizationPolicy",
        "DestinationRule",
        "Gateway",
        "PeerAuthentication",
        "RequestAuthentication",
        "ServiceEntry",
        "Telemetry",
        "VirtualService",
    ];
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), all);
}
