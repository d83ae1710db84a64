//! A `VirtualService` must mean to Istio what the service's routes mean to the program: every request goes the same way, and
//! may take the same time. Istio takes the first route that fits.

use crate::meaning::{CONDITIONS, OPERATIONS, Request, routed};
use flowmesh_diagnostics::Diagnostics;
use flowmesh_kubernetes::{Options, Target, compile};
use regex::Regex;
use serde_json::Value;
use std::{cell::RefCell, collections::HashMap};

thread_local! {
    /// Those that were met before: there are few, and to make one takes long.
    static KNOWN: RefCell<HashMap<String, Regex>> = RefCell::default();
}

/// Whether a text is compared well; what is not asked for fits.
fn compares(wanted: &Value, text: Option<&str>) -> bool {
    let word = |kind: &str| wanted[kind].as_str();
    match (word("exact"), word("prefix"), word("regex"), text) {
        (None, None, None, _) => wanted.is_null(),
        (_, _, _, None) => false,
        (Some(exact), None, None, Some(text)) => text == exact,
        (None, Some(prefix), None, Some(text)) => text.starts_with(prefix),
        (None, None, Some(regex), Some(text)) => KNOWN.with_borrow_mut(|known| {
            let made = || Regex::new(&format!("^(?:{regex})$")).expect("it is a regular expression");
            known.entry(regex.to_owned()).or_insert_with(made).is_match(text)
        }),
        _ => panic!("one way to compare: {wanted}"),
    }
}

/// The route that Istio takes.
fn taken<'a>(routes: &'a [Value], request: &Request) -> &'a Value {
    let fits = |one: &Value| {
        let no_headers = serde_json::Map::new();
        let headers = one["headers"].as_object().unwrap_or(&no_headers);
        compares(&one["uri"], Some(request.path))
            && compares(&one["method"], Some(request.method))
            && headers.values().all(|wanted| compares(wanted, request.header))
    };
    let found = routes.iter().find(|route| match route["match"].as_array() {
        None => true,
        Some(matches) => matches.iter().any(fits),
    });
    found.expect("the last route takes every request")
}

#[test]
fn every_request_goes_where_the_program_sends_it() {
    let mut made = 0;
    for number in (0..7 * 7 * 7 * 32_usize).step_by(11) {
        let pick = |place: u32| CONDITIONS[number / 7_usize.pow(place) % 7];
        let conditions = [pick(0), pick(1), pick(2)];
        let policies = [0, 1, 2, 3, 4].map(|bit| u32::from(((number / 343) >> bit) & 1 == 1));
        let mut found = Diagnostics::default();
        let program = routed(&conditions, policies);
        let manifests = compile(&program, Target::Istio, &Options::default(), &mut found);
        assert!(!found.has_errors(), "{:?}", found.sorted());
        let [manifest] = manifests.as_slice() else {
            panic!("one manifest: {manifests:?}");
        };
        made += 1;
        let object: Value = serde_saphyr::from_str(&manifest.yaml).expect("a manifest is YAML");
        let routes = object["spec"]["http"].as_array().expect("there are routes");
        for ((name, method, _, path), policy) in OPERATIONS.iter().zip(policies) {
            for header in [None, Some("a"), Some("b"), Some("c")] {
                let request = Request {
                    method: method.as_str(),
                    path,
                    header,
                };
                let way = conditions
                    .iter()
                    .position(|condition| condition.holds(&request))
                    .unwrap_or(3);
                let route = taken(routes, &request);
                let place = format!("{name} {header:?} {conditions:?} {policies:?}\n{}", manifest.yaml);
                let host = &route["route"][0]["destination"]["host"];
                assert_eq!(*host, format!("s{way}.shop.svc.cluster.local"), "{place}");
                assert_eq!(route["timeout"], format!("{}s", policy + 1), "{place}");
                assert_eq!(
                    route["retries"]["attempts"], 0,
                    "Istio would repeat twice: {place}"
                );
            }
        }
    }
    assert!(made > 900, "{made} were made");
}
