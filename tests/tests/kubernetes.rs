//! Manifests: what is made from services, that clusters take it, and what is refused at the author's line.
#[path = "kubernetes/again.rs"]
mod again;
#[path = "kubernetes/beside.rs"]
mod beside;
#[path = "kubernetes/cluster.rs"]
mod cluster;
#[path = "kubernetes/consul.rs"]
mod consul;
#[path = "kubernetes/everything.rs"]
mod everything;
#[path = "kubernetes/front.rs"]
mod front;
#[path = "kubernetes/istio.rs"]
mod istio;
#[path = "kubernetes/layouts.rs"]
mod layouts;
#[path = "kubernetes/linkerd.rs"]
mod linkerd;
#[path = "kubernetes/meaning.rs"]
mod meaning;
#[path = "kubernetes/program.rs"]
mod program;
#[path = "kubernetes/rules.rs"]
mod rules;
#[path = "kubernetes/schema.rs"]
mod schema;
#[path = "kubernetes/settings.rs"]
mod settings;
#[path = "kubernetes/workload.rs"]
mod workload;
#[path = "kubernetes/yaml.rs"]
mod yaml;

use flowmesh_diagnostics::{Diagnostics, Severity, Sources};
use flowmesh_ir::{
    Program, SecretId,
    expr::{Binary, Expr, Unary},
    policy::{Balance, Policy, Retry, Timeout},
    program::Origins,
    service::{Auth, Method, Route, Service},
};
use flowmesh_kubernetes::{Manifest, Options, Target, compile};
use program::{
    below, binary, equals, header, operation, otherwise, placed, program, request, service, text, waits, when,
};
use std::collections::BTreeSet;

const INVENTORY: &str = "dns://inventory.shop.svc.cluster.local:8080";
const PAYMENTS: [(&str, &str); 2] = [
    ("v1", "dns://payments-v1.shop.svc.cluster.local:8080"),
    ("v2", "dns://payments-v2.shop.svc.cluster.local:8080"),
];

/// Two services: one that is where it is, and one that is split, with operations that take their own time.
fn shop() -> Program {
    let query = Expr::Index(Box::new(request("query")), Box::new(text("beta")));
    let tester = binary(Binary::Or, equals(header("X-Tester"), "yes"), equals(query, "on"));
    let routes = vec![when(tester, &[(1, 100)]), otherwise(&[(0, 90), (1, 10)])];
    let mut payments = service("payments", &PAYMENTS, routes);
    payments.operations = vec![
        operation("charge", Method::Post, "/v1/charges", 1),
        operation("refund", Method::Post, "/v1/charges/{}/refund", 2),
        operation("list", Method::Get, "/v1/charges", 0),
    ];
    let inventory = service("inventory", &[("", INVENTORY)], vec![otherwise(&[(0, 100)])]);
    program(
        vec![waits(5_000, 30_000), waits(1_000, 5_000), waits(90_000, 60_000)],
        vec![inventory, payments],
    )
}

fn made(program: &Program, options: &Options<'_>) -> (Vec<Manifest>, Vec<String>) {
    let mut found = Diagnostics::default();
    let manifests = compile(program, Target::GatewayApi, options, &mut found);
    let words = found.sorted().into_iter().map(|diagnostic| {
        let severity = if diagnostic.severity == Severity::Error {
            ""
        } else {
            "warning "
        };
        format!(
            "{severity}{} at {}: {}",
            diagnostic.code, diagnostic.span.start, diagnostic.message
        )
    });
    (manifests, words.collect())
}

/// What is found in a service with these routes to `v1` and `v2`.
fn found_in_routes(routes: Vec<Route>) -> Vec<String> {
    found_in(vec![waits(1_000, 2_000)], service("payments", &PAYMENTS, routes))
}

fn found_in(policies: Vec<Policy>, service: Service) -> Vec<String> {
    let program = placed(
        program(policies, vec![service]),
        &[("service/payments", 1), ("service/payments@route", 2)],
    );
    made(&program, &Options::default()).1
}

