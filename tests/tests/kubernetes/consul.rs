//! Manifests for Consul: what is made from services, that clusters and Consul take it in the order of its files, and that it
//! means the same.
#[path = "consul/access.rs"]
mod access;
#[path = "consul/admission.rs"]
mod admission;
#[path = "consul/claims.rs"]
mod claims;
#[path = "consul/filled.rs"]
mod filled;
#[path = "consul/meaning.rs"]
mod meaning;
#[path = "consul/order.rs"]
mod order;
#[path = "consul/rates.rs"]
mod rates;
#[path = "consul/reader.rs"]
mod reader;
#[path = "consul/table.rs"]
mod table;
#[path = "consul/visitors.rs"]
mod visitors;

use crate::{beside, schema};
use flowmesh_diagnostics::Diagnostics;
use flowmesh_ir::Program;
use flowmesh_kubernetes::{Manifest, Options, Target, compile};
use flowmesh_tests::files;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const SUITE: &str = "tests/suite/consul";

/// The objects of a program, in the order of their files, and their names.
fn objects(program: &Program) -> Vec<(String, Value)> {
    let mut found = Diagnostics::default();
    let manifests = compile(program, Target::Consul, &Options::default(), &mut found);
    assert!(!found.has_errors(), "{:?}", found.sorted());
    read(manifests)
}

/// The objects of manifests in their order, with the names of their files.
fn read(manifests: Vec<Manifest>) -> Vec<(String, Value)> {
    let each = manifests.into_iter().map(|manifest| {
        let object = serde_saphyr::from_str(&manifest.yaml).expect("a manifest is YAML");
        (manifest.path, object)
    });
    each.collect()
}

/// All of the suite.
fn suite() -> Vec<Vec<(String, Value)>> {
    let cases = beside::suite(SUITE).into_iter();
    cases.map(|case| read(case.manifests)).collect()
}

#[test]
fn the_suite_becomes_what_stands_beside_it() {
    beside::hold(SUITE);
}

/// The definitions of Consul's own kinds and of gateways, by their names.
fn definitions() -> Option<BTreeMap<String, Value>> {
    let schemas = files::shared("the schemas of Consul")?.join("schemas");
    let mut all = BTreeMap::new();
    for folder in ["consul", "gateway-api/standard"] {
        for path in files::below(&schemas.join(folder), ".yaml") {
            let name = path.file_name().expect("a file has a name").to_string_lossy();
            for definition in schema::definitions(&format!("{folder}/{name}"))? {
                let kind = definition["spec"]["names"]["kind"].as_str().unwrap_or_default();
                all.insert(kind.to_owned(), definition);
            }
        }
    }
    Some(all)
}

#[test]
fn clusters_take_every_manifest() {
    let Some(definitions) = definitions() else {
        return;
    };
    let mut kinds = BTreeSet::new();
    for (path, mut object) in suite().into_iter().flatten() {
        let kind = object["kind"].as_str().expect("an object has a kind").to_owned();
        let definition = &definitions[&kind];
        let faults = schema::faults(definition, &object);
        assert_eq!(faults, Vec::<String>::new(), "{path}");
        object["spec"]["nothing"] = 3.into();
        let faults = schema::faults(definition, &object);
        assert_eq!(faults.len(), 1, "a schema that takes anything shows nothing");
        kinds.insert(kind);
    }
    let all = [
        "Gateway",
        "GatewayPolicy",
        "HTTPRoute",
        "JWTProvider",
        "Mesh",
        "RouteAuthFilter",
        "RouteRetryFilter",
        "RouteTimeoutFilter",
        "ServiceDefaults",
        "ServiceIntentions",
        "ServiceResolver",
        "ServiceRouter",
        "ServiceSplitter",
        "TerminatingGateway",
    ];
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), all);
}
