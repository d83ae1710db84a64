//! Objects may be applied in the order of their files, as `kubectl apply -f DIR` does, and deleted in the other: Consul takes
//! no chain in which a service has another protocol, or none but that of connections.

use super::suite;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What Consul has been told, as far as it looks at that before it takes another object.
#[derive(Default)]
struct Consul {
    protocols: BTreeMap<String, String>,
    /// Kind and name of each object of a chain, and which services it names.
    chains: BTreeMap<(String, String), BTreeSet<String>>,
    providers: BTreeSet<String>,
    /// Which providers the intentions of a name ask for: Consul takes none without, and takes none of these away.
    intentions: BTreeMap<String, BTreeSet<String>>,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The names of the providers of tokens anywhere below.
fn providers(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match (key.as_str(), value) {
                    ("providers", Value::Array(all)) => {
                        found.extend(all.iter().map(|one| text(&one["name"])))
                    }
                    _ => providers(value, found),
                }
            }
        }
        Value::Array(all) => all.iter().for_each(|value| providers(value, found)),
        _ => {}
    }
}

/// Every `service` anywhere below.
fn services(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match (key.as_str(), value) {
                    ("service", Value::String(name)) => drop(found.insert(name.clone())),
                    _ => services(value, found),
                }
            }
        }
        Value::Array(all) => all.iter().for_each(|value| services(value, found)),
        _ => {}
    }
}

impl Consul {
    fn apply(&mut self, object: &Value) -> Result<(), String> {
        let (kind, name) = (text(&object["kind"]), text(&object["metadata"]["name"]));
        match kind.as_str() {
            "ServiceDefaults" => {
                self.protocols.insert(name, text(&object["spec"]["protocol"]));
            }
            "ServiceRouter" | "ServiceSplitter" | "ServiceResolver" => {
                let mut named = BTreeSet::from([name.clone()]);
                services(&object["spec"], &mut named);
                self.chains.insert((kind, name), named);
            }
            "JWTProvider" => drop(self.providers.insert(name)),
            "ServiceIntentions" => {
                let mut named = BTreeSet::new();
                providers(&object["spec"], &mut named);
                self.intentions.insert(name, named);
            }
            _ => {}
        }
        self.sound()
    }

    fn delete(&mut self, object: &Value) -> Result<(), String> {
        let (kind, name) = (text(&object["kind"]), text(&object["metadata"]["name"]));
        match kind.as_str() {
            "ServiceDefaults" => drop(self.protocols.remove(&name)),
            "JWTProvider" => drop(self.providers.remove(&name)),
            "ServiceIntentions" => drop(self.intentions.remove(&name)),
            _ => drop(self.chains.remove(&(kind, name))),
        }
        self.sound()
    }

    /// All services of a chain have the same protocol, and one of HTTP where requests are routed or split.
    fn sound(&self) -> Result<(), String> {
        let of = |name: &String| self.protocols.get(name).map_or("tcp", String::as_str);
        for ((kind, name), named) in &self.chains {
            let protocols: BTreeSet<&str> = named.iter().map(of).collect();
            if protocols.len() > 1 {
                return Err(format!("{kind} {name}: {named:?} have {protocols:?}"));
            }
            if kind != "ServiceResolver" && protocols.contains("tcp") {
                return Err(format!("{kind} {name}: requests of tcp"));
            }
        }
        let known = |named: &BTreeSet<String>| named.is_subset(&self.providers);
        match self.intentions.iter().find(|(_, named)| !known(named)) {
            Some((name, named)) => Err(format!("the intentions of {name} ask for {named:?}")),
            None => Ok(()),
        }
    }
}

#[test]
fn files_are_applied_in_the_order_of_their_names_and_deleted_in_the_other() {
    for case in suite() {
        let paths: Vec<&String> = case.iter().map(|(path, _)| path).collect();
        let mut sorted = paths.clone();
        sorted.sort();
        assert_eq!(paths, sorted);
        let mut consul = Consul::default();
        for (path, object) in &case {
            consul.apply(object).unwrap_or_else(|why| panic!("{path}: {why}"));
        }
        for (path, object) in case.iter().rev() {
            consul
                .delete(object)
                .unwrap_or_else(|why| panic!("{path}: {why}"));
        }
    }
}

#[test]
fn another_order_is_refused() {
    let refused = |case: &Vec<(String, Value)>| {
        let mut consul = Consul::default();
        let mut all = case.iter().rev();
        all.any(|(_, object)| consul.apply(object).is_err())
    };
    assert!(suite().iter().all(refused));
}
