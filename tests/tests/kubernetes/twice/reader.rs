//! What routes of Gateway API mean, as its documentation says it.

use regex::Regex;
use serde_json::{Value, json};
use std::{
    cell::RefCell,
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap},
};

thread_local! {
    /// Those that were met before: there are few, and to make one takes long.
    static KNOWN: RefCell<HashMap<String, Regex>> = RefCell::default();
}

/// What routes are bound to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Parent {
    kind: String,
    namespace: String,
    pub(super) name: String,
}

/// A request, as far as routes look at it.
#[derive(Debug)]
pub(super) struct Request {
    host: String,
    path: String,
    method: &'static str,
    headers: BTreeMap<String, String>,
    query: BTreeMap<String, String>,
}

/// What the standard leaves open: whether the routes of a wider host follow, whether a regular expression goes before a prefix.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading(bool, bool);

pub(super) const READINGS: [Reading; 4] = [
    Reading(true, true),
    Reading(true, false),
    Reading(false, true),
    Reading(false, false),
];

fn list(node: &Value) -> Vec<Value> {
    node.as_array().cloned().unwrap_or_default()
}

/// The routes of each parent.
pub(super) fn parents(objects: &[Value]) -> BTreeMap<Parent, Vec<&Value>> {
    let mut all: BTreeMap<Parent, Vec<&Value>> = BTreeMap::new();
    for object in objects {
        if !matches!(object["kind"].as_str(), Some("HTTPRoute" | "GRPCRoute")) {
            continue;
        }
        for parent in list(&object["spec"]["parentRefs"]) {
            let text = |node: &Value| node.as_str().map(str::to_owned);
            let key = Parent {
                kind: text(&parent["kind"]).unwrap_or_else(|| "Gateway".to_owned()),
                namespace: text(&parent["namespace"])
                    .or_else(|| text(&object["metadata"]["namespace"]))
                    .unwrap_or_default(),
                name: text(&parent["name"]).unwrap_or_default(),
            };
            all.entry(key).or_default().push(object);
        }
    }
    all
}

/// What objects of a kind say, by their names; the order of lists of objects says nothing.
pub(super) fn settings(objects: &[Value], kind: &str) -> BTreeMap<String, Value> {
    let own = objects.iter().filter(|it| it["kind"] == kind);
    own.map(|it| {
        (
            it["metadata"]["name"].as_str().unwrap_or_default().to_owned(),
            sorted(&it["spec"]),
        )
    })
    .collect()
}

fn sorted(node: &Value) -> Value {
    match node {
        Value::Array(all) => {
            let mut all: Vec<Value> = all.iter().map(sorted).collect();
            all.sort_by_key(Value::to_string);
            all.into()
        }
        Value::Object(all) => all
            .iter()
            .map(|(name, node)| (name.clone(), sorted(node)))
            .collect(),
        plain => plain.clone(),
    }
}

/// The path of a match, and how it is compared.
fn path(one: &Value) -> (String, String) {
    let text = |node: &Value| node.as_str().map(str::to_owned);
    if one["method"].is_object() {
        let part = |name: &str| text(&one["method"][name]);
        return match (part("service"), part("method")) {
            (Some(service), Some(method)) => ("Exact".to_owned(), format!("/{service}/{method}")),
            (Some(service), None) => ("PathPrefix".to_owned(), format!("/{service}")),
            (None, method) => panic!("a method without a service: {method:?}"),
        };
    }
    let kind = text(&one["path"]["type"]).unwrap_or_else(|| "PathPrefix".to_owned());
    (
        kind,
        text(&one["path"]["value"]).unwrap_or_else(|| "/".to_owned()),
    )
}

fn matches(rule: &Value) -> Vec<Value> {
    match list(&rule["matches"]) {
        all if all.is_empty() => vec![json!({})],
        all => all,
    }
}

/// Requests that tell the routes of two tables apart, if anything does.
pub(super) fn requests(routes: &[&Value]) -> Vec<Request> {
    let mut paths: BTreeSet<String> = ["/".to_owned(), "/other".to_owned()].into();
    let mut hosts: BTreeSet<String> = ["elsewhere.test".to_owned()].into();
    let mut named: BTreeSet<(bool, String, String)> = BTreeSet::new();
    for route in routes {
        for host in list(&route["spec"]["hostnames"]) {
            let host = host.as_str().expect("a host is a text");
            hosts.extend([
                host.replace('*', "x"),
                host.replace('*', "x.y"),
                format!("z.{}", host.replace("*.", "")),
            ]);
        }
        let rules = list(&route["spec"]["rules"]);
        for one in rules.iter().flat_map(matches) {
            let plain = path(&one)
                .1
                .replace("[^/]+", "7")
                .replace("(/.*)?", "")
                .replace('\\', "");
            paths.extend([plain.clone(), format!("{plain}/more"), format!("{plain}x")]);
            paths.insert(plain.trim_end_matches('/').to_owned());
            for (query, part) in [(false, "headers"), (true, "queryParams")] {
                for it in list(&one[part]) {
                    let text = |name: &str| it[name].as_str().expect("it has that").to_owned();
                    named.insert((query, text("name"), text("value")));
                }
            }
        }
    }
    let named: Vec<_> = named.into_iter().take(5).collect();
    let mut all = Vec::new();
    for host in &hosts {
        for path in paths.iter().filter(|path| path.starts_with('/')) {
            for method in ["GET", "POST", "PUT", "DELETE"] {
                for mask in 0..1_usize << named.len() {
                    let with = |query: bool| {
                        let own = named
                            .iter()
                            .enumerate()
                            .filter(|(at, it)| mask >> at & 1 == 1 && it.0 == query);
                        own.map(|(_, (_, name, value))| (name.clone(), value.clone()))
                            .collect()
                    };
                    all.push(Request {
                        host: host.clone(),
                        path: path.clone(),
                        method,
                        headers: with(false),
                        query: with(true),
                    });
                }
            }
        }
    }
    all
}

