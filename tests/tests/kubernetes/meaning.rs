//! A route must mean to a mesh what the service's routes mean to the program: every request goes the same way, and may
//! take the same time.

use super::program::{
    below, binary, equals, header, operation, otherwise, program, request, service, waits, when,
};
use flowmesh_diagnostics::Diagnostics;
use flowmesh_ir::{
    Program,
    expr::{Binary, Expr},
    service::Method,
};
use flowmesh_kubernetes::{Options, Target, compile};
use serde_json::Value;

/// A request, as far as these conditions look at it.
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) header: Option<&'static str>,
}

/// A condition that is easy to decide.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Condition {
    Header(&'static str),
    Below(&'static str),
    Method(&'static str),
    HeaderBelow(&'static str, &'static str),
}

pub(crate) const CONDITIONS: [Condition; 7] = [
    Condition::Header("a"),
    Condition::Header("b"),
    Condition::Below("/a/"),
    Condition::Below("/a/b/"),
    Condition::Method("GET"),
    Condition::HeaderBelow("a", "/a/"),
    Condition::HeaderBelow("b", "/a/b/"),
];

/// Operations with a path that each of them may have.
pub(crate) const OPERATIONS: [(&str, Method, &str, &str); 5] = [
    ("one", Method::Get, "/a/{}", "/a/7"),
    ("parts", Method::Get, "/a/b/{}", "/a/b/7"),
    ("add", Method::Post, "/a/b/c", "/a/b/c"),
    ("all", Method::Get, "/a/b/c", "/a/b/c"),
    ("other", Method::Get, "/c", "/c"),
];

impl Condition {
    fn expr(self) -> Expr {
        match self {
            Self::Header(value) => equals(header("x"), value),
            Self::Below(prefix) => below(prefix),
            Self::Method(method) => equals(request("method"), method),
            Self::HeaderBelow(value, prefix) => binary(
                Binary::And,
                Self::Header(value).expr(),
                Self::Below(prefix).expr(),
            ),
        }
    }

    pub(crate) fn holds(self, request: &Request) -> bool {
        match self {
            Self::Header(value) => request.header == Some(value),
            Self::Below(prefix) => request.path.starts_with(prefix),
            Self::Method(method) => request.method == method,
            Self::HeaderBelow(value, prefix) => {
                Self::Header(value).holds(request) && Self::Below(prefix).holds(request)
            }
        }
    }
}

/// Exact or not, how long the path is, whether there is a method, how many headers.
type Rank = (bool, usize, bool, usize);

/// The rule that a mesh takes, by the words of Gateway API: an exact path, the longest prefix, a method, the most
/// headers, and of equals the first.
fn taken<'a>(rules: &'a [Value], request: &Request) -> &'a Value {
    let mut best: Option<(Rank, &Value)> = None;
    for rule in rules {
        for one in rule["matches"].as_array().expect("a rule has matches") {
            let path = one["path"]["value"].as_str().expect("a path has a value");
            let exact = one["path"]["type"] == "Exact";
            let below = request.path == path
                || request
                    .path
                    .starts_with(&format!("{}/", path.trim_end_matches('/')));
            let no_headers = Vec::new();
            let headers = one["headers"].as_array().unwrap_or(&no_headers);
            let fits = (if exact { request.path == path } else { below })
                && one["method"]
                    .as_str()
                    .is_none_or(|method| method == request.method)
                && headers
                    .iter()
                    .all(|header| header["value"].as_str() == request.header);
            let rank = (exact, path.len(), one["method"].is_string(), headers.len());
            if fits && best.is_none_or(|(known, _)| rank > known) {
                best = Some((rank, rule));
            }
        }
    }
    best.expect("the last route takes every request").1
}

/// A service with these routes, each to a subset of its own, and policies for its operations.
pub(crate) fn routed(conditions: &[Condition], policies: [u32; 5]) -> Program {
    let names: Vec<(String, String)> = (0..=conditions.len())
        .map(|at| (format!("v{at}"), format!("dns://s{at}.shop.svc:80")))
        .collect();
    let subsets: Vec<(&str, &str)> = names
        .iter()
        .map(|(name, at)| (name.as_str(), at.as_str()))
        .collect();
    let whole = |at: usize| [(u32::try_from(at).expect("there are few"), 100)];
    let routes = conditions
        .iter()
        .enumerate()
        .map(|(at, condition)| when(condition.expr(), &whole(at)));
    let routes = routes.chain([otherwise(&whole(conditions.len()))]).collect();
    let mut service = service("s", &subsets, routes);
    let operations = OPERATIONS.iter().zip(policies);
    service.operations = operations
        .map(|((name, method, path, _), policy)| operation(name, *method, path, policy))
        .collect();
    program(vec![waits(1_000, 1_000), waits(2_000, 2_000)], vec![service])
}

#[test]
fn every_request_goes_where_the_program_sends_it() {
    let (mut made, mut refused) = (0, 0);
    // Every eleventh: all of them hold, and take half a minute.
    for number in (0..7 * 7 * 7 * 32_usize).step_by(11) {
        let pick = |place: u32| CONDITIONS[number / 7_usize.pow(place) % 7];
        let conditions = [pick(0), pick(1), pick(2)];
        let policies = [0, 1, 2, 3, 4].map(|bit| u32::from(((number / 343) >> bit) & 1 == 1));
        let mut found = Diagnostics::default();
        let manifests = compile(
            &routed(&conditions, policies),
            Target::GatewayApi,
            &Options::default(),
            &mut found,
        );
        let [manifest] = manifests.as_slice() else {
            refused += 1;
            continue;
        };
        made += 1;
        let object: Value = serde_saphyr::from_str(&manifest.yaml).expect("a manifest is YAML");
        let rules = object["spec"]["rules"].as_array().expect("a route has rules");
        for ((name, method, _, path), policy) in OPERATIONS.iter().zip(policies) {
            for header in [None, Some("a"), Some("b"), Some("c")] {
                let request = Request {
                    method: method.as_str(),
                    path,
                    header,
                };
                let route = conditions
                    .iter()
                    .position(|condition| condition.holds(&request))
                    .unwrap_or(3);
                let rule = taken(rules, &request);
                let place = format!("{name} {header:?} {conditions:?} {policies:?}\n{}", manifest.yaml);
                assert_eq!(rule["backendRefs"][0]["name"], format!("s{route}"), "{place}");
                assert_eq!(rule["timeouts"]["request"], format!("{}s", policy + 1), "{place}");
            }
        }
    }
    // The order of any routes can be said.
    assert!(made > 900 && refused == 0, "{made} were made, {refused} refused");
}
