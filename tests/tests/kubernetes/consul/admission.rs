//! What Consul and its webhooks refuse beyond what the schemas say, and what it would take and mean otherwise.

use super::suite;
use regex::Regex;
use serde_json::Value;
use std::collections::BTreeSet;

/// The specs of a kind, with their files.
fn of(kind: &str) -> Vec<(String, Value)> {
    let all = suite().into_iter().flatten();
    let found: Vec<(String, Value)> = all
        .filter(|(_, object)| object["kind"] == kind)
        .map(|(path, object)| (path, object["spec"].clone()))
        .collect();
    assert!(!found.is_empty(), "the suite has a {kind}");
    found
}

fn each(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// Paths are asked for in one way at most, and begin with `/`.
fn http_is_taken(http: &Value, path: &str) {
    let ways = ["pathExact", "pathPrefix", "pathRegex"].map(|key| &http[key]);
    assert!(ways.iter().filter(|way| !way.is_null()).count() <= 1, "{path}");
    assert!(
        ways.iter()
            .all(|way| way.as_str().is_none_or(|way| way.starts_with('/'))),
        "{path}"
    );
    let methods: Vec<&Value> = each(&http["methods"]).collect();
    let known = [
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE",
    ];
    assert!(
        methods
            .iter()
            .all(|method| known.iter().any(|known| *method == known)),
        "{path}"
    );
    let once: BTreeSet<String> = methods.iter().map(ToString::to_string).collect();
    assert_eq!(once.len(), methods.len(), "{path}");
    for one in each(&http["header"]).chain(each(&http["queryParam"])) {
        assert!(
            one["exact"].as_str().is_some_and(|value| !value.is_empty()),
            "{path}"
        );
    }
}

#[test]
fn a_router_says_how_long_everything_may_take_and_ends_with_what_fits_all() {
    let words = ["5xx", "connect-failure", "refused-stream"];
    for (path, spec) in of("ServiceRouter") {
        let routes: Vec<&Value> = each(&spec["routes"]).collect();
        for route in &routes {
            let (http, to) = (&route["match"]["http"], &route["destination"]);
            http_is_taken(http, &path);
            // Where nothing is said, the proxy ends a request after 15 s, and a number that is 0 is nothing.
            let timeout = to["requestTimeout"].as_str().unwrap_or_default();
            assert!(!timeout.is_empty() && timeout != "0s", "{path}: {route}");
            let has_path = !http["pathExact"].is_null() || !http["pathPrefix"].is_null();
            assert!(to["prefixRewrite"].is_null() || has_path, "{path}: {route}");
            assert!(
                each(&to["retryOn"]).all(|on| words.iter().any(|word| on == word)),
                "{path}"
            );
            // What is repeated without a number is repeated once.
            let repeats = !to["retryOn"].is_null() || !to["retryOnStatusCodes"].is_null();
            assert_eq!(
                repeats,
                to["numRetries"].as_u64().is_some_and(|number| number > 0),
                "{path}"
            );
        }
        let last = routes.last().expect("a router has routes");
        let http = &last["match"]["http"];
        let all = http.is_null() || *http == serde_json::json!({ "pathPrefix": "/" });
        assert!(all, "{path}: {last}");
    }
}

#[test]
fn instances_take_as_long_as_callers_give_them() {
    let seconds = |text: &Value| {
        let text = text.as_str().expect("a route says how long it may take");
        let number: f64 = text.trim_end_matches('s').parse().expect("in seconds");
        number * 1_000.0
    };
    for case in suite() {
        let defaults = |name: &str| {
            let is = |object: &&(String, Value)| {
                object.1["kind"] == "ServiceDefaults" && object.1["metadata"]["name"] == name
            };
            let found = case.iter().find(is).expect("each service has defaults");
            found.1["spec"]["localRequestTimeoutMs"].clone()
        };
        for (path, object) in case
            .iter()
            .filter(|(_, object)| object["kind"] == "ServiceRouter")
        {
            let name = object["metadata"]["name"].as_str().expect("a name");
            for route in each(&object["spec"]["routes"]) {
                let to = &route["destination"];
                let place = defaults(to["service"].as_str().unwrap_or(name));
                // Behind the name of a split is nothing.
                if let Some(local) = place.as_f64() {
                    assert!(local >= seconds(&to["requestTimeout"]), "{path}: {route}");
                }
            }
        }
    }
}

#[test]
fn splits_are_a_hundred_together_and_name_each_service_once() {
    for (path, spec) in of("ServiceSplitter") {
        let weights = each(&spec["splits"]).map(|split| split["weight"].as_f64().expect("a weight"));
        // As Consul counts them.
        let scaled: f64 = weights.map(|weight| (weight * 100.0).round()).sum();
        assert!((scaled - 10_000.0).abs() < 0.5, "{path}: {scaled}");
        let names: Vec<String> = each(&spec["splits"])
            .map(|split| split["service"].to_string())
            .collect();
        let once: BTreeSet<&String> = names.iter().collect();
        assert_eq!(once.len(), names.len(), "{path}");
    }
}

#[test]
fn intentions_say_something_of_everyone_once() {
    for (path, spec) in of("ServiceIntentions") {
        let sources: Vec<&Value> = each(&spec["sources"]).collect();
        let names: BTreeSet<String> = sources.iter().map(|source| source["name"].to_string()).collect();
        assert_eq!(names.len(), sources.len(), "{path}");
        assert!(
            names.contains("\"*\""),
            "{path}: what is said of nobody is what the installation says"
        );
        for source in sources {
            let permissions: Vec<&Value> = each(&source["permissions"]).collect();
            assert_eq!(
                source["action"].is_null(),
                !permissions.is_empty(),
                "{path}: {source}"
            );
            for permission in &permissions {
                http_is_taken(&permission["http"], &path);
                let http = permission["http"].as_object().expect("Consul wants one");
                assert!(!http.is_empty(), "{path}: {source}");
            }
            if let Some(last) = permissions.last() {
                let all = serde_json::json!({ "pathPrefix": "/" });
                assert_eq!(last["http"], all, "{path}: {source}");
            }
        }
    }
}

#[test]
fn rates_are_of_one_path_each_and_bursts_are_no_smaller() {
    let mut routes = 0;
    for (path, spec) in of("ServiceDefaults") {
        let level = &spec["rateLimits"]["instanceLevel"];
        for says in each(&level["routes"]).chain((!level.is_null()).then_some(level)) {
            let is_route = says["routes"].is_null() && says != level;
            let ways = ["pathExact", "pathPrefix", "pathRegex"].map(|key| says[key].as_str());
            let ways: Vec<&str> = ways.into_iter().flatten().collect();
            assert_eq!(ways.len(), usize::from(is_route), "{path}: {says}");
            assert!(ways.iter().all(|way| way.starts_with('/')), "{path}: {says}");
            // A route without a number is refused, and so is a service that has none at all.
            let rate = says["requestsPerSecond"].as_u64();
            let said = rate.is_some_and(|rate| rate > 0);
            assert!(
                said || (!is_route && rate.is_none() && !says["routes"].is_null()),
                "{path}: {says}"
            );
            let burst = says["requestsMaxBurst"].as_u64();
            assert!(
                burst.is_none_or(|burst| rate.is_some_and(|rate| burst >= rate)),
                "{path}: {says}"
            );
            routes += usize::from(is_route);
        }
    }
    assert!(routes > 3, "{routes}");
}

#[test]
fn names_and_times_are_as_go_and_consul_read_them() {
    let name = Regex::new("^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$").unwrap();
    let time = Regex::new(r"^[0-9]+(\.[0-9]+)?s$").unwrap();
    let mut times = 0;
    for (path, object) in suite().into_iter().flatten() {
        assert!(
            name.is_match(object["metadata"]["name"].as_str().unwrap()),
            "{path}"
        );
        let mut open = vec![&object["spec"]];
        while let Some(value) = open.pop() {
            match value {
                Value::Object(map) => {
                    for (key, value) in map {
                        let timed = ["Timeout", "Time", "ttl", "interval"]
                            .iter()
                            .any(|end| key.ends_with(end));
                        if let (true, Value::String(text)) = (timed, value) {
                            assert!(time.is_match(text), "{path}: {key} {text}");
                            times += 1;
                        }
                        open.push(value);
                    }
                }
                Value::Array(all) => open.extend(all),
                _ => {}
            }
        }
    }
    assert!(times > 10, "{times}");
}

#[test]
fn rules_of_gateways_are_as_gateway_api_and_the_controller_read_them() {
    let mut rewritten = 0;
    for (path, spec) in of("HTTPRoute") {
        for rule in each(&spec["rules"]) {
            // The controller reads no times and no retries of a rule, and neither copies nor redirects.
            let keys = rule.as_object().expect("a rule").keys().map(String::as_str);
            assert_eq!(
                keys.collect::<BTreeSet<_>>(),
                ["backendRefs", "filters", "matches"].into(),
                "{path}"
            );
            let kinds = each(&rule["filters"]).filter_map(|filter| filter["type"].as_str());
            let kinds: Vec<&str> = kinds.collect();
            let known = ["ExtensionRef", "RequestHeaderModifier", "URLRewrite"];
            assert!(kinds.iter().all(|kind| known.contains(kind)), "{path}: {rule}");
            if kinds.contains(&"URLRewrite") {
                rewritten += 1;
                let matches: Vec<&Value> = each(&rule["matches"]).collect();
                assert_eq!(matches.len(), 1, "{path}: {rule}");
                assert_eq!(matches[0]["path"]["type"], "PathPrefix", "{path}: {rule}");
            }
        }
    }
    assert!(rewritten > 0);
}