#[test]
fn a_split_and_timeouts_become_a_route() {
    let mut sources = Sources::default();
    sources.add("shop.flow", "\n\nservice inventory {}\n\nservice payments {}\n");
    let program = placed(shop(), &[("service/inventory", 2), ("service/payments", 24)]);
    let options = Options {
        sources: Some(&sources),
        ..Options::default()
    };
    let (manifests, found) = made(&program, &options);
    assert_eq!(found, Vec::<String>::new());
    let text: String = manifests
        .iter()
        .map(|file| format!("# {}\n{}", file.path, file.yaml))
        .collect();
    let hash = program.hash().to_string();
    assert!(text.contains(&hash));
    insta::assert_snapshot!(text.replace(&hash, "HASH"));
    assert_eq!(made(&program, &options).0, manifests);
}

#[test]
fn clusters_take_every_manifest() {
    let shop = made(&shop(), &Options::default()).0;
    let suite = |folder: &str| beside::suite(folder).into_iter().flat_map(|case| case.manifests);
    let standard = suite("tests/suite/kubernetes").chain(shop);
    let experimental = suite("tests/suite/experimental");
    let mut kinds = BTreeSet::new();
    for (channel, manifests) in [
        ("standard", standard.collect::<Vec<_>>()),
        ("experimental", experimental.collect()),
    ] {
        let Some(definitions) = schema::channel(channel) else {
            return;
        };
        for manifest in manifests {
            let mut object: serde_json::Value =
                serde_saphyr::from_str(&manifest.yaml).expect("a manifest is YAML");
            let kind = object["kind"].as_str().expect("an object has a kind").to_owned();
            let group = |definition: &&serde_json::Value| {
                let version = object["apiVersion"].as_str().expect("an object has a version");
                definition["spec"]["names"]["kind"] == kind
                    && version.starts_with(definition["spec"]["group"].as_str().unwrap_or("-"))
            };
            let definition = definitions
                .iter()
                .find(group)
                .unwrap_or_else(|| panic!("{kind} is known"));
            assert_eq!(
                schema::faults(definition, &object),
                Vec::<String>::new(),
                "{}",
                manifest.yaml
            );
            object["spec"]["nothing"] = 3.into();
            assert_eq!(
                schema::faults(definition, &object).len(),
                1,
                "a schema that takes anything shows nothing"
            );
            kinds.insert(kind);
        }
    }
    let wanted = [
        "BackendTLSPolicy",
        "GRPCRoute",
        "Gateway",
        "HTTPRoute",
        "ReferenceGrant",
        "TLSRoute",
        "XBackendTrafficPolicy",
    ];
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), wanted);
}

#[test]
fn the_suite_becomes_what_stands_beside_it() {
    beside::hold("tests/suite/experimental");
    beside::hold("tests/suite/kubernetes");
}

#[test]
fn settings_that_a_route_cannot_hold_are_refused_where_they_stand() {
    let (mut program, places) = unheld();
    assert_eq!(
        made(&program, &Options::default()).1,
        [
            "F0702 at 3: the target `gateway-api` cannot hold `balance`",
            "F0704 at 4: the target `gateway-api` cannot hold `auth`",
            "F0701 at 5: the target `gateway-api` cannot hold `retry`",
            "F0701 at 5: the target `gateway-api` cannot hold `retry.budget`",
            "F0703 at 6: the target `gateway-api` cannot hold `timeout.idle`",
        ]
    );
    program.origins = Origins::default();
    let others = places
        .into_iter()
        .filter(|(path, _)| *path != "service/payments/charge@timeout");
    program = placed(program, &others.collect::<Vec<_>>());
    assert!(
        made(&program, &Options::default())
            .1
            .iter()
            .any(|found| found.starts_with("F0703 at 7"))
    );
}

#[test]
fn the_interpreter_may_fill_what_a_route_cannot_hold() {
    let (program, _) = unheld();
    let options = Options {
        interpreter_fills: true,
        ..Options::default()
    };
    let (manifests, found) = made(&program, &options);
    assert_eq!(found, Vec::<String>::new());
    let annotation = "flowmesh/interpreter: balance, auth, timeout.idle of charge, retry of charge, retry.budget of charge";
    assert!(manifests[0].yaml.contains(annotation), "{}", manifests[0].yaml);
}

