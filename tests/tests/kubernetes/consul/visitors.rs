//! A gateway must mean to Consul what it means to the program: every visitor is led where the first of its routes that fits
//! leads. Consul prefers the longest text for a path, then the most headers, then the first.

use super::objects;
use flowmesh_ir::{
    Program,
    expr::{Context, Expr},
    gateway::{Route, Segment, Target},
};
use flowmesh_tests::fuzz::compiled;
use regex::Regex;
use serde_json::Value;
use std::{cell::RefCell, collections::HashMap};

thread_local! {
    /// Those that were met before: there are few, and to make one takes long.
    static KNOWN: RefCell<HashMap<String, Regex>> = RefCell::default();
}

/// Routes that are picked from, before the last, which takes every visitor.
const ROUTES: [&str; 12] = [
    "any \"/a/**\" -> one",
    "any \"/a\" -> two",
    "GET \"/a/{id}\" -> three",
    "any \"/a/{id}\" -> one { retry: { attempts: 2, on: [connect, 5xx] } }",
    "GET \"/a/new\" -> two",
    "any \"/a/new/**\" -> three.green",
    "any \"/{any}/new\" -> one { timeout: { attempt: 2s, total: 2s } }",
    "POST \"/a/**\" when request.header(\"x\") == \"a\" -> two",
    "any \"/**\" when request.header(\"x\") == \"b\" -> three.blue",
    "any \"/a/*/lines\" -> two { retry: { attempts: 3, on: [5xx] } }",
    "any \"/**\" -> two { host: \"two.example.com\" }",
    "any \"/a/**\" -> three.green { host: \"*.example.com\" }",
];

const PATHS: [&str; 10] = [
    "/",
    "/a",
    "/ab",
    "/a/",
    "/a/7",
    "/a/new",
    "/a/new/x",
    "/b/new",
    "/a/7/lines",
    "/a/7/linesx",
];

const HOSTS: [&str; 3] = ["shop.example.org", "two.example.com", "x.example.com"];

fn program(routes: &[&str]) -> Option<Program> {
    let text = format!(
        r#"
service one {{ at: "dns://one.shop.svc:80" }}
service two {{ at: "dns://two.shop.svc:80", timeout: {{ attempt: 3s, total: 3s }} }}
service three {{
  at blue: "dns://three-blue.shop.svc:80"
  at green: "dns://three-green.shop.svc:80"
  route {{ else -> blue 90%, green 10% }}
}}
gateway front {{
  listen: "http://0.0.0.0:80"
  {}
  any "/**" -> one
}}
"#,
        routes.join("\n  ")
    );
    compiled(&text)
}

pub(super) struct Visit<'v> {
    pub(super) host: &'v str,
    pub(super) method: &'v str,
    pub(super) path: &'v str,
    pub(super) header: Option<&'v str>,
}

/// Whether a route of the program is for a visitor; the one header is `x`.
fn is_for(route: &Route, visit: &Visit<'_>) -> bool {
    let host = route
        .host
        .as_deref()
        .is_none_or(|host| match host.strip_prefix('*') {
            Some(end) => visit.host.ends_with(end),
            None => visit.host == host,
        });
    let method = route.method.is_none_or(|method| method.as_str() == visit.method);
    let mut rest = visit.path.split('/').skip(1).peekable();
    let mut path = true;
    let mut open = false;
    for segment in &route.path {
        match segment {
            Segment::Rest => open = true,
            Segment::Literal(text) => path &= rest.next() == Some(text),
            Segment::Param(_) | Segment::Any => path &= rest.next().is_some_and(|found| !found.is_empty()),
        }
    }
    path &= open || rest.peek().is_none();
    let header = route.condition.as_ref().is_none_or(|condition| {
        let Expr::Binary(_, read, wanted) = condition else {
            panic!("a comparison: {condition:?}");
        };
        assert!(matches!(&**read, Expr::Index(of, _) if matches!(&**of, Expr::Field(request, _) if **request == Expr::Context(Context::Request))));
        let Expr::Constant(flowmesh_ir::Value::String(wanted)) = &**wanted else {
            panic!("a text: {wanted:?}");
        };
        visit.header == Some(wanted)
    });
    host && method && path && header
}

/// Where the program leads a visitor: Services, and how long that may take.
fn led(program: &Program, visit: &Visit<'_>) -> (Vec<String>, String) {
    let gateway = &program.gateways[0];
    let route = gateway
        .routes
        .iter()
        .find(|route| is_for(route, visit))
        .expect("the last is for all");
    let Target::Service { service, subset } = route.target else {
        panic!("all lead to services");
    };
    let of = program.service(service).expect("it is there");
    let name = of.name.as_str();
    let to = match (name, subset) {
        ("three", Some(subset)) => vec![format!("three-{}", of.subsets[subset.index()].name)],
        ("three", None) => vec!["three-blue".to_owned(), "three-green".to_owned()],
        _ => vec![name.to_owned()],
    };
    let policy = program
        .policy(route.policy.or(gateway.policy).unwrap_or(of.policy))
        .expect("it is there");
    // What may be repeated has all of the time; by a method that may not, a failed attempt ends the call.
    let again = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"].contains(&visit.method);
    let connects = policy
        .retry
        .as_ref()
        .is_some_and(|retry| again || retry.on.contains(&flowmesh_ir::policy::RetryOn::Connect));
    let timeout = match connects {
        true => policy.timeout.total_ms,
        false => policy.timeout.total_ms.min(policy.timeout.attempt_ms),
    };
    (to, format!("{}s", timeout / 1_000))
}

