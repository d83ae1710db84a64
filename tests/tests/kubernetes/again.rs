//! What is written for a mesh, imported and written again, means the same.

use crate::{
    beside,
    meaning::{CONDITIONS, routed},
};
use flowmesh_diagnostics::Diagnostics;
use flowmesh_import::{Input, Kind, import};
use flowmesh_ir::Program;
use flowmesh_kubernetes::{Manifest, Options, Target, compile};
use regex::Regex;
use serde_json::{Value, json};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, HashMap},
};

thread_local! {
    /// Those that were met before: there are few, and to make one takes long.
    static KNOWN: RefCell<HashMap<String, Regex>> = RefCell::default();
}

/// The objects of manifests.
fn objects(manifests: &[Manifest]) -> Vec<Value> {
    manifests
        .iter()
        .map(|it| serde_saphyr::from_str(&it.yaml).expect("a manifest is YAML"))
        .collect()
}

/// Imported, and written again.
fn again(manifests: &[Manifest], target: Target) -> Vec<Value> {
    let texts: Vec<&str> = manifests.iter().map(|it| it.yaml.as_str()).collect();
    let input = Input {
        name: "manifests.yaml".to_owned(),
        text: texts.join("---\n"),
    };
    let imported = import(&[input], Some(Kind::Kubernetes));
    let text = imported
        .text
        .unwrap_or_else(|| panic!("{:?}", imported.found.sorted()));
    let program: Program = imported.program.expect("it compiles");
    let mut found = Diagnostics::default();
    let made = compile(&program, target, &Options::default(), &mut found);
    assert!(!found.has_errors(), "{:?}\n{text}", found.sorted());
    objects(&made)
}

/// What an object says, by what it is about.
fn about(objects: &[Value], kind: &str, of: impl Fn(&Value) -> String) -> BTreeMap<String, Value> {
    let own = objects.iter().filter(|it| it["kind"] == kind);
    own.map(|it| (of(it), it["spec"].clone())).collect()
}

/// Who may do what at which pods: each rule taken apart into the single things that it lets through.
pub(crate) fn rules(objects: &[Value]) -> BTreeSet<String> {
    let list = |it: &Value| it.as_array().cloned().unwrap_or_default();
    let or_any = |all: Vec<Value>| if all.is_empty() { vec![json!("any")] } else { all };
    let mut found = BTreeSet::new();
    for policy in objects.iter().filter(|it| it["kind"] == "AuthorizationPolicy") {
        let (spec, namespace) = (&policy["spec"], &policy["metadata"]["namespace"]);
        let head = format!("{namespace} {} {}", spec["selector"], spec["action"]);
        found.insert(head.clone());
        for rule in list(&spec["rules"]) {
            for from in or_any(list(&rule["from"])) {
                for who in or_any(list(&from["source"]["principals"])) {
                    for to in or_any(list(&rule["to"])) {
                        let operation = &to["operation"];
                        for path in or_any(list(&operation["paths"])) {
                            let (methods, ports) = (&operation["methods"], &operation["ports"]);
                            let rest = &from["source"]["notRequestPrincipals"];
                            found.insert(format!(
                                "{head} {who} {rest} {path} {methods} {ports} {}",
                                rule["when"]
                            ));
                        }
                    }
                }
            }
        }
    }
    found
}

/// A request, as far as routes look at it.
#[derive(Debug)]
pub(crate) struct Request {
    host: String,
    path: String,
    method: &'static str,
    named: BTreeMap<String, String>,
}

/// Every text that routes compare a part of a request with.
fn compared(routes: &[Value], part: &str) -> BTreeSet<String> {
    let matches = routes
        .iter()
        .flat_map(|route| route["match"].as_array().cloned().unwrap_or_default());
    let texts = matches.flat_map(|one| one[part].as_object().cloned().unwrap_or_default());
    texts
        .filter_map(|(_, text)| text.as_str().map(str::to_owned))
        .collect()
}

