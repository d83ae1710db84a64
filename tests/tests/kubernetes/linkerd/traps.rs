//! What is easily got wrong in Linkerd, one by one.

use flowmesh_diagnostics::Diagnostics;
use flowmesh_kubernetes::{Options, Target, compile};
use flowmesh_tests::fuzz::compiled;
use serde_json::Value;

/// The objects of a program with one service.
fn objects(said: &str, rest: &str) -> Vec<Value> {
    let text = format!(
        "service web {{ at: \"dns://web.shop.svc:80\" }}\nservice s {{\n  at v1: \"dns://s-v1.shop.svc:80\"\n  \
         at v2: \"dns://s-v2.shop.svc:80\"\n  {said}\n}}\n{rest}\n"
    );
    let program = compiled(&text).unwrap_or_else(|| panic!("{text} compiles"));
    let mut found = Diagnostics::default();
    let made = compile(&program, Target::Linkerd, &Options::default(), &mut found);
    assert!(!found.has_errors(), "{:?}", found.sorted());
    let read = |yaml: &str| serde_saphyr::from_str(yaml).expect("a manifest is YAML");
    made.iter().map(|manifest| read(&manifest.yaml)).collect()
}

const SPLIT: &str = "route { else -> v1 90%, v2 10% }";

fn named(objects: &[Value], kind: &str, name: &str) -> Value {
    let is = |object: &&Value| object["kind"] == kind && object["metadata"]["name"] == name;
    let found = objects.iter().find(is);
    found
        .unwrap_or_else(|| panic!("{kind} {name} is there: {objects:#?}"))
        .clone()
}

/// An annotation that something has, or nothing.
fn said(object: &Value, name: &str) -> Option<String> {
    object["metadata"]["annotations"][name]
        .as_str()
        .map(str::to_owned)
}

/// Linkerd's own way to read a duration: a whole number, and one unit.
fn duration_ms(text: &str) -> u64 {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let number: u64 = digits.parse().expect(text);
    let unit = match text.strip_prefix(digits) {
        Some("ms") => 1,
        Some("s") => 1_000,
        Some("m") => 60_000,
        Some("h") => 3_600_000,
        unit => panic!("{text}: {unit:?}"),
    };
    number * unit
}

#[test]
fn retries_are_counted_without_the_first_attempt_and_only_their_own_timeout_is_repeated() {
    let of = |on: &str| {
        let retry = format!("retry: {{ attempts: 3, on: [{on}] }}");
        let all = objects(
            &format!(
                "timeout: {{ attempt: 1500ms, total: 90s }}\n{SPLIT}\nop read() -> json = GET \"/\" {{ {retry} }}"
            ),
            "",
        );
        let route = named(&all, "HTTPRoute", "s-read");
        [
            "retry.linkerd.io/limit",
            "retry.linkerd.io/http",
            "retry.linkerd.io/timeout",
            "timeout.linkerd.io/response",
            "timeout.linkerd.io/request",
        ]
        .map(|name| said(&route, name))
    };
    let some = |text: &str| Some(text.to_owned());
    let times = [some("1500ms"), some("90s")];
    let [response, request] = times.clone();
    assert_eq!(
        of("5xx, 429, 4xx"),
        [
            some("2"),
            some("5xx,429,400-499"),
            None,
            response.clone(),
            request.clone()
        ]
    );
    assert_eq!(
        of("timeout"),
        [some("2"), None, some("1500ms"), response.clone(), request.clone()]
    );
    assert_eq!(of("connect"), [some("2"), None, None, response, request]);
}

#[test]
fn what_may_not_be_repeated_is_not() {
    let retry = "retry: { attempts: 3, on: [5xx, timeout] }";
    let all = objects(&format!("{retry}\n{SPLIT}"), "");
    let rules = |route: &Value| serde_json::to_string(&route["spec"]["rules"]).expect("it is JSON");
    let plain = named(&all, "HTTPRoute", "s");
    assert!(said(&plain, "retry.linkerd.io/limit").is_none() && rules(&plain).contains("PathPrefix"));
    let repeated = named(&all, "HTTPRoute", "s-repeatable");
    assert_eq!(said(&repeated, "retry.linkerd.io/http").as_deref(), Some("5xx"));
    assert!(!rules(&repeated).contains("POST") && rules(&repeated).contains("PUT"));
}