fn each(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn of<'o>(objects: &'o [(String, Value)], kind: &'static str) -> impl Iterator<Item = &'o Value> {
    let found = objects.iter().filter(move |(_, object)| object["kind"] == kind);
    found.map(|(_, object)| object)
}

/// The rule that Consul takes for a visitor.
pub(super) fn rule<'o>(objects: &'o [(String, Value)], visit: &Visit<'_>) -> &'o Value {
    // A host has the routes of the most specific name, and no others.
    let fits = |route: &&Value| {
        let mut names = each(&route["spec"]["hostnames"])
            .filter_map(Value::as_str)
            .peekable();
        names.peek().is_none()
            || names.any(|name| match name.strip_prefix('*') {
                Some(end) => visit.host.ends_with(end),
                None => visit.host == name,
            })
    };
    let specific = |route: &&Value| {
        let name = route["spec"]["hostnames"][0].as_str().unwrap_or_default();
        (!name.is_empty(), !name.starts_with('*'), name.len())
    };
    let route = of(objects, "HTTPRoute")
        .filter(fits)
        .max_by_key(specific)
        .expect("there is one for all hosts");
    let rules = each(&route["spec"]["rules"]);
    let mut matches: Vec<(&Value, &Value)> = rules
        .flat_map(|rule| each(&rule["matches"]).map(move |one| (rule, one)))
        .collect();
    let size = |value: &Value| value.as_array().map_or(0, Vec::len);
    matches.sort_by_key(|(_, one)| {
        let length = one["path"]["value"].as_str().map_or(0, str::len);
        std::cmp::Reverse((length, size(&one["headers"]), size(&one["queryParams"])))
    });
    let fits = |(_, one): &&(&Value, &Value)| {
        let value = one["path"]["value"].as_str().expect("a path");
        let path = match one["path"]["type"].as_str().expect("a type") {
            "Exact" => visit.path == value,
            "PathPrefix" => visit.path.starts_with(value),
            "RegularExpression" => KNOWN.with_borrow_mut(|known| {
                let made = || Regex::new(&format!("^(?:{value})$")).expect("a regular expression");
                known
                    .entry(value.to_owned())
                    .or_insert_with(made)
                    .is_match(visit.path)
            }),
            other => panic!("{other}"),
        };
        path && one["method"].as_str().is_none_or(|method| method == visit.method)
            && each(&one["headers"]).all(|header| visit.header.is_some_and(|found| header["value"] == found))
    };
    matches
        .iter()
        .find(fits)
        .map(|(rule, _)| *rule)
        .expect("the last takes every visitor")
}

/// Where Consul leads a visitor.
fn taken(objects: &[(String, Value)], visit: &Visit<'_>) -> (Vec<String>, String) {
    let rule = rule(objects, visit);
    let to = each(&rule["backendRefs"]).map(|backend| backend["name"].as_str().expect("a name").to_owned());
    let filter = each(&rule["filters"])
        .map(|filter| &filter["extensionRef"])
        .find(|filter| filter["kind"] == "RouteTimeoutFilter")
        .expect("every rule says how long it may take");
    let filter = of(objects, "RouteTimeoutFilter")
        .find(|object| object["metadata"]["name"] == filter["name"])
        .expect("the filter is there");
    let timeout = filter["spec"]["requestTimeout"].as_str().expect("a time");
    (to.collect(), timeout.to_owned())
}

#[test]
fn every_visitor_is_led_where_the_program_leads_them() {
    let (mut asked, mut made) = (0, 0);
    for number in 0..ROUTES.len().pow(3) {
        let pick = |place: u32| number / ROUTES.len().pow(place) % ROUTES.len();
        let (one, two, three) = (pick(0), pick(1), pick(2));
        if !(one < two && two < three) {
            continue;
        }
        let routes = [ROUTES[one], ROUTES[two], ROUTES[three]];
        let Some(program) = program(&routes) else { continue };
        let objects = objects(&program);
        made += 1;
        for path in PATHS {
            for host in HOSTS {
                for method in ["GET", "POST"] {
                    for header in [None, Some("a"), Some("b")] {
                        let visit = Visit {
                            host,
                            method,
                            path,
                            header,
                        };
                        asked += 1;
                        assert_eq!(
                            led(&program, &visit),
                            taken(&objects, &visit),
                            "{method} {host}{path} {header:?} of {routes:?}\n{objects:#?}"
                        );
                    }
                }
            }
        }
    }
    assert!(made > 100 && asked > 5_000, "{made} {asked}");
}