/// Requests that tell the routes of two tables apart, if anything does.
pub(crate) fn requests(routes: &[Value]) -> Vec<Request> {
    let mut paths: BTreeSet<String> = ["/".to_owned(), "/other".to_owned()].into();
    for text in compared(routes, "uri") {
        let plain = text.replace("[^/]+", "7").replace("(/.*)?", "").replace('\\', "");
        paths.extend([plain.clone(), format!("{plain}/more"), format!("{plain}x")]);
        paths.insert(plain.trim_end_matches('/').to_owned());
    }
    let mut hosts: BTreeSet<String> = ["elsewhere".to_owned()].into();
    let plain = |text: String| {
        text.replace("(:[0-9]+)?", "")
            .replace("[^:]+", "any")
            .replace('\\', "")
    };
    hosts.extend(compared(routes, "authority").into_iter().map(plain));
    let mut named: BTreeSet<(String, String)> = BTreeSet::new();
    for one in routes
        .iter()
        .flat_map(|route| route["match"].as_array().cloned().unwrap_or_default())
    {
        for part in ["headers", "queryParams"] {
            for (name, text) in one[part].as_object().cloned().unwrap_or_default() {
                let value = text.as_object().and_then(|it| it.values().next()?.as_str());
                let value = value.unwrap_or_default().to_owned();
                named.insert((format!("{part} {name}"), value));
            }
        }
    }
    let mut with: Vec<BTreeMap<String, String>> = vec![BTreeMap::new()];
    for (name, value) in named.into_iter().take(5) {
        let more: Vec<_> = with
            .iter()
            .map(|it| {
                it.clone()
                    .into_iter()
                    .chain([(name.clone(), value.clone())])
                    .collect()
            })
            .collect();
        with.extend(more);
    }
    let mut all = Vec::new();
    for host in &hosts {
        for path in paths.iter().filter(|path| path.starts_with('/')) {
            for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
                for named in &with {
                    all.push(Request {
                        host: host.clone(),
                        path: path.clone(),
                        method,
                        named: named.clone(),
                    });
                }
            }
        }
    }
    all
}

fn fits(wanted: &Value, text: Option<&str>) -> bool {
    let Some((kind, value)) = wanted.as_object().and_then(|it| it.iter().next()) else {
        return true;
    };
    let (Some(text), Some(value)) = (text, value.as_str()) else {
        return false;
    };
    match kind.as_str() {
        "exact" => text == value,
        "prefix" => text.starts_with(value),
        _ => KNOWN.with_borrow_mut(|known| {
            let made = || Regex::new(&format!("^(?:{value})$")).expect("it is a regular expression");
            known.entry(value.to_owned()).or_insert_with(made).is_match(text)
        }),
    }
}

/// What the first route that fits does with a request.
pub(crate) fn taken(routes: &[Value], request: &Request) -> Value {
    let one = |it: &Value| {
        let named = |part: &str| {
            let all = it[part].as_object().cloned().unwrap_or_default();
            all.iter().all(|(name, text)| {
                fits(
                    text,
                    request.named.get(&format!("{part} {name}")).map(String::as_str),
                )
            })
        };
        fits(&it["uri"], Some(&request.path))
            && fits(&it["method"], Some(request.method))
            && fits(&it["authority"], Some(&request.host))
            && named("headers")
            && named("queryParams")
    };
    let found = routes.iter().find(|route| match route["match"].as_array() {
        None => true,
        Some(all) => all.iter().any(one),
    });
    let mut said = found.cloned().unwrap_or(Value::Null);
    if let Some(all) = said.as_object_mut() {
        all.remove("match");
    }
    // Of Envoy's words, `5xx` repeats after all that the others do.
    if let Some(on) = said.pointer_mut("/retries/retryOn") {
        let words: BTreeSet<String> = on
            .as_str()
            .unwrap_or_default()
            .split(',')
            .map(str::to_owned)
            .collect();
        *on = match words.contains("5xx") {
            true => json!(
                words
                    .into_iter()
                    .filter(|word| word.parse::<u16>().is_ok() || word == "5xx")
                    .collect::<Vec<_>>()
            ),
            false => json!(words),
        };
    }
    said
}

/// Each table of routes, by the hosts and gateways that it is for.
pub(crate) fn tables(objects: &[Value]) -> BTreeMap<String, Vec<Value>> {
    let specs = about(objects, "VirtualService", |it| {
        format!("{} {}", it["spec"]["hosts"], it["spec"]["gateways"])
    });
    specs
        .into_iter()
        .map(|(about, spec)| (about, spec["http"].as_array().cloned().unwrap_or_default()))
        .collect()
}