/// How specific a host is for another; nothing where it is for others.
fn of_host(name: &str, host: &str) -> Option<(bool, usize)> {
    match name.strip_prefix('*') {
        None => (name == host).then_some((true, name.len())),
        Some(end) => (host.len() > end.len() && host.ends_with(end)).then_some((false, name.len())),
    }
}

fn is_like(regex: &str, text: &str) -> bool {
    KNOWN.with_borrow_mut(|known| {
        let made = || Regex::new(&format!("^(?:{regex})$")).expect("it is a regular expression");
        known.entry(regex.to_owned()).or_insert_with(made).is_match(text)
    })
}

/// How specific a match is for a request; nothing where it does not fit.
fn of_match(one: &Value, request: &Request, reading: Reading) -> Option<impl Ord + use<>> {
    let (kind, path) = path(one);
    let below = request.path == path
        || request
            .path
            .starts_with(&format!("{}/", path.trim_end_matches('/')));
    let (rank, length, fits) = match kind.as_str() {
        "Exact" => (3, path.len(), request.path == path),
        "PathPrefix" => (2, path.len(), below),
        "RegularExpression" => {
            let rank = if reading.1 { (2, 9_999) } else { (1, path.len()) };
            (rank.0, rank.1, is_like(&path, &request.path))
        }
        other => panic!("{other}"),
    };
    let named = |part: &str, given: &BTreeMap<String, String>| {
        let all = list(&one[part]);
        let fits = all.iter().all(|it| {
            let (name, value) = (
                it["name"].as_str().unwrap_or_default(),
                it["value"].as_str().unwrap_or_default(),
            );
            given.get(name).is_some_and(|text| match it["type"].as_str() {
                Some("RegularExpression") => is_like(value, text),
                _ => value == text,
            })
        });
        fits.then_some(all.len())
    };
    let method = one["method"].as_str();
    let (headers, query) = (
        named("headers", &request.headers)?,
        named("queryParams", &request.query)?,
    );
    let fits = fits && method.is_none_or(|method| method == request.method);
    fits.then_some((rank, length, method.is_some(), headers, query))
}

/// What Gateway API does with a request: the rule that takes it, without what it asks for.
pub(super) fn taken(routes: &[&Value], request: &Request, reading: Reading) -> Value {
    let mut hosts: Vec<((bool, usize), &Value)> = Vec::new();
    for route in routes {
        let names = list(&route["spec"]["hostnames"]);
        let best = match names.as_slice() {
            [] => Some((false, 0)),
            names => names
                .iter()
                .filter_map(|it| of_host(it.as_str()?, &request.host))
                .max(),
        };
        hosts.extend(best.map(|rank| (rank, *route)));
    }
    hosts.sort_by_key(|(rank, _)| Reverse(*rank));
    if let Some((first, _)) = hosts.first().copied().filter(|_| !reading.0) {
        hosts.retain(|(rank, _)| *rank == first);
    }
    let mut at = 0;
    while let Some((rank, _)) = hosts.get(at).copied() {
        let same: Vec<&Value> = hosts
            .iter()
            .filter(|(it, _)| *it == rank)
            .map(|(_, route)| *route)
            .collect();
        at += same.len();
        let mut best = None;
        for rule in same.iter().flat_map(|route| list(&route["spec"]["rules"])) {
            for one in matches(&rule) {
                let rank = of_match(&one, request, reading);
                if rank.is_some() && best.as_ref().is_none_or(|(known, _)| rank > *known) {
                    best = Some((rank, rule.clone()));
                }
            }
        }
        if let Some((_, rule)) = best {
            return said(&rule);
        }
    }
    Value::Null
}

/// What a rule says beside what it asks for. A weight of the only backend says nothing.
fn said(rule: &Value) -> Value {
    let mut rule = sorted(rule);
    if let Some(all) = rule.as_object_mut() {
        all.remove("matches");
        all.remove("name");
    }
    if let Some([only]) = rule["backendRefs"].as_array_mut().map(Vec::as_mut_slice)
        && let Some(only) = only.as_object_mut()
    {
        only.remove("weight");
    }
    rule
}