#[test]
fn durations_are_whole_numbers_of_one_unit() {
    let times =
        "timeout: { attempt: 1m30s, total: 2h }\nbreaker: { rate: 10% of 5, within: 1500ms, open: 90s }";
    let all = objects(&format!("{times}\n{SPLIT}"), "");
    let route = named(&all, "HTTPRoute", "s");
    let request = said(&route, "timeout.linkerd.io/request").expect("a timeout");
    assert_eq!((duration_ms(&request), request.as_str()), (90_000, "90s"));
    let service = named(&all, "Service", "s");
    let penalty = |which: &str| {
        let name = format!("balancer.linkerd.io/failure-accrual-consecutive-{which}-penalty");
        duration_ms(&said(&service, &name).expect("a penalty"))
    };
    assert_eq!(
        (penalty("min"), penalty("max")),
        (90_000, 90_000),
        "the one is no longer than the other"
    );
    let window = said(
        &service,
        "balancer.alpha.linkerd.io/failure-accrual-success-rate-window",
    );
    assert_eq!(duration_ms(&window.expect("a window")), 1_500);
}

#[test]
fn prefixes_are_of_whole_segments_and_weights_are_relative() {
    let route = "route { when request.path.starts_with(\"/admin/\") -> v2\n else -> v1 90%, v2 10% }";
    let all = objects(route, "");
    let rules = &named(&all, "HTTPRoute", "s")["spec"]["rules"];
    let path = &rules[0]["matches"][0]["path"];
    assert_eq!(
        (path["type"].as_str(), path["value"].as_str()),
        (Some("PathPrefix"), Some("/admin"))
    );
    let weights = [0, 1].map(|at: usize| rules[1]["backendRefs"][at]["weight"].as_u64());
    assert_eq!(weights, [Some(90), Some(10)]);
}

#[test]
fn a_server_says_itself_that_nobody_comes_in() {
    let all = objects(SPLIT, "allow web to s");
    for name in ["s-v1", "s-v2"] {
        assert_eq!(named(&all, "Server", name)["spec"]["accessPolicy"], "deny");
        let policy = named(&all, "AuthorizationPolicy", &format!("{name}-may"));
        assert_eq!(policy["spec"]["targetRef"]["name"], name);
    }
    let closed = objects(SPLIT, "deny anyone to s");
    let policies = closed
        .iter()
        .filter(|object| object["kind"] == "AuthorizationPolicy");
    assert_eq!(
        (
            named(&closed, "Server", "s-v1")["spec"]["accessPolicy"].as_str(),
            policies.count()
        ),
        (Some("deny"), 0)
    );
}

#[test]
fn endpoints_that_always_fail_are_left_alone_and_a_service_is_counted_by_its_callers_name() {
    let all = objects(
        &format!("breaker: {{ rate: 100% of 20, within: 10s, open: 1s }}\n{SPLIT}"),
        "",
    );
    let services: Vec<&Value> = all.iter().filter(|object| object["kind"] == "Service").collect();
    assert_eq!(services.len(), 1, "what callers name is what Linkerd looks at");
    let service = named(&all, "Service", "s");
    let threshold = said(
        &service,
        "balancer.alpha.linkerd.io/failure-accrual-success-rate-threshold",
    );
    let threshold: f64 = threshold.expect("a threshold").parse().expect("a number");
    assert!(threshold > 0.0, "nothing would switch it off");
    let failures = said(
        &service,
        "balancer.linkerd.io/failure-accrual-consecutive-max-failures",
    );
    assert_eq!(failures.as_deref(), Some("0"), "nobody said how many in a row");
}

#[test]
fn what_switches_off_routes_is_never_written() {
    for object in super::objects() {
        assert_ne!(object.1["kind"], "ServiceProfile");
    }
}