fn mean_the_same(before: &[Value], after: &[Value], place: &str) {
    let host = |it: &Value| it["spec"]["host"].to_string();
    let name = |it: &Value| it["metadata"]["name"].to_string();
    assert_eq!(
        about(before, "DestinationRule", host),
        about(after, "DestinationRule", host),
        "{place}"
    );
    let namespace = |it: &Value| it["metadata"]["namespace"].to_string();
    for kind in ["PeerAuthentication", "RequestAuthentication", "Telemetry"] {
        assert_eq!(
            about(before, kind, namespace),
            about(after, kind, namespace),
            "{place}"
        );
    }
    assert_eq!(
        about(before, "Gateway", name),
        about(after, "Gateway", name),
        "{place}"
    );
    assert_eq!(rules(before), rules(after), "{place}");
    let (before, after) = (tables(before), tables(after));
    assert_eq!(
        before.keys().collect::<Vec<_>>(),
        after.keys().collect::<Vec<_>>(),
        "{place}"
    );
    for (about, routes) in &before {
        let others = &after[about];
        let both: Vec<Value> = routes.iter().chain(others).cloned().collect();
        for request in requests(&both) {
            assert_eq!(
                taken(routes, &request),
                taken(others, &request),
                "{place}: {about}: {request:?}"
            );
        }
    }
}

#[test]
fn the_suite_of_istio_means_the_same_when_it_is_imported() {
    // The pods of a program that a gateway leads to become a service there, which `twice` looks at.
    let outside = |it: &Manifest| it.yaml.contains("kind: ServiceEntry");
    for case in beside::suite("tests/suite/istio") {
        if case.manifests.iter().any(outside) {
            continue;
        }
        let after = again(&case.manifests, Target::Istio);
        mean_the_same(
            &objects(&case.manifests),
            &after,
            &case.path.display().to_string(),
        );
    }
}

#[test]
fn programs_that_were_made_mean_the_same_when_they_are_imported() {
    let mut held = 0;
    // Few are enough to meet each condition at each place.
    for number in (0..7 * 7 * 7 * 32_usize).step_by(331) {
        let pick = |place: u32| CONDITIONS[number / 7_usize.pow(place) % 7];
        let conditions = [pick(0), pick(1), pick(2)];
        let policies = [0, 1, 2, 3, 4].map(|bit| u32::from(((number / 343) >> bit) & 1 == 1));
        let program = routed(&conditions, policies);
        let mut found = Diagnostics::default();
        let manifests = compile(&program, Target::Istio, &Options::default(), &mut found);
        let after = again(&manifests, Target::Istio);
        mean_the_same(
            &objects(&manifests),
            &after,
            &format!("{conditions:?} {policies:?}"),
        );
        held += 1;
    }
    assert!(held > 30, "{held} were held");
}

#[test]
fn the_suite_of_gateway_api_is_imported_and_can_be_written_again() {
    let mut held = 0;
    for case in beside::suite("tests/suite/kubernetes") {
        let before = objects(&case.manifests);
        let kinds = |kind: &str| before.iter().filter(|it| it["kind"] == kind).count();
        // A gateway of its own kinds for connections and grants is another matter.
        if kinds("HTTPRoute") != before.len() {
            continue;
        }
        let after = again(&case.manifests, Target::GatewayApi);
        let parents = |all: &[Value]| -> BTreeSet<String> {
            all.iter()
                .map(|it| it["spec"]["parentRefs"][0]["name"].to_string())
                .collect()
        };
        assert_eq!(parents(&before), parents(&after), "{}", case.path.display());
        let waits = |all: &[Value]| -> BTreeSet<String> {
            let rules = all
                .iter()
                .flat_map(|it| it["spec"]["rules"].as_array().cloned().unwrap_or_default());
            rules
                .map(|rule| format!("{} {}", rule["backendRefs"], rule["timeouts"]))
                .collect()
        };
        assert_eq!(waits(&before), waits(&after), "{}", case.path.display());
        held += 1;
    }
    assert!(held > 0, "the suite has a route of services alone");
}