/// A service with everything that a route cannot hold.
fn unheld() -> (Program, [(&'static str, u32); 6]) {
    let retry = Retry {
        attempts: 3,
        on: vec![],
        backoff: Default::default(),
        budget: None,
    };
    let balanced = Policy {
        balance: Balance::RoundRobin,
        ..Policy::default()
    };
    let timeout = Timeout {
        idle_ms: 1_000,
        ..Timeout::default()
    };
    let patient = Policy {
        retry: Some(retry),
        timeout,
        ..balanced.clone()
    };
    let mut payments = service("payments", &[("", INVENTORY)], vec![otherwise(&[(0, 100)])]);
    payments.auth = Some(Auth::Bearer(SecretId(0)));
    payments.operations = vec![operation("charge", Method::Post, "/v1/charges", 1)];
    let places = [
        ("service/payments", 1),
        ("service/payments@balance", 3),
        ("service/payments@auth", 4),
        ("service/payments/charge@retry", 5),
        ("service/payments/charge@timeout", 6),
        ("service/payments/charge", 7),
    ];
    (
        placed(program(vec![balanced, patient], vec![payments]), &places),
        places,
    )
}

#[test]
fn only_services_of_the_cluster_can_be_attached_to() {
    let at = |subsets: &[(&str, &str)]| {
        let split = [(0, 100)];
        found_in(
            vec![Policy::default()],
            service("payments", subsets, vec![otherwise(&split)]),
        )
    };
    assert_eq!(
        at(&[("", "http://127.0.0.1:80")]),
        [
            "F0705 at 1: expected the address of a Service, found `http://127.0.0.1:80`: the mesh does not stand before a \
         fixed address"
        ]
    );
    let mut both = service("payments", &[PAYMENTS[0]], vec![otherwise(&[(0, 100)])]);
    both.subsets[0].addresses.push(text(INVENTORY));
    assert_eq!(
        found_in(vec![Policy::default()], both),
        ["F0707 at 1: a route leads to Services, and not to several addresses balanced as one"]
    );
}

#[test]
fn a_service_outside_the_cluster_is_left_to_an_interpreter_that_fills() {
    let outside = service(
        "payments",
        &[("", "http://pay.example.com:80")],
        vec![otherwise(&[(0, 100)])],
    );
    let options = Options {
        interpreter_fills: true,
        ..Options::default()
    };
    let (manifests, found) = made(&program(vec![Policy::default()], vec![outside]), &options);
    assert!(
        manifests.is_empty() && found[0].starts_with("warning F0705"),
        "{found:?}"
    );
}

#[test]
fn addresses_from_configs_are_known_when_the_config_is() {
    let mut payments = service("payments", &[("", "")], vec![otherwise(&[(0, 100)])]);
    payments.subsets[0].addresses = vec![Expr::Config(flowmesh_ir::ConfigId(0))];
    let mut shop = program(vec![Policy::default()], vec![]);
    shop.services = vec![payments.into()];
    shop.configs = vec![flowmesh_ir::program::Config {
        name: "at".into(),
        ty: flowmesh_ir::ty::Type::Url,
        default: None,
    }];
    let mut options = Options::default();
    assert_eq!(
        made(&shop, &options).1,
        ["F0706 at 0: the address depends on the config `at`, which has no value yet"]
    );
    options.configs.insert("at".into(), INVENTORY.to_owned());
    assert_eq!(made(&shop, &options).0.len(), 1);
}

#[test]
fn conditions_that_no_match_can_say_are_refused() {
    let refused = |condition| {
        let found = found_in_routes(vec![when(condition, &[(1, 100)]), otherwise(&[(0, 100)])]);
        found
            .into_iter()
            .map(|found| found.replace("the target `gateway-api` cannot hold this condition", "-"))
    };
    let not = Expr::Unary(Unary::Not, Box::new(equals(header("x"), "yes")));
    let cases = [
        (
            not,
            "F0708 at 2: -: a match compares a part of the request with a text, by `==`",
        ),
        (
            equals(request("host"), "a"),
            "F0708 at 2: -: a route of a Service cannot ask for the host",
        ),
        (
            equals(request("method"), "FETCH"),
            "F0708 at 2: -: there is no such method",
        ),
        (
            equals(header("x"), ""),
            "F0708 at 2: -: a match needs a value of 1 to 1024 bytes",
        ),
        (
            equals(header("x y"), "a"),
            "F0708 at 2: -: a match cannot ask for a name with such characters",
        ),
        (
            equals(request("path"), "/a/../b"),
            "F0708 at 2: -: a path begins with `/`, is encoded, and has no empty or dotted segments",
        ),
        (
            below("/a"),
            "F0708 at 2: -: a prefix is compared by whole segments: end it with `/`",
        ),
    ];
    for (condition, expected) in cases {
        assert_eq!(refused(condition).collect::<Vec<_>>(), [expected]);
    }
}

#[test]
fn operations_that_a_match_cannot_tell_apart_take_the_same_time() {
    let with = |operations: Vec<_>| {
        let mut payments = service("payments", &[PAYMENTS[0]], vec![otherwise(&[(0, 100)])]);
        payments.operations = operations;
        found_in(vec![waits(1_000, 2_000), waits(1_000, 3_000)], payments)
    };
    let get = |name, path, policy| operation(name, Method::Get, path, policy);
    assert_eq!(
        with(vec![
            get("lines", "/charges/{}/lines", 0),
            get("one", "/charges/{}", 1)
        ]),
        [
            "F0710 at 1: the target `gateway-api` cannot tell `one` from `lines`, and not the same holds for both"
        ]
    );
    let put = operation("put", Method::Put, "/charges/{}", 0);
    assert_eq!(
        with(vec![put, get("one", "/charges/{}", 1), get("all", "/charges", 0)]),
        Vec::<String>::new()
    );
}

#[test]
fn a_gateway_needs_somebody_who_carries_it_out() {
    let text = "service shop { at: \"dns://shop.shop.svc:80\" }\ngateway front {\n  listen: \"http://0.0.0.0:80\"\n  any \"/**\" -> shop\n}\n";
    let program = flowmesh_tests::fuzz::compiled(text).expect("it compiles");
    let found = made(&program, &Options::default()).1;
    assert!(found.len() == 1 && found[0].starts_with("F0718 at "), "{found:?}");
    let options = Options {
        gateway_class: Some("edge".to_owned()),
        ..Options::default()
    };
    assert_eq!(made(&program, &options).1, Vec::<String>::new());
}

#[test]
fn routes_let_nobody_in_whom_rules_keep_out() {
    let options = Options {
        gateway_class: Some("edge".to_owned()),
        ..Options::default()
    };
    let gateways = |rules: &str| {
        let text = format!(
            "service shop {{ at: \"dns://shop.shop.svc:80\"\n  op read() -> json = GET \"/\"\n}}\ngateway front {{\n  listen: \"http://0.0.0.0:80\"\n  any \"/**\" -> shop\n}}\ngateway back {{\n  listen: \"http://0.0.0.0:81\"\n  any \"/**\" -> shop\n}}\n{rules}\n"
        );
        let program = flowmesh_tests::fuzz::compiled(&text).unwrap_or_else(|| panic!("{rules} compiles"));
        let made = made(&program, &options).0;
        let gateways = made.iter().filter(|one| one.path.starts_with("gateway-"));
        gateways.map(|one| one.path.clone()).collect::<Vec<_>>()
    };
    let (front, back) = ("gateway-front.yaml".to_owned(), "gateway-back.yaml".to_owned());
    assert_eq!(gateways(""), [back.clone(), front.clone()]);
    assert_eq!(
        gateways("allow gateway front to shop"),
        std::slice::from_ref(&front)
    );
    assert_eq!(
        gateways("allow gateway front, gateway back to shop"),
        [back, front]
    );
    for shut in [
        "allow gateway front to shop when request.header(\"x\") == \"a\"",
        "allow gateway front to shop.read",
        "allow gateway front to shop\ndeny gateway front to shop.read",
    ] {
        assert_eq!(gateways(shut), Vec::<String>::new(), "{shut}");
    }
}

#[test]
fn what_is_more_than_a_route_holds_is_refused() {
    let tester = |number: u32| {
        when(
            equals(header("x"), &number.to_string()),
            &[(0, number + 1), (1, 99 - number)],
        )
    };
    let many = (0..16).map(tester).chain([otherwise(&[(0, 100)])]).collect();
    let found = found_in_routes(many);
    assert!(found[0].starts_with("F0711 at 2: it needs 2 routes"), "{found:?}");
    let long = service(&"a".repeat(64), &[PAYMENTS[0]], vec![otherwise(&[(0, 100)])]);
    assert!(found_in(vec![Policy::default()], long)[0].starts_with("F0711"));
    let patient = service("payments", &[PAYMENTS[0]], vec![otherwise(&[(0, 100)])]);
    assert_eq!(
        found_in(vec![waits(1, 400_000_000_000)], patient),
        ["F0711 at 1: a timeout is longer than 99999 hours"]
    );
}
