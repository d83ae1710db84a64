//! The routes of a gateway must mean to Gateway API what they mean to the program, however an implementation reads what the
//! standard leaves open: whether the rules of a wider host are asked after those of a narrower one, and whether a regular
//! expression is preferred to a prefix.

use flowmesh_diagnostics::Diagnostics;
use flowmesh_ir::{Program, gateway::Target as To};
use flowmesh_kubernetes::{Options, Target, compile};
use flowmesh_mesh::decide::tree::{Entry, Tree};
use flowmesh_tests::fuzz::compiled;
use regex::Regex;
use serde_json::Value;
use std::{cell::RefCell, collections::HashMap};

const HOSTS: [&str; 4] = ["", "a.example.com", "*.example.com", "*.a.example.com"];
const PATHS: [&str; 8] = ["/", "/a", "/a/**", "/a/b", "/**", "/a/{id}", "/c/{id}", "/a/b/**"];
const METHODS: [&str; 2] = ["any", "GET"];
const CONDITIONS: [&str; 2] = ["", "when request.header(\"x\") == \"1\" "];

/// A gateway with some routes, each to a service of its own; nothing where the language refuses it.
fn gateway(mut seed: usize) -> Option<Program> {
    let mut pick = |of: usize| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % of
    };
    let (mut routes, mut services) = (String::new(), String::new());
    for number in 0..2 + pick(4) {
        let host = match HOSTS[pick(HOSTS.len())] {
            "" => String::new(),
            host => format!(" {{ host: \"{host}\" }}"),
        };
        let (method, path) = (METHODS[pick(2)], PATHS[pick(PATHS.len())]);
        let condition = CONDITIONS[pick(3) % 2];
        routes += &format!("  {method} \"{path}\" {condition}-> s{number}{host}\n");
        services += &format!("service s{number} {{ at: \"dns://s{number}.shop.svc:80\" }}\n");
    }
    compiled(&format!(
        "{services}gateway front {{\n  listen: \"http://0.0.0.0:80\"\n{routes}}}\n"
    ))
}

struct Request<'r> {
    host: &'r str,
    method: &'r str,
    path: &'r str,
    header: bool,
}

/// Where the program leads a request, by the mesh's own tree.
fn led(program: &Program, request: &Request<'_>) -> Option<String> {
    let gateway = &program.gateways[0];
    let tree = Tree::new(gateway.routes.iter().map(Entry::from));
    let segments: Vec<String> = match request.path {
        "/" => Vec::new(),
        path => path[1..].split('/').map(str::to_owned).collect(),
    };
    let fits = |route: &&flowmesh_ir::gateway::Route| {
        route
            .method
            .is_none_or(|method| method.as_str() == request.method)
            && (route.condition.is_none() || request.header)
    };
    let found = tree.find(request.host, &segments, None);
    let mut routes = found.iter().map(|number| &gateway.routes[*number as usize]);
    match routes.find(fits)?.target {
        To::Service { service, .. } => Some(program.services[service.index()].name.to_string()),
        _ => None,
    }
}

/// What the standard leaves open.
#[derive(Clone, Copy, Debug)]
struct Reading {
    wider_hosts_follow: bool,
    regex_before_prefix: bool,
}

thread_local! {
    /// Those that were met before: there are few, and to make one takes long.
    static KNOWN: RefCell<HashMap<String, Regex>> = RefCell::default();
}

fn is_like(regex: &str, text: &str) -> bool {
    KNOWN.with_borrow_mut(|known| {
        let made = || Regex::new(&format!("^(?:{regex})$")).expect("it is a regular expression");
        known.entry(regex.to_owned()).or_insert_with(made).is_match(text)
    })
}

/// How specific a host is for another: its length, with those without `*` first; nothing where it is for others.
fn of_host(name: Option<&str>, host: &str) -> Option<(bool, usize)> {
    match name {
        None => Some((false, 0)),
        Some(name) => match name.strip_prefix('*') {
            None => (name == host).then_some((true, name.len())),
            Some(end) => (host.len() > end.len() && host.ends_with(end)).then_some((false, name.len())),
        },
    }
}

/// How specific a match is for a request; nothing where it does not fit.
fn of_match(one: &Value, request: &Request<'_>, reading: Reading) -> Option<(u8, usize, bool, usize)> {
    let path = one["path"]["value"].as_str().expect("a path has a value");
    let below = request.path == path
        || request
            .path
            .starts_with(&format!("{}/", path.trim_end_matches('/')));
    let (kind, fits) = match one["path"]["type"].as_str().expect("a path has a type") {
        "Exact" => (3, request.path == path),
        "PathPrefix" => (2, below),
        "RegularExpression" => (
            if reading.regex_before_prefix { 2 } else { 1 },
            is_like(path, request.path),
        ),
        other => panic!("{other}"),
    };
    // Before a prefix is before the longest of them.
    let length = if kind == 2 && one["path"]["type"] == "RegularExpression" {
        9_999
    } else {
        path.len()
    };
    let method = one["method"].as_str();
    let headers = one["headers"].as_array().map_or(0, Vec::len);
    let all =
        fits && method.is_none_or(|method| method == request.method) && (headers == 0 || request.header);
    all.then_some((kind, length, method.is_some(), headers))
}

/// Where Gateway API leads a request.
fn taken(routes: &[Value], request: &Request<'_>, reading: Reading) -> Option<String> {
    let mut hosts: Vec<((bool, usize), &Value)> = routes
        .iter()
        .filter_map(|route| {
            Some((
                of_host(route["spec"]["hostnames"][0].as_str(), request.host)?,
                route,
            ))
        })
        .collect();
    hosts.sort_by_key(|(rank, _)| std::cmp::Reverse(*rank));
    if !reading.wider_hosts_follow {
        let first = hosts.first().map(|(rank, _)| *rank);
        hosts.retain(|(rank, _)| Some(*rank) == first);
    }
    // Routes for one host are read as one.
    for of_host in hosts.chunk_by(|(one, _), (other, _)| one == other) {
        let mut best = None;
        for (_, route) in of_host {
            for rule in route["spec"]["rules"].as_array().expect("a route has rules") {
                for one in rule["matches"].as_array().expect("a rule has matches") {
                    let rank = of_match(one, request, reading);
                    if rank.is_some() && best.is_none_or(|(known, _)| rank > known) {
                        best = Some((rank, rule));
                    }
                }
            }
        }
        if let Some((_, rule)) = best {
            let name = rule["backendRefs"][0]["name"].as_str();
            return Some(name.expect("it leads somewhere").to_owned());
        }
    }
    None
}

#[test]
fn every_visitor_is_led_where_the_program_leads_them() {
    let (mut made, mut refused, mut asked) = (0, 0, 0);
    let options = Options {
        gateway_class: Some("edge".to_owned()),
        ..Options::default()
    };
    for program in (0..900).filter_map(gateway) {
        let mut found = Diagnostics::default();
        let manifests = compile(&program, Target::GatewayApi, &options, &mut found);
        if found.has_errors() {
            let only_open = found
                .sorted()
                .iter()
                .all(|one| ["F0709", "F0717"].contains(&one.code.to_string().as_str()));
            assert!(only_open, "{:?}", found.sorted());
            refused += 1;
            continue;
        }
        made += 1;
        let of_gateway = |yaml: &&flowmesh_kubernetes::Manifest| yaml.path.starts_with("httproute-front");
        let read =
            |yaml: &flowmesh_kubernetes::Manifest| serde_saphyr::from_str(&yaml.yaml).expect("it is YAML");
        let routes: Vec<Value> = manifests.iter().filter(of_gateway).map(read).collect();
        for host in [
            "other.test",
            "a.example.com",
            "b.example.com",
            "x.a.example.com",
            "example.com",
        ] {
            for path in ["/", "/a", "/a/", "/a/b", "/a/b/c", "/a/x", "/c/7", "/ab", "/c"] {
                for (method, header) in [("GET", false), ("GET", true), ("POST", false), ("POST", true)] {
                    let request = Request {
                        host,
                        method,
                        path,
                        header,
                    };
                    let wanted = led(&program, &request);
                    for (wider_hosts_follow, regex_before_prefix) in
                        [(true, true), (true, false), (false, true), (false, false)]
                    {
                        let reading = Reading {
                            wider_hosts_follow,
                            regex_before_prefix,
                        };
                        let found = taken(&routes, &request, reading);
                        asked += 1;
                        assert_eq!(
                            found, wanted,
                            "{host} {method} {path} {header} {reading:?}\n{routes:#?}"
                        );
                    }
                }
            }
        }
    }
    assert!(
        made > 150 && refused > 50 && asked > 100_000,
        "{made} made, {refused} refused, {asked} asked"
    );
}

#[test]
fn more_rules_than_a_route_holds_are_several_routes() {
    let options = Options {
        gateway_class: Some("edge".to_owned()),
        ..Options::default()
    };
    let made = |routes: &str| {
        let services: String = (0..40)
            .map(|at| format!("service s{at} {{ at: \"dns://s{at}.shop.svc:80\" }}\n"))
            .collect();
        let text = format!("{services}gateway front {{\n  listen: \"http://0.0.0.0:80\"\n{routes}}}\n");
        let program = compiled(&text).expect("it compiles");
        let mut found = Diagnostics::default();
        let manifests = compile(&program, Target::GatewayApi, &options, &mut found);
        let read =
            |yaml: &flowmesh_kubernetes::Manifest| serde_saphyr::from_str(&yaml.yaml).expect("it is YAML");
        let of_gateway = manifests
            .iter()
            .filter(|one| one.path.starts_with("httproute-front"));
        (program, of_gateway.map(read).collect::<Vec<Value>>(), found)
    };
    let apart: String = (0..40)
        .map(|at| format!("  GET \"/a{at}/**\" -> s{at}\n"))
        .collect();
    let (program, routes, found) = made(&apart);
    assert!(!found.has_errors(), "{:?}", found.sorted());
    let sizes: Vec<usize> = routes
        .iter()
        .map(|route| {
            route["spec"]["rules"]
                .as_array()
                .expect("a route has rules")
                .len()
        })
        .collect();
    assert_eq!(sizes.iter().sum::<usize>(), 40, "{sizes:?}");
    assert!(sizes.iter().all(|size| *size <= 16), "{sizes:?}");
    let reading = Reading {
        wider_hosts_follow: false,
        regex_before_prefix: false,
    };
    for at in 0..40 {
        let path = format!("/a{at}/x");
        let request = Request {
            host: "any.test",
            method: "GET",
            path: &path,
            header: false,
        };
        assert_eq!(
            taken(&routes, &request, reading),
            led(&program, &request),
            "{path}"
        );
    }
    // Many that lead to one place are one route with rules of that place.
    let together: String = (0..120).map(|at| format!("  GET \"/a{at}\" -> s0\n")).collect();
    assert_eq!(made(&together).1.len(), 1);
    // Which of two routes is older is not for the program to say.
    let by_header = |at: usize| format!("  GET \"/a\" when request.header(\"x{at}\") == \"1\" -> s{at}\n");
    let alike: String = (0..20).map(by_header).collect();
    let (_, routes, found) = made(&alike);
    assert!(routes.is_empty() && found.has_errors());
    assert!(
        found.sorted()[0].message.contains("the older one"),
        "{:?}",
        found.sorted()
    );
}
